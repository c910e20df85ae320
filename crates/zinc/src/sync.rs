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
