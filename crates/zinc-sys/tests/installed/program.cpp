// A user's program: the first lines, in one process.

#include <cstdio>
#include <cstdlib>

#include <unistd.h>
#include <zinc.hpp>

int main() {
  char directory[] = "/dev/shm/zinc-ctest-XXXXXX";
  if (mkdtemp(directory) == nullptr || setenv("ZINC_DIR", directory, 1) != 0) return 1;
  {
    auto writer = zinc::region::create("pipeline", 4096);
    auto region = zinc::region::open("pipeline");
    writer.as<float>()[0] = 42;
    writer.notify();
    if (!region.wait(1000) || region.as<float>()[0] != 42) return 2;
  }
  std::printf("zinc %s works\n", std::string(zinc::version()).c_str());
  return rmdir(directory) == 0 ? 0 : 3;
}
