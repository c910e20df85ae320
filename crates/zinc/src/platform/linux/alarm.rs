//! An alarm that ends sleeps of poll(2) from any thread and stays on: an event counter, see eventfd(2).

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};

/// Rings once and for all.
pub(crate) struct Alarm {
    /// Can be read from once it has rung. Nobody does so.
    counter: OwnedFd,
}

impl Alarm {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { counter: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)? })
    }

    pub(crate) fn ring(&self) {
        // Fails only where it has rung so often that the counter is full.
        let _ = rustix::io::write(&self.counter, &1_u64.to_ne_bytes());
    }

    pub(crate) fn has_rung(&self) -> bool {
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        poll(&mut [PollFd::new(&self.counter, PollFlags::IN)], Some(&now)).is_ok_and(|ready| ready > 0)
    }
}

impl AsFd for Alarm {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.counter.as_fd()
    }
}
