//! The wait protocol: how a notification reaches whoever waits for it, asleep or not, exactly when it should.
//!
//! It knows no system call: what it needs of the system is behind [`System`], so that loom can run it whole.
//!
//! # How a sleeper is never forgotten
//!
//! A waiter that is about to sleep *arms*: it raises the header's `waiters` word to 1 + the count that it has seen,
//! looks at the sequence word once more, and sleeps on that word's low half. A notifier counts in the sequence word and
//! looks at `waiters`; where it is not 0 it clears it and wakes every sleeper. Both sides write one word and then read
//! the other, in the total order of `SeqCst`, so at least one of them sees the other. The owner's close is a bit of the
//! sequence word, so it changes what every waiter sleeps on, and wakes it.
//!
//! `waiters` is one flag and no count, so a waiter that was killed leaves nothing wrong behind: one needless wake-up.
//! It holds a count of notifications and not just a 1 because the clearing would otherwise race: a slow notifier of
//! *n* could clear the flag of a waiter that has seen *n* already and is falling asleep for *n + 1*, whose notifier then
//! finds no flag. A notifier clears only what was armed before its own notification.

use crate::error::Error;
use crate::failpoint::failpoint;
use crate::header::{Header, Sequence};
use crate::sync::{AtomicU32, AtomicU64, Ordering, keep_order, spin_loop, yield_now};

#[cfg(all(test, loom))]
mod model;
mod pending;
mod spin;
mod timeout;

pub(crate) use pending::{Outcome, Since};
pub(crate) use spin::Spin;
pub use timeout::Timeout;

/// How long a park may last before the waiter looks whether the owner still lives, in nanoseconds.
const PARK: u64 = 500_000_000;
/// How often, at the most, a handle looks whether the owner still lives, in nanoseconds.
const OWNER_CHECK: u64 = 200_000_000;
/// The first and the longest sleep of a waiter that cannot arm, in nanoseconds.
const UNARMED_SLEEP: (u64, u64) = (100_000, 4_000_000);
/// How often a wait looks again while another thread of its handle is in the middle of a notify.
const SETTLE_ROUNDS: u32 = 100;

/// `Local::control`: the handle is closed.
const HANDLE_CLOSED: u32 = 1;
/// `Local::control`: what an interrupt and a nudge add.
const CHANGE: u32 = 2;

/// How a language runtime takes part in a wait.
///
/// Rust callers need no host. A binding implements this to give up its interpreter lock while the thread sleeps, and
/// to act on what its runtime has for the thread: signals, and whatever [`nudge`](crate::binding::nudge) announces.
pub trait Host {
    /// What the wait fails with.
    type Error: From<Error>;

    /// Runs `park`, which is in the kernel for a while. Called around each sleep, not around the short spin before it,
    /// and around opening.
    fn park<R: Send>(&mut self, park: impl FnOnce() -> R + Send) -> R;

    /// Called after each sleep, which a signal or a nudge may have ended. An error ends the wait with it; `Ok` goes on
    /// waiting.
    fn signal(&mut self) -> Result<(), Self::Error>;
}

/// The host of plain Rust: sleeps as they are, and signal handlers that concern nobody here.
pub(crate) struct NoHost;

impl Host for NoHost {
    type Error = Error;

    fn park<R: Send>(&mut self, park: impl FnOnce() -> R + Send) -> R {
        park()
    }

    fn signal(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

/// What waiting needs of the operating system, for one region. Called in this order: `now`, any number of `park`s and
/// `owner_died`s; the `wake`s by whoever changes a word.
pub(crate) trait System: Sync {
    /// What a wait that has slept for long keeps until its end, so that somebody else watches the owner for it.
    type LongSleep;

    /// Nanoseconds on a monotonic clock.
    fn now(&self) -> u64;
    /// The same clock, cheaper and coarser (a few milliseconds).
    fn now_coarse(&self) -> u64;
    /// Sleeps until one of the words is woken, or `until` has come, or a signal has; returns at once if one of the
    /// words no longer holds what is expected. May return early for no reason.
    fn park(&self, sleep: &Sleep<'_>);
    /// Wakes all sleepers on the sequence, in every process.
    fn wake_sequence(&self, header: &Header);
    /// Wakes all sleepers on this handle's control word, in this process.
    fn wake_control(&self, header: &Header, control: &AtomicU32);
    /// Whether the region had an owner, and its process ended without closing the region.
    fn owner_died(&self) -> bool;
    /// Whether the region's file has become shorter than the region, so that touching its data may be fatal.
    fn is_cut_short(&self) -> bool;
    /// Whether the owner's death is known already, without asking.
    fn is_owner_known_dead(&self) -> bool;
    /// Called by a wait that has slept for long, before each sleep: whether somebody else watches the owner, and ends
    /// sleeps when it has died. Otherwise the wait itself wakes up to look now and then.
    fn is_owner_watched(&self, sleep: &mut Option<Self::LongSleep>) -> bool;
}

/// The words that a parked waiter sleeps on, each with the value that lets it sleep.
pub(crate) struct Sleep<'a> {
    /// All that other processes tell; sleeping compares the low half only.
    pub(crate) sequence: (&'a AtomicU64, Sequence),
    /// This handle's own: closed, interrupted or nudged.
    pub(crate) control: (&'a AtomicU32, u32),
    /// When to give up, by [`System::now`].
    pub(crate) until: u64,
}

/// Why a wait ends without a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    TimedOut,
    Interrupted,
    HandleClosed,
    RegionClosed,
    OwnerDied,
    CutShort,
}

/// A wait ends either for a reason of its own, or with the host's error.
pub(crate) enum Failed<E> {
    Ended(Ended),
    Host(E),
}

impl<E> From<Ended> for Failed<E> {
    fn from(ended: Ended) -> Self {
        Failed::Ended(ended)
    }
}

/// What a wait waits for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Goal {
    /// A notification that this handle has not taken in, nor made itself.
    Unseen,
    /// A sequence greater than this one.
    Past(u64),
}

/// A handle's own side of the protocol.
pub(crate) struct Local {
    /// The last sequence that this handle has taken in.
    seen: AtomicU64,
    /// Not 0 while a thread is between counting its own notification and marking it as seen.
    notifying: AtomicU32,
    /// What every sleep of this handle compares. Bit 0: the handle is closed. The rest changes with each interrupt and
    /// each nudge.
    control: AtomicU32,
    /// Counts interrupts. A wait is over when this is no longer what it was when the wait began.
    interrupts: AtomicU32,
    /// When a short wait last looked after the owner.
    owner_checked: AtomicU64,
    /// How many waits of this handle are pending without a thread.
    pending: AtomicU32,
    /// Changes whenever a notification is taken in while waits are pending: it ends them all.
    taken: AtomicU32,
    spin: Spin,
    /// Whether this handle may write the header, which arming does.
    can_arm: bool,
}

impl Local {
    pub(crate) fn new(seen: u64, spin: Spin, can_arm: bool) -> Self {
        Self {
            seen: AtomicU64::new(seen),
            notifying: AtomicU32::new(0),
            control: AtomicU32::new(0),
            interrupts: AtomicU32::new(0),
            owner_checked: AtomicU64::new(0),
            pending: AtomicU32::new(0),
            taken: AtomicU32::new(0),
            spin,
            can_arm,
        }
    }

    /// For a clone: the same position, and a control word of its own.
    pub(crate) fn fork(&self) -> Self {
        Self::new(self.seen.load(Ordering::Acquire), self.spin.fork(), self.can_arm)
    }

    /// For a clone of a closed handle.
    pub(crate) fn fork_closed(&self) -> Self {
        let local = self.fork();
        local.control.store(HANDLE_CLOSED, Ordering::Relaxed);
        local
    }

    /// Whether the handle is open and may write the header.
    #[inline]
    pub(crate) fn may_notify(&self) -> bool {
        self.can_arm && !self.is_closed()
    }

    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        self.control.load(Ordering::Acquire) & HANDLE_CLOSED != 0
    }

    /// Marks the handle closed and ends its waits. True for the first caller only.
    pub(crate) fn close<S: System>(&self, header: &Header, system: &S) -> bool {
        let before = self.control.fetch_or(HANDLE_CLOSED, Ordering::SeqCst);
        if before & HANDLE_CLOSED != 0 {
            return false;
        }
        system.wake_control(header, &self.control);
        true
    }

    /// Ends the waits that are in progress on this handle.
    pub(crate) fn interrupt<S: System>(&self, header: &Header, system: &S) {
        // Counted first, so that a wait which the nudge wakes finds it.
        self.interrupts.fetch_add(1, Ordering::SeqCst);
        self.nudge(header, system);
    }

    /// Has each wait that is in progress on this handle ask its host, asleep or about to sleep; the waits go on.
    pub(crate) fn nudge<S: System>(&self, header: &Header, system: &S) {
        self.control.fetch_add(CHANGE, Ordering::SeqCst);
        system.wake_control(header, &self.control);
    }

    /// Counts one notification and wakes whoever sleeps for it.
    #[inline]
    pub(crate) fn notify<S: System>(&self, header: &Header, system: &S) {
        // A wait of this very handle, on another thread, may see the new sequence before `seen` has followed, and
        // would take it for somebody else's. Plain stores are enough: whoever sees the new sequence sees the first.
        self.notifying.store(1, Ordering::Relaxed);
        let before = Sequence(header.sequence.fetch_add(Sequence::NOTIFICATION, Ordering::SeqCst)).count();
        if self.seen.load(Ordering::Relaxed) == before {
            self.seen.store(before.wrapping_add(1), Ordering::Relaxed);
        }
        self.notifying.store(0, Ordering::Release);

        failpoint!("notify: has counted");
        keep_order();
        let armed = header.waiters.load(Ordering::SeqCst);
        if armed != 0 {
            wake_armed(header, system, armed, before);
        }
    }

    /// Takes in what `goal` asks for, if it is there already.
    #[inline]
    pub(crate) fn take(&self, header: &Header, goal: Goal) -> Option<u64> {
        let sequence = header.sequence().count();
        match goal {
            Goal::Past(past) => (sequence > past).then_some(sequence),
            Goal::Unseen => {
                let settled = self.notifying.load(Ordering::Acquire) == 0;
                if sequence > self.seen.load(Ordering::Relaxed) && settled {
                    // In this order: whoever finds that it was seen finds that it was taken, too.
                    if self.pending.load(Ordering::Relaxed) != 0 {
                        self.taken.fetch_add(1, Ordering::Release);
                    }
                    self.seen.store(sequence, Ordering::Release);
                    return Some(sequence);
                }
                None
            }
        }
    }

    /// Waits for `goal`; gives the sequence reached.
    #[inline]
    pub(crate) fn wait<S: System, H: Host>(
        &self,
        header: &Header,
        system: &S,
        host: &mut H,
        goal: Goal,
        timeout: Timeout,
    ) -> Result<u64, Failed<H::Error>> {
        // Read first: whatever changes it from now on ends the first sleep.
        let control = self.control.load(Ordering::Acquire);
        if control & HANDLE_CLOSED != 0 {
            return Err(Failed::Ended(Ended::HandleClosed));
        }
        if let Some(sequence) = self.take(header, goal) {
            return Ok(sequence);
        }
        let interrupts = self.interrupts.load(Ordering::Acquire);
        Wait { local: self, header, system, goal, interrupts }.slowly(host, timeout, control)
    }

    /// Waits until no thread of this handle is in the middle of a notify, which takes a few instructions.
    pub(crate) fn settle(&self) {
        for _ in 0..SETTLE_ROUNDS {
            if self.notifying.load(Ordering::Acquire) == 0 {
                return;
            }
            yield_now();
        }
        // Only a fork in the middle of a notify leaves the mark without its thread.
        self.notifying.store(0, Ordering::Release);
    }
}

#[cold]
fn wake_armed<S: System>(header: &Header, system: &S, armed: u64, before: u64) {
    if armed <= before.wrapping_add(1) {
        // Fails when a waiter has armed anew meanwhile, and then must.
        let _ = header.waiters.compare_exchange(armed, 0, Ordering::SeqCst, Ordering::Relaxed);
    }
    failpoint!("notify: has cleared the flag");
    system.wake_sequence(header);
}

/// Asks to be woken when the sequence word changes from `sequence`; false if it has changed already.
pub(crate) fn arm(header: &Header, sequence: Sequence) -> bool {
    header.waiters.fetch_max(sequence.count().wrapping_add(1), Ordering::SeqCst);
    failpoint!("wait: has armed");
    keep_order();
    header.sequence.load(Ordering::SeqCst) == sequence.0
}

/// One wait that did not find its notification at once.
struct Wait<'a, S> {
    local: &'a Local,
    header: &'a Header,
    system: &'a S,
    goal: Goal,
    /// How many interrupts there were when it began.
    interrupts: u32,
}

impl<S: System> Wait<'_, S> {
    #[cold]
    fn slowly<H: Host>(&self, host: &mut H, timeout: Timeout, control: u32) -> Result<u64, Failed<H::Error>> {
        if timeout == Timeout::POLL {
            self.local.settle();
            self.still_on()?;
            self.owner_lives(self.system.now_coarse())?;
            return Ok(self.take_or(Ended::TimedOut)?);
        }
        let spin = &self.local.spin;
        if let Some(sequence) = spin.burst(|| self.look()) {
            return Ok(sequence);
        }
        let start = self.system.now();
        let deadline = timeout.deadline(start);
        if let Some(sequence) =
            spin.run(start, deadline, || self.system.now(), || self.look(), || self.still_on().is_ok())
        {
            return Ok(sequence);
        }
        let sequence = self.sleep(host, deadline, control)?;
        spin.learn_from_sleep(self.system.now() - start);
        Ok(sequence)
    }

    fn sleep<H: Host>(&self, host: &mut H, deadline: u64, mut control: u32) -> Result<u64, Failed<H::Error>> {
        let mut unarmed = UNARMED_SLEEP.0;
        let mut long_sleep = None;
        let first_check = self.system.now().saturating_add(PARK);
        loop {
            let sequence = self.header.sequence();
            self.local.settle();
            if let Some(sequence) = self.take() {
                return Ok(sequence);
            }
            self.still_on()?;
            let now = self.system.now();
            self.owner_lives(now)?;
            if now >= deadline {
                return Ok(self.take_or(Ended::TimedOut)?);
            }
            let mut until = deadline;
            if now < first_check || !self.system.is_owner_watched(&mut long_sleep) {
                until = until.min(now.saturating_add(PARK));
            }
            if self.local.can_arm {
                if !arm(self.header, sequence) {
                    continue;
                }
            } else {
                until = until.min(now.saturating_add(unarmed));
                unarmed = (unarmed * 2).min(UNARMED_SLEEP.1);
            }
            let sleep = Sleep {
                sequence: (&self.header.sequence, sequence),
                control: (&self.local.control, control),
                until,
            };
            host.park(|| self.system.park(&sleep));
            // Read before the host is asked: a nudge that comes later ends the next sleep, and the host is asked again.
            control = self.local.control.load(Ordering::Acquire);
            // Asked each time: a signal in the instant before a sleep did not end that sleep.
            host.signal().map_err(Failed::Host)?;
        }
    }

    /// One look of a spinning wait.
    #[inline]
    fn look(&self) -> Option<u64> {
        let found = self.take();
        if found.is_none() {
            spin_loop();
        }
        found
    }

    #[inline]
    fn take(&self) -> Option<u64> {
        self.local.take(self.header, self.goal)
    }

    /// What was notified before the end comes first.
    fn take_or(&self, ended: Ended) -> Result<u64, Ended> {
        self.take().ok_or(ended)
    }

    /// Whether a notification is there that [`take`](Wait::take) would take.
    fn is_pending(&self) -> bool {
        self.reaches_goal(self.header.sequence())
    }

    fn reaches_goal(&self, sequence: Sequence) -> bool {
        sequence.count()
            > match self.goal {
                Goal::Past(past) => past,
                Goal::Unseen => self.local.seen.load(Ordering::Relaxed),
            }
    }

    /// Whether something other than a notification ends the wait: this handle's own word, or the owner's close.
    fn still_on(&self) -> Result<(), Ended> {
        let control = self.local.control.load(Ordering::Acquire);
        if control & HANDLE_CLOSED != 0 {
            return Err(Ended::HandleClosed);
        }
        if self.local.interrupts.load(Ordering::Acquire) != self.interrupts {
            return Err(Ended::Interrupted);
        }
        let sequence = self.header.sequence();
        if sequence.is_closed() && !self.reaches_goal(sequence) {
            return Err(Ended::RegionClosed);
        }
        Ok(())
    }

    /// Asks the system after the owner and the file, unless it did so a moment ago.
    fn owner_lives(&self, now: u64) -> Result<(), Ended> {
        let last = self.local.owner_checked.load(Ordering::Relaxed);
        if now.wrapping_sub(last) < OWNER_CHECK && !self.system.is_owner_known_dead() {
            return Ok(());
        }
        if self.system.is_cut_short() {
            return Err(Ended::CutShort);
        }
        if !self.system.owner_died() {
            self.local.owner_checked.store(now, Ordering::Relaxed);
            return Ok(());
        }
        if self.is_pending() {
            return Ok(());
        }
        // An owner that closes properly says so before it lets go of what shows it alive.
        let closed = self.header.sequence().is_closed();
        // Asked last: a close of this very handle, on another thread, gives the lock and the memory back, and zero pages
        // say nothing of the owner.
        if self.local.is_closed() {
            return Err(Ended::HandleClosed);
        }
        Err(if closed { Ended::RegionClosed } else { Ended::OwnerDied })
    }
}
