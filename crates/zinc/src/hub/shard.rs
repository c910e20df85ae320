//! What one waiting thread knows: its regions, the waits that are pending on each, and when their time is up.
//!
//! It knows no thread and no system call, so that loom can run it. Any thread that holds its lock may change it; the
//! thread that waits looks at all of it before each sleep, and need only be woken where a change cannot wait for that.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::Waker;

use crate::header::{Header, Sequence};
use crate::sync::{Mutex, Ordering};
use crate::wait::{Ended, Local, Outcome, Since, arm};

/// The first and the longest sleep while a region that cannot be armed has waits, in nanoseconds.
const UNARMED_SLEEP: (u64, u64) = (100_000, 4_000_000);

/// A region as the hub sees it.
pub(crate) trait HubRegion {
    fn header(&self) -> &Header;
    /// Whether the header may be written, which arming does.
    fn can_arm(&self) -> bool;
    /// Whether it is known that the owner died.
    fn is_owner_known_dead(&self) -> bool;
}

/// One pending wait. The waiter keeps it, and so does the shard until it is over.
pub(crate) struct Pending {
    since: Since,
    deadline: u64,
    id: u64,
    state: Mutex<State>,
}

enum State {
    Waiting(Waker),
    Over(Outcome),
}

impl Pending {
    /// How the wait is over; if it is not, has `waker` woken when it is.
    pub(crate) fn outcome(&self, waker: &Waker) -> Option<Outcome> {
        match &*lock(&self.state) {
            State::Over(outcome) => return Some(*outcome),
            State::Waiting(old) if old.will_wake(waker) => return None,
            State::Waiting(_) => {}
        }
        // Cloning a waker and dropping one run the task's own code, which may come back here: no lock is held then.
        let mut waker = waker.clone();
        match &mut *lock(&self.state) {
            State::Over(outcome) => Some(*outcome),
            State::Waiting(old) => {
                std::mem::swap(old, &mut waker);
                None
            }
        }
    }

    fn end(&self, outcome: Outcome, wakers: &mut Vec<Waker>) {
        if let State::Waiting(waker) = std::mem::replace(&mut *lock(&self.state), State::Over(outcome)) {
            wakers.push(waker);
        }
    }
}

/// Whether the thread must be woken for a change to take effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kick {
    Needed,
    Needless,
}

/// The pending waits of one handle, by age: what ends one of them has ended all that are older.
struct Waits {
    local: Arc<Local>,
    by_age: BTreeMap<u64, Arc<Pending>>,
}

struct Slot<R> {
    region: Arc<R>,
    handles: BTreeMap<usize, Waits>,
    /// What the sequence word was when the thread last armed for it; a sleep ends when that changes.
    armed: Option<Sequence>,
}

/// Regions and handles are told apart by their addresses, which are theirs for as long as the shard has them.
pub(crate) struct Shard<R> {
    slots: BTreeMap<usize, Slot<R>>,
    timers: BTreeMap<(u64, u64), (usize, usize)>,
    next: u64,
    /// Until when the thread sleeps; `None` while it is awake, and will look at everything before it sleeps.
    asleep: Option<u64>,
    unarmed_sleep: u64,
}

impl<R: HubRegion> Shard<R> {
    pub(crate) fn new() -> Self {
        Self {
            slots: BTreeMap::new(),
            timers: BTreeMap::new(),
            next: 0,
            asleep: None,
            unarmed_sleep: UNARMED_SLEEP.0,
        }
    }

    /// How many regions it has.
    pub(crate) fn regions(&self) -> usize {
        self.slots.len()
    }

    pub(crate) fn has(&self, region: &Arc<R>) -> bool {
        self.slots.contains_key(&address(region))
    }

    /// Adds a wait that began at `since`, and takes its waker. It may be over at once, and needs no waker then.
    pub(crate) fn add(
        &mut self,
        region: &Arc<R>,
        local: &Arc<Local>,
        since: Since,
        deadline: u64,
        waker: &mut Option<Waker>,
    ) -> (Arc<Pending>, Kick) {
        let id = self.next;
        self.next += 1;
        let sequence = region.header().sequence();
        // A thread that closed or interrupted the handle a moment ago, or found its owner dead, did not find this wait here.
        let died = || region.is_owner_known_dead().then_some(Outcome::Ended(Ended::OwnerDied));
        let state = match local.over(sequence, since).or_else(died) {
            Some(outcome) => State::Over(outcome),
            None => State::Waiting(waker.take().expect("the caller gives one")),
        };
        let is_over = matches!(state, State::Over(_));
        let pending = Arc::new(Pending { since, deadline, id, state: Mutex::new(state) });
        if is_over {
            return (pending, Kick::Needless);
        }
        let new = || Slot { region: region.clone(), handles: BTreeMap::new(), armed: None };
        let slot = self.slots.entry(address(region)).or_insert_with(new);
        let new = || Waits { local: local.clone(), by_age: BTreeMap::new() };
        slot.handles.entry(address(local)).or_insert_with(new).by_age.insert(id, pending.clone());
        if deadline != u64::MAX {
            self.timers.insert((deadline, id), (address(region), address(local)));
        }
        self.unarmed_sleep = UNARMED_SLEEP.0;
        if self.asleep.is_none_or(|until| slot.sleeps_for(region.header()) && deadline >= until) {
            return (pending, Kick::Needless);
        }
        self.asleep = None;
        (pending, Kick::Needed)
    }

    /// Takes a wait out, if it is still there.
    pub(crate) fn remove(&mut self, region: &Arc<R>, local: &Arc<Local>, pending: &Pending) {
        self.timers.remove(&(pending.deadline, pending.id));
        if let Some(slot) = self.slots.get_mut(&address(region))
            && let Some(waits) = slot.handles.get_mut(&address(local))
        {
            waits.by_age.remove(&pending.id);
            if waits.by_age.is_empty() {
                slot.handles.remove(&address(local));
            }
        }
    }

    /// Ends what is over of a handle that was closed or interrupted.
    pub(crate) fn handle_changed(&mut self, region: &Arc<R>, local: &Arc<Local>, wakers: &mut Vec<Waker>) {
        if let Some(slot) = self.slots.get_mut(&address(region)) {
            let sequence = region.header().sequence();
            if let Some(waits) = slot.handles.get_mut(&address(local)) {
                waits.end_over(sequence, &mut self.timers, wakers);
                if waits.by_age.is_empty() {
                    slot.handles.remove(&address(local));
                }
            }
            // Nobody need notice the next notification, and the region may be about to be unmapped.
            if slot.handles.is_empty() {
                self.slots.remove(&address(region));
            }
        }
    }

    /// Ends all waits on a region, after the notifications that were not yet seen.
    pub(crate) fn region_ended(&mut self, region: &Arc<R>, ended: Ended, wakers: &mut Vec<Waker>) {
        if let Some(mut slot) = self.slots.remove(&address(region)) {
            slot.end_over(&mut self.timers, wakers);
            for pending in slot.handles.values().flat_map(|waits| waits.by_age.values()) {
                self.timers.remove(&(pending.deadline, pending.id));
                pending.end(Outcome::Ended(ended), wakers);
            }
        }
    }

    /// The thread is awake, so that nobody need wake it.
    pub(crate) fn awake(&mut self) {
        self.asleep = None;
    }

    /// What the thread does before each sleep: ends what is over, arms for the rest, and learns until when to sleep.
    ///
    /// With wakers to wake, it must not sleep but wake them and come again.
    /// Unless `feels_all`, the thread's sleep does not end with a notification.
    pub(crate) fn turn(&mut self, now: u64, feels_all: bool, wakers: &mut Vec<Waker>) -> u64 {
        self.expire(now, wakers);
        let mut all_armed = feels_all || self.slots.is_empty();
        let timers = &mut self.timers;
        self.slots.retain(|_, slot| {
            let keep = slot.settle(feels_all, timers, wakers);
            all_armed &= !keep || slot.region.can_arm();
            keep
        });
        let mut until = self.timers.keys().next().map_or(u64::MAX, |(deadline, _)| *deadline);
        if !all_armed {
            until = until.min(now.saturating_add(self.unarmed_sleep));
            self.unarmed_sleep = (self.unarmed_sleep * 2).min(UNARMED_SLEEP.1);
        }
        if wakers.is_empty() {
            self.asleep = Some(until);
        } else {
            self.unarmed_sleep = UNARMED_SLEEP.0;
        }
        until
    }

    /// Ends what is over on the region that the thread was woken for, ahead of the full turn.
    pub(crate) fn turn_first(&mut self, region: usize, wakers: &mut Vec<Waker>) {
        if let Some(slot) = self.slots.get_mut(&region) {
            slot.end_over(&mut self.timers, wakers);
        }
    }

    /// The regions that the thread sleeps for, each with its address and what its sequence word is expected to be.
    pub(crate) fn sleeps_for(&self) -> impl Iterator<Item = (usize, &Arc<R>, Sequence)> {
        self.slots.iter().filter_map(|(address, slot)| Some((*address, &slot.region, slot.armed?)))
    }

    fn expire(&mut self, now: u64, wakers: &mut Vec<Waker>) {
        while let Some(timer) = self.timers.first_entry() {
            let (deadline, id) = *timer.key();
            if deadline > now {
                return;
            }
            let (region, local) = timer.remove();
            if let Some(slot) = self.slots.get_mut(&region)
                && let Some(waits) = slot.handles.get_mut(&local)
                && let Some(pending) = waits.by_age.remove(&id)
            {
                pending.end(Outcome::Ended(Ended::TimedOut), wakers);
                if waits.by_age.is_empty() {
                    slot.handles.remove(&local);
                }
            }
        }
    }
}

impl Waits {
    fn end_over(
        &mut self,
        sequence: Sequence,
        timers: &mut BTreeMap<(u64, u64), (usize, usize)>,
        wakers: &mut Vec<Waker>,
    ) {
        while let Some(oldest) = self.by_age.first_entry() {
            let Some(outcome) = self.local.over(sequence, oldest.get().since) else { return };
            let pending = oldest.remove();
            timers.remove(&(pending.deadline, pending.id));
            pending.end(outcome, wakers);
        }
    }
}

impl<R: HubRegion> Slot<R> {
    /// Ends what is over; the sequence that decided it.
    fn end_over(
        &mut self,
        timers: &mut BTreeMap<(u64, u64), (usize, usize)>,
        wakers: &mut Vec<Waker>,
    ) -> Sequence {
        let sequence = self.region.header().sequence();
        // Nothing else than a notification or the owner's close ends a wait here, so most turns need not look at any.
        if self.armed != Some(sequence) && !self.handles.is_empty() {
            self.armed = None;
            self.handles.retain(|_, waits| {
                waits.end_over(sequence, timers, wakers);
                !waits.by_age.is_empty()
            });
        }
        sequence
    }

    /// Ends what is over and arms for the next notification; false if nobody needs it.
    ///
    /// A region stays for one notification after its last wait is over: a waiter in a loop is back before it comes,
    /// and then costs neither a system call nor a change of threads. Only where the thread sleeps for it, though, and
    /// need not wake up now and then.
    fn settle(
        &mut self,
        feels_all: bool,
        timers: &mut BTreeMap<(u64, u64), (usize, usize)>,
        wakers: &mut Vec<Waker>,
    ) -> bool {
        let can_arm = self.region.can_arm();
        loop {
            let sequence = self.end_over(timers, wakers);
            if self.handles.is_empty() {
                let missed = self.armed.is_some_and(|armed| armed != sequence);
                if missed || sequence.is_closed() || !can_arm || !feels_all {
                    return false;
                }
            }
            // The thread comes again before it sleeps. Where notifications come in a stream, arming would not succeed.
            if !wakers.is_empty() {
                return true;
            }
            let header = self.region.header();
            if !can_arm || self.sleeps_for(header) || arm(header, sequence) {
                self.armed = Some(sequence);
                return true;
            }
        }
    }

    /// Whether a sleep that began after the last turn ends with the next notification.
    fn sleeps_for(&self, header: &Header) -> bool {
        let Some(armed) = self.armed else { return false };
        // In this order: a notifier counts first and looks at the flag afterwards.
        header.waiters.load(Ordering::SeqCst) > armed.count()
            && header.sequence.load(Ordering::SeqCst) == armed.0
    }
}

fn address<T>(shared: &Arc<T>) -> usize {
    Arc::as_ptr(shared).addr()
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> crate::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
