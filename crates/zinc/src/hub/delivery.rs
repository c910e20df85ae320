//! Threads for callbacks. A slow callback delays no other: one that comes while all threads are busy gets a new thread.
//!
//! The system may refuse a thread at any time. So each callback that is to come is promised one beforehand, and the last
//! thread stays for as long as there are promises: in the worst case callbacks wait for each other, and none is dropped.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::generation::is_current;
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

/// One process's threads for callbacks, and what they have to do.
pub(super) struct Delivery {
    generation: u32,
    queue: Mutex<Queue>,
    more: Condvar,
}

#[derive(Default)]
struct Queue {
    parcels: VecDeque<Arc<dyn Deliver>>,
    threads: usize,
    idle: usize,
    promises: usize,
}

/// Keeps a thread there for a parcel that is to come.
pub(crate) struct Promise(&'static Delivery);

impl Drop for Promise {
    fn drop(&mut self) {
        // In a forked child the parent's threads are not there, and any of them may have held the lock.
        if is_current(self.0.generation) {
            self.0.queue().promises -= 1;
        }
    }
}

impl Delivery {
    /// For the process of that generation.
    pub(super) fn new(generation: u32) -> Self {
        Self { generation, queue: Mutex::default(), more: Condvar::new() }
    }

    /// Makes sure that there is a thread, and stays, until the promise is dropped.
    pub(super) fn promise(&'static self) -> io::Result<Promise> {
        let mut queue = self.queue();
        if queue.threads == 0 {
            self.start(&mut queue)?;
        }
        queue.promises += 1;
        Ok(Promise(self))
    }

    fn start(&'static self, queue: &mut Queue) -> io::Result<()> {
        process::start_thread("zinc-callback", None, || self.run())?;
        queue.threads += 1;
        Ok(())
    }

    /// Runs it on one of these threads. The caller has been promised one.
    pub(super) fn deliver(&'static self, parcel: Arc<dyn Deliver>) {
        let mut queue = self.queue();
        queue.parcels.push_back(parcel);
        if queue.parcels.len() <= queue.idle {
            self.more.notify_one();
        } else if queue.threads < THREADS {
            // Where the system starts no more threads, those that there are do it.
            let _ = self.start(&mut queue);
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut queue = self.queue();
        loop {
            if let Some(parcel) = queue.parcels.pop_front() {
                drop(queue);
                // The program's own hook has reported a panic already.
                let _ = catch_unwind(AssertUnwindSafe(|| parcel.deliver()));
                // The callback has forked, and this is the child: the rest is the parent's.
                if !is_current(self.generation) {
                    return;
                }
                queue = self.queue();
                continue;
            }
            queue.idle += 1;
            let (again, time) = self.more.wait_timeout(queue, IDLE).unwrap_or_else(PoisonError::into_inner);
            queue = again;
            queue.idle -= 1;
            let is_needed = queue.threads == 1 && queue.promises > 0;
            if time.timed_out() && queue.parcels.is_empty() && !is_needed {
                queue.threads -= 1;
                return;
            }
        }
    }
}
