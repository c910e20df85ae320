//! How many of a region's notifications a handle has made itself, exactly, however many threads notify through it.
//!
//! The sequence word counts everybody's notifications, and a handle counts its own beside it. What is left is what
//! others have made, and only that ends the handle's waits.
//!
//! # How the two counts are read together
//!
//! A notification is *under way* from before it is in the sequence word until it is in the handle's count, and is marked
//! as such all the while. Whoever finds it in the sequence word therefore finds the mark, or that it is counted. A reader
//! looks at the marks first and at the counts afterwards: it may find a notification both marked and counted, and never
//! neither. So the sequence, less what is counted and what is marked, is never more than what others have made; and
//! without a mark it is less only if the sequence word has changed since, which every caller finds out.
//!
//! # What it costs
//!
//! Most handles are notified through by one thread. The first one that does so has a count of its own, which it alone
//! writes, with plain stores. All other threads, and a signal handler that has interrupted the first one's notify, share
//! another count, for three atomic additions more.
//!
//! # After a fork
//!
//! A thread of the parent's may have been in the middle of a notify, and does not exist in the child. So a mark holds the
//! process's generation, which a fork changes, and one of another generation is none.

use crate::sync::{AtomicU32, AtomicU64, Ordering, thread_token};

/// A handle's own notifications.
pub(super) struct Own {
    /// The first thread that has notified through the handle; 0 before that.
    first: AtomicU64,
    /// The generation while that thread is in the middle of a notify, else 0.
    first_is_at_it: AtomicU32,
    by_first: AtomicU64,
    /// How many others are in the middle of one, with the generation in the upper half.
    others_at_it: AtomicU64,
    by_others: AtomicU64,
}

/// What a reader finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Made {
    /// Those that are counted, and in the sequence word.
    pub(super) counted: u64,
    /// Those under way: in the sequence word or not, and perhaps counted.
    pub(super) under_way: u64,
}

impl Own {
    pub(super) fn new() -> Self {
        Self {
            first: AtomicU64::new(0),
            first_is_at_it: AtomicU32::new(0),
            by_first: AtomicU64::new(0),
            others_at_it: AtomicU64::new(0),
            by_others: AtomicU64::new(0),
        }
    }

    /// Runs `add`, which adds one notification to the sequence word, and counts it.
    #[inline]
    pub(super) fn count<T>(&self, generation: u32, add: impl FnOnce() -> T) -> T {
        if self.first.load(Ordering::Relaxed) != thread_token()
            || self.first_is_at_it.load(Ordering::Relaxed) == generation
        {
            return self.count_slowly(generation, add);
        }
        self.count_as_first(generation, add)
    }

    /// Whoever sees what `add` does sees the mark, as `add` releases what is before it.
    #[inline]
    fn count_as_first<T>(&self, generation: u32, add: impl FnOnce() -> T) -> T {
        self.first_is_at_it.store(generation, Ordering::Relaxed);
        let added = add();
        self.by_first.store(self.by_first.load(Ordering::Relaxed).wrapping_add(1), Ordering::Release);
        self.first_is_at_it.store(0, Ordering::Release);
        added
    }

    #[cold]
    fn count_slowly<T>(&self, generation: u32, add: impl FnOnce() -> T) -> T {
        let claim = self.first.compare_exchange(0, thread_token(), Ordering::Relaxed, Ordering::Relaxed);
        if claim.is_ok() {
            return self.count_as_first(generation, add);
        }
        self.change_others(generation, |at_it| at_it + 1);
        let added = add();
        self.by_others.fetch_add(1, Ordering::Release);
        self.change_others(generation, |at_it| at_it.saturating_sub(1));
        added
    }

    fn change_others(&self, generation: u32, change: impl Fn(u32) -> u32) {
        let mut word = self.others_at_it.load(Ordering::Relaxed);
        loop {
            let changed = u64::from(generation) << 32 | u64::from(change(at_it(word, generation)));
            match self.others_at_it.compare_exchange(word, changed, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return,
                Err(found) => word = found,
            }
        }
    }

    #[inline]
    pub(super) fn made(&self, generation: u32) -> Made {
        let first = self.first_is_at_it.load(Ordering::Acquire) == generation;
        let others = at_it(self.others_at_it.load(Ordering::Acquire), generation);
        Made { counted: self.counted(), under_way: u64::from(others) + u64::from(first) }
    }

    /// Those that are counted. Whoever looks at the sequence word afterwards finds them all in it.
    #[inline]
    pub(super) fn counted(&self) -> u64 {
        self.by_first.load(Ordering::Acquire).wrapping_add(self.by_others.load(Ordering::Acquire))
    }
}

#[inline]
fn at_it(word: u64, generation: u32) -> u32 {
    if (word >> 32) as u32 == generation { word as u32 } else { 0 }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn every_threads_notifications_are_counted_and_those_under_way_are_marked() {
        let own = Own::new();
        let marked = |under_way| move |own: &Own| assert_eq!(own.made(1).under_way, under_way);
        own.count(1, || marked(1)(&own));
        std::thread::scope(|scope| {
            scope.spawn(|| own.count(1, || marked(1)(&own)));
        });
        assert_eq!(own.made(1), Made { counted: 2, under_way: 0 });
        // A signal handler that notifies in the middle of a notify of the very thread.
        own.count(1, || own.count(1, || marked(2)(&own)));
        assert_eq!(own.made(1), Made { counted: 4, under_way: 0 });
    }

    #[test]
    fn what_a_thread_of_the_parents_was_in_the_middle_of_holds_nobody_up_in_a_child() {
        let own = Own::new();
        let as_child = |own: &Own| {
            assert_eq!(own.made(2).under_way, 0);
            own.count(2, || assert_eq!(own.made(2).under_way, 1));
            assert_eq!(own.made(2).under_way, 0);
        };
        own.count(1, || as_child(&own));
        let own = Own::new();
        own.count(1, || ());
        std::thread::scope(|scope| {
            scope.spawn(|| {
                own.count(1, || {
                    std::thread::scope(|scope| _ = scope.spawn(|| as_child(&own)));
                });
            });
        });
    }
}
