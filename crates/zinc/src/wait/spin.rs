//! How long a wait looks for its notification before it sleeps: a bound, and a budget that learns within it.
//!
//! Looking for about as long as a sleep costs is at most twice as dear as the best choice made with hindsight (Karlin
//! et al., "Empirical studies of competitive spinning", SOSP 1991). Where sleeps keep being long, the budget shrinks to
//! a small part of the bound, and grows back as soon as looking would have been enough.

use crate::sync::{AtomicU32, Ordering};

/// Looks before the first reading of the clock.
const BURST: u32 = 64;
/// Looks between two readings of the clock.
const LOOKS: u32 = 32;
/// The budget never shrinks below the bound divided by this, so that it can learn again.
const LEAST: u32 = 16;

/// A handle's spin budget, in nanoseconds.
pub(crate) struct Spin {
    limit: u32,
    budget: AtomicU32,
}

impl Spin {
    /// Spins for `limit` nanoseconds at the most; 0 never spins.
    pub(crate) fn new(limit: u32) -> Self {
        Self { limit, budget: AtomicU32::new(limit) }
    }

    pub(crate) fn fork(&self) -> Self {
        Self::new(self.limit)
    }

    /// A few looks, before even the clock is read.
    #[inline]
    pub(crate) fn burst<T>(&self, mut look: impl FnMut() -> Option<T>) -> Option<T> {
        if self.limit == 0 {
            return None;
        }
        (0..BURST).find_map(|_| look())
    }

    /// Looks until the budget or the time is up, or `go_on` says no.
    #[inline]
    pub(crate) fn run<T>(
        &self,
        start: u64,
        deadline: u64,
        now: impl Fn() -> u64,
        mut look: impl FnMut() -> Option<T>,
        go_on: impl Fn() -> bool,
    ) -> Option<T> {
        if self.limit == 0 {
            return None;
        }
        let budget = self.budget.load(Ordering::Relaxed);
        let end = deadline.min(start + u64::from(budget));
        while go_on() && now() < end {
            if let Some(found) = (0..LOOKS).find_map(|_| look()) {
                self.budget.store(budget.saturating_mul(2).min(self.limit), Ordering::Relaxed);
                return Some(found);
            }
        }
        self.budget.store((budget / 2).max(self.limit / LEAST), Ordering::Relaxed);
        None
    }

    /// A notification came after `nanoseconds`, found asleep: spinning for the whole bound might have met it.
    pub(crate) fn learn_from_sleep(&self, nanoseconds: u64) {
        if nanoseconds <= u64::from(self.limit) {
            self.budget.store(self.limit, Ordering::Relaxed);
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// Runs a spin whose clock ticks by 1000 ns a reading; gives the time spent.
    fn spent(spin: &Spin, found_after: u64) -> u64 {
        let clock = Cell::new(0);
        let now = || {
            clock.set(clock.get() + 1000);
            clock.get()
        };
        spin.run(0, u64::MAX, now, || (clock.get() > found_after).then_some(()), || true);
        clock.get()
    }

    #[test]
    fn the_budget_shrinks_while_sleeps_are_long_and_grows_back() {
        let spin = Spin::new(64_000);
        assert_eq!(spent(&spin, u64::MAX), 64_000);
        assert_eq!(spent(&spin, u64::MAX), 32_000);
        (0..10).for_each(|_| {
            spent(&spin, u64::MAX);
        });
        assert_eq!(spent(&spin, u64::MAX), 4_000, "not below a sixteenth");
        spent(&spin, 1000);
        assert_eq!(spent(&spin, u64::MAX), 8_000, "a find doubles it");
        spin.learn_from_sleep(60_000);
        assert_eq!(spent(&spin, u64::MAX), 64_000, "a short sleep restores it");
    }

    #[test]
    fn no_bound_no_look() {
        let spin = Spin::new(0);
        let look = || -> Option<()> { panic!("looked") };
        assert_eq!(spin.burst(look), None);
        assert_eq!(spin.run(0, u64::MAX, || 0, look, || true), None);
    }
}
