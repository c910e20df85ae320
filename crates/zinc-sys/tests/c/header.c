// The header needs nothing before it.

#include "zinc.h"

extern int zinc_header_is_enough(zinc_region *region);

int zinc_header_is_enough(zinc_region *region) {
  zinc_options options = {0};
  options.size = sizeof options;
  return zinc_close(region) + (int)options.flags;
}
