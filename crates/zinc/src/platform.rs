//! The seam to the operating system: everything above it is the same on every system.
//!
//! A system is one module with the items below; no other module of this crate has a `cfg` of a target. They are used
//! in this order.
//!
//! Making a region: [`Place::open`] a directory, [`Place::create`] a nameless file, [`Place::reserve`] its memory,
//! map it, [`Lock::take`] the owner's lock, [`Place::link`] it in. From that moment others see it, whole.
//! Finding one: [`Place::find`], [`facts`], [`lock::is_held`] for whether its owner lives; [`Place::watch`] before
//! looking again when it is not there.
//! Taking a name away: [`Place::find`], [`Lock::take`] the sweeper's lock, [`Place::is_named`] and the owner's lock once
//! more, [`Place::unlink`]. Who unlinks holds the sweeper's lock of that very file, so nobody unlinks another's. A living
//! owner takes its own name away by [`unlink_path`].
//! Waiting: [`futex::park`] and [`futex::wake`]; on many regions, [`futex::Words`]. [`closings`] tell of owners' ends.
//! Letting go: [`memory::detach`]. Process-wide: [`process::on_fork_and_exit`], once.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux as system;

#[cfg(not(target_os = "linux"))]
compile_error!(
    "Zinc runs on Linux; for another system, write a module beside `platform/linux` with the same items"
);

pub(crate) use system::{
    closings, futex, lock,
    lock::Lock,
    memory,
    place::{Access, Place, facts, unlink_path},
    process,
};

/// What the system knows about an open file.
pub(crate) struct Facts {
    /// An ordinary file, which alone can be a region.
    pub(crate) regular: bool,
    /// Length in bytes.
    pub(crate) len: u64,
    /// The user it belongs to.
    pub(crate) uid: u32,
}
