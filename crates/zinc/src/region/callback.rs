//! Waiting with a callback, for languages whose runtimes are not futures.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::task::{Context, Poll, Wake, Waker};

use super::{SharedRegion, WaitAsync};
use crate::error::Result;
use crate::generation::generation;
use crate::hub::{self, Deliver, Promise, deliver};
use crate::wait::Timeout;

impl SharedRegion {
    /// [`wait`](SharedRegion::wait) that calls `then` with the outcome, once, on a thread of Zinc's own.
    ///
    /// Returns at once. The callback may take its time and may call back into Zinc: every other callback has another
    /// thread, up to 64 at once, as far as the system has threads; one that gets none waits until another callback has
    /// returned. It may run before this returns.
    ///
    /// The notification is taken in when the callback is about to run; what is [cancelled](WaitCallback::cancel) before
    /// has taken nothing in. In a forked child, callbacks of the parent's never run.
    ///
    /// Exactly one of these happens: this fails, or the callback runs, or it is cancelled, or the process ends.
    ///
    /// # Errors
    ///
    /// [`Os`](crate::ErrorKind::Os) if the system starts no thread that could run the callback, which is dropped then. The
    /// callback gets all other errors, those of [`wait`](SharedRegion::wait).
    ///
    /// ```
    /// # let dir = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # unsafe { std::env::set_var("ZINC_DIR", dir.path()) };
    /// use std::sync::mpsc;
    /// use zinc::SharedRegion;
    ///
    /// let owner = SharedRegion::create("frames", 1)?;
    /// let (sender, outcome) = mpsc::channel();
    /// let reader = SharedRegion::open("frames")?;
    /// reader.wait_then(1000, move |notified| sender.send(notified).unwrap())?;
    /// owner.notify()?;
    /// assert!(outcome.recv().unwrap()?);
    /// # Ok::<_, zinc::Error>(())
    /// ```
    pub fn wait_then(
        &self,
        timeout: impl Into<Timeout>,
        then: impl FnOnce(Result<bool>) + Send + 'static,
    ) -> Result<WaitCallback> {
        let promise = hub::promise_delivery()
            .map_err(|error| self.operation("wait").os("starting a thread for callbacks", &error))?;
        let wait = Stage::Waiting(self.wait_async(timeout));
        let callback = Arc::new(Callback {
            state: Mutex::new(Some(Task { stage: wait, then: Box::new(then), _promise: promise })),
            generation: generation(),
        });
        // Begun here and not on another thread: what happens to the handle from now on is to reach it.
        if callback.look().is_some() {
            deliver(callback.clone());
        }
        Ok(WaitCallback(callback))
    }
}

/// A callback that [`SharedRegion::wait_then`] has registered. Dropping this does not cancel it.
pub struct WaitCallback(Arc<Callback>);

impl WaitCallback {
    /// Cancels the wait. True: the callback never will run. False: it has run, is running or about to, or was cancelled
    /// before. Does not block.
    pub fn cancel(&self) -> bool {
        let is_the_parents = self.0.generation != generation();
        let mut state = match self.0.state.try_lock() {
            Ok(state) => state,
            // A thread of the parent's was in it at the fork, and is not here to end.
            Err(TryLockError::WouldBlock) if is_the_parents => return true,
            Err(TryLockError::WouldBlock) => self.0.state(),
            Err(TryLockError::Poisoned(state)) => state.into_inner(),
        };
        // What has its outcome is about to run, and may have taken a notification in, which must not be lost.
        let taken = state.take_if(|task| is_the_parents || matches!(task.stage, Stage::Waiting(_)));
        // What the callback has captured may do anything when it is dropped.
        drop(state);
        taken.is_some()
    }
}

impl fmt::Debug for WaitCallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WaitCallback(..)")
    }
}

type Then = Box<dyn FnOnce(Result<bool>) + Send>;

enum Stage {
    Waiting(WaitAsync),
    Over(Result<bool>),
}

struct Task {
    stage: Stage,
    then: Then,
    _promise: Promise,
}

struct Callback {
    /// `None` once it runs, or never will.
    state: Mutex<Option<Task>>,
    /// The process that it runs in.
    generation: u32,
}

impl Callback {
    fn state(&self) -> MutexGuard<'_, Option<Task>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks whether the wait is over, and has this callback delivered when it is.
    fn look(self: &Arc<Self>) -> Option<()> {
        let mut state = self.state();
        let stage = &mut state.as_mut()?.stage;
        if let Stage::Waiting(wait) = stage {
            let waker = Waker::from(self.clone());
            match Pin::new(wait).poll(&mut Context::from_waker(&waker)) {
                Poll::Pending => return None,
                Poll::Ready(result) => *stage = Stage::Over(result),
            }
        }
        Some(())
    }
}

impl Wake for Callback {
    fn wake(self: Arc<Self>) {
        deliver(self);
    }
}

impl Deliver for Callback {
    fn deliver(self: Arc<Self>) {
        if self.look().is_none() {
            return;
        }
        let taken = self.state().take();
        if let Some(Task { stage: Stage::Over(result), then, .. }) = taken {
            then(result);
        }
    }
}
