//! One of the processes: three threads, each doing one thing after another by chance, and checking what it can see.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::Duration;

use fastrand::Rng;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use zinc::{Error, ErrorKind, OwnedRegion, RegionOptions, RegionState, SharedRegion, Timeout};

use crate::ledger::{BUSY_POINTS, Call, Count, Ledger, Owner, POINTS, THREADS, now, of_stamp, stamp};

/// The slot whose process is never killed or stopped, and audits itself.
pub(crate) const AUDITOR: usize = 0;
/// Names that all processes fight for.
pub(crate) const NAMES: usize = 6;
/// So many of them have regions that get their names when they are filled.
const FILLED_NAMES: usize = 2;
/// What such a region is filled with.
const FILLED: u64 = 0x46_49_4c_4c_45_44;
/// Bytes of a region: the words below, and some that are never touched.
const CAPACITY: usize = 10_000;
/// The last notifications of a region of which it is written down when they were there.
const REMEMBERED: u64 = 1000;
/// How much later than its reason a wait may end, in microseconds, before it counts as forgotten. Far more than waking
/// takes on a busy machine, and less than the half second after which a wait looks again by itself.
const LATE: u64 = 400_000;
/// How much longer than its owner a wait may last.
const OUTLIVES: u64 = 1_000_000;

/// Regions of the auditor's, in which one thread sleeps: on a thread of its own, and without one.
const LISTENERS: [&str; 2] = ["listener", "listener-async"];

pub(crate) fn name(index: usize) -> String {
    format!("torture-{index}")
}

/// The words at the start of a region's data.
struct Words<'a>(&'a SharedRegion);

impl Words<'_> {
    #[expect(unsafe_code, reason = "the data is shared memory")]
    fn word(&self, index: usize) -> &AtomicU64 {
        // SAFETY: the data is page-aligned and longer than that, and all processes use these words as atomics. A handle
        // that another thread closes leaves zero pages behind.
        unsafe { AtomicU64::from_ptr(self.0.as_mut_ptr().cast::<u64>().add(index)) }
    }

    /// Who owns the region, unless it may become persistent.
    fn owner(&self) -> &AtomicU64 {
        self.word(0)
    }

    /// Where to write down when the `notify` of that notification has returned. The last ones have a place.
    fn notified(&self, sequence: u64) -> &AtomicU64 {
        self.word(1 + (sequence % REMEMBERED) as usize)
    }

    /// When the first `notify` has returned that began the sequence after `seen`, at or after `start`.
    fn first_notified(&self, seen: u64, start: u64) -> Option<u64> {
        let stamps = (0..REMEMBERED).map(|place| of_stamp(self.notified(place).load(Ordering::SeqCst)));
        stamps.filter(|(sequence, time)| *sequence > seen && *time > start).map(|(_, time)| time).min()
    }

    /// What the region was filled with before it had a name, if it was.
    fn filled(&self) -> &AtomicU64 {
        self.word(2)
    }
}

struct World {
    ledger: &'static Ledger,
    me: Owner,
    options: RegionOptions,
    /// Handles that other threads may close or interrupt.
    handles: Mutex<Vec<Arc<SharedRegion>>>,
}

/// For the hook at the core's marked places, which has no other way to know.
static HERE: OnceLock<(&'static Ledger, Owner)> = OnceLock::new();

/// Plays a process until it is killed, or the run is over.
pub(crate) fn run(directory: &Path, me: Owner, seed: u64) {
    let ledger = Ledger::open(&directory.join("ledger")).expect("the run's ledger");
    let _ = HERE.set((ledger, me));
    #[cfg(zinc_failpoints)]
    if me.slot != AUDITOR {
        zinc::at_failpoints(at_point);
    }
    pin_some(ledger, seed);
    let world = World {
        ledger,
        me,
        options: RegionOptions::new().directory(directory.join("regions")),
        handles: Mutex::default(),
    };
    if me.slot == AUDITOR {
        return thread::scope(|scope| {
            let world = &world;
            for name in LISTENERS {
                scope.spawn(move || world.listen(name));
            }
            world.audit(Rng::with_seed(seed));
        });
    }
    thread::scope(|scope| {
        for number in 0..THREADS {
            let world = &world;
            scope.spawn(move || {
                let mut rng = Rng::with_seed(seed.wrapping_add(number as u64 * 7919));
                fastrand::seed(seed ^ number as u64);
                loop {
                    world.act(number, &mut rng);
                }
            });
        }
    });
}

/// Every third process has to do with one processor, on which it looks in vain for what others of its kind do.
fn pin_some(ledger: &Ledger, seed: u64) {
    let allowed = sched_getaffinity(None).expect("one's own processors can be asked for");
    let first = (0..CpuSet::MAX_CPU).find(|&cpu| allowed.is_set(cpu)).expect("this runs on one");
    if Rng::with_seed(seed).u32(..3) == 0 {
        let mut only = CpuSet::new();
        only.set(first);
        sched_setaffinity(None, &only).expect("it is one of the allowed ones");
        ledger.pinned.fetch_add(1, Ordering::Relaxed);
    }
}

/// Kills or stops this process at a marked place, rarely.
#[cfg_attr(not(zinc_failpoints), expect(dead_code, reason = "there are no marked places"))]
fn at_point(point: &'static str) {
    let Some((ledger, me)) = HERE.get() else { return };
    let chance = fastrand::u32(..10_000);
    let kills = ledger.point_kills.load(Ordering::Relaxed);
    let index = POINTS.iter().position(|known| *known == point);
    let index = index.unwrap_or_else(|| panic!("{point:?} is not in the ledger"));
    // Those that are passed all the time get their share with less.
    let is_busy = index >= POINTS.len() - BUSY_POINTS;
    let kills = if is_busy { kills.div_ceil(20) } else { kills };
    let notifies = point.starts_with("notify");
    let stops = if notifies { 8 } else { kills / 4 + 1 };
    if chance < kills {
        ledger.kills_at[index].fetch_add(1, Ordering::Relaxed);
        ledger.ends(*me);
        signal(rustix::process::Signal::KILL);
    } else if chance < kills + stops {
        ledger.stops_at_points.fetch_add(1, Ordering::Relaxed);
        ledger.stops_of_notifiers.fetch_add(notifies.into(), Ordering::Relaxed);
        // A notifier in the way of the others must be so for longer than sleepers sleep.
        let time = fastrand::u64(..if notifies { 1_500_000 } else { 100_000 });
        ledger.slots[me.slot].stays_until.store(now() + time, Ordering::SeqCst);
        ledger.slots[me.slot].stopped.store(now(), Ordering::SeqCst);
        signal(rustix::process::Signal::STOP);
    } else if chance < 300 {
        thread::yield_now();
    }
}

fn signal(signal: rustix::process::Signal) {
    rustix::process::kill_process(rustix::process::getpid(), signal).expect("this process");
}

/// Marks what a thread is in the middle of, until it is dropped.
struct InCall<'a>(&'a Call);

impl Drop for InCall<'_> {
    fn drop(&mut self) {
        self.0.since.store(0, Ordering::SeqCst);
    }
}

impl World {
    fn call(&self, thread: usize, timeout: Option<u64>, owner: u64) -> InCall<'_> {
        let call = &self.ledger.slots[self.me.slot].calls[thread];
        call.owner.store(owner, Ordering::SeqCst);
        call.until.store(timeout.map_or(u64::MAX, |time| now() + time), Ordering::SeqCst);
        call.since.store(now(), Ordering::SeqCst);
        InCall(call)
    }

    fn act(&self, thread: usize, rng: &mut Rng) {
        match rng.u32(..100) {
            0..30 => self.own(thread, rng),
            30..80 => self.be_a_peer(thread, rng),
            80..85 => self.tell_the_listeners(rng),
            85..90 => self.list_and_remove(thread, rng),
            90..99 => self.disturb(rng),
            _ if self.me.slot == AUDITOR => {}
            _ => {
                self.ledger.ends(self.me);
                if rng.bool() {
                    std::process::exit(0);
                }
                std::process::abort();
            }
        }
    }

    fn own(&self, thread: usize, rng: &mut Rng) {
        let index = rng.usize(..NAMES);
        let name = name(index);
        let persists = rng.u32(..10) == 0;
        let created = {
            let _call = self.call(thread, Some(1_500_000), 0);
            self.create(&name, index < FILLED_NAMES, persists)
        };
        let owner = match created {
            Ok(owner) => owner,
            Err(error) => {
                return match error.kind() {
                    ErrorKind::AlreadyExists => self.ledger.add(Count::Taken),
                    // A stopped process may hold the name for as long as it is stopped.
                    ErrorKind::Os => {}
                    _ => self.wrong("create", &error),
                };
            }
        };
        self.ledger.add(Count::Created);
        for _ in 0..rng.u32(1..12) {
            match rng.u32(..4) {
                0..2 => self.notify(&owner),
                2 => self.is_still_mine(&name, &owner),
                _ => thread::sleep(Duration::from_micros(rng.u64(..3000))),
            }
        }
        let _call = self.call(thread, Some(1_500_000), 0);
        match rng.u32(..4) {
            _ if persists => self.persist_and_remove(&name, &owner, rng),
            0 => drop(owner),
            1 => self.must("unlink", owner.unlink()),
            _ => self.must("close", owner.close()),
        }
    }

    /// Creates a region, and has it known whose it is unless it may become persistent.
    fn create(&self, name: &str, filled: bool, persists: bool) -> zinc::Result<OwnedRegion> {
        let owner = self.options.clone().unlinked(filled).create(name, CAPACITY)?;
        if !persists {
            Words(&owner).owner().store(self.me.code(), Ordering::SeqCst);
        }
        if filled {
            Words(&owner).filled().store(FILLED, Ordering::SeqCst);
            owner.link()?;
        }
        Ok(owner)
    }

    fn persist_and_remove(&self, name: &str, owner: &OwnedRegion, rng: &mut Rng) {
        self.ledger.add(Count::Persisted);
        self.must("persist", owner.persist());
        if rng.bool() {
            self.must("close", owner.close());
            self.remove(name);
        } else {
            // Its own right, which it keeps.
            self.must("unlink", owner.unlink());
        }
    }

    /// As long as this owner lives, its name leads to its region.
    fn is_still_mine(&self, name: &str, owner: &OwnedRegion) {
        match self.options.clone().open(name) {
            Ok(region) if region.info().id == owner.info().id => {}
            // Another thread has this process exit, which closes what it owns.
            _ if self.ledger.end_of(self.me).is_some() => {}
            Ok(_) => {
                self.ledger.violation(format_args!("{name} leads to another region while its owner lives"));
            }
            Err(error) => self.wrong("open by its own owner", &error),
        }
    }

    fn notify(&self, region: &SharedRegion) {
        match region.notify() {
            Ok(()) => {
                self.ledger.add(Count::Notified);
                if let Ok(sequence) = region.sequence() {
                    Words(region).notified(sequence).fetch_max(stamp(sequence, now()), Ordering::SeqCst);
                }
            }
            Err(error) if error.kind() == ErrorKind::Closed => {}
            Err(error) => self.wrong("notify", &error),
        }
    }

    /// Notifies where one process sleeps, and many notify.
    fn tell_the_listeners(&self, rng: &mut Rng) {
        let name = LISTENERS[rng.usize(..LISTENERS.len())];
        match self.options.clone().open(name) {
            Ok(region) => {
                for _ in 0..rng.u32(1..40) {
                    self.notify(&region);
                    thread::sleep(Duration::from_micros(rng.u64(..200)));
                }
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => self.wrong("open", &error),
        }
    }

    /// The only sleeper of a region: if one notifier keeps the others from waking it, nobody else helps it out.
    fn listen(&self, name: &str) {
        let region =
            self.options.clone().spin(Duration::ZERO).create(name, CAPACITY).expect("the auditor's own");
        while self.ledger.over.load(Ordering::SeqCst) == 0 {
            let seen = region.sequence().unwrap_or(0);
            let start = now();
            let result = if name == LISTENERS[0] {
                region.wait(1500)
            } else {
                pollster::block_on(region.wait_async(1500))
            };
            let end = now();
            if let Err(error) = result {
                self.wrong("listen", &error);
            }
            self.ledger.add(Count::Heard);
            if let Some(notified) = Words(&region).first_notified(seen, start) {
                self.was_not_late(notified, end);
            }
        }
    }

    fn was_not_late(&self, notified: u64, end: u64) {
        let late = end.saturating_sub(notified);
        self.ledger.longest_wake.fetch_max(late, Ordering::Relaxed);
        if late > LATE {
            self.ledger.violation(format_args!("a wait ended {} ms after its notification", late / 1000));
        }
    }

    fn be_a_peer(&self, thread: usize, rng: &mut Rng) {
        let timeout = rng.u64(..20);
        let index = rng.usize(..NAMES);
        let name = name(index);
        let opened = {
            let _call = self.call(thread, Some(timeout * 1000 + 1_500_000), 0);
            self.options.clone().timeout(timeout).spin(Duration::from_micros(rng.u64(..2) * 50)).open(&name)
        };
        let region = match opened {
            Ok(region) => Arc::new(region),
            Err(error) if error.kind() == ErrorKind::NotFound => return,
            Err(error) => return self.wrong("open", &error),
        };
        self.ledger.add(Count::Opened);
        if region.capacity() != CAPACITY {
            self.ledger.violation(format_args!("{name} has {} bytes", region.capacity()));
        }
        if index < FILLED_NAMES && Words(&region).filled().load(Ordering::SeqCst) != FILLED {
            self.ledger.violation(format_args!("{name} has its name and is not filled"));
        }
        if rng.bool() {
            self.handles.lock().unwrap().push(region.clone());
        }
        for _ in 0..rng.u32(1..8) {
            if region.is_closed() {
                break;
            }
            match rng.u32(..10) {
                // Through a clone: a handle's own notifications are nothing to it.
                0..2 => self.notify(&(*region).clone()),
                2..4 => self.wait_with_a_callback(&region, rng),
                _ => {
                    if !self.wait(thread, &region, rng) {
                        break;
                    }
                }
            }
        }
        // Another thread may still have it, and closes it some time.
        if rng.bool() {
            self.must("close", region.close());
        }
    }

    /// Waits in one way or another; false when that was the end.
    fn wait(&self, thread: usize, region: &SharedRegion, rng: &mut Rng) -> bool {
        let owner = Words(region).owner().load(Ordering::SeqCst);
        // Without an owner whose end is written down, nobody could say when a wait must end.
        let for_ever = rng.u32(..4) == 0 && owner != 0;
        // Some longer than a sleeper sleeps before it looks by itself.
        let longest = if rng.u32(..4) == 0 { 1500 } else { 100 };
        let time = rng.u64(..longest);
        let timeout = if for_ever { Timeout::FOREVER } else { Timeout::from(time) };
        let seen = region.sequence().unwrap_or(0);
        let start = now();
        let result = {
            let _call = self.call(thread, (!for_ever).then_some(time * 1000), owner);
            match rng.u32(..3) {
                0 => region.wait(timeout),
                1 => region.wait_past(seen, timeout).map(|reached| reached.is_some()),
                _ => {
                    self.ledger.add(Count::AsyncWaits);
                    pollster::block_on(region.wait_async(timeout))
                }
            }
        };
        let end = now();
        let resumed = self.ledger.slots[self.me.slot].resumed.load(Ordering::SeqCst);
        if resumed < start {
            self.was_in_time(region, owner, (seen, start), end, &result);
        }
        let count = match &result {
            Ok(true) => Count::WaitTrue,
            Ok(false) => Count::WaitFalse,
            Err(error) => match error.kind() {
                ErrorKind::Closed => Count::WaitClosed,
                ErrorKind::OwnerDied => Count::WaitOwnerDied,
                ErrorKind::Interrupted => Count::WaitInterrupted,
                _ => {
                    self.wrong("wait", error);
                    return false;
                }
            },
        };
        self.ledger.add(count);
        !matches!(count, Count::WaitClosed | Count::WaitOwnerDied)
    }

    fn was_in_time(
        &self,
        region: &SharedRegion,
        owner: u64,
        (seen, start): (u64, u64),
        end: u64,
        result: &zinc::Result<bool>,
    ) {
        let died = result.as_ref().is_err_and(|error| error.kind() == ErrorKind::OwnerDied);
        if let Some(ended) = Owner::of_code(owner).and_then(|owner| self.ledger.end_of(owner))
            && died
        {
            let late = end.saturating_sub(ended.max(start));
            self.ledger.longest_death.fetch_max(late, Ordering::Relaxed);
            if late > OUTLIVES {
                self.ledger.violation(format_args!("OwnerDied {} ms after the owner's end", late / 1000));
            }
        }
        let is_notified = matches!(result, Ok(true));
        if is_notified && let Some(notified) = Words(region).first_notified(seen, start) {
            self.was_not_late(notified, end);
        }
    }

    fn wait_with_a_callback(&self, region: &SharedRegion, rng: &mut Rng) {
        let ledger = self.ledger;
        // On a clone: on the same handle it could take in what a wait is there for.
        let callback =
            region.clone().wait_then(rng.u64(..50), move |_| ledger.add(Count::Callbacks)).unwrap();
        if rng.bool() && callback.cancel() {
            self.ledger.add(Count::Cancelled);
        }
    }

    /// Closes or interrupts a handle that another thread may be waiting on.
    fn disturb(&self, rng: &mut Rng) {
        let mut handles = self.handles.lock().unwrap();
        if handles.is_empty() {
            return;
        }
        let index = rng.usize(..handles.len());
        if rng.bool() {
            let region = handles[index].clone();
            drop(handles);
            region.interrupt();
        } else {
            let region = handles.swap_remove(index);
            drop(handles);
            self.must("close", region.close());
        }
    }

    fn list_and_remove(&self, thread: usize, rng: &mut Rng) {
        let _call = self.call(thread, Some(1_500_000), 0);
        self.ledger.add(Count::Listed);
        match self.options.list() {
            Ok(regions) => {
                let persistent = regions.iter().filter(|region| region.state == RegionState::Persistent);
                persistent.for_each(|region| self.remove(&region.name));
            }
            Err(error) => self.wrong("list", &error),
        }
        self.remove(&name(rng.usize(..NAMES)));
    }

    fn remove(&self, name: &str) {
        match self.options.remove(name) {
            Ok(()) => {}
            Err(error) => match error.kind() {
                ErrorKind::NotFound | ErrorKind::PermissionDenied | ErrorKind::Os => {}
                _ => self.wrong("remove", &error),
            },
        }
    }

    fn must(&self, what: &str, result: zinc::Result<()>) {
        match result {
            Ok(()) => {}
            // Another thread was first, or a stopped process is in the way.
            Err(error) if matches!(error.kind(), ErrorKind::Closed | ErrorKind::Os) => {}
            Err(error) => self.wrong(what, &error),
        }
    }

    fn wrong(&self, what: &str, error: &Error) {
        self.ledger.violation(format_args!("{what}: {:?}: {error}", error.kind()));
    }

    /// The process that is never killed: what it has closed is gone.
    fn audit(&self, mut rng: Rng) {
        // The hub is there for good, and so are the listeners until the end.
        let warm = self.options.clone().create("audit", CAPACITY).expect("a region of the auditor's own");
        let _ = pollster::block_on(warm.wait_async(1));
        drop(warm);
        while LISTENERS.iter().any(|name| self.options.open(name).is_err()) {
            thread::yield_now();
        }
        let before = belongings();
        while self.ledger.over.load(Ordering::SeqCst) == 0 {
            for _ in 0..50 {
                self.act(0, &mut rng);
            }
            self.handles.lock().unwrap().clear();
            // Callbacks that are pending have their region; the longest takes 50 ms.
            let patience = now() + 10_000_000;
            loop {
                let after = belongings();
                if after["descriptors"] <= before["descriptors"] && after["mappings"] <= before["mappings"] {
                    break;
                }
                if now() > patience {
                    self.ledger.violation(format_args!("left behind: {before:?} before, {after:?} after"));
                    break;
                }
                thread::sleep(Duration::from_millis(10));
            }
            self.ledger.add(Count::Audits);
        }
        // Threads for callbacks stay a while without work.
        let patience = now() + 20_000_000;
        while belongings()["threads"] > before["threads"] {
            if now() > patience {
                let after = belongings();
                self.ledger.violation(format_args!("threads left: {before:?} before, {after:?} after"));
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// What this process has of the kernel.
fn belongings() -> HashMap<&'static str, usize> {
    let entries = |path| std::fs::read_dir(path).map_or(0, Iterator::count);
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    HashMap::from([
        ("descriptors", entries("/proc/self/fd")),
        ("threads", entries("/proc/self/task")),
        ("mappings", maps.lines().filter(|line| line.contains("torture-")).count()),
    ])
}
