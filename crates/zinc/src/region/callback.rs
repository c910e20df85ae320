//! Waiting and opening with a callback, for languages whose runtimes are not futures.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::task::{Context, Poll, Wake, Waker};

use super::{OpenAsync, RegionOptions, SharedRegion, WaitAsync};
use crate::error::{Operation, Result};
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
        let callback = Callback::new(&self.operation("wait"), self.wait_async(timeout), then)?;
        // Begun here and not on another thread: what happens to the handle from now on is to reach it.
        callback.begin();
        Ok(WaitCallback(callback))
    }
}

impl RegionOptions {
    /// [`open`](RegionOptions::open) that calls `then` with the outcome, once, on a thread of Zinc's own.
    ///
    /// Returns at once: while the region is not there, one thread of this process waits for all such opens. The callback
    /// may take its time and may call back into Zinc: every other callback has another thread, up to 64 at once, as far as
    /// the system has threads; one that gets none waits until another callback has returned. It may run before this
    /// returns. In a forked child, callbacks of the parent's never run.
    ///
    /// Exactly one of these happens: this fails, or the callback runs, or it is cancelled, or the process ends.
    ///
    /// # Errors
    ///
    /// [`Os`](crate::ErrorKind::Os) if the system starts no thread that could run the callback, which is dropped then. The
    /// callback gets all other errors, those of [`open_async`](RegionOptions::open_async).
    ///
    /// ```
    /// # let dir = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # unsafe { std::env::set_var("ZINC_DIR", dir.path()) };
    /// use std::sync::mpsc;
    /// use zinc::{RegionOptions, SharedRegion};
    ///
    /// let (sender, outcome) = mpsc::channel();
    /// RegionOptions::new().timeout(1000).open_then("frames", move |region| sender.send(region).unwrap())?;
    /// let owner = SharedRegion::create("frames", 1)?;
    /// assert_eq!(outcome.recv().unwrap()?.info().id, owner.info().id);
    /// # Ok::<_, zinc::Error>(())
    /// ```
    pub fn open_then(
        &self,
        name: impl AsRef<str>,
        then: impl FnOnce(Result<SharedRegion>) + Send + 'static,
    ) -> Result<OpenCallback> {
        let name = name.as_ref();
        let callback = Callback::new(&Operation::on("open", name), self.open_async(name), then)?;
        if self.prefault {
            // Faulting every page in takes long, and this is to return at once.
            deliver(callback.clone());
        } else {
            callback.begin();
        }
        Ok(OpenCallback(callback))
    }
}

/// A callback that [`SharedRegion::wait_then`] has registered. Dropping this does not cancel it.
pub struct WaitCallback(Arc<Callback<WaitAsync>>);

impl WaitCallback {
    /// Cancels the wait. True: the callback never will run. False: it has run, is running or about to, or was cancelled
    /// before. Does not block.
    pub fn cancel(&self) -> bool {
        self.0.cancel()
    }
}

impl fmt::Debug for WaitCallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WaitCallback(..)")
    }
}

/// A callback that [`RegionOptions::open_then`] has registered. Dropping this does not cancel it.
pub struct OpenCallback(Arc<Callback<OpenAsync>>);

impl OpenCallback {
    /// Cancels the open. True: the callback never will run, and no region is open because of it. False: it has
    /// run, is running or about to, or was cancelled before. Blocks no longer than a single look for the region takes.
    pub fn cancel(&self) -> bool {
        self.0.cancel()
    }
}

impl fmt::Debug for OpenCallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpenCallback(..)")
    }
}

type Then<T> = Box<dyn FnOnce(T) + Send>;

enum Stage<F: Future> {
    Waiting(F),
    Over(F::Output),
}

/// A future, and what to call with its outcome.
struct Task<F: Future> {
    stage: Stage<F>,
    then: Then<F::Output>,
    _promise: Promise,
}

/// A task that runs on a thread for callbacks.
struct Callback<F: Future> {
    /// `None` once it runs, or never will.
    state: Mutex<Option<Task<F>>>,
    /// The process that it runs in.
    generation: u32,
}

impl<F: Future<Output: Send> + Send + Unpin + 'static> Callback<F> {
    fn new(
        operation: &Operation<'_>,
        future: F,
        then: impl FnOnce(F::Output) + Send + 'static,
    ) -> Result<Arc<Self>> {
        let promise = hub::promise_delivery()
            .map_err(|error| operation.os("starting a thread for callbacks", &error))?;
        let task = Task { stage: Stage::Waiting(future), then: Box::new(then), _promise: promise };
        Ok(Arc::new(Self { state: Mutex::new(Some(task)), generation: generation() }))
    }

    fn begin(self: &Arc<Self>) {
        if self.look().is_some() {
            deliver(self.clone());
        }
    }

    fn state(&self) -> MutexGuard<'_, Option<Task<F>>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks whether the future is ready, and has this callback delivered when it is.
    fn look(self: &Arc<Self>) -> Option<()> {
        let mut state = self.state();
        let stage = &mut state.as_mut()?.stage;
        if let Stage::Waiting(future) = stage {
            let waker = Waker::from(self.clone());
            match Pin::new(future).poll(&mut Context::from_waker(&waker)) {
                Poll::Pending => return None,
                Poll::Ready(result) => *stage = Stage::Over(result),
            }
        }
        Some(())
    }

    fn cancel(&self) -> bool {
        let is_the_parents = self.generation != generation();
        let mut state = match self.state.try_lock() {
            Ok(state) => state,
            // A thread of the parent's was in it at the fork, and is not here to end.
            Err(TryLockError::WouldBlock) if is_the_parents => return true,
            Err(TryLockError::WouldBlock) => self.state(),
            Err(TryLockError::Poisoned(state)) => state.into_inner(),
        };
        // What has its outcome is about to run, and may have taken a notification in, which must not be lost.
        let taken = state.take_if(|task| is_the_parents || matches!(task.stage, Stage::Waiting(_)));
        // What the callback has captured may do anything when it is dropped.
        drop(state);
        taken.is_some()
    }
}

impl<F: Future<Output: Send> + Send + Unpin + 'static> Wake for Callback<F> {
    fn wake(self: Arc<Self>) {
        deliver(self);
    }
}

impl<F: Future<Output: Send> + Send + Unpin + 'static> Deliver for Callback<F> {
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
