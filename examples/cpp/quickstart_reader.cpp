// Quickstart: waits for what a writer of any language put into the region, and reads it where it lies.

#include <chrono>
#include <cstdio>

#include <zinc.hpp>

int main() {
  auto region = zinc::region::open("pipeline");
  std::puts("opened");
  std::fflush(stdout);

  const auto started = std::chrono::steady_clock::now();
  region.wait(1000);
  auto numbers = region.as<const float>();

  const std::chrono::duration<double, std::milli> waited = std::chrono::steady_clock::now() - started;
  std::printf("first %g last %g of %zu, waited %.3f ms\n", numbers.front(), numbers.back(), numbers.size(),
              waited.count());
}
