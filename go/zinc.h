/*
 * Zinc: named shared memory between processes of any language, and when to look at it.
 *
 * One process creates a named region, others open it by name, and all see the same physical memory; zinc_notify and
 * zinc_wait say when to look. Nothing is copied, and nothing runs in between.
 *
 *     writer                                          reader
 *     zinc_region *region;                            zinc_region *region;
 *     zinc_create("pipeline", 4096, &region);         zinc_open("pipeline", &region);
 *     memcpy(zinc_ptr(region), "hello", 6);           zinc_wait(region, 1000);
 *     zinc_notify(region);                            puts(zinc_ptr(region));
 *     zinc_close(region);                             zinc_close(region);
 *
 * TWO GROUPS. Eight functions do the whole main job and are frozen: zinc_create, zinc_open, zinc_close, zinc_unlink,
 * zinc_ptr, zinc_capacity, zinc_notify, zinc_wait. The second group is everything else; it grows, and
 * zinc_abi_version() tells a program whether it fits. Neither functions nor struct fields ever change or go within one
 * ABI version.
 *
 * NAMES. Functions and types start with zinc_, constants with ZINC_. A function of a region is named after what it does
 * (zinc_notify), one of another thing after the thing and what it does (zinc_view_release). `_with` takes options.
 * `out` is where a result goes. Times end in their unit: _ms, _ns.
 *
 * RESULTS. `int` functions return 0 or a positive answer, and on failure a negative code of enum zinc_error. The codes
 * are the same in every language and never change. After a failure zinc_error_message() and its companions tell the
 * calling thread more. Functions that return something else have a value for failure (NULL, 0), and tell more in
 * the same way. ZINC_ERROR_OS with zinc_error_os() == EINVAL is a NULL where there must be none; any function may
 * return it for that, or for a bug in Zinc, which never ends the program.
 *
 * HANDLES (zinc_region, zinc_view, zinc_listing) are tokens, and the caller's own from the call that gave them to the
 * one that ends them (zinc_close, zinc_view_release, zinc_listing_free). NULL, a handle that was ended, and any other
 * value are never followed: functions fail with ZINC_ERROR_CLOSED. Ending one twice, and ending NULL, is fine.
 *
 * MEMORY. Whatever a pointer points to belongs to who made it: arguments to the caller, who may change or free them
 * after the call; results to Zinc, for as long as the function says. Nothing that Zinc returns is for free().
 *
 * THREADS. Every function may be called from any thread, also with a handle that another thread uses, waits on, or
 * closes at that moment. Threads that share one handle share what zinc_wait has seen; zinc_clone gives a handle with
 * its own. The bytes at zinc_ptr are shared memory: who writes and who reads when is for the programs to agree on.
 *
 * BLOCKING. zinc_wait, zinc_wait_ns, zinc_wait_past and zinc_open_with block as long as their timeout says, no other
 * function does. Timeouts run on CLOCK_MONOTONIC.
 *
 * SIGNALS. zinc_notify and zinc_interrupt may be called from a signal handler, with an open handle.
 *
 * FORK. The child's copy of an owner is a peer: its end unlinks nothing. As after any fork of a program with threads,
 * the child should not create or open anything before it calls exec.
 *
 * What Zinc does not do: resize a region, lock anything, queue messages, reach another machine.
 */


#ifndef ZINC_H
#define ZINC_H

/* Made from crates/zinc-sys/src by cbindgen; see crates/zinc-sys/tests/header.rs. */

#include <stddef.h>
#include <stdint.h>

// zinc_options.flags: open; map the data without the right to write. Waiting works all the same, and so does notifying
// where this user may write to the region's file. Where not, this is the only way to open it.
#define ZINC_OPTION_READ_ONLY 1

// zinc_options.flags: create, open; enter all pages in this process's page table now.
#define ZINC_OPTION_PREFAULT 2

// zinc_options.flags: create; do not reserve the memory. Writing kills with SIGBUS when there is none left.
#define ZINC_OPTION_SPARSE 4

// zinc_options.flags: create; the region outlives its owner from the start, as after zinc_persist.
#define ZINC_OPTION_PERSISTENT 8

// The version of this binary interface. Functions and struct fields are added without a new one.
#define ZINC_ABI_VERSION 1

// What went wrong, as one of a fixed list that is the same in every language.
//
// Codes and names are stable: a kind is never renumbered, and new ones are only appended.
enum zinc_error
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // The name is not 1 to 128 bytes of `A-Z a-z 0-9 . _ -`, or starts with a dot.
  ZINC_ERROR_INVALID_NAME = -1,
  // The capacity is zero, too large for the address space, or not what the other side asked for.
  ZINC_ERROR_INVALID_SIZE = -2,
  // A living owner, or a persistent region, has the name already.
  ZINC_ERROR_ALREADY_EXISTS = -3,
  // No region of that name exists, or none appeared in the time given.
  ZINC_ERROR_NOT_FOUND = -4,
  // The operating system, or the handle's own kind (read-only, not the owner), forbids the operation.
  ZINC_ERROR_PERMISSION_DENIED = -5,
  // The region belongs to a user who is neither the caller, nor root, nor the one told to accept.
  ZINC_ERROR_WRONG_OWNER = -6,
  // The memory cannot be reserved; the error carries the bytes needed and the bytes free.
  ZINC_ERROR_NO_SPACE = -7,
  // The file of that name is not a Zinc region, or is damaged.
  ZINC_ERROR_NOT_A_REGION = -8,
  // The region was made with another layout version.
  ZINC_ERROR_VERSION_MISMATCH = -9,
  // The data is described with another type or shape than asked for, or not at all, or does not fit.
  ZINC_ERROR_DESCRIPTOR = -10,
  // The handle was closed, or the owner closed the region.
  ZINC_ERROR_CLOSED = -11,
  // The owner's process ended without closing the region; nobody will notify any more.
  ZINC_ERROR_OWNER_DIED = -12,
  // The wait was ended by `interrupt` on the same handle.
  ZINC_ERROR_INTERRUPTED = -13,
  // This system, file system or handle cannot do what was asked.
  ZINC_ERROR_UNSUPPORTED = -14,
  // Any other failure of the operating system; the error carries its number.
  ZINC_ERROR_OS = -15,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum zinc_error zinc_error;
#else
typedef int32_t zinc_error;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// The type of a tensor's elements. Numbers are little-endian.
enum zinc_dtype
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // `bool`: 1 byte each.
  ZINC_DTYPE_BOOL = 1,
  // `int8`: 1 byte each.
  ZINC_DTYPE_I8 = 2,
  // `int16`: 2 bytes each.
  ZINC_DTYPE_I16 = 3,
  // `int32`: 4 bytes each.
  ZINC_DTYPE_I32 = 4,
  // `int64`: 8 bytes each.
  ZINC_DTYPE_I64 = 5,
  // `uint8`: 1 byte each.
  ZINC_DTYPE_U8 = 6,
  // `uint16`: 2 bytes each.
  ZINC_DTYPE_U16 = 7,
  // `uint32`: 4 bytes each.
  ZINC_DTYPE_U32 = 8,
  // `uint64`: 8 bytes each.
  ZINC_DTYPE_U64 = 9,
  // `float16`: 2 bytes each.
  ZINC_DTYPE_F16 = 10,
  // `bfloat16`: 2 bytes each.
  ZINC_DTYPE_BF16 = 11,
  // `float32`: 4 bytes each.
  ZINC_DTYPE_F32 = 12,
  // `float64`: 8 bytes each.
  ZINC_DTYPE_F64 = 13,
  // `complex64`: 8 bytes each.
  ZINC_DTYPE_C64 = 14,
  // `complex128`: 16 bytes each.
  ZINC_DTYPE_C128 = 15,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum zinc_dtype zinc_dtype;
#else
typedef uint32_t zinc_dtype;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// Whether somebody owns a region.
enum zinc_state
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // Its owner is alive.
  ZINC_STATE_OWNED = 1,
  // It has no owner and stays until it is removed.
  ZINC_STATE_PERSISTENT = 2,
  // Its owner died without closing it; the next create of the name takes it away.
  ZINC_STATE_DEAD = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum zinc_state zinc_state;
#else
typedef uint32_t zinc_state;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// A wait that zinc_wait_async began. An opaque token, which ends by itself: when its callback runs, or is cancelled.
typedef struct zinc_async_wait zinc_async_wait;

// What zinc_list found. An opaque token, to be freed with zinc_listing_free.
typedef struct zinc_listing zinc_listing;

// A handle of a region: an opaque token, and no address of anything. Only these functions know what to do with it.
typedef struct zinc_region zinc_region;

// A share in a region's memory, which stays where it is for as long as the view is not released: the handle may be
// closed, its owner may go. An opaque token: only these functions know what to do with it.
typedef struct zinc_view zinc_view;

// How to create or open a region. Fill it with zinc_options_init, then set what should be otherwise.
//
// Every field that is 0 means the default. New fields come at the end, and `size` tells which ones the caller knows, so
// programs and libraries of different releases fit together.
typedef struct zinc_options {
  // sizeof(zinc_options), as zinc_options_init sets it.
  size_t size;
  // ZINC_OPTION_... bits.
  uint32_t flags;
  // Create: who may open the region, as permission bits; the umask does not touch them. 0 is 0600: this user alone.
  uint32_t mode;
  // Open: accept regions of this user too, beside the caller's own and root's.
  uint32_t accept_owner;
  // Always 0.
  uint32_t reserved;
  // How long a wait looks before it sleeps, at the most, in nanoseconds. 0 is what ZINC_SPIN_US says, else 50 us;
  // negative never spins.
  int64_t spin_ns;
  // zinc_open_with: how long to wait for a region that does not exist yet, in nanoseconds. 0 does not wait; negative
  // waits for ever.
  int64_t timeout_ns;
  // Where the region lives: a directory on a tmpfs or hugetlbfs. NULL is what ZINC_DIR says, else /dev/shm. Only
  // read during calls; it stays the caller's.
  const char *directory;
} zinc_options;

// What zinc_wait_async calls: with the pointer that it was given, and what zinc_wait would have returned.
typedef void (*zinc_callback)(void *user, int result);

// What is known of a region. Later releases may add fields at the end; `size` tells them how many the caller knows.
typedef struct zinc_region_info {
  // To be set by the caller: sizeof(zinc_region_info).
  size_t size;
  // Bytes of data.
  size_t capacity;
  // When it was created: nanoseconds since 1970 by the wall clock.
  uint64_t created_ns;
  // Random bytes that tell it from any other region that had or will have the name.
  uint8_t id[16];
  // The process that created it, for people: pids are reused.
  uint32_t owner_pid;
  // One of enum zinc_state, as it was when this was asked: for a handle, when it was made.
  uint32_t state;
  // Its name.
  const char *name;
  // Its file.
  const char *path;
} zinc_region_info;

// What the data is. Elements are row-major ("C" order), little-endian, and start at the first byte.
typedef struct zinc_descriptor {
  // The element type, one of enum zinc_dtype; 0 if the region says nothing of its data.
  uint32_t dtype;
  // How many dimensions there are, up to 8; none at all is a single element.
  uint32_t ndim;
  // The length of each dimension, outermost first; 0 beyond `ndim`.
  uint64_t shape[8];
} zinc_descriptor;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// --- The eight frozen functions: the whole main job ---

// Creates a region of `capacity` bytes, all zero, and owns it.
//
// The memory is really reserved, so using it later cannot fail. The remains of a region whose owner died do not count:
// the name is free. Takes some 0.2 ms a megabyte.
//
// name      1 to 128 of the characters A-Z a-z 0-9 . _ - not starting with a dot. Only read during the call.
// capacity  Bytes; at least 1. It never changes.
// out       Where the handle goes, for the caller to close with zinc_close; NULL goes there on failure.
//
// Returns 0, or ZINC_ERROR_ALREADY_EXISTS, _INVALID_NAME, _INVALID_SIZE, _NO_SPACE, _NOT_A_REGION (something else has
// the name), _PERMISSION_DENIED, _NOT_FOUND (there is no such directory), _OS.
int zinc_create(const char *name,
                size_t capacity,
                struct zinc_region **out);

// Opens a region that exists. zinc_open_with can wait for one to appear.
//
// name  The region's name. Only read during the call.
// out   Where the handle goes, for the caller to close with zinc_close; NULL goes there on failure.
//
// Returns 0, or ZINC_ERROR_NOT_FOUND (also when its owner died), _WRONG_OWNER (it belongs to another user than the
// caller or root), _PERMISSION_DENIED, _NOT_A_REGION, _VERSION_MISMATCH, _INVALID_NAME, _OS.
int zinc_open(const char *name,
              struct zinc_region **out);

// Closes a handle. Its waits, on whatever thread, end with ZINC_ERROR_CLOSED; every later call with it fails so, too.
//
// The owner's close also takes the name away, marks the region closed and wakes everyone, unless the region persists.
// The pointer from zinc_ptr is void afterwards; views (zinc_view_retain) stay valid. Does not wait for calls of other
// threads, which may be inside any function with this handle. NULL, and a handle that was closed already, are fine.
//
// Returns 0, or the error that the owner met when it took the name away; the handle is closed all the same.
int zinc_close(struct zinc_region *region);

// Takes the region's name away now; for its owner. Who has the region open goes on as before, and the name is free.
//
// Returns 0, or ZINC_ERROR_PERMISSION_DENIED (this handle opened the region and does not own it, or this process was
// forked from the owner's), _CLOSED, _OS.
int zinc_unlink(struct zinc_region *region);

// The first byte of the data, on a page boundary: the same physical memory in every process. NULL if the handle is not
// open.
//
// The memory belongs to Zinc. It is valid until this handle is closed; a view (zinc_view_retain) lasts longer. Writing
// to it kills the process if the handle is read-only (zinc_is_read_only).
void *zinc_ptr(const struct zinc_region *region);

// Bytes of data: what the creator asked for, exactly. 0 if the handle is not open.
size_t zinc_capacity(const struct zinc_region *region);

// Tells everyone who waits, or will, that there is something to look at: the sequence grows by 1.
//
// What the calling thread wrote before is visible to whoever the notification reaches. Takes some nanoseconds, and a
// system call only if somebody sleeps; never blocks. It does not end waits of this very handle.
//
// Returns 0, or ZINC_ERROR_CLOSED, or ZINC_ERROR_PERMISSION_DENIED if this user may only read the region.
int zinc_notify(struct zinc_region *region);

// Waits for a notification that this handle has not seen yet. Blocks for up to `timeout_ms` milliseconds; 0 looks once,
// a negative number waits for ever.
//
// Returns at once if there is one already, be it from before the region was opened; several may arrive as one. What
// the notifier wrote before is visible afterwards. The wait first looks again and again for up to 50 µs, then
// sleeps in the kernel, where it costs nothing. Signal handlers run meanwhile and do not end it.
//
// Returns 1 if notified, 0 if the time is up; or ZINC_ERROR_CLOSED (the owner closed the region, or another thread this
// handle), _OWNER_DIED (within a second of its process's death), _INTERRUPTED (by zinc_interrupt). Notifications from
// before are delivered first.
int zinc_wait(struct zinc_region *region,
              int64_t timeout_ms);

// --- The second group, which grows. Errors ---

// The text of the calling thread's last error: the operation, the region, the reason, and what to do next, in UTF-8.
//
// "" if no call of this thread has failed yet. A call that succeeds leaves it as it is, as with errno.
// The string belongs to Zinc; it is valid until the next call of this thread fails, or the thread ends.
const char *zinc_error_message(void);

// Copies the text of the calling thread's last error to `buffer`, which has room for `size` bytes.
//
// Returns how long the whole text is, without the NUL that ends it. Like snprintf, it writes no more than `size` bytes,
// the last of which is the NUL, and nothing at all if `size` is 0 or `buffer` is NULL.
size_t zinc_error_copy(char *buffer,
                       size_t size);

// The code of the calling thread's last error, one of enum zinc_error; 0 if no call of this thread has failed yet.
int zinc_error_code(void);

// The operating system's error number (errno) behind the calling thread's last error; 0 if there is none.
int zinc_error_os(void);

// After ZINC_ERROR_NO_SPACE: how many bytes the region needs in all, and how many were free.
//
// Either pointer may be NULL. Returns 1; or 0, with both numbers 0, if the calling thread's last error was another one.
int zinc_error_space(uint64_t *needed,
                     uint64_t *free);

// The name of an error code as all languages have it, such as "NotFound"; "Unknown" for any other number.
//
// The string is constant.
const char *zinc_error_name(int code);

// --- Options ---

// Fills options with the defaults. `size` is sizeof(zinc_options) as the caller's compiler knows it.
//
// Returns 0, or ZINC_ERROR_UNSUPPORTED for a size that no release has, or ZINC_ERROR_OS if `options` is NULL.
int zinc_options_init(struct zinc_options *options, size_t size);

// zinc_create with options; NULL options are the defaults.
int zinc_create_with(const char *name,
                     size_t capacity,
                     const struct zinc_options *options,
                     struct zinc_region **out);

// zinc_open with options; NULL options are the defaults. Blocks for as long as the options' timeout says.
//
// The time is up: ZINC_ERROR_NOT_FOUND.
int zinc_open_with(const char *name, const struct zinc_options *options, struct zinc_region **out);

// Opens the region if it exists, else creates it: whoever comes first owns it. NULL options are the defaults; their
// timeout does not count.
//
// Returns 1 if this call created the region, so that the handle owns it, and 0 if it opened one; or the errors of
// zinc_create and zinc_open, ZINC_ERROR_INVALID_SIZE also if it exists and is smaller than `capacity`.
int zinc_open_or_create_with(const char *name,
                             size_t capacity,
                             const struct zinc_options *options,
                             struct zinc_region **out);

// --- Waiting, more finely ---

// zinc_wait with a timeout in nanoseconds.
int zinc_wait_ns(struct zinc_region *region, int64_t timeout_ns);

// How many notifications there were, by anyone.
//
// Returns 0, or ZINC_ERROR_CLOSED, or ZINC_ERROR_OS if `out` is NULL.
int zinc_sequence(const struct zinc_region *region, uint64_t *out);

// Waits until the sequence is greater than `sequence`, for callers who keep count themselves. Blocks for up to
// `timeout_ns` nanoseconds; 0 looks once, a negative number waits for ever.
//
// Counts every notification, this handle's own too, and does not move what zinc_wait has seen.
//
// reached  Where the sequence that was reached goes; may be NULL. 0 goes there if none was.
//
// Returns what zinc_wait returns.
int zinc_wait_past(struct zinc_region *region,
                   uint64_t sequence,
                   int64_t timeout_ns,
                   uint64_t *reached);

// Ends the waits that are in progress on this handle, on whatever thread, with ZINC_ERROR_INTERRUPTED. Waits that begin
// later, and those of other handles, are not touched. Never blocks.
//
// Returns 0 or ZINC_ERROR_CLOSED.
int zinc_interrupt(struct zinc_region *region);

// --- Waiting without a thread ---

// zinc_wait without blocking and without a thread that waits: calls `callback` when the wait is over.
//
// The callback is called once, on a thread of Zinc's own; perhaps before this function returns. It may block and call
// any function of Zinc's, zinc_close of this handle included: others have other threads, up to 64 at once. It must
// return: no longjmp, no C++ exception. If `result` is negative, zinc_error_message() tells it more.
//
// All waits of one handle that are pending end with the same notification. It is taken in when the callback is about
// to run; a wait that is cancelled takes nothing in. What ends zinc_wait ends this, too: zinc_close and
// zinc_interrupt of the handle, the owner's close and death. In a forked child the parent's callbacks do not run.
//
// Exactly one of these happens: the callback is called, or zinc_wait_cancel returns 1 for it, or the process ends. So
// whichever comes may free what `user` points to. Zinc never looks at it.
//
// user  Anything; NULL too.
// out   Where the wait goes, for zinc_wait_cancel; it is there before the callback is called. May be NULL, for those
//       who never cancel. There is nothing to free.
//
// Returns 0, or ZINC_ERROR_CLOSED (the handle is not open), or ZINC_ERROR_OS if `callback` is NULL; the callback is
// not called then, and NULL goes to `out`. Any other failure the callback is told of.
int zinc_wait_async(struct zinc_region *region,
                    int64_t timeout_ms,
                    zinc_callback callback,
                    void *user,
                    struct zinc_async_wait **out);

// Takes a wait back. Never blocks.
//
// Returns 1 if the callback never will be called; or 0 if it was called, is running or about to, or was cancelled
// before; or ZINC_ERROR_CLOSED if `wait` is NULL. It does not wait for a callback that is running, and may be called
// from one.
int zinc_wait_cancel(struct zinc_async_wait *wait);

// --- Regions: what is known of them, what their owner may do, which there are ---

// The region's name; NULL if the handle is not open. The string belongs to Zinc and is valid until the handle is
// closed.
const char *zinc_name(const struct zinc_region *region);

// What is known of a handle's region.
//
// out  Its field `size` is set by the caller. The strings belong to Zinc and are valid until the handle is closed.
//
// Returns 0, or ZINC_ERROR_CLOSED, _UNSUPPORTED (`size` is not set), _OS if `out` is NULL.
int zinc_info(const struct zinc_region *region,
              struct zinc_region_info *out);

// Whether this is an open handle: 1 or 0. Never an error, so the thread's last error stays as it is.
int zinc_is_open(const struct zinc_region *region);

// Whether this handle created its region and so owns it: 1 or 0; or ZINC_ERROR_CLOSED.
int zinc_is_owner(const struct zinc_region *region);

// Whether writing to the data through this handle would kill the process: 1 or 0; or ZINC_ERROR_CLOSED.
int zinc_is_read_only(const struct zinc_region *region);

// Gives a second handle of the same memory, which has seen what the first one has and goes on independently: the two
// may wait at the same time, and each is notified. It is never the owner. Opens nothing, so it works when the name is
// gone.
//
// out  Where the handle goes, for the caller to close with zinc_close; NULL goes there on failure.
//
// Returns 0, or ZINC_ERROR_CLOSED, or ZINC_ERROR_OS if `out` is NULL.
int zinc_clone(const struct zinc_region *region,
               struct zinc_region **out);

// Lets the region outlive its owner's handle and process; for the owner. It has no owner from now on: it is never
// reclaimed, waiters get no ZINC_ERROR_OWNER_DIED, and it stays until zinc_remove or zinc_unlink. Twice is fine.
//
// Returns 0, or ZINC_ERROR_PERMISSION_DENIED (this handle does not own the region), _CLOSED.
int zinc_persist(struct zinc_region *region);

// Takes away a persistent region, or the remains of a dead owner's. Who has it open keeps it; waits on it end with
// ZINC_ERROR_CLOSED. Of the options, which may be NULL, only the directory counts.
//
// Returns 0, or ZINC_ERROR_NOT_FOUND, _PERMISSION_DENIED (its owner is alive, or this user may not), _NOT_A_REGION,
// _INVALID_NAME, _OS.
int zinc_remove(const char *name,
                const struct zinc_options *options);

// Lists the regions that this user may read, in the order of their names. Of the options, which may be NULL, only the
// directory counts.
//
// out    Where the listing goes, for the caller to free with zinc_listing_free; NULL goes there on failure.
// count  Where the number of regions goes; 0 on failure.
//
// Returns 0, or ZINC_ERROR_NOT_FOUND (there is no such directory), _OS.
int zinc_list(const struct zinc_options *options,
              struct zinc_listing **out,
              size_t *count);

// One region of a listing, from 0 on.
//
// out  Its field `size` is set by the caller. The strings belong to the listing and are valid until it is freed.
//
// Returns 1; or 0, with `out` as it was, if there are no more; or ZINC_ERROR_CLOSED (the listing was freed),
// _UNSUPPORTED (`size` is not set), _OS if `out` is NULL.
int zinc_listing_get(const struct zinc_listing *listing,
                     size_t index,
                     struct zinc_region_info *out);

// Frees a listing and its strings. NULL, and a listing that was freed already, are fine. Returns 0.
int zinc_listing_free(struct zinc_listing *listing);

// --- Tensors ---

// Creates a region that has just the size for a tensor and says so, so that readers need to be told nothing. NULL
// options are the defaults.
//
// shape  `ndim` lengths, outermost first; may be NULL if `ndim` is 0. Only read during the call.
//
// Returns what zinc_create returns, and ZINC_ERROR_DESCRIPTOR for an unknown element type, more than 8 dimensions, or
// too many bytes.
int zinc_create_tensor(const char *name,
                       uint32_t dtype,
                       size_t ndim,
                       const uint64_t *shape,
                       const struct zinc_options *options,
                       struct zinc_region **out);

// Says what the data is, for everyone; for the region's owner. Readers that look meanwhile get the old description or
// the new one, whole.
//
// shape  As for zinc_create_tensor.
//
// Returns 0, or ZINC_ERROR_DESCRIPTOR (an unknown element type, more than 8 dimensions, or it does not fit the
// region), _PERMISSION_DENIED (this handle does not own the region), _CLOSED.
int zinc_describe(struct zinc_region *region,
                  uint32_t dtype,
                  size_t ndim,
                  const uint64_t *shape);

// What the owner says the data is.
//
// Returns 1 and fills `out`; or 0 if the owner says nothing, with `out` all 0; or ZINC_ERROR_DESCRIPTOR if the header
// is damaged, _CLOSED, _OS if `out` is NULL. What it gives fits the region's capacity.
int zinc_get_descriptor(const struct zinc_region *region,
                        struct zinc_descriptor *out);

// The described data, if its elements are of the type `dtype`, as a view that outlives the handle.
//
// descriptor  Where the description goes; all 0 on failure.
// view        Where the view goes, for the caller to release with zinc_view_release; NULL goes there on failure.
//
// Returns 0, or ZINC_ERROR_DESCRIPTOR (the data is of another type, or not described), _CLOSED, _OS if a pointer is
// NULL.
int zinc_tensor(struct zinc_region *region,
                uint32_t dtype,
                struct zinc_descriptor *descriptor,
                struct zinc_view **view);

// --- Views: memory that outlives the handle ---

// Gives a view of all of a region's data.
//
// out  Where the view goes, for the caller to release with zinc_view_release, once, from any thread; NULL goes there
//      on failure.
//
// Returns 0, or ZINC_ERROR_CLOSED, or ZINC_ERROR_OS if `out` is NULL.
int zinc_view_retain(struct zinc_region *region,
                     struct zinc_view **out);

// Gives a view back; its memory goes with the last view of a handle that is closed. NULL, and a view that was released
// already, are fine. Returns 0.
int zinc_view_release(struct zinc_view *view);

// Gives a view's memory back and keeps its addresses, for languages whose objects point into the memory uncounted.
//
// Who looks there meanwhile meets zero pages, or the region's bytes while other handles or views of this memory are
// left, and never a fault or what is none of its business. The addresses are free with zinc_view_release. NULL, and a
// view that was retired or released already, are fine. Returns 0.
int zinc_view_retire(struct zinc_view *view);

// The view's first byte, on a page boundary; NULL if it was released. Valid until the view is released.
void *zinc_view_ptr(const struct zinc_view *view);

// How many bytes there are: the region's capacity. 0 if the view was released.
size_t zinc_view_size(const struct zinc_view *view);

// Whether writing to the view's bytes would kill the process: 1 or 0; or ZINC_ERROR_CLOSED if it was released.
int zinc_view_is_read_only(const struct zinc_view *view);

// --- Names and versions ---

// The library's release, such as "0.1.0". The string is constant.
const char *zinc_version(void);

// The version of the binary interface that the library has. A program that was compiled with this header runs with it
// if this is ZINC_ABI_VERSION.
uint32_t zinc_abi_version(void);

// The name of an element type as all languages have it, such as "float32"; NULL if `dtype` is none.
//
// The string is constant.
const char *zinc_dtype_name(uint32_t dtype);

// Bytes of one element of a type; 0 if `dtype` is none.
size_t zinc_dtype_size(uint32_t dtype);

// The element type of a name such as "float32"; 0 if there is none, or `name` is NULL.
uint32_t zinc_dtype_from_name(const char *name);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* ZINC_H */
