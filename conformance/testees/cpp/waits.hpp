// Asynchronous waits: callbacks that count what the waits of a command came to, and answer it when all are over.

#ifndef ZINC_TESTEE_WAITS_HPP
#define ZINC_TESTEE_WAITS_HPP

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>
#include <zinc.hpp>

/// An error as the runner is told of it.
inline nlohmann::json failure(const std::error_code& code, const char* message) {
  return {{"error", code.message()}, {"code", code.value()}, {"message", message}};
}

/// What a command has begun that is answered when it is over.
class begun {
public:
  virtual ~begun() = default;
  virtual void cancel() = 0;
};

/// The open of one command.
class opening final : public begun {
public:
  using json = nlohmann::json;
  using answer = std::function<void(json)>;

  explicit opening(answer then) : then_(std::move(then)) {}

  /// `keep` is called with the region before `then`.
  void start(const std::string& name, const zinc::options& how, std::function<void(zinc::region)> keep) {
    std::error_code code;
    open_ = zinc::region::open_async(
        name, how,
        [then = then_, keep = std::move(keep)](zinc::region region, std::error_code error) {
          if (error) return then(failure(error, zinc_error_message()));
          keep(std::move(region));
          then({{"ok", nullptr}});
        },
        code);
    if (code) then_(failure(code, zinc_error_message()));
  }

  void cancel() override {
    if (open_.cancel()) then_({{"error", "Cancelled"}});
  }

private:
  answer then_;
  /// For the command loop alone.
  zinc::async_open open_;
};

/// The waits of one command.
class waits final : public begun, public std::enable_shared_from_this<waits> {
public:
  using json = nlohmann::json;
  using answer = std::function<void(json)>;

  /// `then` is called once, when `count` waits are over.
  waits(std::size_t count, answer then) : left_(count), then_(std::move(then)) {}

  void start(zinc::region& region, zinc::timeout time) {
    const auto call = [self = shared_from_this()](bool notified, std::error_code code) {
      self->over(code ? failure(code, zinc_error_message()) : json{{"ok", notified}});
    };
    for (std::size_t i = left_; i > 0; --i) {
      std::error_code code;
      const auto wait = region.wait_async(time, call, code);
      if (code) {
        over(failure(code, zinc_error_message()));
      } else {
        started_.push_back(wait);
      }
    }
  }

  void cancel() override {
    for (auto& wait : started_) {
      if (wait.cancel()) over({{"error", "Cancelled"}});
    }
  }

private:
  void over(json outcome) {
    const std::lock_guard<std::mutex> guard(lock_);
    auto& [count, one] = outcomes_[outcome.value("error", outcome.value("ok", false) ? "true" : "false")];
    ++count;
    one = std::move(outcome);
    if (--left_ > 0) return;
    if (outcomes_.size() == 1) return then_(std::move(one));
    std::string counts;
    for (const auto& [name, counted] : outcomes_) {
      counts += (counts.empty() ? "" : ", ") + std::to_string(counted.first) + " " + name;
    }
    then_({{"error", "Testee"}, {"message", counts}});
  }

  std::mutex lock_;
  std::size_t left_;
  answer then_;
  /// What they came to, how often, by name.
  std::map<std::string, std::pair<std::size_t, json>> outcomes_;
  /// For the command loop alone.
  std::vector<zinc::async_wait> started_;
};

#endif
