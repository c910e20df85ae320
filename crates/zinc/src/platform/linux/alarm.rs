//! An alarm that ends sleeps of poll(2) from any thread and stays on until it is reset: an event counter, see eventfd(2).

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::event::{EventfdFlags, eventfd};

use super::process;
use crate::platform::unix::descriptor::Descriptor;

/// Rings until it is reset.
pub(crate) struct Alarm {
    /// Set before the counter is: a sleep that the counter cannot end, for its descriptor is lost, is a short one.
    rung: AtomicBool,
    /// Can be read from once it has rung.
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

    /// Ends the ringing; whoever rings later rings anew.
    pub(super) fn reset(&self) {
        // The counter first: it may then end one sleep too many, and never one too few.
        if let Some(counter) = self.counter.borrow() {
            // Fails where it has not rung.
            let _ = rustix::io::read(counter, &mut [0; 8]);
        }
        self.rung.store(false, Ordering::Release);
    }

    /// Closes a forked child's copy, which rings for the parent. Async-signal-safe.
    pub(super) fn close_in_child(&self) {
        self.counter.close();
    }

    /// What a sleep polls.
    pub(super) fn descriptor(&self) -> &Descriptor {
        &self.counter
    }
}
