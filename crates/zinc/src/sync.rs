//! Atomics and scheduling hints: the standard ones, or loom's when its models run.

#[cfg(not(loom))]
pub(crate) use std::{
    hint::spin_loop,
    sync::atomic::{AtomicU32, AtomicU64, Ordering, fence},
    sync::{Mutex, MutexGuard},
    thread::yield_now,
};

#[cfg(loom)]
pub(crate) use loom::{
    hint::spin_loop,
    sync::atomic::{AtomicU32, AtomicU64, Ordering, fence},
    sync::{Mutex, MutexGuard},
    thread::yield_now,
};

/// Stands between a `SeqCst` write and a `SeqCst` read of another word, where the two must not change places.
///
/// `SeqCst` on both accesses says so already. Loom treats `SeqCst` accesses as `AcqRel` (see its documentation), so
/// its models need the fence spelled out.
#[inline(always)]
pub(crate) fn keep_order() {
    #[cfg(loom)]
    fence(Ordering::SeqCst);
}

/// A number that no other living thread has. Never 0.
#[cfg(not(loom))]
#[inline]
pub(crate) fn thread_token() -> u64 {
    std::thread_local!(static PLACE: u8 = const { 0 });
    PLACE.with(|place| std::ptr::from_ref(place).addr() as u64)
}

/// The place of a thread's own would differ from one exploration of a model to the next.
#[cfg(loom)]
pub(crate) fn thread_token() -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};

    let mut hasher = DefaultHasher::new();
    loom::thread::current().id().hash(&mut hasher);
    hasher.finish() | 1
}
