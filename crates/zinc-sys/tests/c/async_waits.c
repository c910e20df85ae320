// Waits without threads: what calls back, what does not, and what a cancel says of it.

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "check.h"

// What a callback was told. It is the callback's that runs, or the canceller's.
struct told {
  sem_t *done;
  pthread_t thread;
  int result;
  int calls;
  char message[200];
};

static void tell(void *user, int result) {
  struct told *told = user;
  told->thread = pthread_self();
  told->result = result;
  told->calls++;
  if (result < 0) zinc_error_copy(told->message, sizeof told->message);
  sem_post(told->done);
}

static struct told telling(sem_t *done) {
  const struct told told = {.done = done, .result = 99};
  return told;
}

static void start(sem_t *done) { CHECK(sem_init(done, 0, 0) == 0); }

static zinc_async_wait *begun(zinc_region *region, int64_t timeout_ns, struct told *told) {
  zinc_async_wait *wait = NULL;
  CHECK(zinc_wait_async(region, timeout_ns, tell, told, &wait) == 0);
  CHECK(wait != NULL);
  return wait;
}

// Waits for so many callbacks; a watchdog ends what takes too long.
static void called(sem_t *done, int times) {
  while (times > 0) {
    if (sem_wait(done) == 0) times--;
  }
}

static void a_notification_calls_back_once(void) {
  zinc_region *owner = created("a", 1);
  zinc_region *peer = opened("a");
  sem_t done;
  start(&done);
  // One that is pending, then one that finds a notification from before.
  for (int early = 0; early < 2; early++) {
    struct told told = telling(&done);
    if (early) CHECK(zinc_notify(owner) == 0);
    zinc_async_wait *wait = begun(peer, -1, &told);
    if (!early) CHECK(zinc_notify(owner) == 0);
    called(&done, 1);
    CHECK(told.result == 1 && told.calls == 1);
    CHECK(!pthread_equal(told.thread, pthread_self()));
    CHECK(zinc_wait_cancel(wait) == 0);
    CHECK(zinc_wait(peer, 0) == 0);
  }
  CHECK(zinc_close(peer) == 0);
  CHECK(zinc_close(owner) == 0);
}

static void all_that_are_pending_end_with_one_notification(void) {
  enum { WAITS = 500 };
  zinc_region *owner = created("a", 1);
  zinc_region *peer = opened("a");
  static struct told told[WAITS];
  sem_t done;
  start(&done);
  for (int i = 0; i < WAITS; i++) {
    told[i] = telling(&done);
    begun(peer, -1, &told[i]);
  }
  CHECK(zinc_notify(owner) == 0);
  called(&done, WAITS);
  for (int i = 0; i < WAITS; i++) CHECK(told[i].result == 1 && told[i].calls == 1);
  CHECK(zinc_close(peer) == 0);
  CHECK(zinc_close(owner) == 0);
}

static void the_time_that_is_up_calls_back(void) {
  zinc_region *region = created("a", 1);
  sem_t done;
  start(&done);
  for (int64_t ms = 0; ms <= 20; ms += 20) {
    struct told told = telling(&done);
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    begun(region, ms * 1000000, &told);
    called(&done, 1);
    clock_gettime(CLOCK_MONOTONIC, &after);
    CHECK(told.result == 0);
    CHECK((after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec >= ms * 1000000);
  }
  CHECK(zinc_close(region) == 0);
}

static void what_is_cancelled_never_calls_back_and_takes_nothing_in(void) {
  zinc_region *owner = created("a", 1);
  zinc_region *peer = opened("a");
  sem_t done;
  start(&done);
  struct told cancelled = telling(&done);
  zinc_async_wait *wait = begun(peer, -1, &cancelled);
  CHECK(zinc_wait_cancel(wait) == 1);
  CHECK(zinc_wait_cancel(wait) == 0);
  CHECK(zinc_notify(owner) == 0);
  CHECK(zinc_wait(peer, 0) == 1);
  struct told later = telling(&done);
  begun(peer, -1, &later);
  CHECK(zinc_notify(owner) == 0);
  called(&done, 1);
  CHECK(later.calls == 1 && cancelled.calls == 0);
  CHECK(zinc_close(peer) == 0);
  CHECK(zinc_close(owner) == 0);
}

static void *cancel_elsewhere(void *wait) { return zinc_wait_cancel(wait) == 1 ? wait : NULL; }

static void free_it(void *user, int result) {
  sem_t **done = user;
  CHECK(result == 1);
  CHECK(sem_post(*done) == 0);
  free(done);
}

// How often; slow tools are given a smaller number.
static int rounds = 2000;

static void of_callback_and_cancel_one_comes_and_may_free_the_callers_data(void) {
  zinc_region *owner = created("a", 1);
  zinc_region *peer = opened("a");
  sem_t done;
  start(&done);
  int cancels = 0;
  for (int round = 0; round < rounds; round++) {
    sem_t **user = malloc(sizeof *user);
    CHECK(user != NULL);
    *user = &done;
    zinc_async_wait *wait;
    CHECK(zinc_wait_async(peer, -1, free_it, user, &wait) == 0);
    pthread_t thread;
    void *cancelled;
    CHECK(pthread_create(&thread, NULL, cancel_elsewhere, wait) == 0);
    CHECK(zinc_notify(owner) == 0);
    CHECK(pthread_join(thread, &cancelled) == 0);
    if (cancelled != NULL) {
      cancels++;
      free(user);
      CHECK(zinc_wait(peer, 0) == 1);
    } else {
      called(&done, 1);
      CHECK(zinc_wait(peer, 0) == 0);
    }
  }
  printf("  %d of %d were cancelled first\n", cancels, rounds);
  CHECK(zinc_close(peer) == 0);
  CHECK(zinc_close(owner) == 0);
}

static void a_cancel_right_after_takes_nothing_in(void) {
  zinc_region *owner = created("a", 1);
  zinc_region *peer = opened("a");
  sem_t done;
  start(&done);
  for (int round = 0; round < rounds; round++) {
    struct told told = telling(&done);
    CHECK(zinc_notify(owner) == 0);
    const int cancelled = zinc_wait_cancel(begun(peer, -1, &told));
    if (!cancelled) called(&done, 1);
    CHECK(told.calls == !cancelled);
    CHECK(zinc_wait(peer, 0) == cancelled);
  }
  CHECK(zinc_close(peer) == 0);
  CHECK(zinc_close(owner) == 0);
}

static void close_and_interrupt_reach_the_waits_of_their_handle_only(void) {
  zinc_region *owner = created("a", 1);
  zinc_region *peer = opened("a");
  zinc_region *other = NULL;
  CHECK(zinc_clone(peer, &other) == 0);
  sem_t done, others;
  start(&done);
  start(&others);
  struct told told = telling(&done), untouched = telling(&others);
  begun(other, -1, &untouched);
  begun(peer, -1, &told);
  CHECK(zinc_interrupt(peer) == 0);
  called(&done, 1);
  CHECK(told.result == ZINC_ERROR_INTERRUPTED);
  CHECK(strstr(told.message, "\"a\"") != NULL);
  begun(peer, -1, &told);
  CHECK(zinc_close(peer) == 0);
  called(&done, 1);
  CHECK(told.result == ZINC_ERROR_CLOSED);
  CHECK(strstr(told.message, "\"a\"") != NULL);
  CHECK(untouched.calls == 0);
  CHECK(zinc_notify(owner) == 0);
  called(&others, 1);
  CHECK(untouched.result == 1);
  CHECK(zinc_close(other) == 0);
  CHECK(zinc_close(owner) == 0);
}

static void the_owners_close_and_death_reach_them(void) {
  zinc_region *owner = created("a", 1);
  zinc_region *peer = opened("a");
  sem_t done;
  start(&done);
  struct told told = telling(&done);
  begun(peer, -1, &told);
  CHECK(zinc_close(owner) == 0);
  called(&done, 1);
  CHECK(told.result == ZINC_ERROR_CLOSED);
  CHECK(zinc_close(peer) == 0);

  int ready[2];
  CHECK(pipe(ready) == 0);
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    created("b", 1);
    if (write(ready[1], "x", 1) != 1) _Exit(2);
    for (;;) pause();
  }
  char byte;
  CHECK(read(ready[0], &byte, 1) == 1);
  peer = opened("b");
  begun(peer, -1, &told);
  CHECK(kill(child, SIGKILL) == 0);
  CHECK(waitpid(child, NULL, 0) == child);
  called(&done, 1);
  CHECK(told.result == ZINC_ERROR_OWNER_DIED);
  CHECK(strstr(told.message, "\"b\"") != NULL);
  CHECK(zinc_close(peer) == 0);
  close(ready[0]);
  close(ready[1]);
}

// A story that goes on from callback to callback.
struct story {
  zinc_region *peer, *owner;
  zinc_async_wait *wait;
  int turns;
  sem_t done;
};

static void go_on(void *user, int result) {
  struct story *story = user;
  // The wait that runs is there, and cannot be cancelled any more.
  CHECK(zinc_wait_cancel(story->wait) == 0);
  if (story->turns == 0) {
    CHECK(result == ZINC_ERROR_CLOSED);
    CHECK(sem_post(&story->done) == 0);
    return;
  }
  CHECK(result == 1);
  story->turns--;
  CHECK(zinc_wait_async(story->peer, -1, go_on, story, &story->wait) == 0);
  CHECK(story->turns > 0 ? zinc_notify(story->owner) == 0 : zinc_close(story->peer) == 0);
}

static void a_callback_may_call_anything(void) {
  struct story story = {.owner = created("a", 1), .turns = 100};
  story.peer = opened("a");
  start(&story.done);
  CHECK(zinc_wait_async(story.peer, -1, go_on, &story, &story.wait) == 0);
  CHECK(zinc_notify(story.owner) == 0);
  called(&story.done, 1);
  CHECK(zinc_close(story.owner) == 0);
}

static void who_never_cancels_needs_no_place_for_the_wait(void) {
  zinc_region *owner = created("a", 1);
  sem_t done;
  start(&done);
  struct told told = telling(&done);
  CHECK(zinc_wait_async(owner, 0, tell, &told, NULL) == 0);
  called(&done, 1);
  CHECK(told.result == 0);
  CHECK(zinc_close(owner) == 0);
}

static void a_wrong_argument_is_told_and_nothing_calls_back(void) {
  zinc_region *region = created("a", 1);
  zinc_region *closed = created("b", 1);
  CHECK(zinc_close(closed) == 0);
  sem_t done;
  start(&done);
  struct told told = telling(&done);
  zinc_region *wrong[] = {NULL, closed, (zinc_region *)&done, (zinc_region *)(uintptr_t)-1};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    zinc_async_wait *wait = (zinc_async_wait *)&done;
    CHECK_CODE(zinc_wait_async(wrong[i], 0, tell, &told, &wait), i == 0 ? ZINC_ERROR_INVALID_ARGUMENT : ZINC_ERROR_CLOSED);
    CHECK(wait == NULL);
  }
  zinc_async_wait *wait = (zinc_async_wait *)&done;
  CHECK_CODE(zinc_wait_async(region, 0, NULL, &told, &wait), ZINC_ERROR_INVALID_ARGUMENT);
  CHECK(wait == NULL);
  CHECK_CODE(zinc_wait_cancel(NULL), ZINC_ERROR_INVALID_ARGUMENT);
  CHECK(zinc_wait_cancel((zinc_async_wait *)&done) == 0);
  CHECK(zinc_wait_cancel((zinc_async_wait *)(uintptr_t)-1) == 0);
  // For ever, or a huge time, never comes.
  const int64_t never[] = {ZINC_FOREVER, INT64_MAX, INT64_MAX - 1};
  for (size_t i = 0; i < sizeof never / sizeof *never; i++) {
    CHECK(zinc_wait_cancel(begun(region, never[i], &told)) == 1);
  }
  CHECK(told.calls == 0);
  CHECK(zinc_close(region) == 0);
}

// Root may start threads without end, so a child plays another user.
static void where_no_thread_is_to_be_had_it_fails_or_calls_back_later(void) {
  if (geteuid() != 0) {
    printf("skipped, needs root: %s\n", __func__);
    return;
  }
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    zinc_region *region = NULL, *peer = NULL;
    CHECK(zinc_create("threads", 1, &region) == 0);
    CHECK(zinc_open("threads", &peer) == 0);
    CHECK(setuid(65533) == 0);
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_NPROC, &limit) == 0);
    const struct rlimit none = {.rlim_cur = 1, .rlim_max = limit.rlim_max};
    sem_t done;
    start(&done);
    struct told told = telling(&done);

    CHECK(setrlimit(RLIMIT_NPROC, &none) == 0);
    zinc_async_wait *wait = (zinc_async_wait *)&done;
    CHECK_CODE(zinc_wait_async(peer, -1, tell, &told, &wait), ZINC_ERROR_OS);
    CHECK(wait == NULL);
    CHECK(told.calls == 0);

    CHECK(setrlimit(RLIMIT_NPROC, &limit) == 0);
    wait = begun(peer, -1, &told);
    CHECK(setrlimit(RLIMIT_NPROC, &none) == 0);
    CHECK(zinc_notify(region) == 0);
    called(&done, 1);
    CHECK(told.calls == 1 && told.result == 1);
    CHECK(zinc_wait_cancel(wait) == 0);
    CHECK(zinc_close(peer) == 0);
    // The directory is root's, so the name stays for the parent.
    (void)zinc_close(region);
    CHECK(setrlimit(RLIMIT_NPROC, &limit) == 0);
    // Another program, so that valgrind does not take what the parent's threads had for this child's leaks.
    execl("/bin/true", "true", (char *)NULL);
    _exit(1);
  }
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  zinc_region *region = NULL;
  CHECK(zinc_create("threads", 1, &region) == 0);
  CHECK(zinc_close(region) == 0);
}

int main(int count, char **arguments) {
  if (count > 1) rounds = atoi(arguments[1]);
  enter_scratch();
  RUN(a_notification_calls_back_once);
  RUN(all_that_are_pending_end_with_one_notification);
  RUN(the_time_that_is_up_calls_back);
  RUN(what_is_cancelled_never_calls_back_and_takes_nothing_in);
  RUN(of_callback_and_cancel_one_comes_and_may_free_the_callers_data);
  RUN(a_cancel_right_after_takes_nothing_in);
  RUN(close_and_interrupt_reach_the_waits_of_their_handle_only);
  RUN(the_owners_close_and_death_reach_them);
  RUN(a_callback_may_call_anything);
  RUN(who_never_cancels_needs_no_place_for_the_wait);
  RUN(a_wrong_argument_is_told_and_nothing_calls_back);
  RUN(where_no_thread_is_to_be_had_it_fails_or_calls_back_later);
  return 0;
}
