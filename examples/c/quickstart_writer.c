// Quickstart: puts a model's output into a region and tells whoever is waiting, in any language.
//
// The "model" is a number typed on standard input, so that a reader can be started before or after it is there.

#include <stdio.h>

#include "zinc.h"

int main(void) {
  zinc_region *region;
  if (zinc_create("pipeline", 64 * 1024 * 1024, &region) < 0) {
    fprintf(stderr, "%s\n", zinc_error_message());
    return 1;
  }
  puts("created");
  fflush(stdout);

  float model_output;
  if (scanf("%f", &model_output) != 1) return 1;
  float *numbers = zinc_ptr(region);
  for (size_t i = 0; i < zinc_capacity(region) / sizeof(float); i++) numbers[i] = model_output;
  zinc_notify(region);
  puts("notified");
  fflush(stdout);

  getchar();  // the end of the line with the number
  getchar();  // the region is gone when its owner ends: stay until told
  return zinc_close(region) < 0;
}
