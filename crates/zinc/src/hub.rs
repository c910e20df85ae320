//! Waits without threads of their own: one thread of this process waits for any number of them.
//!
//! # How it is made
//!
//! A [`Shard`](shard::Shard) is what one thread knows, and a [`Station`](station::Station) that thread's way of sleeping:
//! on the sequence words of all its regions at once, with the futex call for many words, and on a bell of its own. The
//! kernel takes 128 words, so every 127 regions have a thread. All of this runs under loom, without the kernel.
//!
//! [`process`] makes the process's one hub of it. An [`owners`] list has one thread look after all owners, and
//! [`delivery`] has threads for callbacks, which may take their time.
//!
//! # Why no notification is lost
//!
//! The hub takes nothing in. It wakes whoever waits, and that one looks again, on its own thread, as any wait does. A
//! wait that is dropped in between has therefore taken nothing away from the next.
//!
//! # After a fork
//!
//! The child has none of the parent's threads. It leaves the parent's hub as it is, locks and all, and makes its own.

mod shard;
mod station;

#[cfg(all(test, loom))]
mod model;

#[cfg(not(loom))]
mod delivery;
#[cfg(not(loom))]
mod owners;
#[cfg(not(loom))]
mod process;

#[cfg(not(loom))]
pub(crate) use {
    delivery::{Deliver, deliver},
    owners::Vigil,
    process::{Ticket, forget, generation, handle_changed},
};
