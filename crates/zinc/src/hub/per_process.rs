//! Numbers that hold in one process only, and not in those that are forked from it.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that is 0 again in a forked child: the generation is in the word's upper half, the number in its lower.
pub(super) struct PerProcess(AtomicU64);

impl PerProcess {
    pub(super) const fn zero() -> Self {
        Self(AtomicU64::new(0))
    }

    pub(super) fn get(&self, generation: u32) -> u32 {
        number(self.0.load(Ordering::SeqCst), generation)
    }

    pub(super) fn set(&self, generation: u32, number: u32) {
        self.0.store(word(generation, number), Ordering::SeqCst);
    }

    /// Adds 1; returns the number before that.
    pub(super) fn increment(&self, generation: u32) -> u32 {
        let before = self.change(generation, |number| Some(number + 1));
        before.expect("it is never refused")
    }

    /// Takes 1 off, unless the number is 0; returns the number before that.
    pub(super) fn decrement(&self, generation: u32) -> u32 {
        self.change(generation, |number| number.checked_sub(1)).unwrap_or(0)
    }

    fn change(&self, generation: u32, change: impl Fn(u32) -> Option<u32>) -> Option<u32> {
        let changed = |old| Some(word(generation, change(number(old, generation))?));
        let before = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, changed);
        before.ok().map(|old| number(old, generation))
    }
}

fn word(generation: u32, number: u32) -> u64 {
    u64::from(generation) << 32 | u64::from(number)
}

fn number(word: u64, generation: u32) -> u32 {
    if (word >> 32) as u32 == generation { word as u32 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_zero_again_in_a_forked_child() {
        let number = PerProcess::zero();
        assert_eq!(number.increment(1), 0);
        assert_eq!(number.increment(1), 1);
        assert_eq!((number.get(1), number.get(2)), (2, 0));
        assert_eq!(number.increment(2), 0, "the child counts anew");
        assert_eq!(number.get(2), 1);
    }

    #[test]
    fn a_number_does_not_go_below_zero() {
        let number = PerProcess::zero();
        assert_eq!(number.decrement(1), 0);
        number.set(1, 1);
        assert_eq!(number.decrement(1), 1);
        assert_eq!(number.decrement(1), 0);
        assert_eq!(number.get(1), 0);
    }
}
