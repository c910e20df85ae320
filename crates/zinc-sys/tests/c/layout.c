// What programs of other releases have compiled into them never changes: numbers, sizes, offsets of ABI version 1.

#include <stddef.h>

#include "check.h"

#define SAME(what, number) _Static_assert((what) == (number), #what " is frozen")

SAME(ZINC_ABI_VERSION, 1);
SAME(ZINC_ERROR_INVALID_NAME, -1);
SAME(ZINC_ERROR_OS, -15);
SAME(ZINC_DTYPE_BOOL, 1);
SAME(ZINC_DTYPE_C128, 15);
SAME(ZINC_STATE_OWNED, 1);
SAME(ZINC_STATE_PERSISTENT, 2);
SAME(ZINC_STATE_DEAD, 3);
SAME(ZINC_OPTION_READ_ONLY, 1);
SAME(ZINC_OPTION_PREFAULT, 2);
SAME(ZINC_OPTION_SPARSE, 4);
SAME(ZINC_OPTION_PERSISTENT, 8);

#if UINTPTR_MAX == UINT64_MAX
// The size is that of version 1's struct or more: fields may be added at the end.
_Static_assert(sizeof(zinc_options) >= 48, "zinc_options does not shrink");
SAME(offsetof(zinc_options, size), 0);
SAME(offsetof(zinc_options, flags), 8);
SAME(offsetof(zinc_options, mode), 12);
SAME(offsetof(zinc_options, accept_owner), 16);
SAME(offsetof(zinc_options, reserved), 20);
SAME(offsetof(zinc_options, spin_ns), 24);
SAME(offsetof(zinc_options, timeout_ns), 32);
SAME(offsetof(zinc_options, directory), 40);

_Static_assert(sizeof(zinc_region_info) >= 64, "zinc_region_info does not shrink");
SAME(offsetof(zinc_region_info, size), 0);
SAME(offsetof(zinc_region_info, capacity), 8);
SAME(offsetof(zinc_region_info, created_ns), 16);
SAME(offsetof(zinc_region_info, id), 24);
SAME(offsetof(zinc_region_info, owner_pid), 40);
SAME(offsetof(zinc_region_info, state), 44);
SAME(offsetof(zinc_region_info, name), 48);
SAME(offsetof(zinc_region_info, path), 56);

SAME(sizeof(zinc_descriptor), 72);
SAME(offsetof(zinc_descriptor, dtype), 0);
SAME(offsetof(zinc_descriptor, ndim), 4);
SAME(offsetof(zinc_descriptor, shape), 8);
#endif

static void the_library_is_of_the_headers_abi_version(void) {
  CHECK(zinc_abi_version() == ZINC_ABI_VERSION);
  CHECK(strcmp(zinc_version(), ZINC_TEST_VERSION) == 0);
}

static void every_element_type_has_a_name_and_a_size(void) {
  for (uint32_t dtype = ZINC_DTYPE_BOOL; dtype <= ZINC_DTYPE_C128; dtype++) {
    CHECK(zinc_dtype_from_name(zinc_dtype_name(dtype)) == dtype);
    CHECK(zinc_dtype_size(dtype) >= 1 && zinc_dtype_size(dtype) <= 16);
  }
  CHECK(zinc_dtype_from_name("float32") == ZINC_DTYPE_F32);
  CHECK(zinc_dtype_size(ZINC_DTYPE_F32) == sizeof(float));
}

int main(void) {
  RUN(the_library_is_of_the_headers_abi_version);
  RUN(every_element_type_has_a_name_and_a_size);
  return 0;
}
