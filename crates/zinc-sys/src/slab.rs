//! Handles as numbers: a token finds its region, and a wrong one, of whatever kind, finds nothing.
//!
//! A token is the number of a slot and how often that slot was used. Slots are never freed, and the address of a slot
//! never depends on memory that the caller gave, so null, garbage, and handles that were closed are all told from live
//! ones by one comparison, however long ago they were closed.
//!
//! Calls count themselves in and out of their slot. Closing takes the token away first, so nobody enters any more, and
//! what the slot holds is dropped when nobody is inside: by the closing thread, or by the last one that leaves.

use std::ops::Deref;
use std::ptr;
use std::sync::PoisonError;

use crate::sync::{AtomicPtr, AtomicU32, AtomicUsize, Mutex, MutexGuard, Ordering, UnsafeCell};

/// How many bits of a token are the slot's number, counted from 1. The rest counts the slot's uses. Loom's model has
/// few slots: it looks at each of their words.
const NUMBER_BITS: u32 = if cfg!(loom) {
    2
} else if usize::BITS == 64 {
    24
} else {
    16
};
const NUMBER_MASK: usize = (1 << NUMBER_BITS) - 1;
/// Slots in the first chunk; each further chunk has twice as many as the one before.
const FIRST_CHUNK: usize = if cfg!(loom) { 1 } else { 64 };
const CHUNKS: usize = (NUMBER_BITS - FIRST_CHUNK.trailing_zeros() + 1) as usize;

/// Values found by tokens. It is meant to be static: slots live as long as the process.
pub(crate) struct Slab<T> {
    chunks: [AtomicPtr<Slot<T>>; CHUNKS],
    vacant: Mutex<Vacant>,
}

struct Vacant {
    /// Numbers from here on were never used.
    unused: usize,
    /// Numbers whose slots are empty.
    empty: Vec<usize>,
    /// Numbers whose tokens are gone while calls are still inside.
    leaving: Vec<usize>,
}

/// On its own cache lines: calls on different handles do not slow each other.
#[repr(align(128))]
struct Slot<T> {
    /// The token that enters; 0 if none does.
    token: AtomicUsize,
    /// The last token that was given out.
    last: AtomicUsize,
    guests: AtomicU32,
    value: UnsafeCell<Option<T>>,
}

// SAFETY: the value is only written by whoever holds the lock on `vacant` while the slot has neither token nor guests,
// and only read by guests.
unsafe impl<T: Send + Sync> Sync for Slab<T> {}

impl<T> Slab<T> {
    #[cfg(not(loom))]
    pub(crate) const fn new() -> Self {
        let vacant = Vacant { unused: 1, empty: Vec::new(), leaving: Vec::new() };
        Self { chunks: [const { AtomicPtr::new(ptr::null_mut()) }; CHUNKS], vacant: Mutex::new(vacant) }
    }

    #[cfg(loom)]
    pub(crate) fn new() -> Self {
        let vacant = Vacant { unused: 1, empty: Vec::new(), leaving: Vec::new() };
        let chunks = std::array::from_fn(|_| AtomicPtr::new(ptr::null_mut()));
        Self { chunks, vacant: Mutex::new(vacant) }
    }

    /// Keeps a value and returns the token that finds it, which is never 0; none if there are too many.
    pub(crate) fn insert(&self, value: T) -> Option<usize> {
        self.sweep();
        let mut vacant = self.lock();
        let number = vacant.empty.pop().or_else(|| {
            let number = vacant.unused;
            vacant.unused += 1;
            (number <= NUMBER_MASK).then_some(number)
        })?;
        let slot = self.slot(number).or_else(|| self.grow(number))?;
        // SAFETY: the slot is empty, so nobody is inside, and the lock is held.
        slot.value.with_mut(|place| unsafe { *place = Some(value) });
        let uses = (slot.last.load(Ordering::Relaxed) >> NUMBER_BITS).wrapping_add(1);
        let token = uses << NUMBER_BITS | number;
        slot.last.store(token, Ordering::Relaxed);
        slot.token.store(token, Ordering::SeqCst);
        Some(token)
    }

    /// The value that a token finds. It stays whole while the guest lives, even if it is removed meanwhile.
    #[inline]
    pub(crate) fn enter(&self, token: usize) -> Option<Guest<'_, T>> {
        let slot = self.slot(token & NUMBER_MASK)?;
        if slot.token.load(Ordering::Relaxed) != token {
            return None;
        }
        slot.guests.fetch_add(1, Ordering::SeqCst);
        let guest = Guest { slab: self, slot, token };
        // Between the first look and the count the value may have been removed, and the slot used anew.
        (slot.token.load(Ordering::SeqCst) == token).then_some(guest)
    }

    /// Takes the token away, then runs `end` on the value; none if the token finds nothing (any more).
    pub(crate) fn remove<R>(&self, token: usize, end: impl FnOnce(&T) -> R) -> Option<R> {
        let guest = self.enter(token)?;
        // Of several that remove one value, one wins.
        guest.slot.token.compare_exchange(token, 0, Ordering::SeqCst, Ordering::Relaxed).ok()?;
        // This guest keeps the value until it leaves, so it may be on the list already.
        self.lock().leaving.push(token & NUMBER_MASK);
        Some(end(&guest))
    }

    /// Drops the values whose last guests have left.
    #[cold]
    fn sweep(&self) {
        let mut left = Vec::new();
        let mut vacant = self.lock();
        let Vacant { empty, leaving, .. } = &mut *vacant;
        leaving.retain(|&number| {
            let Some(slot) = self.slot(number) else { return false };
            if slot.guests.load(Ordering::SeqCst) > 0 {
                return true;
            }
            // SAFETY: there is no token, so who counts itself in from now on turns back without looking; nobody else
            // is inside, and the lock is held.
            left.push(slot.value.with_mut(|value| unsafe { (*value).take() }));
            empty.push(number);
            false
        });
        // Dropping a value may take its time, for which nobody else should wait.
        drop(vacant);
    }

    fn lock(&self) -> MutexGuard<'_, Vacant> {
        self.vacant.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[inline]
    fn slot(&self, number: usize) -> Option<&Slot<T>> {
        // Number 0, which no token has, comes to a chunk beyond the last.
        let shifted = number + FIRST_CHUNK - 1;
        let order = shifted.ilog2();
        let chunk =
            self.chunks.get(order.wrapping_sub(FIRST_CHUNK.ilog2()) as usize)?.load(Ordering::Acquire);
        if chunk.is_null() {
            return None;
        }
        // SAFETY: a chunk that is there has 2 to the power of `order` slots and is never freed.
        Some(unsafe { &*chunk.add(shifted - (1 << order)) })
    }

    /// Makes the chunk that begins with this number. The lock is held.
    #[cold]
    fn grow(&self, number: usize) -> Option<&Slot<T>> {
        let shifted = number + FIRST_CHUNK - 1;
        let order = shifted.ilog2();
        let slots: Box<[Slot<T>]> = (0..1_usize << order).map(|_| Slot::empty()).collect();
        let chunk = self.chunks.get((order - FIRST_CHUNK.ilog2()) as usize)?;
        chunk.store(Box::leak(slots).as_mut_ptr(), Ordering::Release);
        self.slot(number)
    }
}

impl<T> Slot<T> {
    fn empty() -> Self {
        Self {
            token: AtomicUsize::new(0),
            last: AtomicUsize::new(0),
            guests: AtomicU32::new(0),
            value: UnsafeCell::new(None),
        }
    }
}

/// A call that is inside a slot.
pub(crate) struct Guest<'a, T> {
    slab: &'a Slab<T>,
    slot: &'a Slot<T>,
    token: usize,
}

impl<T> Deref for Guest<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the token was there after this guest counted itself in, so the slot holds a value, which nobody
        // takes out while a guest is inside.
        self.slot.value.with(|value| unsafe { (*value).as_ref().unwrap_unchecked() })
    }
}

impl<T> Drop for Guest<'_, T> {
    #[inline]
    fn drop(&mut self) {
        let last = self.slot.guests.fetch_sub(1, Ordering::SeqCst) == 1;
        if last && self.slot.token.load(Ordering::SeqCst) != self.token {
            self.slab.sweep();
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;
    use std::thread;

    fn slab<T>() -> &'static Slab<T> {
        Box::leak(Box::new(Slab::new()))
    }

    #[test]
    fn a_token_finds_its_value_until_it_is_removed() {
        let slab = slab();
        let tokens: Vec<_> = (0..1000).map(|value| slab.insert(value).unwrap()).collect();
        for (value, &token) in tokens.iter().enumerate() {
            assert_eq!(*slab.enter(token).unwrap(), value);
            assert_eq!(slab.remove(token, |&value| value), Some(value));
            assert!(slab.enter(token).is_none());
            assert!(slab.remove(token, |_| ()).is_none());
        }
    }

    #[test]
    fn nothing_but_a_live_token_finds_anything() {
        let slab = slab();
        let stale = slab.insert(1).unwrap();
        slab.remove(stale, |_| ());
        let live = slab.insert(2).unwrap();
        assert_eq!(live & NUMBER_MASK, stale & NUMBER_MASK, "the slot is used again");
        let wrong =
            [0, 1, stale, live + 1, live ^ 1 << NUMBER_BITS, NUMBER_MASK, usize::MAX, 1 << 47, 64, 65];
        let shifted = (0..usize::BITS).map(|bit| 1 << bit).filter(|&token| token != live);
        for token in wrong.into_iter().chain(shifted) {
            assert!(slab.enter(token).is_none(), "{token:#x}");
        }
    }

    #[test]
    fn a_value_is_dropped_by_whoever_leaves_last() {
        let slab = slab();
        let value = Arc::new(());
        let token = slab.insert(value.clone()).unwrap();
        let guest = slab.enter(token).unwrap();
        slab.remove(token, |_| ());
        assert_eq!(Arc::strong_count(&guest), 2, "a guest keeps the value");
        let other = slab.insert(Arc::new(())).unwrap();
        assert_ne!(other & NUMBER_MASK, token & NUMBER_MASK, "a slot with a guest is not used again");
        drop(guest);
        assert_eq!(Arc::strong_count(&value), 1);
    }

    #[test]
    fn threads_that_enter_while_others_remove_see_whole_values() {
        const ENOUGH: usize = 2000;
        let slab = slab::<Arc<[usize; 8]>>();
        let token = AtomicUsize::new(0);
        let done = AtomicBool::new(false);
        let seen = AtomicUsize::new(0);
        let live = Arc::new([7; 8]);
        thread::scope(|threads| {
            for _ in 0..2 {
                threads.spawn(|| {
                    while !done.load(Ordering::Acquire) {
                        if let Some(value) = slab.enter(token.load(Ordering::Relaxed)) {
                            assert_eq!(**value, [7; 8]);
                            seen.fetch_add(1, Ordering::Relaxed);
                        } else {
                            thread::yield_now();
                        }
                    }
                });
            }
            let mut rounds = 0;
            while rounds < ENOUGH || seen.load(Ordering::Relaxed) < ENOUGH {
                let new = slab.insert(live.clone()).unwrap();
                token.store(new, Ordering::Relaxed);
                if rounds % 8 == 0 {
                    thread::yield_now();
                }
                assert!(slab.remove(new, |_| ()).is_some());
                rounds += 1;
            }
            done.store(true, Ordering::Release);
        });
        assert_eq!(Arc::strong_count(&live), 1, "every removed value is dropped");
    }
}
