package main

/*
#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

// A word for each side on a cache line of its own, and one that is both's.
typedef struct words {
  _Alignas(128) _Atomic uint64_t there;
  _Alignas(128) _Atomic uint64_t back;
  _Alignas(128) _Atomic uint64_t both;
} words;

enum form { STORED, WITHOUT_PAUSE, SWAPPED, ADDED };

static inline void put(enum form form, _Atomic uint64_t *word, uint64_t n) {
  if (form == SWAPPED) {
    atomic_exchange_explicit(word, n, memory_order_acq_rel);
  } else if (form == ADDED) {
    atomic_fetch_add_explicit(word, 1, memory_order_acq_rel);
  } else {
    atomic_store_explicit(word, n, memory_order_release);
  }
}

static inline void await(enum form form, _Atomic uint64_t *word, uint64_t n) {
  while (atomic_load_explicit(word, memory_order_acquire) != n) {
    if (form != WITHOUT_PAUSE) {
#if defined(__x86_64__)
      __builtin_ia32_pause();
#elif defined(__aarch64__)
      __asm__ volatile("isb");
#endif
    }
  }
}

static inline int64_t now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

// Notes the time each time right after it has put, when the answer is on its way: the clock is not part of the trip.
static inline void begin_form(enum form form, words *words, uint64_t trips, int64_t *times) {
  for (uint64_t n = 1; n <= trips; n++) {
    put(form, form == ADDED ? &words->both : &words->there, n);
    times[n - 1] = now();
    await(form, form == ADDED ? &words->both : &words->back, form == ADDED ? 2 * n : n);
  }
}

static inline void answer_form(enum form form, words *words, uint64_t trips) {
  for (uint64_t n = 1; n <= trips; n++) {
    await(form, form == ADDED ? &words->both : &words->there, form == ADDED ? 2 * n - 1 : n);
    put(form, form == ADDED ? &words->both : &words->back, n);
  }
}

// With the form known to the compiler, each loop has nothing of the others in it.
static void begin(enum form form, void *words, uint64_t trips, int64_t *times) {
  switch (form) {
  case STORED: begin_form(STORED, words, trips, times); break;
  case WITHOUT_PAUSE: begin_form(WITHOUT_PAUSE, words, trips, times); break;
  case SWAPPED: begin_form(SWAPPED, words, trips, times); break;
  case ADDED: begin_form(ADDED, words, trips, times); break;
  }
}

static void answer(enum form form, void *words, uint64_t trips) {
  switch (form) {
  case STORED: answer_form(STORED, words, trips); break;
  case WITHOUT_PAUSE: answer_form(WITHOUT_PAUSE, words, trips); break;
  case SWAPPED: answer_form(SWAPPED, words, trips); break;
  case ADDED: answer_form(ADDED, words, trips); break;
  }
}
*/
import "C"

import (
	"unsafe"

	zinc "github.com/Mohammed-Aman-Khan/zinc/go"
)

// A bare way is the least that the machine allows: each side writes to memory on which the other spins.
type bare C.enum_form

const (
	stored       = bare(C.STORED)
	withoutPause = bare(C.WITHOUT_PAUSE)
	swapped      = bare(C.SWAPPED)
	added        = bare(C.ADDED)
)

func (form bare) begin(region *zinc.Region, times []int64) {
	clear(region.Bytes()[:C.sizeof_words])
	C.begin(uint32(form), unsafe.Pointer(&region.Bytes()[0]), C.uint64_t(len(times)), (*C.int64_t)(&times[0]))
}

func (form bare) answer(region *zinc.Region, trips int) {
	C.answer(uint32(form), unsafe.Pointer(&region.Bytes()[0]), C.uint64_t(trips))
}
