//! Locks that the kernel drops when their holder is gone, however it went: open-file-description locks, see fcntl(2).
//!
//! Such a lock belongs to an open file and not to a process, so it is seen across pid namespaces, and between two open
//! files of one process. It ends when the last descriptor of that open file is closed; a mapping would count as one,
//! so nothing is ever mapped through the file that holds a lock.
#![expect(unsafe_code, reason = "fcntl locks of this sort have no safe wrapper in rustix")]

use std::fs::File;
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicI32, Ordering};

/// The byte of a region's file whose lock means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Byte {
    /// Held by the owner for as long as it lives.
    Owner = 0,
    /// Held for a moment by whoever takes the name away.
    Sweeper = 1,
}

/// A lock that is held until it is released or dropped.
pub(crate) struct Lock {
    fd: AtomicI32,
}

impl Lock {
    /// Takes the lock on this open file, which must not be mapped; `None` if another holds it.
    pub(crate) fn take(file: File, byte: Byte) -> io::Result<Option<Self>> {
        match fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, byte) {
            Ok(_) => Ok(Some(Self { fd: AtomicI32::new(file.into_raw_fd()) })),
            Err(error) if matches!(error.raw_os_error(), Some(libc::EAGAIN | libc::EACCES)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether this handle still holds it.
    pub(crate) fn is_held(&self) -> bool {
        self.fd.load(Ordering::Acquire) >= 0
    }

    /// Runs `act` on the open file that holds the lock; `None` if it is held no more. No other thread lets go of it
    /// meanwhile, or the file that `act` sees may be another's: the caller makes sure of that.
    pub(crate) fn with_file<T>(&self, act: impl FnOnce(&File) -> T) -> Option<T> {
        let fd = self.fd.load(Ordering::Acquire);
        // SAFETY: the descriptor is this lock's own, and the caller keeps it open; `ManuallyDrop` leaves it so.
        (fd >= 0).then(|| act(&ManuallyDrop::new(unsafe { File::from_raw_fd(fd) })))
    }

    /// Lets go of it; true for the first caller.
    ///
    /// In a forked child this closes the child's copy of the descriptor only: the parent goes on holding the lock.
    /// Async-signal-safe.
    pub(crate) fn release(&self) -> bool {
        let fd = self.fd.swap(-1, Ordering::AcqRel);
        if fd < 0 {
            return false;
        }
        // SAFETY: the descriptor came from `into_raw_fd` in `take`, and the swap gives it to one caller only.
        drop(unsafe { OwnedFd::from_raw_fd(fd) });
        true
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.release();
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
