// Quickstart: puts a model's output into a region and tells whoever is waiting, in any language.
//
// The "model" is a number typed on standard input, so that a reader can be started before or after it is there.

#include <algorithm>
#include <iostream>
#include <string>

#include <zinc.hpp>

int main() {
  auto region = zinc::region::create("pipeline", 64 * 1024 * 1024);
  std::cout << "created" << std::endl;

  float model_output;
  std::cin >> model_output;
  auto numbers = region.as<float>();
  std::fill(numbers.begin(), numbers.end(), model_output);
  region.notify();
  std::cout << "notified" << std::endl;

  std::string line;
  std::getline(std::cin, line);  // the end of the line with the number
  std::getline(std::cin, line);  // the region is gone when its owner ends: stay until told
}
