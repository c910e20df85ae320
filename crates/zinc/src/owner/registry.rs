//! The owners of this process: each must hear of a fork, in the child, and of the process's exit.

use std::cell::UnsafeCell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError, Weak};

use crate::platform::{Lock, process};

/// What wants to be closed before the process exits.
pub(crate) trait CloseAtExit: Send + Sync {
    /// The process is about to exit.
    fn close_at_exit(&self);
}

struct Entry {
    lock: Arc<Lock>,
    owner: Weak<dyn CloseAtExit>,
}

type Owners = HashMap<u64, Entry>;

static OWNERS: Mutex<Option<Owners>> = Mutex::new(None);
static NEXT: AtomicU64 = AtomicU64::new(0);
static HOOKS: Once = Once::new();

/// Has `lock` released in forked children and `owner` closed at exit, until [`unregister`] is called with the number.
pub(crate) fn register(lock: Arc<Lock>, owner: Weak<dyn CloseAtExit>) -> u64 {
    HOOKS.call_once(|| process::on_fork_and_exit(before_fork, after_fork_parent, after_fork_child, at_exit));
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    owners().get_or_insert_default().insert(number, Entry { lock, owner });
    number
}

pub(crate) fn unregister(number: u64) {
    let gone = owners().as_mut().and_then(|owners| owners.remove(&number));
    drop(gone);
}

fn owners() -> MutexGuard<'static, Option<Owners>> {
    OWNERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The registry's lock, held from before a fork until after it, so that the child finds the registry whole.
struct HeldOverFork(UnsafeCell<Option<MutexGuard<'static, Option<Owners>>>>);

#[expect(unsafe_code, reason = "a guard is kept between two handlers that the C library calls")]
// SAFETY: only the thread that forks touches the cell, between `before_fork` and the handler after it, and forks of
// several threads exclude each other by the very lock that the guard holds.
unsafe impl Sync for HeldOverFork {}

static HELD: HeldOverFork = HeldOverFork(UnsafeCell::new(None));

#[expect(unsafe_code, reason = "see `HeldOverFork`")]
extern "C" fn before_fork() {
    let guard = owners();
    // SAFETY: this thread holds the lock, which makes the cell its own.
    unsafe { *HELD.0.get() = Some(guard) };
}

#[expect(unsafe_code, reason = "see `HeldOverFork`")]
extern "C" fn after_fork_parent() {
    // SAFETY: this thread holds the lock since `before_fork`.
    drop(unsafe { (*HELD.0.get()).take() });
}

#[expect(unsafe_code, reason = "see `HeldOverFork`")]
extern "C" fn after_fork_child() {
    // SAFETY: the only thread of the child is the copy of the one that holds the lock since `before_fork`.
    if let Some(owners) = unsafe { (*HELD.0.get()).take() } {
        for entry in owners.iter().flat_map(Owners::values) {
            entry.lock.release();
        }
    }
}

extern "C" fn at_exit() {
    let live: Vec<_> =
        owners().iter().flat_map(Owners::values).filter_map(|entry| entry.owner.upgrade()).collect();
    live.iter().for_each(|owner| owner.close_at_exit());
}
