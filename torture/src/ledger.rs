//! What all processes of a run write down for each other, in memory that outlives any of them.
//!
//! It is an ordinary mapped file: what is put to the test does not keep the books of the test.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use memmap2::MmapRaw;

/// Processes at once.
pub(crate) const SLOTS: usize = 8;
/// Threads of a process that make calls.
pub(crate) const THREADS: usize = 3;
/// The last ends of a slot's processes that are remembered.
const ENDS: usize = 64;

/// The places in the core where a process may be killed or stopped by itself.
pub(crate) const POINTS: [&str; 17] = [
    "create: has a file",
    "create: has its memory",
    "create: has its header",
    "create: has its lock",
    "create: has its name",
    "link: has its name",
    "open: has looked",
    "reclaim: has the sweeper's lock",
    "reclaim: is about to unlink",
    "close: has begun",
    "close: has taken the name away",
    "close: has said so",
    "persist: has set the flag",
    "notify: has counted",
    "notify: has found the flag",
    "notify: has woken",
    "wait: has armed",
];
/// How many of these, at the end, are passed all the time.
pub(crate) const BUSY_POINTS: usize = 4;

/// What is counted over the whole run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Count {
    Created,
    Taken,
    Persisted,
    Opened,
    Notified,
    Listed,
    WaitTrue,
    WaitFalse,
    WaitClosed,
    WaitOwnerDied,
    WaitInterrupted,
    AsyncWaits,
    Callbacks,
    Cancelled,
    Heard,
    Audits,
    Violations,
}

impl Count {
    pub(crate) const ALL: [(Self, &str); 17] = [
        (Self::Created, "regions created"),
        (Self::Taken, "creates that found a living owner"),
        (Self::Persisted, "regions made persistent"),
        (Self::Opened, "regions opened"),
        (Self::Notified, "notifications"),
        (Self::Listed, "listings and removals"),
        (Self::WaitTrue, "waits ended by a notification"),
        (Self::WaitFalse, "waits ended by time"),
        (Self::WaitClosed, "waits ended by Closed"),
        (Self::WaitOwnerDied, "waits ended by OwnerDied"),
        (Self::WaitInterrupted, "waits ended by Interrupted"),
        (Self::AsyncWaits, "of these, waits without a thread"),
        (Self::Callbacks, "callbacks run"),
        (Self::Cancelled, "callbacks cancelled"),
        (Self::Heard, "waits of the two listeners"),
        (Self::Audits, "audits of descriptors, mappings and threads"),
        (Self::Violations, "violations"),
    ];
}

/// One process's lines.
#[repr(C)]
pub(crate) struct Slot {
    /// When the process was last set going again after a stop, in microseconds.
    pub(crate) resumed: AtomicU64,
    /// Since when it is stopped; 0 if it is not.
    pub(crate) stopped: AtomicU64,
    /// Until when it stays so.
    pub(crate) stays_until: AtomicU64,
    ends: [AtomicU64; ENDS],
    pub(crate) calls: [Call; THREADS],
}

/// What a thread is in the middle of.
#[repr(C)]
pub(crate) struct Call {
    /// Since when, in microseconds; 0 for nothing.
    pub(crate) since: AtomicU64,
    /// When it must be over.
    pub(crate) until: AtomicU64,
    /// The owner that it depends on, as [`Owner::code`]; 0 for none.
    pub(crate) owner: AtomicU64,
}

/// The book.
#[repr(C)]
pub(crate) struct Ledger {
    pub(crate) slots: [Slot; SLOTS],
    counts: [AtomicU64; Count::ALL.len()],
    /// Kills at each of [`POINTS`].
    pub(crate) kills_at: [AtomicU64; POINTS.len()],
    /// Stops at any of them, and those of them in the middle of a notify.
    pub(crate) stops_at_points: AtomicU64,
    pub(crate) stops_of_notifiers: AtomicU64,
    /// How many processes had one processor only.
    pub(crate) pinned: AtomicU64,
    /// The longest time from an owner's end to `OwnerDied`, and from a finished notify to the end of a wait for it, in
    /// microseconds.
    pub(crate) longest_death: AtomicU64,
    pub(crate) longest_wake: AtomicU64,
    /// Of ten thousand times that a process passes a point, how often it is killed there.
    pub(crate) point_kills: AtomicU32,
    /// 1 at the end of the run.
    pub(crate) over: AtomicU32,
}

/// A process of the run: which slot it has, and the how manieth it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) slot: usize,
    pub(crate) incarnation: u32,
}

impl Owner {
    pub(crate) fn code(self) -> u64 {
        ((self.slot as u64 + 1) << 32) | u64::from(self.incarnation)
    }

    pub(crate) fn of_code(code: u64) -> Option<Self> {
        let slot = ((code >> 32) as usize).checked_sub(1).filter(|slot| *slot < SLOTS)?;
        Some(Self { slot, incarnation: code as u32 })
    }
}

/// Microseconds on the monotonic clock, which all processes share.
pub(crate) fn now() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    time.tv_sec as u64 * 1_000_000 + time.tv_nsec as u64 / 1000
}

/// A number below 2^24 with a time, such that a later number is greater.
pub(crate) fn stamp(number: u64, time: u64) -> u64 {
    (number << 40) | (time & ((1 << 40) - 1))
}

pub(crate) fn of_stamp(stamp: u64) -> (u64, u64) {
    (stamp >> 40, stamp & ((1 << 40) - 1))
}

impl Ledger {
    /// Makes the book, empty.
    pub(crate) fn create(path: &Path) -> std::io::Result<&'static Self> {
        File::create_new(path)?.set_len(size_of::<Self>() as u64)?;
        Self::open(path)
    }

    /// Opens it; it stays open until the process ends.
    #[expect(unsafe_code, reason = "atomics in a mapped file")]
    pub(crate) fn open(path: &Path) -> std::io::Result<&'static Self> {
        let file = File::options().read(true).write(true).open(path)?;
        let map = MmapRaw::map_raw(&file)?;
        assert!(map.len() >= size_of::<Self>());
        let start = map.as_ptr();
        std::mem::forget(map);
        // SAFETY: the mapping is long enough, page-aligned and never unmapped; all zeroes is a valid value, and nothing
        // but atomics is in it.
        Ok(unsafe { &*start.cast() })
    }

    pub(crate) fn add(&self, count: Count) {
        self.counts[count as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn get(&self, count: Count) -> u64 {
        self.counts[count as usize].load(Ordering::Relaxed)
    }

    /// Says what must not be, on standard error, and counts it.
    pub(crate) fn violation(&self, what: std::fmt::Arguments<'_>) {
        self.add(Count::Violations);
        eprintln!("VIOLATION: {what}");
    }

    /// A process is about to end.
    pub(crate) fn ends(&self, who: Owner) {
        let number = u64::from(who.incarnation);
        self.slots[who.slot].ends[who.incarnation as usize % ENDS]
            .fetch_max(stamp(number, now()), Ordering::SeqCst);
    }

    /// When it was about to end, if it was.
    pub(crate) fn end_of(&self, who: Owner) -> Option<u64> {
        let (incarnation, time) =
            of_stamp(self.slots[who.slot].ends[who.incarnation as usize % ENDS].load(Ordering::SeqCst));
        (incarnation == u64::from(who.incarnation)).then_some(time)
    }
}
