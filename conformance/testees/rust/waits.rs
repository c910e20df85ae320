//! Asynchronous waits on the smallest of executors: a queue of the futures to poll again, and a thread per command.

use super::{Failure, Result};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::task::{Context, Poll, Wake, Waker};
use zinc::{OpenAsync, Region, SharedRegion, Timeout, WaitAsync};

enum Turn {
    Poll(usize),
    Cancel,
}

/// The means to cancel the waits of one command.
pub(crate) struct Canceller(Sender<Turn>);

impl Canceller {
    pub(crate) fn cancel(&self) {
        // Nobody listens any more if all of them are over.
        let _ = self.0.send(Turn::Cancel);
    }
}

/// Puts a future into the queue again.
struct Again {
    index: usize,
    queue: Sender<Turn>,
}

impl Wake for Again {
    fn wake(self: Arc<Self>) {
        let _ = self.queue.send(Turn::Poll(self.index));
    }
}

/// Starts `count` waits, and has `then` called with what they came to when all are over.
pub(crate) fn start(
    region: &Region,
    timeout: Timeout,
    count: usize,
    then: impl FnOnce(Result) + Send + 'static,
) -> Canceller {
    let (queue, turns) = channel();
    let pending = (0..count).map(|index| {
        let waker = Waker::from(Arc::new(Again { index, queue: queue.clone() }));
        Some((region.wait_async(timeout), waker))
    });
    let mut waits = Waits { pending: pending.collect(), over: 0, outcomes: BTreeMap::new() };
    // A wait begins with its first poll, and what the next command does is to reach it.
    for index in 0..count {
        waits.poll(index);
    }
    std::thread::spawn(move || {
        while waits.over < count {
            match turns.recv().expect("a pending wait's waker can send") {
                Turn::Poll(index) => waits.poll(index),
                Turn::Cancel => (0..count).for_each(|index| waits.drop(index)),
            }
        }
        then(waits.outcome());
    });
    Canceller(queue)
}

/// Starts an open, and has `then` called with what `keep` makes of the region, or with why there is none.
pub(crate) fn open(
    mut open: OpenAsync,
    keep: impl FnOnce(SharedRegion) -> Value + Send + 'static,
    then: impl FnOnce(Result) + Send + 'static,
) -> Canceller {
    let (queue, turns) = channel();
    let waker = Waker::from(Arc::new(Again { index: 0, queue: queue.clone() }));
    let mut poll = move || match Pin::new(&mut open).poll(&mut Context::from_waker(&waker)) {
        Poll::Ready(outcome) => Some(outcome),
        Poll::Pending => None,
    };
    let first = poll();
    std::thread::spawn(move || {
        let mut outcome = first;
        while outcome.is_none() {
            match turns.recv().expect("a pending open's waker can send") {
                Turn::Poll(_) => outcome = poll(),
                Turn::Cancel => {
                    drop(poll);
                    return then(Err(Failure::Cancelled));
                }
            }
        }
        then(outcome.expect("the loop ends with one").map(keep).map_err(Failure::from));
    });
    Canceller(queue)
}

struct Waits {
    pending: Vec<Option<(WaitAsync, Waker)>>,
    over: usize,
    /// What they came to and how often, by name.
    outcomes: BTreeMap<String, (usize, Result)>,
}

impl Waits {
    fn poll(&mut self, index: usize) {
        let Some((wait, waker)) = &mut self.pending[index] else { return };
        if let Poll::Ready(outcome) = Pin::new(wait).poll(&mut Context::from_waker(waker)) {
            self.pending[index] = None;
            match outcome {
                Ok(notified) => self.count(notified.to_string(), Ok(json!(notified))),
                Err(error) => self.count(error.kind().name().to_owned(), Err(error.into())),
            }
        }
    }

    fn drop(&mut self, index: usize) {
        if self.pending[index].take().is_some() {
            self.count("Cancelled".to_owned(), Err(Failure::Cancelled));
        }
    }

    fn count(&mut self, name: String, outcome: Result) {
        self.over += 1;
        self.outcomes.entry(name).or_insert((0, outcome)).0 += 1;
    }

    fn outcome(mut self) -> Result<Value> {
        if self.outcomes.len() == 1
            && let Some((_, (_, outcome))) = self.outcomes.pop_first()
        {
            return outcome;
        }
        let counts = self.outcomes.iter().map(|(name, (count, _))| format!("{count} {name}"));
        Err(Failure::Testee(counts.collect::<Vec<_>>().join(", ")))
    }
}
