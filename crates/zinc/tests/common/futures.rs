//! The least that futures need: a poll, and a thread that runs one to its end.

use std::future::Future;
use std::pin::pin;
use std::sync::mpsc::channel;
use std::task::{Context, Poll, Waker};

use super::sleeper::Sleeper;

/// Polls once, with nobody to wake.
pub(crate) fn poll<T>(future: &mut (impl Future<Output = T> + Unpin)) -> Poll<T> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// A future that runs on a thread of its own.
pub(crate) struct Task;

impl Task {
    /// Runs it; its result comes under the watchdog.
    pub(crate) fn start<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> Sleeper<T> {
        let (say_result, result) = channel();
        std::thread::spawn(move || {
            let _ = say_result.send(pollster::block_on(future));
        });
        Sleeper::of(result)
    }
}
