// The eight frozen functions do the whole main job between two processes.

#include <sys/wait.h>

#include "check.h"

enum { CAPACITY = 100000 };

// How many turns each has; slow tools are given a smaller number.
static int rounds = 1000;

// Adds 1 to every byte in turns with the other process.
static int take_turns(zinc_region *region, int first) {
  unsigned char *bytes = zinc_ptr(region);
  for (int turn = 0; turn < 2 * rounds; turn++) {
    if ((turn % 2 == 0) == first) {
      for (size_t i = 0; i < zinc_capacity(region); i++) bytes[i]++;
      if (zinc_notify(region) != 0) return 1;
    } else if (zinc_wait(region, 60000) != 1) {
      return 2;
    }
  }
  return 0;
}

static int be_the_peer(void) {
  zinc_region *region = NULL;
  if (zinc_open("eight", &region) != 0) return 11;
  if (zinc_capacity(region) != CAPACITY) return 12;
  // The owner's name is for the owner alone to take away.
  if (zinc_unlink(region) != ZINC_ERROR_PERMISSION_DENIED) return 13;
  const int failed = take_turns(region, 0);
  if (failed) return failed;
  if (zinc_wait(region, -1) != ZINC_ERROR_CLOSED) return 14;
  const unsigned char *bytes = zinc_ptr(region);
  for (size_t i = 0; i < CAPACITY; i++) {
    if (bytes[i] != (unsigned char)(2 * rounds)) return 15;
  }
  return zinc_close(region) == 0 ? 0 : 16;
}

static void two_processes_share_one_memory_and_take_turns(void) {
  zinc_region *region = created("eight", CAPACITY);
  zinc_region *second = NULL;
  CHECK(zinc_create("eight", 1, &second) == ZINC_ERROR_ALREADY_EXISTS);
  CHECK(zinc_capacity(region) == CAPACITY);
  CHECK((uintptr_t)zinc_ptr(region) % 4096 == 0);
  for (size_t i = 0; i < CAPACITY; i++) CHECK(((unsigned char *)zinc_ptr(region))[i] == 0);

  fflush(stdout);
  const pid_t peer = fork();
  CHECK(peer >= 0);
  if (peer == 0) _Exit(be_the_peer());
  CHECK(take_turns(region, 1) == 0);

  CHECK(zinc_unlink(region) == 0);
  CHECK(zinc_open("eight", &second) == ZINC_ERROR_NOT_FOUND);
  CHECK(zinc_close(region) == 0);
  int status;
  CHECK(waitpid(peer, &status, 0) == peer);
  CHECK(status == 0);
}

int main(int count, char **arguments) {
  if (count > 1) rounds = atoi(arguments[1]);
  enter_scratch();
  RUN(two_processes_share_one_memory_and_take_turns);
  return 0;
}
