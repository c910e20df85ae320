//! Threads for callbacks: a slow one delays nobody else's, because whoever comes while all are busy gets a new thread.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::process::Hub;
use crate::platform::process;

/// The most threads there are; with as many callbacks blocked, the next one waits.
const THREADS: usize = 64;
/// How long a thread without work stays.
const IDLE: Duration = Duration::from_secs(5);

/// Something to be done on a thread that nobody waits for.
pub(crate) trait Deliver: Send + Sync {
    /// Does it.
    fn deliver(self: Arc<Self>);
}

#[derive(Default)]
pub(super) struct Delivery {
    queue: Mutex<Queue>,
    more: Condvar,
}

#[derive(Default)]
struct Queue {
    parcels: VecDeque<Arc<dyn Deliver>>,
    threads: usize,
    idle: usize,
}

/// Has it done on a thread of the hub's.
pub(crate) fn deliver(parcel: Arc<dyn Deliver>) {
    let hub = Hub::current();
    let delivery = &hub.delivery;
    let mut queue = delivery.queue();
    queue.parcels.push_back(parcel);
    if queue.parcels.len() <= queue.idle {
        delivery.more.notify_one();
    } else if queue.threads < THREADS {
        // Where the system gives no more threads, those that there are do it; without any, nobody can.
        if process::start_thread("zinc-callback", None, || delivery.run(hub)).is_ok() {
            queue.threads += 1;
        }
    }
}

impl Delivery {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, hub: &Hub) {
        let mut queue = self.queue();
        loop {
            if let Some(parcel) = queue.parcels.pop_front() {
                drop(queue);
                // A panic has said what it had to say by the program's own hook.
                let _ = catch_unwind(AssertUnwindSafe(|| parcel.deliver()));
                // The callback has forked, and this is the child: the rest is the parent's.
                if !hub.is_current() {
                    return;
                }
                queue = self.queue();
                continue;
            }
            queue.idle += 1;
            let (again, time) = self.more.wait_timeout(queue, IDLE).unwrap_or_else(PoisonError::into_inner);
            queue = again;
            queue.idle -= 1;
            if time.timed_out() && queue.parcels.is_empty() {
                queue.threads -= 1;
                return;
            }
        }
    }
}
