//! An alarm that ends sleeps of poll(2) from any thread and stays on: an event counter, see eventfd(2).

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::event::{EventfdFlags, eventfd};

use super::process;
use crate::platform::unix::descriptor::Descriptor;

/// Rings once and for all.
pub(crate) struct Alarm {
    /// Set before the counter is: a sleep that the counter cannot end, for its descriptor is lost, is a short one.
    rung: AtomicBool,
    /// Can be read from once it has rung. Nobody does so.
    counter: Descriptor,
}

impl Alarm {
    pub(crate) fn new() -> io::Result<Self> {
        let counter = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        let counter = Descriptor::of_kernel_object(counter, process::random_id()?)?;
        Ok(Self { rung: AtomicBool::new(false), counter })
    }

    pub(crate) fn ring(&self) {
        self.rung.store(true, Ordering::Release);
        if let Some(counter) = self.counter.borrow() {
            // Fails only where it has rung so often that the counter is full.
            let _ = rustix::io::write(counter, &1_u64.to_ne_bytes());
        }
    }

    pub(crate) fn has_rung(&self) -> bool {
        self.rung.load(Ordering::Acquire)
    }

    /// What a sleep polls.
    pub(super) fn descriptor(&self) -> &Descriptor {
        &self.counter
    }
}
