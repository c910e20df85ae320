//! Waiting as a future, with no runtime behind it: the hub's thread wakes whatever task awaits.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::{RegionInfo, SharedRegion, why_ended};
use crate::error::{Operation, Result};
use crate::generation::generation;
use crate::hub::{Attachment, Ticket};
use crate::platform::process;
use crate::wait::{Ended, Local, Outcome, Since, Timeout};

impl SharedRegion {
    /// [`wait`](SharedRegion::wait) without a timeout, as a future: ready with the next notification that this handle
    /// has not seen.
    ///
    /// It runs on any executor. Nothing happens before it is first polled. While it is pending it has no thread of its
    /// own: one thread of this process waits for up to 127 regions, and sleeps while nothing happens.
    ///
    /// Dropping the future cancels it, and loses nothing: a notification is taken in by the poll that returns it. All
    /// futures of one handle that are pending end with the same notification; clones are independent.
    ///
    /// # Errors
    ///
    /// As [`wait`](SharedRegion::wait), when the handle is closed or dropped, too; and [`Os`](crate::ErrorKind::Os) if
    /// the system starts no thread.
    ///
    /// ```
    /// # let dir = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # unsafe { std::env::set_var("ZINC_DIR", dir.path()) };
    /// use zinc::SharedRegion;
    ///
    /// async fn frames(region: &SharedRegion) -> zinc::Result<()> {
    ///     region.notified().await?;
    ///     // Look at the region's bytes.
    ///     Ok(())
    /// }
    /// # let owner = SharedRegion::create("frames", 1)?;
    /// # owner.notify()?;
    /// # let reader = SharedRegion::open("frames")?;
    /// # let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    /// # assert!(std::pin::pin!(frames(&reader)).poll(&mut context).is_ready());
    /// # Ok::<_, zinc::Error>(())
    /// ```
    pub fn notified(&self) -> Notified {
        Notified(self.wait_async(Timeout::FOREVER))
    }

    /// [`wait`](SharedRegion::wait) as a future: false if no notification came in time. The time begins with the first
    /// poll. All else is as with [`notified`](SharedRegion::notified).
    ///
    /// A language binding polls it with a [`Waker`](std::task::Waker) that tells its event loop, and polls again on
    /// that loop's thread. The waker is called on a thread of Zinc's own that other waits depend on, so it must be
    /// quick and not block; for what may block there is [`wait_then`](SharedRegion::wait_then).
    ///
    /// # Errors
    ///
    /// As [`notified`](SharedRegion::notified).
    pub fn wait_async(&self, timeout: impl Into<Timeout>) -> WaitAsync {
        WaitAsync {
            local: self.local.clone(),
            attachment: self.attachment.clone(),
            info: self.info.clone(),
            stage: Stage::Fresh(timeout.into()),
        }
    }
}

/// The future of [`SharedRegion::notified`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited or polled"]
pub struct Notified(WaitAsync);

impl Future for Notified {
    type Output = Result<()>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.0).poll(context).map_ok(drop)
    }
}

/// The future of [`SharedRegion::wait_async`].
#[must_use = "futures do nothing unless awaited or polled"]
pub struct WaitAsync {
    local: Arc<Local>,
    attachment: Arc<Attachment>,
    info: Arc<RegionInfo>,
    stage: Stage,
}

enum Stage {
    Fresh(Timeout),
    Pending { begun: Begun, ticket: Ticket, deadline: u64 },
    Over,
}

/// Counts a handle's pending waits.
struct Begun {
    local: Arc<Local>,
    since: Since,
}

impl Begun {
    fn now(local: &Arc<Local>) -> Self {
        Self { since: local.begin(generation()), local: local.clone() }
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        self.local.end();
    }
}

impl WaitAsync {
    /// Looks whether the wait is over, and has the hub wait if not.
    fn look(&mut self, begun: Begun, deadline: u64, context: &Context<'_>) -> Result<(), Failure> {
        self.local.look(self.attachment.mapping.header(), &self.attachment, begun.since).or_else(|ended| {
            if ended != Ended::TimedOut || deadline == 0 {
                return Err(Failure::Ended(ended));
            }
            let ticket = Ticket::new(&self.attachment, &self.local, begun.since, deadline, context.waker());
            let ticket = ticket.map_err(Failure::System)?;
            self.stage = Stage::Pending { begun, ticket, deadline };
            Err(Failure::NotYet)
        })
    }
}

/// Why there is no notification.
enum Failure {
    NotYet,
    Ended(Ended),
    System(std::io::Error),
}

impl Future for WaitAsync {
    type Output = Result<bool>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<bool>> {
        let this = &mut *self;
        let result = loop {
            let (begun, deadline) = match std::mem::replace(&mut this.stage, Stage::Over) {
                Stage::Over => panic!("`WaitAsync` polled after it was ready"),
                // A deadline that has passed stands for a look without a wait.
                Stage::Fresh(Timeout::POLL) => (Begun::now(&this.local), 0),
                Stage::Fresh(timeout) => (Begun::now(&this.local), timeout.deadline(process::now())),
                // A forked child's copy goes on with a hub of the child's.
                Stage::Pending { begun, ticket, deadline } if ticket.is_the_parents() => (begun, deadline),
                Stage::Pending { begun, ticket, deadline } => match ticket.outcome(context.waker()) {
                    None => {
                        this.stage = Stage::Pending { begun, ticket, deadline };
                        return Poll::Pending;
                    }
                    // What was notified before the end comes first.
                    Some(_) if this.is_taken(begun.since) => break Ok(()),
                    Some(Outcome::Ended(ended)) => break Err(Failure::Ended(ended)),
                    // Its own notify has moved on to what came.
                    Some(Outcome::Notified) => (begun, deadline),
                },
            };
            match this.look(begun, deadline, context) {
                Err(Failure::NotYet) if this.is_over_at_once(context) => {}
                Err(Failure::NotYet) => return Poll::Pending,
                result => break result,
            }
        };
        Poll::Ready(match result {
            Ok(()) => Ok(true),
            Err(Failure::Ended(Ended::TimedOut) | Failure::NotYet) => Ok(false),
            Err(Failure::Ended(ended)) => Err(why_ended(&this.attachment.mapping, &this.info, ended)),
            Err(Failure::System(error)) => {
                Err(Operation::on("wait", &this.info.name).os("starting a thread that waits", &error))
            }
        })
    }
}

impl WaitAsync {
    fn is_taken(&self, since: Since) -> bool {
        self.local.is_taken(self.attachment.mapping.header(), since, generation())
    }

    /// Whether what was just begun ended before anybody could be woken for it.
    fn is_over_at_once(&self, context: &Context<'_>) -> bool {
        matches!(&self.stage, Stage::Pending { ticket, .. } if ticket.outcome(context.waker()).is_some())
    }
}

impl fmt::Debug for WaitAsync {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match self.stage {
            Stage::Fresh(_) => "not begun",
            Stage::Pending { .. } => "pending",
            Stage::Over => "over",
        };
        write!(f, "WaitAsync({:?}, {stage})", self.info.name)
    }
}
