// What the C++ tests share: regions in a directory of their own, and threads that are known to sleep.

#ifndef ZINC_TESTS_SUPPORT_HPP
#define ZINC_TESTS_SUPPORT_HPP

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>
#include <thread>

#include <sched.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <zinc.hpp>

/// Every test's regions are in a directory of its own, which is empty when it ends.
class Regions : public ::testing::Test {
protected:
  void SetUp() override {
    char directory[] = "/dev/shm/zinc-ctest-XXXXXX";
    ASSERT_NE(mkdtemp(directory), nullptr);
    directory_ = directory;
    setenv("ZINC_DIR", directory, 1);
    alarm(120);
  }

  void TearDown() override {
    alarm(0);
    EXPECT_EQ(rmdir(directory_.c_str()), 0) << "regions were left behind in " << directory_;
  }

  const std::string& directory() const { return directory_; }

private:
  std::string directory_;
};

/// Runs something that waits, on a thread of its own.
class Sleeper {
public:
  explicit Sleeper(std::function<void()> body)
      : thread_([this, body = std::move(body)] {
          tid_ = gettid();
          body();
          done_ = true;
        }) {}
  ~Sleeper() { join(); }

  /// Returns when the thread sleeps in the kernel, or is done.
  void parked() const {
    while (tid_ == 0) sched_yield();
    const std::string stat = "/proc/self/task/" + std::to_string(tid_) + "/stat";
    for (std::string line; !done_;) {
      std::getline(std::ifstream(stat), line);
      const auto end = line.rfind(") ");
      if (end != line.npos && line[end + 2] == 'S') return;
      sched_yield();
    }
  }

  bool done() const { return done_; }

  void join() {
    if (thread_.joinable()) thread_.join();
  }

private:
  std::atomic<pid_t> tid_{0};
  std::atomic<bool> done_{false};
  std::thread thread_;
};

/// Whether the memory of a region that was opened by this name is mapped. (A creator's has no name in the list.)
inline bool is_mapped(const std::string& name) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find("/zinc." + name) != line.npos) return true;
  }
  return false;
}

#endif
