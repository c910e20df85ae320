// Opens without threads: what calls back, with what, and what a cancel says of it.

#include <pthread.h>
#include <semaphore.h>

#include "check.h"

// What a callback was told. It is the callback's that runs, or the canceller's.
struct told {
  sem_t *done;
  pthread_t thread;
  zinc_region *region;
  int result;
  int calls;
  char message[300];
};

static void tell(void *user, int result, zinc_region *region) {
  struct told *told = user;
  told->thread = pthread_self();
  told->result = result;
  told->region = region;
  told->calls++;
  if (result < 0) zinc_error_copy(told->message, sizeof told->message);
  sem_post(told->done);
}

static struct told telling(sem_t *done) {
  const struct told told = {.done = done, .result = 99};
  return told;
}

static void start(sem_t *done) { CHECK(sem_init(done, 0, 0) == 0); }

static zinc_async_open *begun(const char *name, int64_t timeout_ns, struct told *told) {
  zinc_async_open *open = NULL;
  zinc_options options;
  CHECK(zinc_options_init(&options, sizeof options) == 0);
  options.timeout_ns = timeout_ns;
  CHECK(zinc_open_async(name, &options, tell, told, &open) == 0);
  CHECK(open != NULL);
  return open;
}

// Waits for so many callbacks; a watchdog ends what takes too long.
static void called(sem_t *done, int times) {
  while (times > 0) {
    if (sem_wait(done) == 0) times--;
  }
}

static void a_region_that_appears_calls_back_once_with_a_handle(void) {
  sem_t done;
  start(&done);
  struct told told = telling(&done);
  zinc_async_open *open = begun("a", ZINC_FOREVER, &told);
  zinc_region *owner = created("a", 7);
  CHECK(zinc_notify(owner) == 0);
  called(&done, 1);
  CHECK(told.result == 0 && told.calls == 1);
  CHECK(!pthread_equal(told.thread, pthread_self()));
  CHECK(zinc_open_cancel(open) == 0);
  CHECK(zinc_is_open(told.region) == 1 && zinc_capacity(told.region) == 7);
  CHECK(zinc_wait(told.region, 0) == 1);
  CHECK(zinc_close(told.region) == 0);

  // One that is there is opened at once, without options too, and by those who never cancel.
  told = telling(&done);
  CHECK(zinc_open_async("a", NULL, tell, &told, NULL) == 0);
  called(&done, 1);
  CHECK(told.result == 0 && zinc_close(told.region) == 0);
  CHECK(zinc_close(owner) == 0);
}

static void the_time_that_is_up_calls_back_without_one(void) {
  sem_t done;
  start(&done);
  struct told told = telling(&done);
  begun("a", 5000000, &told);
  called(&done, 1);
  CHECK(told.result == ZINC_ERROR_NOT_FOUND && told.region == NULL);
  CHECK(strstr(told.message, "none appeared within 5 ms") != NULL);
  told = telling(&done);
  begun("a/b", ZINC_FOREVER, &told);
  called(&done, 1);
  CHECK(told.result == ZINC_ERROR_INVALID_NAME && told.region == NULL);
}

static void what_is_cancelled_never_calls_back(void) {
  sem_t done;
  start(&done);
  struct told cancelled = telling(&done);
  zinc_async_open *open = begun("a", ZINC_FOREVER, &cancelled);
  CHECK(zinc_open_cancel(open) == 1);
  CHECK(zinc_open_cancel(open) == 0);
  zinc_region *owner = created("a", 1);
  struct told told = telling(&done);
  begun("a", ZINC_FOREVER, &told);
  called(&done, 1);
  CHECK(told.result == 0 && cancelled.calls == 0);
  CHECK(zinc_close(told.region) == 0);
  CHECK(zinc_close(owner) == 0);
}

// Whoever cancels while the region appears: the handle is the callback's, or there is none.
static void of_callback_and_cancel_exactly_one_happens(void) {
  enum { ROUNDS = 200 };
  sem_t done;
  start(&done);
  int cancelled = 0;
  for (int i = 0; i < ROUNDS; i++) {
    struct told told = telling(&done);
    zinc_async_open *open = begun("a", ZINC_FOREVER, &told);
    zinc_region *owner = created("a", 1);
    if (zinc_open_cancel(open) == 1) {
      CHECK(told.calls == 0);
      cancelled++;
    } else {
      called(&done, 1);
      CHECK(told.calls == 1 && told.result == 0 && zinc_close(told.region) == 0);
    }
    CHECK(zinc_close(owner) == 0);
  }
  printf("  %d of %d were cancelled\n", cancelled, (int)ROUNDS);
}

static void a_thousand_opens_call_back_each(void) {
  enum { OPENS = 1000 };
  static struct told told[OPENS];
  sem_t done;
  start(&done);
  for (int i = 0; i < OPENS; i++) {
    told[i] = telling(&done);
    begun("a", ZINC_FOREVER, &told[i]);
  }
  zinc_region *owner = created("a", 1);
  called(&done, OPENS);
  for (int i = 0; i < OPENS; i++) {
    CHECK(told[i].result == 0 && told[i].calls == 1);
    CHECK(zinc_close(told[i].region) == 0);
  }
  CHECK(zinc_close(owner) == 0);
}

int main(void) {
  enter_scratch();
  RUN(a_region_that_appears_calls_back_once_with_a_handle);
  RUN(the_time_that_is_up_calls_back_without_one);
  RUN(what_is_cancelled_never_calls_back);
  RUN(of_callback_and_cancel_exactly_one_happens);
  RUN(a_thousand_opens_call_back_each);
  return 0;
}
