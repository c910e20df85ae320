//! How long a wait looks for its notification before it sleeps: a bound, and a budget that learns within it.
//!
//! Looking for about as long as a sleep costs is at most twice as dear as the best choice made with hindsight (Karlin
//! et al., "Empirical studies of competitive spinning", SOSP 1991). But looking can be of no use at all: the other side
//! may need the very processor that this one looks on, or take longer than the bound each time. So the budget learns
//! from what looking finds, and from nothing else: a find doubles it, a miss halves it, in the end down to none.
//!
//! A wait that does not look finds nothing. So a sleep that was short is taken for a hint, and the next wait tries for twice
//! the time that this one took. The hint is weak: where both sides share a processor, every sleep is short and no look
//! finds anything. So each trial that fails doubles the number of hints until the next one.

use crate::sync::{AtomicU32, Ordering};

/// Looks before the first reading of the clock.
const BURST: u32 = 64;
/// Looks between two readings of the clock.
const LOOKS: u32 = 32;
/// Between two readings of the clock that are further apart, in nanoseconds, the thread did not look but was off its
/// processor. What it finds then has come because it did not look.
const GAP: u64 = 5_000;
/// A budget below the bound divided by this is none.
const LEAST: u32 = 16;
/// A sleep is short if it lasts at most as many times the bound. Two sides that both sleep wait for two wake-ups, where
/// one that looks would wait for one, or none.
const SHORT: u32 = 4;
/// The most hints that are ignored between two trials. A trial costs a few times what a short wait does, so together
/// they cost a few per cent.
const MOST_IGNORED: u32 = 255;

/// A handle's spin budget, in nanoseconds.
pub(crate) struct Spin {
    limit: u32,
    budget: AtomicU32,
    /// 1 if the budget is a trial.
    trial: AtomicU32,
    /// How many hints to ignore before the next trial.
    ignore: AtomicU32,
    /// How many to ignore once that has failed.
    ignore_next: AtomicU32,
}

impl Spin {
    /// Spins for `limit` nanoseconds at the most; 0 never spins.
    pub(crate) fn new(limit: u32) -> Self {
        Self {
            limit,
            budget: AtomicU32::new(limit),
            trial: AtomicU32::new(0),
            ignore: AtomicU32::new(0),
            ignore_next: AtomicU32::new(0),
        }
    }

    pub(crate) fn fork(&self) -> Self {
        Self::new(self.limit)
    }

    /// For how long the next wait looks; 0 sleeps at once.
    #[inline]
    pub(crate) fn budget(&self) -> u32 {
        self.budget.load(Ordering::Relaxed)
    }

    /// A few looks, before even the clock is read.
    #[inline]
    pub(crate) fn burst<T>(&self, budget: u32, mut look: impl FnMut() -> Option<T>) -> Option<T> {
        if budget == 0 {
            return None;
        }
        let found = (0..BURST).find_map(|_| look());
        if found.is_some() {
            self.hit(budget);
        }
        found
    }

    /// Looks until the budget or the time is up, or `go_on` says no.
    #[inline]
    pub(crate) fn run<T>(
        &self,
        budget: u32,
        start: u64,
        deadline: u64,
        now: impl Fn() -> u64,
        mut look: impl FnMut() -> Option<T>,
        go_on: impl Fn() -> bool,
    ) -> Option<T> {
        if budget == 0 {
            return None;
        }
        let end = deadline.min(start.saturating_add(budget.into()));
        let mut before = start;
        while before < end && go_on() {
            let found = (0..LOOKS).find_map(|_| look());
            let after = now();
            if found.is_some() {
                if after.saturating_sub(before) < GAP {
                    self.hit(budget);
                } else {
                    self.miss(budget);
                }
                return found;
            }
            before = after;
        }
        self.miss(budget);
        None
    }

    #[inline]
    fn hit(&self, budget: u32) {
        if budget < self.limit {
            self.budget.store(budget.saturating_mul(2).min(self.limit), Ordering::Relaxed);
        }
        if self.ignore_next.load(Ordering::Relaxed) != 0 {
            self.ignore_next.store(0, Ordering::Relaxed);
        }
        self.trial.store(0, Ordering::Relaxed);
    }

    fn miss(&self, budget: u32) {
        if self.trial.swap(0, Ordering::Relaxed) == 0 {
            let half = budget / 2;
            self.budget.store(if half < self.limit / LEAST { 0 } else { half }, Ordering::Relaxed);
            return;
        }
        self.budget.store(0, Ordering::Relaxed);
        let ignore = self.ignore_next.load(Ordering::Relaxed);
        self.ignore.store(ignore, Ordering::Relaxed);
        self.ignore_next.store((2 * ignore + 1).min(MOST_IGNORED), Ordering::Relaxed);
    }

    /// A notification came to a sleeper, this long after the wait had begun.
    pub(crate) fn learn_from_sleep(&self, nanoseconds: impl FnOnce() -> u64) {
        if self.limit == 0 {
            return;
        }
        let nanoseconds = nanoseconds();
        if nanoseconds > u64::from(self.limit) * u64::from(SHORT) {
            return;
        }
        let ignore = self.ignore.load(Ordering::Relaxed);
        if ignore > 0 {
            return self.ignore.store(ignore - 1, Ordering::Relaxed);
        }
        let enough = (2 * nanoseconds).min(self.limit.into()) as u32;
        if enough > self.budget() {
            self.budget.store(enough, Ordering::Relaxed);
            self.trial.store(1, Ordering::Relaxed);
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::cell::Cell;

    const LIMIT: u32 = 64_000;

    /// A wait for a side that answers after some time.
    struct Wait<'a> {
        spin: &'a Spin,
        /// How long the other side takes, by a processor of its own, or once this one lets go of its.
        comes_after: u64,
        shares_a_processor: bool,
        /// What a sleep and a wake-up take.
        switch: u64,
    }

    impl Wait<'_> {
        /// The clock ticks by a microsecond a reading.
        fn looked(&self) -> u64 {
            self.run().0
        }

        fn is_found(&self) -> bool {
            self.run().1
        }

        /// For how long it looked, and whether it found.
        fn run(&self) -> (u64, bool) {
            let clock = Cell::new(0);
            let now = || {
                clock.set(clock.get() + 1000);
                clock.get()
            };
            let comes = if self.shares_a_processor { u64::MAX } else { self.comes_after };
            let look = || (clock.get() >= comes).then_some(());
            let budget = self.spin.budget();
            let found = self.spin.burst(budget, look);
            let found = found.or_else(|| self.spin.run(budget, 0, u64::MAX, now, look, || true));
            let looked = clock.get();
            if found.is_none() {
                let begins = if self.shares_a_processor { looked } else { 0 };
                let comes = looked.max(begins + self.comes_after);
                self.spin.learn_from_sleep(|| comes + self.switch);
            }
            (looked, found.is_some())
        }
    }

    #[test]
    fn where_the_other_side_needs_this_processor_hardly_any_wait_looks() {
        let spin = Spin::new(LIMIT);
        for comes_after in [1000, 20_000, 100_000] {
            let wait = Wait { spin: &spin, comes_after, shares_a_processor: true, switch: 3000 };
            (0..1000).for_each(|_| _ = wait.looked());
            let looked: u64 = (0..1000).map(|_| wait.looked()).sum();
            assert!(
                looked / 1000 <= (comes_after + 3000) / 40,
                "{looked} ns in 1000 waits of {comes_after} ns"
            );
        }
    }

    #[test]
    fn once_the_other_side_has_a_processor_of_its_own_waits_look_again() {
        for comes_after in [0, 5000, 20_000, 60_000] {
            let spin = Spin::new(LIMIT);
            let wait = Wait { spin: &spin, comes_after: 1000, shares_a_processor: true, switch: 3000 };
            (0..1000).for_each(|_| _ = wait.looked());
            // Both sides sleep at first, so each waits for two wake-ups.
            let wait = Wait { spin: &spin, comes_after, shares_a_processor: false, switch: 60_000 };
            (0..260).for_each(|_| _ = wait.looked());
            (0..10).for_each(|_| assert!(wait.is_found(), "by looking, after {comes_after} ns"));
        }
    }

    #[test]
    fn what_varies_within_the_bound_is_found_by_looking() {
        let spin = Spin::new(LIMIT);
        let times = [5000, 20_000, 200_000];
        let mut found = 0;
        for n in 0..3000_usize {
            // No order that the budget could learn.
            let comes_after = times[(n.wrapping_mul(0x9E37_79B9) >> 16) % 3];
            let wait = Wait { spin: &spin, comes_after, shares_a_processor: false, switch: 30_000 };
            found += u32::from(wait.is_found());
        }
        assert!(found > 1300, "{found} of about 2000");
    }

    #[test]
    fn long_sleeps_end_all_looking() {
        let spin = Spin::new(LIMIT);
        let wait = Wait { spin: &spin, comes_after: 10_000_000, shares_a_processor: false, switch: 30_000 };
        let looked: Vec<u64> = (0..8).map(|_| wait.looked()).collect();
        assert_eq!(looked, [64_000, 32_000, 16_000, 8_000, 4_000, 0, 0, 0]);
    }

    #[test]
    fn what_comes_while_the_thread_is_off_its_processor_was_not_found_by_looking() {
        let spin = Spin::new(LIMIT);
        let clock = Cell::new(0);
        let now = || clock.get();
        let look = || {
            clock.set(clock.get() + 20_000);
            Some(())
        };
        assert_eq!(spin.run(LIMIT, 0, u64::MAX, now, look, || true), Some(()));
        assert_eq!(spin.budget(), LIMIT / 2);
    }

    #[test]
    fn no_bound_no_look() {
        let spin = Spin::new(0);
        let look = || -> Option<()> { panic!("looked") };
        assert_eq!(spin.burst(spin.budget(), look), None);
        assert_eq!(spin.run(spin.budget(), 0, u64::MAX, || 0, look, || true), None);
        spin.learn_from_sleep(|| panic!("read the clock"));
        assert_eq!(spin.budget(), 0);
    }
}
