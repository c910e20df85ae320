// Quickstart: waits for what a writer of any language put into the region, and reads it where it lies.

#include <stdio.h>
#include <time.h>

#include "zinc.h"

static double milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

int main(void) {
  zinc_region *region;
  if (zinc_open("pipeline", &region) < 0) {
    fprintf(stderr, "%s\n", zinc_error_message());
    return 1;
  }
  puts("opened");
  fflush(stdout);

  const double started = milliseconds();
  zinc_wait(region, 1000);
  const float *numbers = zinc_ptr(region);

  const double waited = milliseconds() - started;
  const size_t count = zinc_capacity(region) / sizeof(float);
  printf("first %g last %g of %zu, waited %.3f ms\n", numbers[0], numbers[count - 1], count, waited);
  return zinc_close(region) < 0;
}
