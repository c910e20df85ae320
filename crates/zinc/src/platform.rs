//! The seam to the operating system: everything above it is the same on every system.
//!
//! A system is one module with the items below; no other module of this crate has a `cfg` of a target. What Unix systems
//! share is in `unix`, from which each takes what holds for it. The items are used in this order.
//!
//! 1. At load: [`process::at_load`] registers [`process::on_fork_and_exit`] once. [`fork_mark`] tells of children that no
//!    handler tells of.
//! 2. Making a region: [`Place::open`] a directory, [`process::random_id`], [`Place::create`] a nameless file,
//!    [`Place::reserve`] its memory ([`Place::free`] if that fails), map it with pages of [`Place::page`] bytes,
//!    [`Place::reopen`] and [`Lock::take`] the owner's lock, [`Place::link`] it in. From that moment others see it, whole.
//! 3. Finding one: [`Place::find`], [`facts`], [`read_start`], [`lock::is_held`] for whether its owner lives;
//!    [`Place::facts_of`] for a file that cannot be opened; [`Place::watch`] before looking again when it is not
//!    there, then [`place::sleep`], which an [`Alarm`] may end; for many at once [`arrivals`] in place of both.
//!    [`memory::forbid_writing`] where the data is read-only.
//! 4. Taking a name away: [`Place::find`], [`Lock::take`] the sweeper's lock, [`Place::is_named`] and the owner's lock
//!    once more, [`Place::unlink`]. A process that unlinks holds the sweeper's lock of that very file, so nobody unlinks
//!    another's. A living owner takes its own name away by [`unlink_path`]. [`Place::names`] lists what there is.
//! 5. Waiting: [`process::now`], [`futex::park`] and [`futex::wake_shared`]; on many regions [`process::start_thread`] and
//!    [`futex::Words`]. [`closings`] tell of owners' ends.
//! 6. Letting go: [`Lock::release`], [`memory::detach`].
//!
//! Every call that can fail returns the system's own error. Code above the seam looks at no error number: it asks for
//! the error's [`Meaning`].

use std::io;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(unix)]
mod unix;
#[cfg(target_os = "linux")]
use linux as system;

#[cfg(not(target_os = "linux"))]
compile_error!(
    "Zinc runs on Linux; for another system, write a module beside `platform/linux` with the same items"
);

pub(crate) use system::{
    Descriptor,
    alarm::Alarm,
    arrivals, closings,
    error::invalid_argument,
    file::{Identity, facts, find_same, identity, is_named_at, read_start, unlink_path},
    fork_mark, futex, lock,
    lock::Lock,
    memory, place,
    place::Place,
    process, space, users,
};

/// How a region's file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    ReadWrite,
    ReadOnly,
}

/// What the system knows about an open file.
pub(crate) struct Facts {
    /// An ordinary file, which alone can be a region.
    pub(crate) regular: bool,
    /// Length in bytes.
    pub(crate) len: u64,
    /// The user it belongs to.
    pub(crate) user: u32,
    /// The group it belongs to.
    pub(crate) group: u32,
    /// Its permission bits.
    pub(crate) mode: u32,
}

/// What a failed call means, as far as anything above the seam depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// There is no file of that name.
    NoSuchName,
    /// Another file has the name.
    NameTaken,
    /// This user may not do it; with a file, usually because it is another user's.
    Denied,
    /// What has the name is no ordinary file.
    NoOrdinaryFile,
    /// The file system is full.
    NoSpace,
    /// This user, or the group, has as much of the file system as it may.
    NoQuota,
    /// The file would be larger than its file system allows.
    TooLarge,
    /// This process, or the system, has as many files open or as much memory as it may.
    Limit,
    /// Nothing that Zinc decides by.
    Other,
}

impl Meaning {
    /// What the error means. Errors that come from no system call mean nothing here.
    pub(crate) fn of(error: &io::Error) -> Self {
        error.raw_os_error().map_or(Self::Other, Self::of_number)
    }

    /// What an error with the system's number means.
    pub(crate) fn of_number(number: i32) -> Self {
        system::error::meaning(number)
    }
}
