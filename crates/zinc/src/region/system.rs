//! What waiting needs of the operating system, for a region's handle.
#![expect(unsafe_code, reason = "the kernel compares half of the sequence")]

use std::sync::atomic::{AtomicU32, AtomicU64};

use super::SharedRegion;
use crate::error::Operation;
use crate::header::{Header, PERSISTENT};
use crate::owner;
use crate::platform::futex::{self, Reach};
use crate::platform::lock::{self, Byte};
use crate::platform::{Place, process};
use crate::wait::{Sleep, System};

impl System for SharedRegion {
    fn now(&self) -> u64 {
        process::now()
    }

    fn now_coarse(&self) -> u64 {
        process::now_coarse()
    }

    fn park(&self, sleep: &Sleep<'_>) {
        let words = [
            (low_half(sleep.sequence.0), sleep.sequence.1 as u32, Reach::Shared),
            (sleep.state.0, sleep.state.1, Reach::Shared),
            (sleep.control.0, sleep.control.1, Reach::Private),
        ];
        futex::park(&words, sleep.until);
    }

    fn wake_sequence(&self, header: &Header) {
        wake_sequence(header);
    }

    fn wake_control(&self, header: &Header, control: &AtomicU32) {
        futex::wake(control, Reach::Private);
        if futex::wakes_first_only() {
            wake_sequence(header);
        }
    }

    fn owner_died(&self) -> bool {
        let is_owner = self.owner.as_ref().is_some_and(|owner| owner.is_alive());
        let persistent = || self.header().flags.load(std::sync::atomic::Ordering::Acquire) & PERSISTENT != 0;
        if is_owner || persistent() {
            return false;
        }
        // Where the kernel gives no answer, the owner counts as alive: nobody is cut off by mistake.
        let held = self.mapping.with_file(|file| lock::is_held(file, Byte::Owner).unwrap_or(true));
        // Persisting sets the flag before it lets go of the lock, so the flag is asked again.
        !held.unwrap_or(true) && !persistent()
    }
}

impl SharedRegion {
    /// Takes away the name that this region's dead owner left behind.
    pub(super) fn sweep(&self) {
        let operation = Operation::on("wait", &self.info.name);
        // Without the right to do so it is left to others.
        let _ = self.mapping.with_file(|file| {
            let place = Place::open(self.info.directory()).ok()?;
            owner::sweep_file(&operation, &place, &self.info.name, file, owner::IN_PASSING).ok()
        });
    }
}

pub(super) fn wake_sequence(header: &Header) {
    futex::wake(low_half(&header.sequence), Reach::Shared);
}

/// The half of the sequence that changes with every notification, which is first in memory on little-endian systems.
fn low_half(sequence: &AtomicU64) -> &AtomicU32 {
    // SAFETY: it is within the sequence and aligned, and nothing but the kernel reads or writes through it.
    unsafe { AtomicU32::from_ptr(sequence.as_ptr().cast()) }
}
