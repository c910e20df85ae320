//! Descriptors that are kept for long. A process may close any number of descriptors behind its libraries' backs, as
//! daemonizing does, and open other files, which get the same numbers.
#![expect(
    unsafe_code,
    reason = "a kept descriptor may have become somebody else's, which no owning type allows for"
)]

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::mem::ManuallyDrop;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicI32, Ordering};

use super::file::{Identity, identity};

/// `F_SETSIG` and `F_GETSIG` of fcntl(2), which the C library's crate lacks for some systems.
const SET_SIGNAL: libc::c_int = 10;
const GET_SIGNAL: libc::c_int = 11;

/// A descriptor that is only used, and only closed, while it refers to what it was made for.
///
/// What it refers to is asked of the system each time, by some calls of a fraction of a microsecond. It needs no further
/// descriptor, and no memory: all of it is async-signal-safe.
pub(crate) struct Descriptor {
    /// -1 once it is closed.
    number: AtomicI32,
    file: Identity,
    mark: Mark,
}

/// What tells an open file from others of the same file. The kernel keeps it with the open file, so copies of the
/// descriptor have it, too, those of forked children among them.
#[derive(Clone, Copy)]
enum Mark {
    /// The position, which nothing else uses or moves.
    Position(libc::off_t),
    /// The signal that would be sent if somebody asked for signals. Kernel objects share one inode.
    Signal(libc::c_int),
}

impl Descriptor {
    /// Keeps an ordinary file, whose position nobody may use from now on. The random `mark` tells it from all others.
    pub(crate) fn of_file(mut file: File, mark: [u8; 16]) -> io::Result<Self> {
        let identity = identity(&file)?;
        // As long as every file system allows files to be.
        let position = 1 + u128::from_ne_bytes(mark) as u64 % (1 << 39);
        // Where there are no positions, the file itself has to do.
        let position = file.seek(SeekFrom::Start(position)).unwrap_or(0);
        Ok(Self::keep(file, identity, Mark::Position(position as libc::off_t)))
    }

    /// Keeps what is no file: an instance of inotify, say.
    pub(crate) fn of_kernel_object(object: OwnedFd, mark: [u8; 16]) -> io::Result<Self> {
        let identity = identity(&object)?;
        let signals = (libc::SIGRTMAX() - libc::SIGRTMIN() + 1) as u128;
        let signal = libc::SIGRTMIN() + (u128::from_ne_bytes(mark) % signals) as libc::c_int;
        // SAFETY: this command takes a number, and nobody has asked for signals on what was just made.
        if unsafe { libc::fcntl(object.as_raw_fd(), SET_SIGNAL, signal) } != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(Self::keep(object, identity, Mark::Signal(signal)))
    }

    fn keep(fd: impl IntoRawFd, file: Identity, mark: Mark) -> Self {
        Self { number: AtomicI32::new(fd.into_raw_fd()), file, mark }
    }

    /// What it was made for.
    pub(crate) fn identity(&self) -> Identity {
        self.file
    }

    /// Whether it has not been closed here. Asks nobody.
    pub(crate) fn is_open(&self) -> bool {
        self.number.load(Ordering::Acquire) >= 0
    }

    /// The file, if somebody else has closed its descriptor.
    pub(crate) fn lost(&self) -> Option<Identity> {
        let number = self.number.load(Ordering::Acquire);
        (number >= 0 && !self.is_ours(number)).then_some(self.file)
    }

    /// Runs `act` on it; `None` if it is closed or lost. The caller makes sure that no other thread closes it meanwhile.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&File) -> T) -> Option<T> {
        let number = self.number.load(Ordering::Acquire);
        if number < 0 || !self.is_ours(number) {
            return None;
        }
        // SAFETY: the descriptor refers to what this value keeps open, and the caller has nobody close it meanwhile;
        // `ManuallyDrop` leaves it open.
        Some(act(&ManuallyDrop::new(unsafe { File::from_raw_fd(number) })))
    }

    /// Lends it; `None` if it is closed or lost. The caller makes sure that no other thread closes it meanwhile.
    pub(crate) fn borrow(&self) -> Option<BorrowedFd<'_>> {
        let number = self.number.load(Ordering::Acquire);
        // SAFETY: the descriptor refers to what this value keeps open, and the caller has nobody close it meanwhile.
        (number >= 0 && self.is_ours(number)).then(|| unsafe { BorrowedFd::borrow_raw(number) })
    }

    /// Closes it, unless it is lost; true for the first caller.
    pub(crate) fn close(&self) -> bool {
        let number = self.number.swap(-1, Ordering::AcqRel);
        if number >= 0 && self.is_ours(number) {
            // SAFETY: it came from `into_raw_fd` and still refers to the same open file, and the swap gives it to one
            // caller only.
            drop(unsafe { OwnedFd::from_raw_fd(number) });
        }
        number >= 0
    }

    fn is_ours(&self, number: RawFd) -> bool {
        // As plain numbers, because it may be no open descriptor at all.
        // SAFETY: all zeroes is a valid value of this plain C structure.
        let mut stat: libc::stat = unsafe { std::mem::zeroed() };
        // SAFETY: the call writes to the structure alone, which lives across it.
        let known = unsafe { libc::fstat(number, &mut stat) } == 0;
        if !known || Identity::new(stat.st_dev, stat.st_ino) != self.file {
            return false;
        }
        match self.mark {
            // SAFETY: the call takes no pointer, and moves nothing.
            Mark::Position(position) => position == unsafe { libc::lseek(number, 0, libc::SEEK_CUR) },
            // SAFETY: this command takes no pointer.
            Mark::Signal(signal) => signal == unsafe { libc::fcntl(number, GET_SIGNAL) },
        }
    }
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        self.close();
    }
}
