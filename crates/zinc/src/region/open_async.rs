//! Opening as a future, with no runtime behind it: a thread that all opens share wakes whatever task awaits.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::open::{Found, attach, not_found};
use super::{RegionOptions, SharedRegion};
use crate::error::Result;
use crate::name;
use crate::opener::PendingOpen;
use crate::platform::process;

impl RegionOptions {
    /// [`open`](RegionOptions::open) as a future, which waits for the region to appear for as long as the
    /// [timeout](RegionOptions::timeout) says. The time begins with the first poll.
    ///
    /// It runs on any executor. Nothing happens before it is first polled. A poll looks for the region as `open` does,
    /// which takes some system calls, and with [`prefault`](RegionOptions::prefault) the time for faulting every page in.
    /// While it is pending it has no thread of its own: one thread of this process waits for all opens, and sleeps while
    /// nothing happens.
    ///
    /// Dropping the future cancels it, and leaves nothing behind: the region is opened by the poll that returns it. In a
    /// forked child a pending open goes on with a thread of the child's.
    ///
    /// # Errors
    ///
    /// As [`SharedRegion::open`]; and [`Os`](crate::ErrorKind::Os) if the system starts no thread, or the process has as
    /// many files open as it may.
    ///
    /// ```
    /// # let dir = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # unsafe { std::env::set_var("ZINC_DIR", dir.path()) };
    /// use zinc::{RegionOptions, SharedRegion, Timeout};
    ///
    /// async fn frames() -> zinc::Result<SharedRegion> {
    ///     RegionOptions::new().timeout(Timeout::FOREVER).open_async("frames").await
    /// }
    /// # let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    /// # let mut reader = std::pin::pin!(frames());
    /// # assert!(reader.as_mut().poll(&mut context).is_pending());
    /// # let owner = SharedRegion::create("frames", 1)?;
    /// # while reader.as_mut().poll(&mut context).is_pending() {}
    /// # Ok::<_, zinc::Error>(())
    /// ```
    pub fn open_async(&self, name: impl AsRef<str>) -> OpenAsync {
        OpenAsync { options: self.clone(), name: name.as_ref().to_owned(), stage: Stage::Fresh }
    }
}

/// The future of [`RegionOptions::open_async`].
#[must_use = "futures do nothing unless awaited or polled"]
pub struct OpenAsync {
    options: RegionOptions,
    name: String,
    stage: Stage,
}

enum Stage {
    Fresh,
    Pending { open: PendingOpen, deadline: u64 },
    Over,
}

impl Future for OpenAsync {
    type Output = Result<SharedRegion>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let (mut pending, deadline) = match std::mem::replace(&mut this.stage, Stage::Over) {
            Stage::Over => panic!("`OpenAsync` polled after it was ready"),
            Stage::Fresh => (None, this.options.timeout.deadline(process::now())),
            // A forked child's copy goes on with a thread of the child's.
            Stage::Pending { open, deadline } if open.is_the_parents() => (None, deadline),
            Stage::Pending { open, deadline } if !open.is_due(context.waker()) => {
                this.stage = Stage::Pending { open, deadline };
                return Poll::Pending;
            }
            Stage::Pending { open, deadline } => (Some(open), deadline),
        };
        let operation = name::check("open", &this.name)?;
        loop {
            let found = attach(&this.options, &operation, &this.name)?;
            if let Found::Region(region) = found {
                return Poll::Ready(Ok(region));
            }
            if process::now() >= deadline {
                return Poll::Ready(Err(not_found(&this.options, &operation, &found)));
            }
            match pending.take() {
                None => {
                    let place = this.options.place(&operation)?;
                    let begun = PendingOpen::new(&place, &this.name, deadline, context.waker());
                    // The look before may have missed what came before the watch, so look once more.
                    pending = Some(begun.map_err(|error| operation.os("waiting for the region", &error))?);
                }
                Some(open) if open.is_due(context.waker()) => pending = Some(open),
                Some(open) => {
                    this.stage = Stage::Pending { open, deadline };
                    return Poll::Pending;
                }
            }
        }
    }
}

impl fmt::Debug for OpenAsync {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match self.stage {
            Stage::Fresh => "not begun",
            Stage::Pending { .. } => "pending",
            Stage::Over => "over",
        };
        write!(f, "OpenAsync({:?}, {stage})", self.name)
    }
}
