// What the C tests share: checks that say where they failed, a directory of regions of their own, a watchdog.

#ifndef ZINC_TESTS_CHECK_H
#define ZINC_TESTS_CHECK_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "zinc.h"

#define CHECK(condition) \
  do { \
    if (!(condition)) { \
      fprintf(stderr, "%s:%d: not so: %s; last error: %s\n", __FILE__, __LINE__, #condition, zinc_error_message()); \
      exit(1); \
    } \
  } while (0)

// The status is that code, and so is the thread's last error, which says something.
#define CHECK_CODE(call, code) \
  do { \
    const int status_ = (call); \
    if (status_ != (code)) { \
      fprintf(stderr, "%s:%d: %s gives %d (%s: %s), not %s\n", __FILE__, __LINE__, #call, status_, \
              zinc_error_name(status_), zinc_error_message(), zinc_error_name(code)); \
      exit(1); \
    } \
    CHECK(zinc_error_code() == (code)); \
    CHECK(strlen(zinc_error_message()) > 10); \
  } while (0)

#define RUN(test) \
  do { \
    printf("%s\n", #test); \
    fflush(stdout); \
    alarm(120); \
    test(); \
    alarm(0); \
  } while (0)

static char scratch[] = "/dev/shm/zinc-ctest-XXXXXX";

// Regions that are left behind are a failure: whoever calls this has closed everything.
static inline void leave_scratch(void) {
  if (rmdir(scratch) != 0) {
    perror(scratch);
    _Exit(1);
  }
}

// Regions of this test are where no other test looks.
static inline void enter_scratch(void) {
  CHECK(mkdtemp(scratch) != NULL);
  CHECK(setenv("ZINC_DIR", scratch, 1) == 0);
  atexit(leave_scratch);
}

static inline zinc_region *created(const char *name, size_t capacity) {
  zinc_region *region = NULL;
  CHECK(zinc_create(name, capacity, &region) == 0);
  CHECK(region != NULL);
  return region;
}

static inline zinc_region *opened(const char *name) {
  zinc_region *region = NULL;
  CHECK(zinc_open(name, &region) == 0);
  CHECK(region != NULL);
  return region;
}

#endif
