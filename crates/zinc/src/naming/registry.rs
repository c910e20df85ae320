//! What this process must give up in a forked child, and close before it exits: its locks and its owners.

use std::cell::UnsafeCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError, Weak};

use crate::generation::{begin_next, generation, is_borrowed, is_current, on_new_process};
use crate::platform::lock::Byte;
use crate::platform::process::SignalsBlocked;
use crate::platform::{Identity, Lock, Place, process};

/// What wants to be closed before the process exits.
pub(crate) trait CloseAtExit: Send + Sync {
    /// The process is about to exit.
    fn close_at_exit(&self);
}

/// A lock on a region's file, which a forked child of this process gives up at once.
pub(crate) struct HeldLock {
    lock: Arc<Lock>,
    number: u64,
    /// The process that has taken it.
    generation: u32,
}

impl HeldLock {
    /// Takes the lock on the file; `None` if another holds it.
    ///
    /// It is held through an open file of its own. That is opened, locked and registered without a fork in between:
    /// a child with an unknown copy would hold the lock for as long as it lives.
    pub(crate) fn take(place: &Place, file: &File, byte: Byte) -> io::Result<Option<Self>> {
        std::hint::black_box(&AT_LOAD);
        let mut registered = registry();
        let Some(lock) = Lock::take(place.reopen(file)?, byte)?.map(Arc::new) else { return Ok(None) };
        let number = next_number();
        registered.registry.locks.insert(number, lock.clone());
        Ok(Some(Self { lock, number, generation: generation() }))
    }

    /// Whether it has not been released, and this process has taken it and not the one that it was forked from.
    pub(crate) fn is_held(&self) -> bool {
        let is_mine = is_current(self.generation);
        if !is_mine {
            // Where it could not be given up with the others.
            self.lock.release();
        }
        is_mine && self.lock.is_held()
    }

    /// Whether the kernel has dropped it because somebody in this process has closed its descriptor.
    pub(crate) fn is_lost(&self) -> bool {
        self.lock.is_lost()
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
        let mut registered = registry();
        self.lock.release();
        registered.registry.locks.remove(&self.number);
    }
}

/// Whether this process holds the owner's lock of that file.
pub(super) fn has_owners_lock(file: Identity) -> bool {
    registry().registry.locks.values().any(|lock| lock.is_held() && lock.is_owners(file))
}

/// An owner's place on the list of those to be closed at exit, until it is dropped.
pub(crate) struct ExitTicket(u64);

impl ExitTicket {
    /// Has `owner`, which holds a lock already, closed at exit.
    pub(crate) fn new(owner: Weak<dyn CloseAtExit>) -> Self {
        let number = next_number();
        registry().registry.owners.insert(number, (generation(), owner));
        Self(number)
    }
}

impl Drop for ExitTicket {
    fn drop(&mut self) {
        drop(registry().registry.owners.remove(&self.0));
    }
}

fn next_number() -> u64 {
    NEXT.fetch_add(1, Ordering::Relaxed)
}

#[derive(Default)]
struct Registry {
    locks: BTreeMap<u64, Arc<Lock>>,
    /// Each with the process that has made it.
    owners: BTreeMap<u64, (u32, Weak<dyn CloseAtExit>)>,
}

/// The numbers of locks and owners, of which a child goes on with its own.
static NEXT: AtomicU64 = AtomicU64::new(0);

static FIRST: Mutex<Registry> = Mutex::new(Registry { locks: BTreeMap::new(), owners: BTreeMap::new() });

/// Null stands for an empty one. A registry that was here is never freed: a child may have a copy that is locked for good.
static REGISTRY: AtomicPtr<Mutex<Registry>> = AtomicPtr::new((&raw const FIRST).cast_mut());

// At load and not at first use: handlers for a forked child run in the order of their registration, and one of the
// program's that drops an owner's copy must find the lock given up already.
process::at_load!(register);

extern "C" fn register() {
    process::on_fork_and_exit(before_fork, after_fork_parent, after_fork_child, at_exit);
    on_new_process(give_up_locks);
    // From here on a child is noticed.
    generation();
}

/// The registry, locked. The handler of a signal may fork, and the fork's handler needs the lock, so the thread that has it
/// receives no signals.
struct Registered {
    // In this order: first it is unlocked, and then signals come again.
    registry: MutexGuard<'static, Registry>,
    _undisturbed: SignalsBlocked,
}

fn registry() -> Registered {
    // A child that no handler has told of finds out here, and leaves a registry that is locked for good.
    generation();
    let undisturbed = process::block_signals();
    let registry = shared().unwrap_or_else(|| {
        let new = Box::into_raw(Box::default());
        if REGISTRY.compare_exchange(null_mut(), new, Ordering::AcqRel, Ordering::Acquire).is_err() {
            #[expect(unsafe_code, reason = "another thread was quicker")]
            // SAFETY: nobody else has seen this pointer.
            drop(unsafe { Box::from_raw(new) });
        }
        shared().expect("it is set, and forks are not in the middle of functions")
    });
    let registry = registry.lock().unwrap_or_else(PoisonError::into_inner);
    Registered { registry, _undisturbed: undisturbed }
}

#[expect(unsafe_code, reason = "a registry is never freed, and a fork may replace it at any time")]
fn shared() -> Option<&'static Mutex<Registry>> {
    // SAFETY: the pointer is null, leads to a static, or comes from `Box::into_raw`; what was here is never freed.
    unsafe { REGISTRY.load(Ordering::Acquire).as_ref() }
}

/// In a new process. Its copies of the parent's locks would hide the parent's death.
fn give_up_locks() {
    let Some(registry) = shared() else { return };
    match registry.try_lock() {
        Ok(registry) => registry.locks.values().for_each(|lock| lock.release()),
        Err(TryLockError::Poisoned(registry)) => {
            registry.into_inner().locks.values().for_each(|lock| lock.release());
        }
        // A thread of the parent's was in the middle of it, and no handler has waited for that. What is in it stays
        // unknown; each lock is given up when its handle is touched.
        Err(TryLockError::WouldBlock) => REGISTRY.store(null_mut(), Ordering::Release),
    }
}

/// The registry's lock, held from before a fork until after it, so that the child finds the registry whole.
struct HeldOverFork(UnsafeCell<Option<Registered>>);

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
    // SAFETY: this thread holds the lock since `before_fork`. The guard leaves the cell before it is dropped: what comes
    // next in the cell is another fork's.
    let guard = unsafe { (*HELD.0.get()).take() };
    drop(guard);
}

extern "C" fn after_fork_child() {
    // The only thread of the child is the copy of the one that holds the lock since `before_fork`.
    after_fork_parent();
    begin_next();
}

extern "C" fn at_exit() {
    if is_borrowed() || shared().is_none() {
        return;
    }
    // A child that no handler has told of may not even use the allocator, so it must find nothing to do here.
    let mine = generation();
    let of_mine = |(generation, owner): &(u32, Weak<_>)| (*generation == mine).then(|| owner.upgrade())?;
    let live: Vec<_> = registry().registry.owners.values().filter_map(of_mine).collect();
    live.iter().for_each(|owner| owner.close_at_exit());
}
