//! Waits that sleep for long, each on a thread of its own: where there are many, the hub watches their owners for them.

use std::sync::Arc;

use super::attachment::Attachment;
use super::owner_watch::OwnerWatch;
use super::per_process::PerProcess;
use super::process::Hub;
use crate::generation::{generation, is_current};

/// With this many long sleeps at once, the hub's thread watches the owners. Below that another thread costs more than it
/// saves.
const MANY: u32 = 4;

/// How many waits of this process sleep for long.
static SLEEPS: PerProcess = PerProcess::zero();

/// A wait that sleeps for long, on a thread of its own.
pub(crate) struct LongSleep {
    generation: u32,
    watch: Option<OwnerWatch>,
}

impl LongSleep {
    pub(crate) fn new() -> Self {
        let generation = generation();
        SLEEPS.increment(generation);
        Self { generation, watch: None }
    }

    /// Whether the hub watches the owner, so that the wait can sleep on.
    pub(crate) fn is_owner_watched(&mut self, attachment: &Arc<Attachment>) -> bool {
        // A signal's handler may have forked in the middle of the wait, and this may be the child.
        self.watch.take_if(|watch| !watch.is_current());
        if self.watch.is_none() && SLEEPS.get(generation()) >= MANY {
            // Where the system starts no thread, the wait looks by itself.
            self.watch = Hub::current().watch_owner(attachment).ok();
        }
        self.watch.is_some()
    }
}

impl Drop for LongSleep {
    fn drop(&mut self) {
        // In a forked child the parent's sleeps do not count.
        if is_current(self.generation) {
            SLEEPS.decrement(self.generation);
        }
    }
}
