// Waiting, and what ends it: from other threads, other processes, signal handlers.

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <time.h>

#include "check.h"

enum { WAITERS = 4 };

static int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

// A thread in a wait.
struct waiter {
  zinc_region *region;
  int (*wait)(struct waiter *);
  int64_t timeout;
  pthread_t thread;
  atomic_int tid;
  atomic_bool done;
  int status;
};

static int wait_ms(struct waiter *self) { return zinc_wait(self->region, self->timeout); }
static int wait_ns(struct waiter *self) { return zinc_wait_ns(self->region, self->timeout); }
static int wait_past(struct waiter *self) { return zinc_wait_past(self->region, 0, self->timeout, NULL); }

static void *run_waiter(void *argument) {
  struct waiter *self = argument;
  atomic_store(&self->tid, (int)gettid());
  self->status = self->wait(self);
  CHECK(self->status >= 0 || zinc_error_code() == self->status);
  atomic_store(&self->done, true);
  return NULL;
}

static void start(struct waiter *waiter, zinc_region *region, int (*wait)(struct waiter *), int64_t timeout) {
  waiter->region = region;
  waiter->wait = wait;
  waiter->timeout = timeout;
  atomic_init(&waiter->tid, 0);
  atomic_init(&waiter->done, false);
  CHECK(pthread_create(&waiter->thread, NULL, run_waiter, waiter) == 0);
}

// Waits until the thread sleeps in the kernel.
static void parked(struct waiter *waiter) {
  char path[64], state;
  while (atomic_load(&waiter->tid) == 0) sched_yield();
  snprintf(path, sizeof path, "/proc/self/task/%d/stat", atomic_load(&waiter->tid));
  do {
    FILE *stat = fopen(path, "r");
    CHECK(stat != NULL);
    CHECK(fscanf(stat, "%*d (%*[^)]) %c", &state) == 1);
    fclose(stat);
    sched_yield();
  } while (state != 'S' && !atomic_load(&waiter->done));
}

static int end(struct waiter *waiter) {
  CHECK(pthread_join(waiter->thread, NULL) == 0);
  return waiter->status;
}

static void a_timeout_is_as_long_as_it_says(void) {
  zinc_region *region = created("a", 1);
  CHECK(zinc_wait(region, 0) == 0);
  CHECK(zinc_wait_ns(region, 0) == 0);
  CHECK(zinc_wait_past(region, 0, 0, NULL) == 0);
  int64_t before = now_ns();
  CHECK(zinc_wait(region, 20) == 0);
  CHECK(now_ns() - before >= 20 * 1000000);
  before = now_ns();
  CHECK(zinc_wait_ns(region, 20 * 1000000) == 0);
  CHECK(now_ns() - before >= 20 * 1000000);
  uint64_t reached = 7;
  before = now_ns();
  CHECK(zinc_wait_past(region, 0, 20 * 1000000, &reached) == 0);
  CHECK(now_ns() - before >= 20 * 1000000);
  CHECK(reached == 0);
  CHECK(zinc_close(region) == 0);
}

static void for_ever_or_a_huge_timeout_waits_until_somebody_notifies(void) {
  int (*const ways[])(struct waiter *) = {wait_ms, wait_ns, wait_past};
  const int64_t timeouts[] = {ZINC_FOREVER, INT64_MAX, INT64_MAX - 1, INT64_MAX / 1000000 + 1};
  for (size_t way = 0; way < sizeof ways / sizeof *ways; way++) {
    for (size_t i = 0; i < sizeof timeouts / sizeof *timeouts; i++) {
      zinc_region *owner = created("a", 1);
      zinc_region *peer = opened("a");
      struct waiter waiter;
      start(&waiter, peer, ways[way], timeouts[i]);
      parked(&waiter);
      CHECK(!atomic_load(&waiter.done));
      CHECK(zinc_notify(owner) == 0);
      CHECK(end(&waiter) == 1);
      CHECK(zinc_close(peer) == 0);
      CHECK(zinc_close(owner) == 0);
    }
  }
}

static void closing_a_handle_ends_all_its_waits(void) {
  zinc_region *owner = created("a", 1);
  zinc_region *peer = opened("a");
  struct waiter waiters[WAITERS];
  for (int i = 0; i < WAITERS; i++) start(&waiters[i], peer, wait_ms, -1);
  for (int i = 0; i < WAITERS; i++) parked(&waiters[i]);
  CHECK(zinc_close(peer) == 0);
  CHECK(zinc_close(peer) == 0);
  // A new handle, perhaps in the old one's place, while the waits may still be on their way out.
  zinc_region *next = opened("a");
  CHECK(next != peer);
  for (int i = 0; i < WAITERS; i++) CHECK(end(&waiters[i]) == ZINC_ERROR_CLOSED);
  CHECK(zinc_notify(owner) == 0);
  CHECK(zinc_wait(next, -1) == 1);
  CHECK(zinc_close(next) == 0);
  CHECK(zinc_close(owner) == 0);
}

static void interrupt_ends_the_waits_of_its_handle_only(void) {
  zinc_region *owner = created("a", 1);
  zinc_region *peer = opened("a");
  zinc_region *other = NULL;
  CHECK(zinc_clone(peer, &other) == 0);
  struct waiter interrupted, untouched;
  start(&interrupted, peer, wait_ms, -1);
  start(&untouched, other, wait_ms, -1);
  parked(&untouched);
  // A wait that has not begun yet is not interrupted, so once may not be enough.
  while (!atomic_load(&interrupted.done)) {
    CHECK(zinc_interrupt(peer) == 0);
    sched_yield();
  }
  CHECK(end(&interrupted) == ZINC_ERROR_INTERRUPTED);
  CHECK(!atomic_load(&untouched.done));
  CHECK(zinc_notify(owner) == 0);
  CHECK(end(&untouched) == 1);
  CHECK(zinc_wait(peer, 0) == 1);
  CHECK(zinc_close(other) == 0);
  CHECK(zinc_close(peer) == 0);
  CHECK(zinc_close(owner) == 0);
}

static void the_owners_close_comes_after_what_it_notified(void) {
  zinc_region *owner = created("a", 1);
  zinc_region *peer = opened("a");
  struct waiter waiter;
  start(&waiter, peer, wait_ms, -1);
  parked(&waiter);
  CHECK(zinc_notify(owner) == 0);
  CHECK(zinc_close(owner) == 0);
  CHECK(end(&waiter) == 1);
  CHECK_CODE(zinc_wait(peer, -1), ZINC_ERROR_CLOSED);
  CHECK(zinc_close(peer) == 0);
}

// Starts a process that owns a region, notifies once, and waits for its end. The region exists when this returns.
static pid_t owning_process(void) {
  int ready[2];
  CHECK(pipe(ready) == 0);
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    zinc_region *region = created("a", 1);
    if (zinc_notify(region) != 0 || write(ready[1], "x", 1) != 1) _Exit(2);
    for (;;) pause();
  }
  char byte;
  CHECK(read(ready[0], &byte, 1) == 1);
  close(ready[0]);
  close(ready[1]);
  return child;
}

static void an_owner_that_is_killed_is_found_out(void) {
  const pid_t owner = owning_process();
  zinc_region *peer = opened("a");
  CHECK(zinc_wait(peer, -1) == 1);
  struct waiter waiter;
  start(&waiter, peer, wait_ms, -1);
  parked(&waiter);
  CHECK(kill(owner, SIGKILL) == 0);
  CHECK(waitpid(owner, NULL, 0) == owner);
  CHECK(end(&waiter) == ZINC_ERROR_OWNER_DIED);
  zinc_region *again = NULL;
  CHECK_CODE(zinc_open("a", &again), ZINC_ERROR_NOT_FOUND);
  CHECK(zinc_close(peer) == 0);
  // The name is free.
  again = created("a", 2);
  CHECK(zinc_close(again) == 0);
}

static void a_forked_childs_copy_of_an_owner_ends_nothing(void) {
  zinc_region *owner = created("a", 1);
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    const int right = zinc_unlink(owner) == ZINC_ERROR_PERMISSION_DENIED && zinc_close(owner) == 0;
    _Exit(right ? 0 : 1);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  zinc_region *peer = opened("a");
  CHECK(zinc_wait(peer, 0) == 0);
  CHECK(zinc_close(peer) == 0);
  CHECK(zinc_close(owner) == 0);
}

static zinc_region *handlers_region;
static atomic_int handled;

static void notify_in_handler(int signal) {
  (void)signal;
  atomic_fetch_add(&handled, zinc_notify(handlers_region) == 0 ? 1 : 1000);
}

static void a_signal_handler_may_notify_and_does_not_end_a_wait(void) {
  zinc_region *owner = created("a", 1);
  zinc_region *peer = opened("a");
  struct waiter waiter;
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = notify_in_handler;
  CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
  // Of the very handle that waits, so that it is not that which ends the wait.
  handlers_region = peer;
  start(&waiter, peer, wait_ms, -1);
  for (int i = 1; i <= 3; i++) {
    parked(&waiter);
    CHECK(pthread_kill(waiter.thread, SIGUSR1) == 0);
    while (atomic_load(&handled) < i) sched_yield();
  }
  parked(&waiter);
  CHECK(!atomic_load(&waiter.done));
  CHECK(zinc_notify(owner) == 0);
  CHECK(end(&waiter) == 1);
  CHECK(atomic_load(&handled) == 3);
  uint64_t sequence;
  CHECK(zinc_sequence(owner, &sequence) == 0);
  CHECK(sequence == 4);
  CHECK(zinc_close(peer) == 0);
  CHECK(zinc_close(owner) == 0);
}

static void *fail_elsewhere(void *unused) {
  (void)unused;
  CHECK(zinc_error_code() == 0);
  zinc_region *out = NULL;
  CHECK_CODE(zinc_open("../", &out), ZINC_ERROR_INVALID_NAME);
  return NULL;
}

static void every_thread_has_its_own_last_error(void) {
  zinc_region *out = NULL;
  CHECK_CODE(zinc_open("none", &out), ZINC_ERROR_NOT_FOUND);
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, fail_elsewhere, NULL) == 0);
  CHECK(pthread_join(thread, NULL) == 0);
  CHECK(zinc_error_code() == ZINC_ERROR_NOT_FOUND);
  CHECK(strstr(zinc_error_message(), "none") != NULL);
}

// How often; slow tools are given a smaller number.
static int rounds = 300;
static _Atomic(zinc_region *) shared;
static atomic_bool over;

static void check_status(int status) {
  CHECK(status >= 0 || status == ZINC_ERROR_CLOSED || status == ZINC_ERROR_INTERRUPTED);
}

// Everything that may be done with a handle, without asking whether it is open.
static void *use_shared(void *count) {
  while (!atomic_load(&over)) {
    zinc_region *region = atomic_load(&shared);
    uint64_t number;
    zinc_view *view = NULL;
    zinc_descriptor descriptor;
    zinc_region *clone = NULL;
    check_status(zinc_notify(region));
    check_status(zinc_wait(region, 0));
    check_status(zinc_wait_ns(region, 1000));
    check_status(zinc_interrupt(region));
    check_status(zinc_sequence(region, &number));
    check_status(zinc_is_owner(region));
    check_status(zinc_describe(region, ZINC_DTYPE_U8, 0, NULL));
    check_status(zinc_get_descriptor(region, &descriptor));
    check_status(zinc_clone(region, &clone));
    CHECK(clone == NULL || zinc_close(clone) == 0);
    CHECK(zinc_capacity(region) % 64 == 0);
    if (zinc_view_retain(region, &view) == 0) {
      // Whatever becomes of the handle, a view's bytes may be used.
      ((volatile char *)zinc_view_ptr(view))[0]++;
      CHECK(zinc_view_release(view) == 0);
      atomic_fetch_add((atomic_int *)count, 1);
    }
  }
  return NULL;
}

static void handles_may_be_used_by_some_while_others_close_them(void) {
  pthread_t users[3];
  atomic_int used;
  atomic_init(&used, 0);
  atomic_store(&shared, created("a", 64));
  for (int i = 0; i < 3; i++) CHECK(pthread_create(&users[i], NULL, use_shared, &used) == 0);
  for (int round = 0; round < rounds; round++) {
    // At times somebody gets all the way through before the handle is closed, at times nobody does.
    const int before = atomic_load(&used);
    while (round % 3 == 0 && atomic_load(&used) == before) sched_yield();
    CHECK(zinc_close(atomic_load(&shared)) == 0);
    atomic_store(&shared, created("a", 64));
  }
  atomic_store(&over, true);
  for (int i = 0; i < 3; i++) CHECK(pthread_join(users[i], NULL) == 0);
  CHECK(zinc_close(atomic_load(&shared)) == 0);
}

int main(int count, char **arguments) {
  if (count > 1) rounds = atoi(arguments[1]);
  enter_scratch();
  RUN(a_timeout_is_as_long_as_it_says);
  RUN(for_ever_or_a_huge_timeout_waits_until_somebody_notifies);
  RUN(closing_a_handle_ends_all_its_waits);
  RUN(interrupt_ends_the_waits_of_its_handle_only);
  RUN(the_owners_close_comes_after_what_it_notified);
  RUN(an_owner_that_is_killed_is_found_out);
  RUN(a_forked_childs_copy_of_an_owner_ends_nothing);
  RUN(a_signal_handler_may_notify_and_does_not_end_a_wait);
  RUN(every_thread_has_its_own_last_error);
  RUN(handles_may_be_used_by_some_while_others_close_them);
  return 0;
}
