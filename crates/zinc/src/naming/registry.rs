//! What this process must give up in a forked child, and close before it exits: its locks and its owners.

use std::cell::UnsafeCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::platform::lock::Byte;
use crate::platform::{Lock, Place, process};

/// What wants to be closed before the process exits.
pub(crate) trait CloseAtExit: Send + Sync {
    /// The process is about to exit.
    fn close_at_exit(&self);
}

/// A lock on a region's file, which a forked child of this process gives up at once.
pub(crate) struct HeldLock {
    lock: Arc<Lock>,
    number: u64,
}

impl HeldLock {
    /// Takes the lock on the file; `None` if another holds it.
    ///
    /// It is held through an open file of its own. That is opened, locked and registered without a fork in between:
    /// a child with an unknown copy would hold the lock for as long as it lives.
    pub(crate) fn take(place: &Place, file: &File, byte: Byte) -> io::Result<Option<Self>> {
        std::hint::black_box(&AT_LOAD);
        let mut registry = registry();
        let Some(lock) = Lock::take(place.reopen(file)?, byte)?.map(Arc::new) else { return Ok(None) };
        let number = registry.number();
        registry.locks.insert(number, lock.clone());
        Ok(Some(Self { lock, number }))
    }

    /// Whether it is still held, and by this process and not the one that it was forked from.
    pub(crate) fn is_held(&self) -> bool {
        self.lock.is_held()
    }

    /// Runs `act` on the open file that holds the lock; `None` if it is held no more. The caller makes sure that nobody
    /// releases it meanwhile.
    pub(crate) fn with_file<T>(&self, act: impl FnOnce(&File) -> T) -> Option<T> {
        self.lock.with_file(act)
    }

    /// Lets go of it before it is dropped. No fork comes in between here either.
    pub(crate) fn release(&self) {
        let _no_fork = registry();
        self.lock.release();
    }
}

impl Drop for HeldLock {
    fn drop(&mut self) {
        let mut registry = registry();
        self.lock.release();
        registry.locks.remove(&self.number);
    }
}

/// An owner's place on the list of those to be closed at exit, until it is dropped.
pub(crate) struct ExitTicket(u64);

impl ExitTicket {
    /// Has `owner`, which holds a lock already, closed at exit.
    pub(crate) fn new(owner: Weak<dyn CloseAtExit>) -> Self {
        let mut registry = registry();
        let number = registry.number();
        registry.owners.insert(number, owner);
        Self(number)
    }
}

impl Drop for ExitTicket {
    fn drop(&mut self) {
        drop(registry().owners.remove(&self.0));
    }
}

struct Registry {
    next: u64,
    locks: BTreeMap<u64, Arc<Lock>>,
    owners: BTreeMap<u64, Weak<dyn CloseAtExit>>,
}

impl Registry {
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

static REGISTRY: Mutex<Registry> =
    Mutex::new(Registry { next: 0, locks: BTreeMap::new(), owners: BTreeMap::new() });

// At load and not at first use: handlers for a forked child run in the order of their registration, and one of the
// program's that drops an owner's copy must find the lock given up already.
process::at_load!(register);

extern "C" fn register() {
    process::on_fork_and_exit(before_fork, after_fork_parent, after_fork_child, at_exit);
}

fn registry() -> MutexGuard<'static, Registry> {
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The registry's lock, held from before a fork until after it, so that the child finds the registry whole.
struct HeldOverFork(UnsafeCell<Option<MutexGuard<'static, Registry>>>);

#[expect(unsafe_code, reason = "a guard is kept between two handlers that the C library calls")]
// SAFETY: only the thread that forks touches the cell, between `before_fork` and the handler after it, and forks of
// several threads exclude each other by the very lock that the guard holds.
unsafe impl Sync for HeldOverFork {}

static HELD: HeldOverFork = HeldOverFork(UnsafeCell::new(None));

#[expect(unsafe_code, reason = "see `HeldOverFork`")]
extern "C" fn before_fork() {
    let guard = registry();
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
    if let Some(registry) = unsafe { (*HELD.0.get()).take() } {
        registry.locks.values().for_each(|lock| {
            lock.release();
        });
    }
}

extern "C" fn at_exit() {
    let live: Vec<_> = registry().owners.values().filter_map(Weak::upgrade).collect();
    live.iter().for_each(|owner| owner.close_at_exit());
}
