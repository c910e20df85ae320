//! Named shared memory between processes of any language: create, open, notify, wait.
//!
//! One process creates a named region, others open it by name, everyone looks at the same physical pages, and
//! [`notify`](SharedRegion::notify) and [`wait`](SharedRegion::wait) say when to look. Nothing is serialized, nothing
//! is copied, nothing runs in between: no daemon, no broker. Programs in Python, Go, C++ and other languages use the
//! same regions through Zinc's packages for them.
//!
//! # The writer
//!
//! ```
//! # let dir = tempfile::tempdir_in("/dev/shm").unwrap();
//! # unsafe { std::env::set_var("ZINC_DIR", dir.path()) };
//! use zinc::SharedRegion;
//!
//! let owner = SharedRegion::create("pipeline", 64 * 1024 * 1024)?;
//! // SAFETY: nobody else uses the region before the notification.
//! let bytes = unsafe { owner.as_mut_slice() };
//! bytes[..5].copy_from_slice(b"hello");
//! owner.notify()?;
//! # let region = SharedRegion::open("pipeline")?;
//! # assert!(region.wait(1000)?);
//! # Ok::<_, zinc::Error>(())
//! ```
//!
//! # The reader
//!
//! ```no_run
//! use zinc::SharedRegion;
//!
//! let region = SharedRegion::open("pipeline")?;
//! region.wait(1000)?;
//! let ptr = region.as_ptr() as *const f32;
//! # Ok::<_, zinc::Error>(())
//! ```
//!
//! # Who owns what
//!
//! [`SharedRegion::create`] returns an [`OwnedRegion`]. Its end, by [`close`](SharedRegion::close), drop, or the process's
//! exit, takes the name away and tells everyone; its process's sudden death does so too, by way of the kernel.
//! [`SharedRegion::open`] returns a [`SharedRegion`], which has no way to unlink anything.
//!
//! # What is safe, and what is yours to see to
//!
//! Waiting, notifying and closing are safe from any thread, whatever the other processes do. The bytes are shared
//! memory: Rust cannot know what another process does to them, so making references to them is `unsafe`, and the
//! protocol between writer and reader (write, notify, wait, read) is yours to keep.
//!
//! # What Zinc does not do
//!
//! A region has a fixed size; it is not a queue, a lock manager or a message format; and it is for one machine.

#![deny(unsafe_code)]
#![cfg_attr(
    loom,
    allow(dead_code, unreachable_pub, reason = "loom's models are built without the operating system")
)]

#[cfg(not(loom))]
#[doc(hidden)]
pub mod binding;
mod hub;
#[cfg(not(loom))]
mod mapping;
#[cfg(not(loom))]
mod naming;
#[cfg(not(loom))]
mod opener;
#[cfg(not(loom))]
mod platform;
#[cfg(not(loom))]
mod region;
#[cfg(not(loom))]
mod view;

mod descriptor;
mod error;
mod failpoint;
mod generation;
mod header;
mod name;
mod sync;
mod wait;

pub use descriptor::{DType, Descriptor};
pub use error::{Error, ErrorKind, Result};
#[cfg(zinc_failpoints)]
#[doc(hidden)]
pub use failpoint::at_failpoints;
#[cfg(not(loom))]
pub use naming::RegionState;
#[cfg(not(loom))]
pub use region::{
    Notified, OpenAsync, OpenCallback, OwnedRegion, Region, RegionInfo, RegionOptions, SharedRegion,
    WaitAsync, WaitCallback, list, remove,
};
#[cfg(not(loom))]
pub use view::{Element, Tensor, View};
pub use wait::Timeout;

/// This library's release, such as `"0.1.0"`.
pub const fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
