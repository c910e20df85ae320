// The C ABI as cgo calls it: each call brings back, with its status, why it failed.
//
// The C ABI keeps the last error of each thread, and a goroutine may be on another thread by its next call.

#ifndef ZINC_GO_SHIM_H
#define ZINC_GO_SHIM_H

#include <stdlib.h>
#include <string.h>

#include "zinc.h"

typedef struct shim_failure {
  // From malloc; NULL if there was no memory for it.
  char *message;
  uint64_t needed, available;
  int os;
} shim_failure;

static int shim_note(int status, shim_failure *failure) {
  if (status < 0) {
    failure->message = strdup(zinc_error_message());
    failure->os = zinc_error_os();
    zinc_error_space(&failure->needed, &failure->available);
  }
  return status;
}

static inline int shim_create(const char *name, size_t capacity, const zinc_options *options, zinc_region **out,
                              shim_failure *failure) {
  return shim_note(zinc_create_with(name, capacity, options, out), failure);
}

static inline int shim_create_tensor(const char *name, uint32_t dtype, size_t ndim, const uint64_t *shape,
                                     const zinc_options *options, zinc_region **out, shim_failure *failure) {
  return shim_note(zinc_create_tensor(name, dtype, ndim, shape, options, out), failure);
}

static inline int shim_open(const char *name, const zinc_options *options, zinc_region **out, shim_failure *failure) {
  return shim_note(zinc_open_with(name, options, out), failure);
}

static inline int shim_open_or_create(const char *name, size_t capacity, const zinc_options *options,
                                      zinc_region **out, shim_failure *failure) {
  return shim_note(zinc_open_or_create_with(name, capacity, options, out), failure);
}

static inline int shim_clone(const zinc_region *region, zinc_region **out, shim_failure *failure) {
  return shim_note(zinc_clone(region, out), failure);
}

static inline int shim_close(zinc_region *region, shim_failure *failure) {
  return shim_note(zinc_close(region), failure);
}

static inline int shim_notify(zinc_region *region, shim_failure *failure) {
  return shim_note(zinc_notify(region), failure);
}

static inline int shim_wait(zinc_region *region, int64_t timeout_ms, shim_failure *failure) {
  return shim_note(zinc_wait(region, timeout_ms), failure);
}

static inline int shim_wait_ns(zinc_region *region, int64_t timeout_ns, shim_failure *failure) {
  return shim_note(zinc_wait_ns(region, timeout_ns), failure);
}

static inline int shim_wait_past(zinc_region *region, uint64_t sequence, int64_t timeout_ns, uint64_t *reached,
                                 shim_failure *failure) {
  return shim_note(zinc_wait_past(region, sequence, timeout_ns, reached), failure);
}

static inline int shim_sequence(const zinc_region *region, uint64_t *out, shim_failure *failure) {
  return shim_note(zinc_sequence(region, out), failure);
}

static inline int shim_unlink(zinc_region *region, shim_failure *failure) {
  return shim_note(zinc_unlink(region), failure);
}

static inline int shim_persist(zinc_region *region, shim_failure *failure) {
  return shim_note(zinc_persist(region), failure);
}

static inline int shim_describe(zinc_region *region, uint32_t dtype, size_t ndim, const uint64_t *shape,
                                shim_failure *failure) {
  return shim_note(zinc_describe(region, dtype, ndim, shape), failure);
}

static inline int shim_descriptor(const zinc_region *region, zinc_descriptor *out, shim_failure *failure) {
  return shim_note(zinc_get_descriptor(region, out), failure);
}

static inline int shim_tensor(zinc_region *region, uint32_t dtype, zinc_descriptor *descriptor, zinc_view **view,
                              shim_failure *failure) {
  return shim_note(zinc_tensor(region, dtype, descriptor, view), failure);
}

static inline int shim_view(zinc_region *region, zinc_view **out, shim_failure *failure) {
  return shim_note(zinc_view_retain(region, out), failure);
}

static inline int shim_info(const zinc_region *region, zinc_region_info *out, shim_failure *failure) {
  return shim_note(zinc_info(region, out), failure);
}

static inline int shim_remove(const char *name, const zinc_options *options, shim_failure *failure) {
  return shim_note(zinc_remove(name, options), failure);
}

static inline int shim_list(const zinc_options *options, zinc_listing **out, size_t *count, shim_failure *failure) {
  return shim_note(zinc_list(options, out, count), failure);
}

#endif
