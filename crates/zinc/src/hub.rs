//! Waits without threads of their own: one thread of this process waits for any number of them.
//!
//! # How it is made
//!
//! A [`Shard`](shard::Shard) is what one thread knows, and a [`Station`](station::Station) that thread's way of sleeping:
//! on the sequence words of all its regions at once, with the futex call for many words, and on a bell of its own. The
//! kernel takes 128 words, so every 127 regions have a thread. All of this runs under loom, without the kernel.
//!
//! An [`Attachment`] is a region's memory with what the hub notes of it. [`owner_watch`] has one thread watch all owners,
//! and [`delivery`] has threads for callbacks, which may take their time. [`process`] makes the process's one hub of
//! these, and [`long_sleep`] lets waits with threads of their own use it. No module uses one that is named after it.
//!
//! # Why no notification is lost
//!
//! The hub takes nothing in. It wakes the waiter, which looks again, on its own thread, as any wait does. A wait that is
//! dropped in between has therefore taken nothing away from the next.
//!
//! # After a fork
//!
//! The child has none of the parent's threads. It leaves the parent's hub as it is, locks and all, and makes its own.
//! [`generation`](crate::generation) tells the two apart.

mod shard;
mod station;

#[cfg(all(test, loom))]
mod model;

#[cfg(not(loom))]
mod attachment;
#[cfg(not(loom))]
mod delivery;
#[cfg(not(loom))]
mod long_sleep;
#[cfg(not(loom))]
mod owner_watch;
#[cfg(not(loom))]
mod per_process;
#[cfg(not(loom))]
mod process;

#[cfg(not(loom))]
pub(crate) use {
    attachment::Attachment,
    delivery::{Deliver, Promise},
    long_sleep::LongSleep,
    process::{Ticket, deliver, handle_changed, promise_delivery, release},
};
