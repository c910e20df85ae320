//! The wait protocol: how a notification reaches whoever waits for it, asleep or not, exactly when it should.
//!
//! It knows no system call: what it needs of the system is behind [`System`], so that loom can run it whole.
//!
//! # How a sleeper is never forgotten
//!
//! A waiter that is about to sleep *arms*: it raises the header's `waiters` word to 1 + the count that it has seen,
//! looks at the sequence word once more, and sleeps on that word's low half. A notifier counts in the sequence word and
//! looks at `waiters`; where it is not 0 it wakes every sleeper, and then puts the word back to 0 if it still holds what
//! it found there. Both sides write one word and then read the other, in the total order of `SeqCst`, so at least one of
//! them sees the other. The owner's close is a bit of the sequence word, so it changes what every waiter sleeps on, and
//! wakes it.
//!
//! # Why a notifier wakes first and clears afterwards
//!
//! It may be stopped or killed between any two steps, and depends on nobody:
//!
//! - As long as it has not cleared the word, every other notifier finds it raised and wakes the sleepers itself. Were it
//!   to clear first, the others would rely on a wake-up that has yet to come.
//! - It clears the word only if that is the one it found, and not above its own number *n*. Whoever raised the word to
//!   that before the notifier looked had seen less than *n*; its sleep has been ended by this notifier's call, or has
//!   not begun, and cannot begin, because the sequence word has changed. Whoever raises the word to that or less after
//!   the notifier looked finds *n* in the sequence word, and does not sleep. So nobody sleeps whose flag is cleared,
//!   however late that comes.
//! - A waiter that has seen *n* and falls asleep for *n + 1* raises the word above *n*, so a slow notifier of *n* leaves
//!   it alone. That is why the word holds a number and not just a 1.
//!
//! `waiters` is a flag and does not count waiters: a waiter that is killed leaves nothing wrong behind. It costs the next
//! notifier one needless call, and so does a notifier that is killed before it has cleared the word. Notifiers that come
//! while another is waking make a call each; they could not know that the other one will make it.
//!
//! # What else ends a sleep
//!
//! A sleeper sleeps on the sequence word alone, as sleeping on several words costs half as much again. Some things that
//! end a wait are not in that word: this handle is closed or interrupted, or its process has found the owner dead. Whoever
//! does such a thing changes the word without counting a notification, and wakes the sleepers. A sleeper reads the word
//! first and looks at the rest afterwards, so either it sees the change of the rest, or the word has changed when it goes
//! to sleep. Sleepers whom it does not concern look again, and sleep on.
//!
//! # Own notifications
//!
//! A handle's own notification does not end its waits, whatever its threads do at the same time; [`own`] says how the
//! two are told apart. While one is under way on another thread, which may have been preempted in the middle of it, a
//! wait can be in doubt whether what has come is somebody else's. It then looks again a little later, and neither ends
//! for the own one nor sleeps through another's.

use crate::error::Error;
use crate::failpoint::failpoint;
use crate::header::{Header, Sequence};
use crate::sync::{AtomicU32, AtomicU64, Ordering, keep_order, spin_loop, yield_now};
use own::Own;

#[cfg(all(test, loom))]
mod model;
mod own;
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
/// The first and the longest sleep of a waiter whom nobody would wake, in nanoseconds.
const UNWOKEN_SLEEP: (u64, u64) = (100_000, 4_000_000);
/// How often a look is repeated while another thread of the handle is in the middle of a notify, which takes a few
/// instructions. If that thread was preempted, it takes longer than anybody should look for.
const LOOKS_IN_DOUBT: u32 = if cfg!(loom) { 3 } else { 100 };

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

    /// Which process this is, among those that were forked from one another, as far as anybody has found out. Never 0.
    fn generation(&self) -> u32;
    /// Finds out, so that [`generation`](System::generation) knows.
    fn ask_generation(&self);
    /// Nanoseconds on a monotonic clock.
    fn now(&self) -> u64;
    /// The same clock, cheaper and coarser (a few milliseconds).
    fn now_coarse(&self) -> u64;
    /// Sleeps until the word is woken, or `until` has come, or a signal has; returns at once if the word no longer holds
    /// what is expected. May return early for no reason.
    fn park(&self, sleep: &Sleep<'_>);
    /// Wakes all sleepers on the sequence word, in every process, that have one of the bits in [`Sleep::bits`].
    fn wake(&self, header: &Header, bits: u32);
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

/// How a waiter sleeps.
pub(crate) struct Sleep<'a> {
    /// The word that it sleeps on, with the value that lets it sleep; the low halves are compared.
    pub(crate) sequence: (&'a AtomicU64, Sequence),
    /// Which wake-ups concern it: one of these bits, which handles share, or all.
    pub(crate) bits: u32,
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

/// The bit of the next handle.
static NEXT_BIT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);

/// A handle's own side of the protocol.
pub(crate) struct Local {
    /// How many notifications of others this handle has taken in. All those from before the handle count as others'.
    seen: AtomicU64,
    own: Own,
    /// What every sleep of this handle looks at before it begins. Bit 0: the handle is closed. The rest changes with each
    /// interrupt and each nudge.
    control: AtomicU32,
    /// Counts interrupts. A wait is over when this is no longer what it was when the wait began.
    interrupts: AtomicU32,
    /// How many threads are in the middle of a sleep, or about to.
    asleep: AtomicU32,
    /// See [`Sleep::bits`].
    bits: u32,
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
            own: Own::new(),
            control: AtomicU32::new(0),
            interrupts: AtomicU32::new(0),

            asleep: AtomicU32::new(0),
            bits: 1 << (NEXT_BIT.fetch_add(1, std::sync::atomic::Ordering::Relaxed) % u32::BITS),
            owner_checked: AtomicU64::new(0),
            pending: AtomicU32::new(0),
            taken: AtomicU32::new(0),
            spin,
            can_arm,
        }
    }

    /// For a clone: the same position, and a control word of its own. What its original has notified is another's to
    /// it, and seen; what its original is in the middle of notifying is yet to come.
    pub(crate) fn fork(&self) -> Self {
        let seen = self.seen.load(Ordering::Acquire).wrapping_add(self.own.counted());
        Self::new(seen, self.spin.fork(), self.can_arm)
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
        self.end_sleeps(header, system);
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
        self.end_sleeps(header, system);
    }

    /// Has the sleepers of this handle look at its control word.
    fn end_sleeps<S: System>(&self, header: &Header, system: &S) {
        keep_order();
        if self.asleep.load(Ordering::SeqCst) == 0 {
            return;
        }
        // Without the right to, the sleeps are short.
        if self.can_arm {
            header.change_sequence();
        }
        system.wake(header, self.bits);
    }

    /// Counts one notification and wakes whoever sleeps for it.
    #[inline]
    pub(crate) fn notify<S: System>(&self, header: &Header, system: &S) {
        let before = self.own.count(system.generation(), || {
            let before = Sequence(header.sequence.fetch_add(Sequence::NOTIFICATION, Ordering::SeqCst));
            failpoint!("notify: has counted");
            before.count()
        });
        keep_order();
        let armed = header.waiters.load(Ordering::SeqCst);
        if armed != 0 {
            wake_armed(header, system, armed, before.wrapping_add(1));
        }
    }

    /// Takes in what `goal` asks for, if it is surely there.
    ///
    /// With [`Goal::Unseen`] it may miss a notification while some of this handle's own are under way.
    /// [`may_be_unseen`](Local::may_be_unseen) tells then, or the sequence word has changed since.
    #[inline]
    pub(crate) fn take(&self, header: &Header, goal: Goal, generation: u32) -> Option<u64> {
        let sequence = header.sequence().count();
        match goal {
            Goal::Past(past) => (sequence > past).then_some(sequence),
            Goal::Unseen => {
                let made = self.own.made(generation);
                let others = sequence.wrapping_sub(made.counted).wrapping_sub(made.under_way);
                if is_past(others, self.seen.load(Ordering::Relaxed)) {
                    // In this order: whoever finds that it was seen finds that it was taken, too.
                    if self.pending.load(Ordering::Relaxed) != 0 {
                        self.taken.fetch_add(1, Ordering::Release);
                    }
                    self.seen.store(others, Ordering::Release);
                    return Some(sequence);
                }
                None
            }
        }
    }

    /// Takes in what `goal` asks for, and looks again for a moment while it is in doubt whether that is there.
    pub(crate) fn take_patiently(&self, header: &Header, goal: Goal, generation: u32) -> Option<u64> {
        for _ in 0..LOOKS_IN_DOUBT {
            let sequence = header.sequence();
            let found = self.take(header, goal, generation);
            let is_certain = matches!(goal, Goal::Past(_))
                || !self.may_be_unseen(sequence) && header.sequence() == sequence;
            if found.is_some() || is_certain {
                return found;
            }
            yield_now();
        }
        None
    }

    /// Whether a notification of somebody else may be there that this handle has not taken in. False is certain, unless
    /// the sequence word has changed since it held `sequence`; true may be due to own notifications under way.
    pub(crate) fn may_be_unseen(&self, sequence: Sequence) -> bool {
        is_past(sequence.count().wrapping_sub(self.own.counted()), self.seen.load(Ordering::Acquire))
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
        let interrupts = self.interrupts.load(Ordering::Acquire);
        let wait = Wait { local: self, header, system, goal, interrupts };
        match wait.take() {
            Some(sequence) => Ok(sequence),
            None => wait.slowly(host, timeout, control),
        }
    }
}

/// Whether `count` is greater than `seen`. Both grow for ever, and `count` may be a little behind.
#[inline]
fn is_past(count: u64, seen: u64) -> bool {
    count.wrapping_sub(seen).cast_signed() > 0
}

/// What a notifier of notification `number` does that has found the flag raised to `armed`.
#[cold]
fn wake_armed<S: System>(header: &Header, system: &S, armed: u64, number: u64) {
    failpoint!("notify: has found the flag");
    system.wake(header, u32::MAX);
    failpoint!("notify: has woken");
    if armed <= number {
        // Fails when a waiter has armed anew meanwhile, and then must.
        let _ = header.waiters.compare_exchange(armed, 0, Ordering::SeqCst, Ordering::Relaxed);
    }
}

/// Asks to be woken when the sequence word changes from `sequence`; false if it has changed already.
pub(crate) fn arm(header: &Header, sequence: Sequence) -> bool {
    header.waiters.fetch_max(sequence.count().wrapping_add(1), Ordering::SeqCst);
    failpoint!("wait: has armed");
    keep_order();
    header.sequence.load(Ordering::SeqCst) == sequence.0
}

/// Counts a thread that is about to sleep.
struct Asleep<'a>(&'a Local);

impl<'a> Asleep<'a> {
    fn begin(local: &'a Local) -> Self {
        local.asleep.fetch_add(1, Ordering::SeqCst);
        keep_order();
        Self(local)
    }
}

impl Drop for Asleep<'_> {
    fn drop(&mut self) {
        self.0.asleep.fetch_sub(1, Ordering::SeqCst);
    }
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
            self.system.ask_generation();
            self.still_on()?;
            self.owner_lives(self.system.now_coarse())?;
            return Ok(self.take_patiently().ok_or(Ended::TimedOut)?);
        }
        let spin = &self.local.spin;
        let budget = spin.budget();
        if let Some(sequence) = spin.burst(budget, || self.look()) {
            return Ok(sequence);
        }
        let start = self.system.now();
        let deadline = timeout.deadline(start);
        let now = || self.system.now();
        if let Some(sequence) =
            spin.run(budget, start, deadline, now, || self.look(), || self.still_on().is_ok())
        {
            return Ok(sequence);
        }
        let begun = if budget == 0 { start } else { self.system.now() };
        let sequence = self.sleep(host, begun, deadline, control)?;
        spin.learn_from_sleep(|| self.system.now() - start);
        Ok(sequence)
    }

    fn sleep<H: Host>(
        &self,
        host: &mut H,
        begun: u64,
        deadline: u64,
        mut control: u32,
    ) -> Result<u64, Failed<H::Error>> {
        let _asleep = Asleep::begin(self.local);
        self.system.ask_generation();
        let mut unwoken = UNWOKEN_SLEEP.0;
        let mut long_sleep = None;
        let first_check = begun.saturating_add(PARK);
        let mut time = Some(begun);
        loop {
            // Before anything else is looked at: whatever changes after that changes this word as well.
            let sequence = self.header.sequence();
            if let Some(sequence) = self.take_patiently() {
                return Ok(sequence);
            }
            self.still_on()?;
            let now = time.take().unwrap_or_else(|| self.system.now());
            self.owner_lives(now)?;
            if now >= deadline {
                return Ok(self.take().ok_or(Ended::TimedOut)?);
            }
            let mut until = deadline;
            if now < first_check || !self.system.is_owner_watched(&mut long_sleep) {
                until = until.min(now.saturating_add(PARK));
            }
            // Whoever is in the middle of an own notify may have counted it already, and wakes nobody at its end.
            if !self.local.can_arm || self.may_have_come(sequence) {
                until = until.min(now.saturating_add(unwoken));
                unwoken = (unwoken * 2).min(UNWOKEN_SLEEP.1);
            }
            if self.local.can_arm && !self.arm(sequence) {
                continue;
            }
            let sleep = Sleep { sequence: (&self.header.sequence, sequence), bits: self.local.bits, until };
            host.park(|| {
                // What changes it later changes the sequence word, too.
                if self.local.control.load(Ordering::SeqCst) == control {
                    self.system.park(&sleep);
                }
            });
            // Read before the host is asked: a nudge that comes later ends the next sleep, and the host is asked again.
            control = self.local.control.load(Ordering::SeqCst);
            // Asked each time: a signal in the instant before a sleep did not end that sleep.
            host.signal().map_err(Failed::Host)?;
        }
    }

    fn arm(&self, sequence: Sequence) -> bool {
        // Another thread may close the handle and give the memory back. Zeroes are there then, which nobody wakes; the
        // word must not be expected to be like them.
        if sequence.0 as u32 == 0 {
            self.header.change_sequence();
            return false;
        }
        arm(self.header, sequence)
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
        self.local.take(self.header, self.goal, self.system.generation())
    }

    fn take_patiently(&self) -> Option<u64> {
        self.local.take_patiently(self.header, self.goal, self.system.generation())
    }

    /// Whether what the wait waits for may be there, with the sequence word at `sequence`; as
    /// [`Local::may_be_unseen`].
    fn may_have_come(&self, sequence: Sequence) -> bool {
        match self.goal {
            Goal::Past(past) => sequence.count() > past,
            Goal::Unseen => self.local.may_be_unseen(sequence),
        }
    }

    /// Why nothing comes any more, now that `ended` says so: what was notified before comes first.
    fn unless_it_has_come(&self, ended: impl Fn(Sequence) -> Option<Ended>) -> Result<(), Ended> {
        loop {
            let sequence = self.header.sequence();
            let Some(ended) = ended(sequence) else { return Ok(()) };
            if self.may_have_come(sequence) {
                return Ok(());
            }
            if self.header.sequence() == sequence {
                return Err(ended);
            }
        }
    }

    /// Whether something other than a notification ends the wait: this handle's own word, or the owner's close.
    fn still_on(&self) -> Result<(), Ended> {
        let control = self.local.control.load(Ordering::SeqCst);
        if control & HANDLE_CLOSED != 0 {
            return Err(Ended::HandleClosed);
        }
        if self.local.interrupts.load(Ordering::Acquire) != self.interrupts {
            return Err(Ended::Interrupted);
        }
        self.unless_it_has_come(|sequence| sequence.is_closed().then_some(Ended::RegionClosed))
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
        // An owner that closes properly says so before it lets go of what shows it alive.
        let over = self.unless_it_has_come(|sequence| {
            Some(if sequence.is_closed() { Ended::RegionClosed } else { Ended::OwnerDied })
        });
        // Asked last: a close of this very handle, on another thread, gives the lock and the memory back, and zero pages
        // say nothing of the owner.
        over.map_err(|ended| if self.local.is_closed() { Ended::HandleClosed } else { ended })
    }
}
