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

#include "shim.gen.h"

// Of a handle that owns nothing, or whose owner is not there to be told that its name could not be taken away.
static inline void shim_release(shim_region region) { zinc_close(shim_token(region)); }

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

// What Go does when an open is over: see zincGoOpened.
extern void zincGoOpened(uintptr_t open, int status, shim_region region, shim_failure failure);

static void shim_opened(void *open, int status, zinc_region *region) {
  shim_failure failure;
  memset(&failure, 0, sizeof failure);
  zincGoOpened((uintptr_t)open, shim_note(status, &failure), (shim_region)region, failure);
}

static inline int shim_open_async(const char *name, const zinc_options *options, uintptr_t open, zinc_async_open **out,
                                  shim_failure *failure) {
  return shim_note(zinc_open_async(name, options, shim_opened, (void *)open, out), failure);
}

#endif
