//! The native half of waiting on an event loop: waits and opens that are polled, and the bell that tells the loop to poll
//! again.

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
use pyo3::sync::PyOnceLock;
use zinc::RegionOptions;

use crate::convert::Call;
use crate::errors::Failure;
use crate::handle::SharedRegion;
use crate::owned::OwnedRegion;
use crate::timeout::Timeout;

/// What an event loop watches: a file descriptor that is readable when some of the loop's waits are to look again.
#[pyclass(module = "zinc._zinc", name = "_Bell", frozen)]
pub(crate) struct Bell(Arc<Line>);

/// What the bell shares with the hub's thread, on which the waits of all loops depend.
struct Line {
    // Both ends live as long as anybody may ring: a write to a socket whose reader is closed raises SIGPIPE.
    push: UnixStream,
    hear: UnixStream,
    rung_for: Rung,
}

impl Line {
    /// Takes no lock, least of all the interpreter's, and cannot block.
    fn ring(&self, number: u64) {
        if self.rung_for.add(number) {
            // It fails only if the buffer is full of rings that nobody has heard: one more would say nothing new.
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
        // It is no failure if there is nothing to read: a loop may call for no reason. It reads first and takes second,
        // because a ringer adds first and writes second: one that adds after the take finds the list empty, and writes.
        let _ = (&self.0.hear).read(&mut [0; 64]);
        self.0.rung_for.take()
    }
}

/// A list of numbers. Threads add to it without waiting for each other, or for the thread that takes all of it.
///
/// A mutex or a channel would do, but not in a forked child, where the thread that was adding may be missing.
#[derive(Default)]
struct Rung(AtomicPtr<Node>);

struct Node {
    number: u64,
    before: *mut Node,
}

impl Rung {
    /// Adds a number; true if it is the first since all were taken.
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
            // SAFETY: it comes from a box, and the thread that takes it out of the list is the only one that has it.
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

    /// True if notified, False if the time is up, else None: then the bell will ring for `number`.
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

/// An open that a coroutine polls on its loop's thread.
#[pyclass(module = "zinc._zinc", name = "_Open", frozen)]
pub(crate) struct Open {
    pending: Mutex<Option<zinc::OpenAsync>>,
    options: RegionOptions,
}

#[pymethods]
impl Open {
    /// The region if it is there, None while it is not: then the bell will ring for `number`.
    fn poll(&self, py: Python<'_>, bell: &Bell, number: u64) -> Result<Option<Py<SharedRegion>>, Failure> {
        let waker = Waker::from(Arc::new(Ringer { line: bell.0.clone(), number }));
        // Taken out, so that no thread waits for this lock while this one looks, and then for the interpreter.
        let mut pending =
            lock(&self.pending).take().expect("the coroutine that polls is the one that ends it");
        // Looking is work for the file system, and mapping may fault every page in.
        match py.detach(|| Pin::new(&mut pending).poll(&mut Context::from_waker(&waker))) {
            Poll::Pending => {
                *lock(&self.pending) = Some(pending);
                Ok(None)
            }
            Poll::Ready(region) => Ok(Some(OwnedRegion::object(py, region?.into(), &self.options)?.unbind())),
        }
    }

    /// End the open, now and not when the garbage collector comes.
    fn end(&self) {
        let pending = lock(&self.pending).take();
        drop(pending);
    }
}

/// The coroutine of an open.
pub(crate) fn open<'py>(py: Python<'py>, options: RegionOptions, name: &str) -> PyResult<Bound<'py, PyAny>> {
    static COROUTINE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let pending = Mutex::new(Some(options.open_async(name)));
    COROUTINE.import(py, "zinc._asyncio", "open_async")?.call1((Open { pending, options },))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
