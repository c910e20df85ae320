//! The process's hub: its stations, which region is where, and what a fork does to it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering};
use std::task::Waker;

use super::delivery::Delivery;
use super::owners::{Owners, SLEEPERS, Watch};
use super::shard::{HubRegion, Pending, lock};
use super::station::{Desk, Kernel, Station};
use crate::header::{Header, Sequence};
use crate::mapping::{Mapping, Writable};
use crate::platform::futex::{self, MOST_WORDS, Reach, Words, low_half};
use crate::platform::process;
use crate::sync::Mutex;
use crate::wait::{Ended, Local, Outcome, Since};

/// How many regions a thread waits for: one word is its bell.
const REGIONS: usize = MOST_WORDS - 1;
/// Bytes of stack for a thread that runs nothing but the hub and wakers.
const STACK: usize = 256 << 10;

impl HubRegion for Mapping {
    fn header(&self) -> &Header {
        Mapping::header(self)
    }

    fn can_arm(&self) -> bool {
        self.writable() != Writable::Nothing
    }

    fn is_owner_known_dead(&self) -> bool {
        Mapping::is_doomed(self)
    }
}

/// Linux, or whatever the platform is.
struct System;

impl Kernel<Mapping> for System {
    type Words = Words;

    fn now(&self) -> u64 {
        process::now()
    }

    fn watches_all(&self) -> bool {
        futex::watches_all()
    }

    fn clear(words: &mut Words) {
        words.clear();
    }

    fn push(words: &mut Words, region: &Arc<Mapping>, expected: Sequence) {
        words.push(low_half(&region.header().sequence), expected.0 as u32);
    }

    fn park(&self, bell: (&AtomicU32, u32), words: &mut Words, until: u64, feels_all: bool) -> Option<usize> {
        words.park(bell, until, feels_all)
    }

    fn ring(&self, bell: &AtomicU32) {
        futex::wake(bell, Reach::Private);
    }
}

/// All that waits in this process without a thread of its own.
pub(super) struct Hub {
    /// Tells this hub from those of the processes that this one was forked from.
    generation: u32,
    stations: Mutex<Vec<&'static Station<Mapping, System>>>,
    /// Whether there is a thread, which looks after the owners, too.
    manned: AtomicBool,
    pub(super) owners: Owners,
    pub(super) delivery: Delivery,
}

/// The hub of this process, once there is one.
static HUB: AtomicPtr<Hub> = AtomicPtr::new(std::ptr::null_mut());
/// How many forks there were on the way to this process.
static GENERATION: AtomicU32 = AtomicU32::new(1);

process::at_load!(register);

extern "C" fn register() {
    process::on_fork(leave_to_parent);
}

/// In a forked child. The hub's memory stays: the parent's waits that were copied still point to it.
extern "C" fn leave_to_parent() {
    GENERATION.fetch_add(1, Ordering::SeqCst);
    SLEEPERS.store(0, Ordering::Relaxed);
    let hub = HUB.swap(std::ptr::null_mut(), Ordering::SeqCst);
    #[expect(unsafe_code, reason = "see `Hub::current`")]
    // SAFETY: as in `Hub::current`.
    if let Some(hub) = unsafe { hub.as_ref() } {
        hub.owners.forsake();
    }
}

impl Hub {
    /// The hub, if this process has one.
    #[expect(unsafe_code, reason = "a hub is never freed, and a fork may replace it at any time")]
    fn there() -> Option<&'static Self> {
        // SAFETY: the pointer is null or comes from `Box::leak`.
        unsafe { HUB.load(Ordering::Acquire).as_ref() }
    }

    /// The hub, made now if need be.
    pub(super) fn current() -> &'static Self {
        std::hint::black_box(&AT_LOAD);
        if let Some(hub) = Self::there() {
            return hub;
        }
        let new = Box::into_raw(Box::new(Self {
            generation: GENERATION.load(Ordering::SeqCst),
            stations: Mutex::new(Vec::new()),
            manned: AtomicBool::new(false),
            owners: Owners::default(),
            delivery: Delivery::default(),
        }));
        let set = HUB.compare_exchange(std::ptr::null_mut(), new, Ordering::AcqRel, Ordering::Acquire);
        if set.is_err() {
            #[expect(unsafe_code, reason = "another thread was quicker")]
            // SAFETY: nobody else has seen this pointer.
            drop(unsafe { Box::from_raw(new) });
        }
        Self::there().expect("it is set, and forks are not in the middle of functions")
    }

    pub(super) fn generation(&self) -> u32 {
        self.generation
    }

    /// Whether it is this process's, and not that of one that this one was forked from.
    pub(super) fn is_current(&self) -> bool {
        GENERATION.load(Ordering::SeqCst) == self.generation
    }

    /// The station that has the region, or had it.
    fn station_of(&self, mapping: &Mapping) -> Option<&'static Station<Mapping, System>> {
        let place = mapping.station.load(Ordering::SeqCst);
        let index = (place as u32).checked_sub(1)? as usize;
        if (place >> 32) as u32 != self.generation {
            return None;
        }
        lock(&self.stations).get(index).copied()
    }

    fn add(
        &'static self,
        mapping: &Arc<Mapping>,
        local: &Arc<Local>,
        since: Since,
        deadline: u64,
        waker: &Waker,
    ) -> io::Result<(&'static Station<Mapping, System>, Arc<Pending>)> {
        let known = |station: &&'static Station<_, _>| {
            Some((*station, station.add(mapping, local, since, deadline, waker, false)?))
        };
        if let Some(added) = self.station_of(mapping).as_ref().and_then(known) {
            return Ok(added);
        }
        let mut stations = lock(&self.stations);
        let place = mapping.station.load(Ordering::SeqCst);
        if (place >> 32) as u32 == self.generation
            && let Some(added) = stations.get((place as u32) as usize - 1).and_then(known)
        {
            return Ok(added);
        }
        // The newest first: it alone is not full, unless regions have left others.
        let free = stations.iter().rposition(|station| station.regions() < REGIONS);
        let index = match free {
            Some(index) => index,
            None => self.man_another(&mut stations)?,
        };
        // Before the wait is there: whoever ends waits looks where the region is after saying why.
        mapping.station.store(u64::from(self.generation) << 32 | (index as u64 + 1), Ordering::SeqCst);
        let station = stations[index];
        let added = station.add(mapping, local, since, deadline, waker, true);
        Ok((station, added.expect("it takes the region in")))
    }

    /// Starts another thread; gives the index of its station.
    fn man_another(
        &'static self,
        stations: &mut Vec<&'static Station<Mapping, System>>,
    ) -> io::Result<usize> {
        let first = stations.is_empty();
        let station = Arc::new(Station::new(System));
        let served = station.clone();
        process::start_thread("zinc-hub", Some(STACK), move || self.run(&served, first))?;
        // Kept for ever, as the thread is, now that there is one.
        stations.push(Box::leak(Box::new(station)));
        Ok(stations.len() - 1)
    }

    /// What a station's thread does, for ever, but not in a child that a waker has forked. The first one looks after
    /// the owners, too.
    fn run(&'static self, station: &Station<Mapping, System>, first: bool) {
        let mut desk = Desk::default();
        while self.is_current() {
            station.round(&mut desk, |now| if first { self.owners.check(self, now) } else { u64::MAX });
        }
    }

    /// Makes sure that there is a thread, which looks after the owners.
    pub(super) fn man(&'static self) -> io::Result<()> {
        if !self.manned.load(Ordering::Acquire) {
            let mut stations = lock(&self.stations);
            if stations.is_empty() {
                self.man_another(&mut stations)?;
            }
            self.manned.store(true, Ordering::Release);
        }
        Ok(())
    }

    /// Has that thread look at everything again.
    pub(super) fn ring_first(&self) {
        if let Some(first) = lock(&self.stations).first() {
            first.ring();
        }
    }

    /// The region's owner has died: ends everybody's waits.
    pub(super) fn owner_died(&self, mapping: &Arc<Mapping>) {
        mapping.doom.store(1, Ordering::SeqCst);
        futex::wake(&mapping.doom, Reach::Private);
        if !futex::watches_all() {
            futex::wake(low_half(&mapping.header().sequence), Reach::Shared);
        }
        if let Some(station) = self.station_of(mapping) {
            station.region_ended(mapping, Ended::OwnerDied);
        }
    }
}

/// Ends the pending waits of a handle that was closed or interrupted.
pub(crate) fn handle_changed(mapping: &Arc<Mapping>, local: &Arc<Local>) {
    if let Some(station) = Hub::there().and_then(|hub| hub.station_of(mapping)) {
        station.handle_changed(mapping, local);
    }
}

/// Which process this is, among those that were forked from one another.
pub(crate) fn generation() -> u32 {
    GENERATION.load(Ordering::SeqCst)
}

/// Lets go of a region whose memory was given back.
pub(crate) fn forget(mapping: &Arc<Mapping>) {
    if let Some(hub) = Hub::there() {
        if let Some(station) = hub.station_of(mapping) {
            station.region_ended(mapping, Ended::HandleClosed);
        }
        hub.owners.forget(mapping);
    }
}

/// A wait that is pending in the hub; dropping it cancels it.
pub(crate) struct Ticket {
    hub: &'static Hub,
    station: &'static Station<Mapping, System>,
    pending: Arc<Pending>,
    mapping: Arc<Mapping>,
    local: Arc<Local>,
    _watch: Watch,
}

impl Ticket {
    /// Has `waker` woken when the wait that began at `since` is over, by the monotonic clock's `deadline` at the latest.
    ///
    /// An error means that the system gives no thread.
    pub(crate) fn new(
        mapping: &Arc<Mapping>,
        local: &Arc<Local>,
        since: Since,
        deadline: u64,
        waker: &Waker,
    ) -> io::Result<Self> {
        let hub = Hub::current();
        // Before the wait is pending: whoever finds the owner dead ends all waits that are.
        let watch = hub.watch(mapping)?;
        let (station, pending) = hub.add(mapping, local, since, deadline, waker)?;
        let (mapping, local) = (mapping.clone(), local.clone());
        Ok(Self { hub, station, pending, mapping, local, _watch: watch })
    }

    /// How the wait is over; if it is not, has `waker` woken when it is.
    pub(crate) fn outcome(&self, waker: &Waker) -> Option<Outcome> {
        self.pending.outcome(waker)
    }

    /// Whether the wait was begun before a fork, in a process that is not this one.
    pub(crate) fn is_the_parents(&self) -> bool {
        !self.hub.is_current()
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        // A thread of the parent's may have held any lock of its hub at the fork.
        if !self.is_the_parents() {
            self.station.remove(&self.mapping, &self.local, &self.pending);
        }
    }
}
