//! The process's hub: its stations, which region is where, and what a fork does to it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering};
use std::task::Waker;

use super::attachment::Attachment;
use super::delivery::{Deliver, Delivery, Promise};
use super::owner_watch::{OwnerWatch, WatchedOwners};
use super::shard::{HubRegion, Pending, lock};
use super::station::{Desk, Kernel, Station};
use crate::generation::{generation, is_current, on_new_process};
use crate::header::Sequence;
use crate::mapping::User;
use crate::platform::futex::{self, MOST_WORDS, Words, low_half};
use crate::platform::process;
use crate::sync::Mutex;
use crate::wait::{Ended, Local, Outcome, Since};

/// How many regions a thread waits for: one word is its bell.
const REGIONS: usize = MOST_WORDS - 1;
/// Bytes of stack for a thread that runs nothing but the hub and wakers.
const STACK: usize = 256 << 10;

/// The kernel that this process runs on.
struct OsKernel;

/// A station on it.
type OsStation = Station<Attachment, OsKernel>;

impl Kernel<Attachment> for OsKernel {
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

    fn push(words: &mut Words, region: &Arc<Attachment>, expected: Sequence) {
        words.push(low_half(&region.mapping.header().sequence), expected.0 as u32);
    }

    fn park(&self, bell: (&AtomicU32, u32), words: &mut Words, until: u64, feels_all: bool) -> Option<usize> {
        words.park(bell, until, feels_all)
    }

    fn ring(&self, bell: &AtomicU32) {
        futex::wake_private(bell);
    }
}

/// All that waits in this process without a thread of its own.
pub(super) struct Hub {
    /// Tells this hub from those of the processes that this one was forked from.
    generation: u32,
    stations: Mutex<Vec<&'static OsStation>>,
    /// Whether there is a thread. The first one watches the owners, too.
    has_thread: AtomicBool,
    owners: WatchedOwners,
    delivery: Delivery,
}

/// The hub of this process, once there is one.
static HUB: AtomicPtr<Hub> = AtomicPtr::new(std::ptr::null_mut());

process::at_load!(register);

extern "C" fn register() {
    on_new_process(leave_to_parent);
}

/// In a forked child. The hub's memory stays: the parent's waits that were copied still point to it.
fn leave_to_parent() {
    let hub = HUB.swap(std::ptr::null_mut(), Ordering::SeqCst);
    #[expect(unsafe_code, reason = "see `Hub::get`")]
    // SAFETY: as in `Hub::get`.
    if let Some(hub) = unsafe { hub.as_ref() } {
        hub.owners.close_in_child();
    }
}

impl Hub {
    /// The hub, if this process has one.
    #[expect(unsafe_code, reason = "a hub is never freed, and a fork may replace it at any time")]
    fn get() -> Option<&'static Self> {
        // A child that no handler has told of finds out here, and leaves the parent's hub.
        generation();
        // SAFETY: the pointer is null or comes from `Box::into_raw`, and a hub that `HUB` has held is never freed.
        unsafe { HUB.load(Ordering::Acquire).as_ref() }
    }

    /// The hub, made now if need be.
    pub(super) fn current() -> &'static Self {
        std::hint::black_box(&AT_LOAD);
        if let Some(hub) = Self::get() {
            return hub;
        }
        let generation = generation();
        let new = Box::into_raw(Box::new(Self {
            generation,
            stations: Mutex::new(Vec::new()),
            has_thread: AtomicBool::new(false),
            owners: WatchedOwners::new(generation),
            delivery: Delivery::new(generation),
        }));
        let set = HUB.compare_exchange(std::ptr::null_mut(), new, Ordering::AcqRel, Ordering::Acquire);
        if set.is_err() {
            #[expect(unsafe_code, reason = "another thread was quicker")]
            // SAFETY: nobody else has seen this pointer.
            drop(unsafe { Box::from_raw(new) });
        }
        Self::get().expect("it is set, and forks are not in the middle of functions")
    }

    /// The station that has the region, or had it.
    fn station_of(&self, attachment: &Attachment) -> Option<&'static OsStation> {
        let index = attachment.station.get(self.generation).checked_sub(1)? as usize;
        lock(&self.stations).get(index).copied()
    }

    fn add(
        &'static self,
        attachment: &Arc<Attachment>,
        local: &Arc<Local>,
        since: Since,
        deadline: u64,
        waker: &Waker,
    ) -> io::Result<(&'static OsStation, Arc<Pending>)> {
        let known = |station: &&'static OsStation| {
            Some((*station, station.add(attachment, local, since, deadline, waker, false)?))
        };
        if let Some(added) = self.station_of(attachment).as_ref().and_then(known) {
            return Ok(added);
        }
        let mut stations = lock(&self.stations);
        // Another thread may have found a station for it meanwhile.
        let place = attachment.station.get(self.generation).checked_sub(1);
        if let Some(added) = place.and_then(|index| stations.get(index as usize)).and_then(known) {
            return Ok(added);
        }
        // The newest first: it alone is not full, unless regions have left others.
        let free = stations.iter().rposition(|station| station.regions() < REGIONS);
        let index = match free {
            Some(index) => index,
            None => self.start_station(&mut stations)?,
        };
        // Before the wait is there: a thread that ends waits looks where the region is after it has said why.
        attachment.station.set(self.generation, index as u32 + 1);
        let station = stations[index];
        let added = station.add(attachment, local, since, deadline, waker, true);
        Ok((station, added.expect("it takes the region in")))
    }

    /// Starts another thread; returns the index of its station.
    fn start_station(&'static self, stations: &mut Vec<&'static OsStation>) -> io::Result<usize> {
        let first = stations.is_empty();
        let station = Arc::new(Station::new(OsKernel));
        let served = station.clone();
        process::start_thread("zinc-hub", Some(STACK), move || self.run(&served, first))?;
        // Kept for ever, as the thread is, now that there is one.
        stations.push(Box::leak(Box::new(station)));
        Ok(stations.len() - 1)
    }

    /// What a station's thread does, for ever, but not in a child that a waker has forked. The first one watches the
    /// owners, too.
    fn run(&'static self, station: &OsStation, first: bool) {
        let mut desk = Desk::default();
        while is_current(self.generation) {
            station.round(&mut desk, |now| {
                if first {
                    self.owners.check(now, |attachment| self.owner_died(attachment))
                } else {
                    u64::MAX
                }
            });
        }
    }

    /// Makes sure that there is a thread, which watches the owners.
    fn ensure_thread(&'static self) -> io::Result<()> {
        if !self.has_thread.load(Ordering::Acquire) {
            let mut stations = lock(&self.stations);
            if stations.is_empty() {
                self.start_station(&mut stations)?;
            }
            self.has_thread.store(true, Ordering::Release);
        }
        Ok(())
    }

    /// Has the owner watched until what this returns is dropped.
    pub(super) fn watch_owner(&'static self, attachment: &Arc<Attachment>) -> io::Result<OwnerWatch> {
        // Before anybody counts on it.
        self.ensure_thread()?;
        Ok(self.owners.watch(attachment, || self.ring_first()))
    }

    /// Has the first thread look at everything again.
    fn ring_first(&self) {
        if let Some(first) = lock(&self.stations).first() {
            first.ring();
        }
    }

    /// The region's owner has died: ends everybody's waits.
    fn owner_died(&self, attachment: &Arc<Attachment>) {
        attachment.note_owner_died();
        let header = attachment.header();
        // A sleeper sleeps on the sequence word; without the right to change it, not for long.
        if attachment.can_arm() {
            header.change_sequence();
        }
        futex::wake_shared(low_half(&header.sequence), u32::MAX);
        if let Some(station) = self.station_of(attachment) {
            station.region_ended(attachment, Ended::OwnerDied);
        }
    }
}

/// Ends the pending waits of a handle that was closed or interrupted.
pub(crate) fn handle_changed(attachment: &Arc<Attachment>, local: &Arc<Local>) {
    if let Some(station) = Hub::get().and_then(|hub| hub.station_of(attachment)) {
        station.handle_changed(attachment, local);
    }
}

/// Makes sure that there is a thread for a callback, and stays, until the promise is dropped. An error means that the
/// system starts none.
pub(crate) fn promise_delivery() -> io::Result<Promise> {
    Hub::current().delivery.promise()
}

/// Runs it on a thread for callbacks. The caller keeps a promise of one.
pub(crate) fn deliver(parcel: Arc<dyn Deliver>) {
    Hub::current().delivery.deliver(parcel);
}

/// One user of the region less. After the last one the memory is given back, and the hub lets go of the region.
pub(crate) fn release(attachment: &Arc<Attachment>, user: User) {
    if !attachment.mapping.release(user) {
        return;
    }
    if let Some(hub) = Hub::get() {
        if let Some(station) = hub.station_of(attachment) {
            station.region_ended(attachment, Ended::HandleClosed);
        }
        hub.owners.forget(attachment);
    }
}

/// A wait that is pending in the hub; dropping it cancels it.
pub(crate) struct Ticket {
    hub: &'static Hub,
    station: &'static OsStation,
    pending: Arc<Pending>,
    attachment: Arc<Attachment>,
    local: Arc<Local>,
    _watch: OwnerWatch,
}

impl Ticket {
    /// Has `waker` woken when the wait that began at `since` is over, by the monotonic clock's `deadline` at the latest.
    ///
    /// An error means that the system starts no thread.
    pub(crate) fn new(
        attachment: &Arc<Attachment>,
        local: &Arc<Local>,
        since: Since,
        deadline: u64,
        waker: &Waker,
    ) -> io::Result<Self> {
        let hub = Hub::current();
        // Before the wait is pending: the thread that finds the owner dead ends all waits that are pending then.
        let watch = hub.watch_owner(attachment)?;
        let (station, pending) = hub.add(attachment, local, since, deadline, waker)?;
        let (attachment, local) = (attachment.clone(), local.clone());
        Ok(Self { hub, station, pending, attachment, local, _watch: watch })
    }

    /// How the wait is over; if it is not, has `waker` woken when it is.
    pub(crate) fn outcome(&self, waker: &Waker) -> Option<Outcome> {
        self.pending.outcome(waker)
    }

    /// Whether the wait was begun before a fork, in a process that is not this one.
    pub(crate) fn is_the_parents(&self) -> bool {
        !is_current(self.hub.generation)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        // A thread of the parent's may have held any lock of its hub at the fork.
        if !self.is_the_parents() {
            self.station.remove(&self.attachment, &self.local, &self.pending);
        }
    }
}
