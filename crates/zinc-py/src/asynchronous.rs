//! The native half of waiting on an event loop: waits that are polled, and the bell that tells the loop to poll again.

use std::future::Future;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::pin::Pin;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use pyo3::prelude::*;

use crate::convert::Call;
use crate::errors::Failure;
use crate::handle::SharedRegion;
use crate::timeout::Timeout;

/// What an event loop watches: a file descriptor that is readable when some of the loop's waits are to look again.
#[pyclass(module = "zinc._zinc", name = "_Bell", frozen)]
pub(crate) struct Bell(Arc<Line>);

/// The bell as the hub's thread has it, on which the waits of all loops depend.
struct Line {
    // Both ends live as long as anybody may ring: with the reading one closed, writing would be a SIGPIPE.
    push: UnixStream,
    hear: UnixStream,
    rung_for: Rung,
}

impl Line {
    /// Takes no lock, least of all the interpreter's, and cannot block.
    fn ring(&self, number: u64) {
        if self.rung_for.add(number) {
            // Fails only where so many rings are unheard that one more tells nothing.
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
        Ok(Self(Arc::new(Line { push, hear, rung_for: Rung::default() })))
    }

    /// The file descriptor to watch. It stays the bell's.
    fn fileno(&self) -> RawFd {
        self.0.hear.as_raw_fd()
    }

    /// The numbers of the waits that are to look again. Does not block.
    fn answer(&self) -> Vec<u64> {
        // That there is nothing to read is no failure: a loop may call for no reason. In this order, as who rings adds
        // first: whoever comes too late for what is taken here finds nothing there, and writes.
        let _ = (&self.0.hear).read(&mut [0; 64]);
        self.0.rung_for.take()
    }
}

/// A list of numbers to which threads add without waiting for each other, or for who takes all of it.
///
/// A mutex or a channel would do, but not in a forked child, where the thread that was adding may be missing.
#[derive(Default)]
struct Rung(AtomicPtr<Node>);

struct Node {
    number: u64,
    before: *mut Node,
}

impl Rung {
    /// Adds a number; whether it is the first since all were taken.
    fn add(&self, number: u64) -> bool {
        let node = Box::into_raw(Box::new(Node { number, before: ptr::null_mut() }));
        let link = |newest| {
            // SAFETY: the node is this thread's own until it is in the list.
            unsafe { (*node).before = newest };
            Some(node)
        };
        let newest = self.0.fetch_update(Ordering::AcqRel, Ordering::Relaxed, link);
        newest == Ok(ptr::null_mut())
    }

    /// Takes all numbers out, the oldest first.
    fn take(&self) -> Vec<u64> {
        let mut numbers = Vec::new();
        let mut newest = self.0.swap(ptr::null_mut(), Ordering::AcqRel);
        while !newest.is_null() {
            // SAFETY: it comes from a box, and whoever takes it out of the list is the only one who has it.
            let node = unsafe { Box::from_raw(newest) };
            numbers.push(node.number);
            newest = node.before;
        }
        numbers.reverse();
        numbers
    }
}

impl Drop for Rung {
    fn drop(&mut self) {
        self.take();
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
    pub(crate) fn new(region: &SharedRegion, timeout: Timeout) -> Result<Self, Failure> {
        let timeout = timeout.take(Call::new("wait_async", region.core().name()))?;
        Ok(Self(Mutex::new(Some(region.core().wait_async(timeout)))))
    }

    /// True if notified, False if the time is up, None while neither is so: then the bell will ring for `number`.
    fn poll(&self, bell: &Bell, number: u64) -> Result<Option<bool>, Failure> {
        let waker = Waker::from(Arc::new(Ringer { line: bell.0.clone(), number }));
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
