// The C ABI as cgo calls it: what is fetched with a status, and what cgo need not look through.
//
// Each call brings back why it failed: the C ABI keeps the last error of each thread, and a goroutine may be on
// another thread by its next call. Handles are numbers, and failures have no pointers: where there could be pointers,
// cgo looks for Go's at each call, which takes as long as notifying does.

#ifndef ZINC_GO_SHIM_H
#define ZINC_GO_SHIM_H

#include <stdlib.h>
#include <string.h>

#include "zinc.h"

// A zinc_region *, which is a token and no address.
typedef uintptr_t shim_region;

typedef struct shim_failure {
  // What shim_message gives.
  uintptr_t message;
  uint64_t needed, available;
  int os;
} shim_failure;

// A string from malloc; NULL if there was no memory for it.
static inline char *shim_message(const shim_failure *failure) { return (char *)failure->message; }

static inline zinc_region *shim_token(shim_region region) { return (zinc_region *)region; }

static int shim_note(int status, shim_failure *failure) {
  if (status < 0) {
    failure->message = (uintptr_t)strdup(zinc_error_message());
    failure->os = zinc_error_os();
    zinc_error_space(&failure->needed, &failure->available);
  }
  return status;
}

static int shim_made(int status, zinc_region *made, shim_region *out, shim_failure *failure) {
  *out = (shim_region)made;
  return shim_note(status, failure);
}

static inline int shim_create(const char *name, size_t capacity, const zinc_options *options, shim_region *out,
                              shim_failure *failure) {
  zinc_region *made;
  int status = zinc_create_with(name, capacity, options, &made);
  return shim_made(status, made, out, failure);
}

static inline int shim_create_tensor(const char *name, uint32_t dtype, size_t ndim, const uint64_t *shape,
                                     const zinc_options *options, shim_region *out, shim_failure *failure) {
  zinc_region *made;
  int status = zinc_create_tensor(name, dtype, ndim, shape, options, &made);
  return shim_made(status, made, out, failure);
}

static inline int shim_open(const char *name, const zinc_options *options, shim_region *out, shim_failure *failure) {
  zinc_region *made;
  int status = zinc_open_with(name, options, &made);
  return shim_made(status, made, out, failure);
}

static inline int shim_open_or_create(const char *name, size_t capacity, const zinc_options *options,
                                      shim_region *out, shim_failure *failure) {
  zinc_region *made;
  int status = zinc_open_or_create_with(name, capacity, options, &made);
  return shim_made(status, made, out, failure);
}

static inline int shim_clone(shim_region region, shim_region *out, shim_failure *failure) {
  zinc_region *made;
  int status = zinc_clone(shim_token(region), &made);
  return shim_made(status, made, out, failure);
}

static inline int shim_close(shim_region region, shim_failure *failure) {
  return shim_note(zinc_close(shim_token(region)), failure);
}

// Of a handle that owns nothing, or whose owner is not there to be told that its name could not be taken away.
static inline void shim_release(shim_region region) { zinc_close(shim_token(region)); }

static inline int shim_notify(shim_region region, shim_failure *failure) {
  return shim_note(zinc_notify(shim_token(region)), failure);
}

static inline int shim_wait(shim_region region, int64_t timeout_ms, shim_failure *failure) {
  return shim_note(zinc_wait(shim_token(region), timeout_ms), failure);
}

static inline int shim_wait_ns(shim_region region, int64_t timeout_ns, shim_failure *failure) {
  return shim_note(zinc_wait_ns(shim_token(region), timeout_ns), failure);
}

static inline int shim_wait_past(shim_region region, uint64_t sequence, int64_t timeout_ns, uint64_t *reached,
                                 shim_failure *failure) {
  return shim_note(zinc_wait_past(shim_token(region), sequence, timeout_ns, reached), failure);
}

static inline int shim_sequence(shim_region region, uint64_t *out, shim_failure *failure) {
  return shim_note(zinc_sequence(shim_token(region), out), failure);
}

// What Go does when a wait is over: see zincGoOver.
extern void zincGoOver(uintptr_t wait, int status, shim_failure failure);

static void shim_over(void *wait, int status) {
  shim_failure failure;
  memset(&failure, 0, sizeof failure);
  zincGoOver((uintptr_t)wait, shim_note(status, &failure), failure);
}

static inline int shim_wait_async(shim_region region, uintptr_t wait, zinc_async_wait **out, shim_failure *failure) {
  return shim_note(zinc_wait_async(shim_token(region), -1, shim_over, (void *)wait, out), failure);
}

static inline int shim_interrupt(shim_region region) { return zinc_interrupt(shim_token(region)); }

static inline int shim_unlink(shim_region region, shim_failure *failure) {
  return shim_note(zinc_unlink(shim_token(region)), failure);
}

static inline int shim_persist(shim_region region, shim_failure *failure) {
  return shim_note(zinc_persist(shim_token(region)), failure);
}

static inline int shim_describe(shim_region region, uint32_t dtype, size_t ndim, const uint64_t *shape,
                                shim_failure *failure) {
  return shim_note(zinc_describe(shim_token(region), dtype, ndim, shape), failure);
}

static inline int shim_descriptor(shim_region region, zinc_descriptor *out, shim_failure *failure) {
  return shim_note(zinc_get_descriptor(shim_token(region), out), failure);
}

static inline int shim_tensor(shim_region region, uint32_t dtype, zinc_descriptor *descriptor, zinc_view **view,
                              shim_failure *failure) {
  return shim_note(zinc_tensor(shim_token(region), dtype, descriptor, view), failure);
}

static inline int shim_view(shim_region region, zinc_view **out, shim_failure *failure) {
  return shim_note(zinc_view_retain(shim_token(region), out), failure);
}

static inline int shim_info(shim_region region, zinc_region_info *out, shim_failure *failure) {
  return shim_note(zinc_info(shim_token(region), out), failure);
}

static inline int shim_remove(const char *name, const zinc_options *options, shim_failure *failure) {
  return shim_note(zinc_remove(name, options), failure);
}

static inline int shim_list(const zinc_options *options, zinc_listing **out, size_t *count, shim_failure *failure) {
  return shim_note(zinc_list(options, out, count), failure);
}

#endif
