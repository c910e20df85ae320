// Built with -fno-exceptions and without RTTI: error codes work, and the throwing form aborts with the message.

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <sys/wait.h>
#include <unistd.h>

#include <zinc.hpp>

namespace {

void check(bool right, const char* what) {
  if (right) return;
  std::fprintf(stderr, "not so: %s; last error: %s\n", what, zinc_error_message());
  std::_Exit(1);
}

void error_codes_work() {
  std::error_code code;
  auto owner = zinc::region::create("r", 64, code);
  check(!code && owner.is_open(), "create");
  auto peer = zinc::region::open("r", zinc::options().timeout(1000), code);
  check(!code, "open");
  owner.as<int>(code)[0] = 5;
  owner.notify(code);
  check(peer.wait(zinc::forever, code) && peer.as<int>(code)[0] == 5, "wait");
  check(!zinc::region::open("none", code).is_open() && code == zinc::errc::not_found, "not_found");
  check(code == std::errc::no_such_file_or_directory, "the standard library's code");
  check(std::strstr(zinc_error_message(), "none") != nullptr, "the message");
}

void a_throwing_call_that_fails_aborts_with_the_message() {
  int output[2];
  check(pipe(output) == 0, "pipe");
  const pid_t child = fork();
  if (child == 0) {
    dup2(output[1], STDERR_FILENO);
    zinc::region::open("none");
    std::_Exit(0);
  }
  close(output[1]);
  char text[512] = {};
  check(read(output[0], text, sizeof text - 1) > 0, "there is a message");
  int status = 0;
  check(waitpid(child, &status, 0) == child, "waitpid");
  check(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "the child aborted");
  check(std::strncmp(text, "open \"none\": ", 13) == 0, text);
}

}  // namespace

int main() {
  char directory[] = "/dev/shm/zinc-ctest-XXXXXX";
  check(mkdtemp(directory) != nullptr && setenv("ZINC_DIR", directory, 1) == 0, "a directory");
  error_codes_work();
  a_throwing_call_that_fails_aborts_with_the_message();
  check(rmdir(directory) == 0, "nothing was left behind");
}
