//! A wait that no thread sits in: what it remembers of its handle, and what ends it.

use super::{Ended, Goal, HANDLE_CLOSED, LOOKS_IN_DOUBT, Local, System, Wait};
use crate::header::{Header, Sequence};
use crate::sync::{Ordering, keep_order, yield_now};

/// How a pending wait is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A notification has come.
    Notified,
    /// It ends without one.
    Ended(Ended),
}

/// What a pending wait remembers of the moment at which it began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Since {
    closed: bool,
    interrupts: u32,
    taken: u32,
    generation: u32,
}

impl Local {
    /// One more wait of this handle is pending, until [`end`](Local::end).
    ///
    /// All of them end together: whatever takes a notification in, be it one of them or a wait with a thread, ends all
    /// that were pending.
    pub(crate) fn begin(&self, generation: u32) -> Since {
        self.pending.fetch_add(1, Ordering::SeqCst);
        keep_order();
        Since {
            closed: self.control.load(Ordering::SeqCst) & HANDLE_CLOSED != 0,
            interrupts: self.interrupts.load(Ordering::SeqCst),
            taken: self.taken.load(Ordering::Acquire),
            generation,
        }
    }

    /// One pending wait less.
    pub(crate) fn end(&self) {
        self.pending.fetch_sub(1, Ordering::SeqCst);
    }

    /// Whether any wait is pending that began before what the caller has just done to the handle.
    pub(crate) fn has_pending(&self) -> bool {
        keep_order();
        self.pending.load(Ordering::SeqCst) != 0
    }

    /// Looks once, as a wait that polls does; takes a notification in if there is one. [`Ended::TimedOut`] means that
    /// there is nothing yet.
    pub(crate) fn look<S: System>(&self, header: &Header, system: &S, since: Since) -> Result<(), Ended> {
        if since.closed {
            return Err(Ended::HandleClosed);
        }
        if self.is_taken(header, since, system.generation()) {
            return Ok(());
        }
        let wait = Wait { local: self, header, system, goal: Goal::Unseen, interrupts: since.interrupts };
        wait.still_on()?;
        wait.owner_lives(system.now_coarse())?;
        wait.take().map(drop).ok_or(Ended::TimedOut)
    }

    /// Whether a notification has come for a wait that began at `since`; takes it in if nobody has.
    pub(crate) fn is_taken(&self, header: &Header, since: Since, generation: u32) -> bool {
        self.take_patiently(header, Goal::Unseen, generation).is_some()
            || self.taken.load(Ordering::Acquire) != since.taken
    }

    /// How a wait that began at `since` is over, or `None` if it is not; takes nothing in. If by a notification, that
    /// may be this handle's own which is under way; the task that is woken finds out.
    pub(crate) fn over(&self, sequence: Sequence, since: Since) -> Option<Outcome> {
        for _ in 0..LOOKS_IN_DOUBT {
            if !self.may_be_unseen(sequence) || self.own.made(since.generation).under_way == 0 {
                break;
            }
            yield_now();
        }
        if self.may_be_unseen(sequence) {
            return Some(Outcome::Notified);
        }
        if self.taken.load(Ordering::Acquire) != since.taken {
            return Some(Outcome::Notified);
        }
        if self.control.load(Ordering::SeqCst) & HANDLE_CLOSED != 0 {
            return Some(Outcome::Ended(Ended::HandleClosed));
        }
        if self.interrupts.load(Ordering::SeqCst) != since.interrupts {
            return Some(Outcome::Ended(Ended::Interrupted));
        }
        sequence.is_closed().then_some(Outcome::Ended(Ended::RegionClosed))
    }
}
