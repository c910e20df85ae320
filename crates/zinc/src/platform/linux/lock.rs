//! Locks that the kernel drops when their holder is gone, however it went: open-file-description locks, see fcntl(2).
//!
//! Such a lock belongs to an open file and not to a process, so it is seen across pid namespaces, and between two open
//! files of one process. It ends when the last descriptor of that open file is closed; a mapping would count as one,
//! so nothing is ever mapped through the file that holds a lock.
#![expect(unsafe_code, reason = "fcntl locks of this sort have no safe wrapper in rustix")]

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, RawFd};

use super::process;
use crate::platform::unix::descriptor::Descriptor;
use crate::platform::unix::file::Identity;

/// The byte of a region's file whose lock means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Byte {
    /// Held by the owner for as long as it lives.
    Owner = 0,
    /// Held for a moment by whoever takes the name away.
    Sweeper = 1,
    /// Held by whoever has made the file, as long as its name is a hidden one.
    Maker = 2,
}

/// A lock that is held until it is released or dropped.
pub(crate) struct Lock {
    file: Descriptor,
    byte: Byte,
}

impl Lock {
    /// Takes the lock on this open file, which must not be mapped; `None` if another holds it.
    pub(crate) fn take(file: File, byte: Byte) -> io::Result<Option<Self>> {
        if !hold(&file, byte)? {
            return Ok(None);
        }
        Ok(Some(Self { file: Descriptor::of_file(file, process::random_id()?)?, byte }))
    }

    /// Whether it has not been released.
    pub(crate) fn is_held(&self) -> bool {
        self.file.is_open()
    }

    /// Whether somebody else has closed its descriptor, and the kernel has dropped it therefore.
    pub(crate) fn is_lost(&self) -> bool {
        self.file.lost().is_some()
    }

    /// Whether it is the owner's lock of that file.
    pub(crate) fn is_owners(&self, file: Identity) -> bool {
        self.byte == Byte::Owner && self.file.identity() == file
    }

    /// Runs `act` on the open file that holds the lock; `None` if it is released or lost. The caller makes sure that no
    /// other thread releases it meanwhile.
    pub(crate) fn with_file<T>(&self, act: impl FnOnce(&File) -> T) -> Option<T> {
        self.file.with(act)
    }

    /// Lets go of it.
    ///
    /// In a forked child this closes the child's copy of the descriptor only: the parent goes on holding the lock.
    /// Async-signal-safe.
    pub(crate) fn release(&self) {
        self.file.close();
    }
}

/// Takes the lock on this open file for as long as anything refers to it, a mapping too; false if another holds it.
pub(crate) fn hold(file: &File, byte: Byte) -> io::Result<bool> {
    match fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, byte) {
        Ok(_) => Ok(true),
        Err(error) if matches!(error.raw_os_error(), Some(libc::EAGAIN | libc::EACCES)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether some other open file holds the lock, in whatever process.
///
/// A shared lock does not count: who may only read the file can take one, and must not pass for an owner.
pub(crate) fn is_held(file: &File, byte: Byte) -> io::Result<bool> {
    Ok(fcntl(file.as_raw_fd(), libc::F_OFD_GETLK, byte)? == libc::F_WRLCK as libc::c_short)
}

fn fcntl(fd: RawFd, command: libc::c_int, byte: Byte) -> io::Result<libc::c_short> {
    // SAFETY: `flock` is a plain C structure, for which all zeroes is a valid value.
    let mut flock: libc::flock = unsafe { std::mem::zeroed() };
    flock.l_type = libc::F_WRLCK as libc::c_short;
    flock.l_whence = libc::SEEK_SET as libc::c_short;
    flock.l_start = byte as libc::off_t;
    flock.l_len = 1;
    // SAFETY: both commands take a pointer to a `flock`, which lives across the call.
    match unsafe { libc::fcntl(fd, command, &mut flock) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(flock.l_type),
    }
}
