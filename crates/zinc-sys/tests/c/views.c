// Views keep memory past the handle's close; retired ones keep only its addresses.

#include <inttypes.h>
#include <stdbool.h>

#include "check.h"

enum { CAPACITY = 3 * 65536 };

// How a line of this process's memory map goes on that has the address; "" if nothing is mapped there.
static const char *mapped(const void *address) {
  static char line[4096];
  FILE *maps = fopen("/proc/self/maps", "r");
  CHECK(maps != NULL);
  bool found = false;
  while (!found && fgets(line, sizeof line, maps) != NULL) {
    uintptr_t start, end;
    CHECK(sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &start, &end) == 2);
    found = start <= (uintptr_t)address && (uintptr_t)address < end;
  }
  fclose(maps);
  return found ? line : "";
}

static bool shows_the_region(const void *address) { return strstr(mapped(address), scratch) != NULL; }

static zinc_view *retained(zinc_region *region) {
  zinc_view *view = NULL;
  CHECK(zinc_view_retain(region, &view) == 0);
  CHECK(view != NULL);
  return view;
}

static void a_view_shows_the_region_when_its_handle_is_closed(void) {
  zinc_region *owner = created("a", CAPACITY);
  zinc_region *peer = opened("a");
  zinc_view *view = retained(peer);
  volatile unsigned char *bytes = zinc_view_ptr(view);
  CHECK((void *)bytes == zinc_ptr(peer));
  CHECK(zinc_view_size(view) == CAPACITY);
  CHECK(zinc_close(peer) == 0);
  ((unsigned char *)zinc_ptr(owner))[CAPACITY - 1] = 7;
  CHECK(bytes[CAPACITY - 1] == 7);
  CHECK(zinc_view_ptr(view) == (void *)bytes && zinc_view_size(view) == CAPACITY);
  CHECK(zinc_close(owner) == 0);
  CHECK(bytes[CAPACITY - 1] == 7);
  CHECK(zinc_view_release(view) == 0);
  CHECK(strcmp(mapped((const void *)bytes), "") == 0);
}

static void a_retired_views_memory_is_given_back_and_its_addresses_are_not(void) {
  zinc_region *owner = created("a", CAPACITY);
  zinc_view *view = retained(owner);
  volatile unsigned char *bytes = zinc_view_ptr(view);
  bytes[CAPACITY - 1] = 7;
  CHECK(zinc_close(owner) == 0);
  CHECK(shows_the_region((const void *)bytes));
  for (int i = 0; i < 2; i++) {
    CHECK(zinc_view_retire(view) == 0);
    CHECK(!shows_the_region((const void *)bytes));
    CHECK(bytes[CAPACITY - 1] == 0);
  }
  bytes[0] = 1;
  CHECK(zinc_view_ptr(view) == (void *)bytes && zinc_view_size(view) == CAPACITY);
  CHECK(zinc_view_is_read_only(view) == 0);
  // Nothing else comes to be where the view is.
  for (int i = 0; i < 50; i++) {
    zinc_region *other = created("b", CAPACITY);
    const unsigned char *others = zinc_ptr(other);
    CHECK(others + CAPACITY <= bytes || others >= bytes + CAPACITY);
    CHECK(zinc_close(other) == 0);
  }
  CHECK(bytes[0] == 1);
  CHECK(zinc_view_release(view) == 0);
  CHECK(strcmp(mapped((const void *)bytes), "") == 0);
}

static void a_retired_view_takes_nothing_from_other_views_and_handles(void) {
  zinc_region *owner = created("a", CAPACITY);
  zinc_view *retired = retained(owner);
  zinc_view *kept = retained(owner);
  volatile unsigned char *bytes = zinc_view_ptr(kept);
  CHECK(zinc_view_retire(retired) == 0);
  bytes[0] = 7;
  CHECK(((unsigned char *)zinc_ptr(owner))[0] == 7);
  CHECK(zinc_close(owner) == 0);
  CHECK(bytes[0] == 7);
  CHECK(zinc_view_release(retired) == 0);
  CHECK(bytes[0] == 7 && shows_the_region((const void *)bytes));
  CHECK(zinc_view_release(kept) == 0);
  CHECK(strcmp(mapped((const void *)bytes), "") == 0);
}

int main(void) {
  enter_scratch();
  RUN(a_view_shows_the_region_when_its_handle_is_closed);
  RUN(a_retired_views_memory_is_given_back_and_its_addresses_are_not);
  RUN(a_retired_view_takes_nothing_from_other_views_and_handles);
  return 0;
}
