//! A waiting thread: it sleeps on all regions of its shard at once, and on a bell for what cannot wait for it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Waker;

use super::shard::{HubRegion, Kick, Pending, Shard, lock};
use crate::header::Sequence;
use crate::sync::{AtomicU32, Mutex, Ordering};
use crate::wait::{Ended, Local, Since};

/// What a station needs of the operating system.
pub(crate) trait Kernel<R> {
    /// The words to sleep on, in the system's own form.
    type Words: Default;

    /// Nanoseconds on a monotonic clock.
    fn now(&self) -> u64;
    /// Whether [`park`](Kernel::park) feels every word. If not, the thread looks at them now and then.
    fn watches_all(&self) -> bool;
    /// Empties the list.
    fn clear(words: &mut Self::Words);
    /// Adds the region's sequence word, which is expected to be `expected`.
    fn push(words: &mut Self::Words, region: &Arc<R>, expected: Sequence);
    /// Sleeps until a word is woken or no longer as expected, or `until` has come; which word it was, if it knows. May
    /// return early for no reason. Unless `feels_all`, it feels the bell alone.
    fn park(
        &self,
        bell: (&AtomicU32, u32),
        words: &mut Self::Words,
        until: u64,
        feels_all: bool,
    ) -> Option<usize>;
    /// Wakes the thread that sleeps on the bell.
    fn ring(&self, bell: &AtomicU32);
}

/// One thread's regions, and the way to reach the thread.
pub(crate) struct Station<R, K> {
    shard: Mutex<Shard<R>>,
    bell: AtomicU32,
    kernel: K,
}

impl<R: HubRegion, K: Kernel<R>> Station<R, K> {
    pub(crate) fn new(kernel: K) -> Self {
        Self { shard: Mutex::new(Shard::new()), bell: AtomicU32::new(0), kernel }
    }

    /// How many regions are here.
    pub(crate) fn regions(&self) -> usize {
        lock(&self.shard).regions()
    }

    /// Adds a wait for a region that is here already, or that `take_in` says may come.
    pub(crate) fn add(
        &self,
        region: &Arc<R>,
        local: &Arc<Local>,
        since: Since,
        deadline: u64,
        waker: &Waker,
        take_in: bool,
    ) -> Option<Arc<Pending>> {
        // Cloned, and dropped if it is not needed, outside of the lock: it runs the task's own code.
        let mut waker = Some(waker.clone());
        let mut shard = lock(&self.shard);
        if !take_in && !shard.has(region) {
            return None;
        }
        let (pending, kick) = shard.add(region, local, since, deadline, &mut waker);
        drop(shard);
        if kick == Kick::Needed {
            self.ring();
        }
        Some(pending)
    }

    pub(crate) fn remove(&self, region: &Arc<R>, local: &Arc<Local>, pending: &Pending) {
        lock(&self.shard).remove(region, local, pending);
    }

    pub(crate) fn handle_changed(&self, region: &Arc<R>, local: &Arc<Local>) {
        let mut wakers = Vec::new();
        lock(&self.shard).handle_changed(region, local, &mut wakers);
        wakers.into_iter().for_each(wake);
    }

    pub(crate) fn region_ended(&self, region: &Arc<R>, ended: Ended) {
        let mut wakers = Vec::new();
        lock(&self.shard).region_ended(region, ended, &mut wakers);
        wakers.into_iter().for_each(wake);
    }

    /// Has the thread look at everything again.
    pub(crate) fn ring(&self) {
        self.bell.fetch_add(1, Ordering::SeqCst);
        self.kernel.ring(&self.bell);
    }

    /// One round of the thread: wakes the waits that are over, or sleeps until one is. `wake_by` takes the present time
    /// and returns the time by which the thread has to be back.
    pub(crate) fn round(&self, desk: &mut Desk<K::Words>, wake_by: impl FnOnce(u64) -> u64) {
        // Before anything is looked at: what is rung for after that ends the sleep.
        let bell = self.bell.load(Ordering::SeqCst);
        let now = self.kernel.now();
        let wake_by = wake_by(now);
        // Asked once: a thread that has to look at the words by itself must not sleep as if it felt them.
        let feels_all = self.kernel.watches_all();
        let mut shard = lock(&self.shard);
        shard.awake();
        if let Some(region) = desk.woken.take() {
            shard.turn_first(region, &mut desk.wakers);
        }
        if !desk.wakers.is_empty() {
            drop(shard);
            return desk.wake();
        }
        let until = shard.turn(now, feels_all, &mut desk.wakers).min(wake_by);
        if !desk.wakers.is_empty() {
            drop(shard);
            return desk.wake();
        }
        K::clear(&mut desk.words);
        desk.addresses.clear();
        for (address, region, expected) in shard.sleeps_for() {
            K::push(&mut desk.words, region, expected);
            desk.addresses.push(address);
        }
        drop(shard);
        let woken = self.kernel.park((&self.bell, bell), &mut desk.words, until, feels_all);
        desk.woken = woken.and_then(|index| desk.addresses.get(index).copied());
    }
}

/// What a station's thread has at hand from one round to the next.
#[derive(Default)]
pub(crate) struct Desk<W> {
    words: W,
    addresses: Vec<usize>,
    woken: Option<usize>,
    wakers: Vec<Waker>,
}

impl<W> Desk<W> {
    /// Called outside of every lock of the hub: a waker may do anything.
    fn wake(&mut self) {
        self.wakers.drain(..).for_each(wake);
    }
}

/// A waker that panics must not keep the others from being woken.
fn wake(waker: Waker) {
    let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
}
