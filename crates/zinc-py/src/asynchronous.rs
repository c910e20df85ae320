//! The native half of waiting on an event loop: waits that are polled, and the bell that tells the loop to poll again.

use std::future::Future;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use pyo3::prelude::*;

use crate::errors::Failure;
use crate::region::SharedRegion;
use crate::timeout::Timeout;

/// What an event loop watches: a file descriptor that is readable when some of the loop's waits are to look again.
#[pyclass(module = "zinc._zinc", name = "_Bell", frozen)]
pub(crate) struct Bell {
    line: Arc<Line>,
    rung_for: Mutex<Receiver<u64>>,
}

/// The bell as the hub's thread has it, on which the waits of all loops depend.
struct Line {
    // Both ends live as long as anybody may ring: with the reading one closed, writing would be a SIGPIPE.
    push: UnixStream,
    hear: UnixStream,
    is_rung: AtomicBool,
    ring_for: Sender<u64>,
}

impl Line {
    /// Takes no lock, least of all the interpreter's, and cannot block: at most one byte is on its way.
    fn ring(&self, number: u64) {
        // Fails where the bell has gone, and with it whoever would look.
        let _ = self.ring_for.send(number);
        if !self.is_rung.swap(true, Ordering::AcqRel) {
            let _ = (&self.push).write(&[1]);
        }
    }
}

#[pymethods]
impl Bell {
    #[new]
    fn new() -> std::io::Result<Self> {
        let (push, hear) = UnixStream::pair()?;
        push.set_nonblocking(true)?;
        hear.set_nonblocking(true)?;
        let (ring_for, rung_for) = channel();
        let line = Arc::new(Line { push, hear, is_rung: AtomicBool::new(false), ring_for });
        Ok(Self { line, rung_for: Mutex::new(rung_for) })
    }

    /// The file descriptor to watch. It stays the bell's.
    fn fileno(&self) -> RawFd {
        self.line.hear.as_raw_fd()
    }

    /// The numbers of the waits that are to look again. Does not block.
    fn answer(&self) -> Vec<u64> {
        // That there is nothing to read is no failure: a loop may call for no reason.
        let _ = (&self.line.hear).read(&mut [0; 8]);
        // Before the numbers are taken, so that whoever comes too late for that rings again.
        self.line.is_rung.swap(false, Ordering::AcqRel);
        lock(&self.rung_for).try_iter().collect()
    }
}

/// Rings a bell for one wait.
struct Ringer {
    line: Arc<Line>,
    number: u64,
}

impl Wake for Ringer {
    fn wake(self: Arc<Self>) {
        self.line.ring(self.number);
    }
}

/// A wait that a coroutine polls on its loop's thread.
#[pyclass(module = "zinc._zinc", name = "_Wait", frozen)]
pub(crate) struct Wait(Mutex<Option<zinc::WaitAsync>>);

#[pymethods]
impl Wait {
    #[new]
    pub(crate) fn new(region: &SharedRegion, timeout: Timeout) -> Self {
        Self(Mutex::new(Some(region.core().wait_async(timeout.0))))
    }

    /// True if notified, False if the time is up, None while neither is so: then the bell will ring for `number`.
    fn poll(&self, bell: &Bell, number: u64) -> Result<Option<bool>, Failure> {
        let waker = Waker::from(Arc::new(Ringer { line: bell.line.clone(), number }));
        let mut wait = lock(&self.0);
        let pending = wait.as_mut().expect("the coroutine that polls is the one that ends it");
        match Pin::new(pending).poll(&mut Context::from_waker(&waker)) {
            Poll::Pending => Ok(None),
            Poll::Ready(outcome) => Ok(Some(outcome?)),
        }
    }

    /// End the wait, now and not when the garbage collector comes; it takes nothing in.
    fn end(&self) {
        let wait = lock(&self.0).take();
        drop(wait);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
