//! Files that have no name yet, and how they get theirs.
//!
//! Linux has files without any name (`O_TMPFILE`), which are gone with their maker. Where a file system or a sandbox has
//! none, or offers no way to name one, a file with a hidden name takes their place: one that no region can have, and that
//! is swept once its maker is dead.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd};

use rustix::fs::{self, AtFlags, Gid, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use super::lock::{self, Byte, Lock};
use super::place::{Place, file_name};
use super::process;
use crate::platform::Access;
use crate::platform::unix::file;

/// What the name of a hidden file starts with. No name of a region starts with a dot, so no region's file does with this.
const HIDDEN: &str = "zinc..new-";
/// How often making a hidden file begins anew. Each round means that somebody has taken it for a dead process's.
const HIDE_ROUNDS: u32 = 100;

impl Place {
    /// Makes a file that nobody sees and that is gone when this process dies, or swept later. It belongs to that group
    /// if one is given.
    pub(crate) fn create(&self, mode: u32, group: Option<u32>) -> io::Result<File> {
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        let file: File = match fs::openat(&self.dir, ".", flags, Mode::RUSR | Mode::WUSR) {
            Ok(file) if self.can_link(&file) => file.into(),
            Ok(_) | Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL | Errno::NOSYS) => {
                self.create_hidden()?
            }
            Err(error) => return Err(error.into()),
        };
        let prepared = group
            .map_or(Ok(()), |group| fs::fchown(&file, None, Some(Gid::from_raw(group))))
            .and_then(|()| fs::fchmod(&file, Mode::from_raw_mode(mode)));
        if let Err(error) = prepared {
            self.discard(&file);
            return Err(error.into());
        }
        Ok(file)
    }

    /// Removes a file that shall get no name after all, as far as it does not go by itself.
    pub(crate) fn discard(&self, file: &File) {
        // What cannot be removed is swept when this process is gone.
        if let Ok(Some(hidden)) = self.entry_of(file, HIDDEN) {
            let _ = fs::unlinkat(&self.dir, hidden, AtFlags::empty());
        }
    }

    /// Gives the file its name; `AlreadyExists` if the name is taken.
    pub(crate) fn link(&self, file: &File, name: &str) -> io::Result<()> {
        if fs::fstat(file)?.st_nlink == 0 {
            return Ok(self.link_as(file, &file_name(name))?);
        }
        let Some(hidden) = self.entry_of(file, HIDDEN)? else { return Err(Errno::NOENT.into()) };
        let name = file_name(name);
        match fs::renameat_with(&self.dir, &hidden, &self.dir, &name, RenameFlags::NOREPLACE) {
            // An older kernel, or a file system that cannot.
            Err(Errno::INVAL | Errno::NOSYS | Errno::PERM) => {
                fs::linkat(&self.dir, &hidden, &self.dir, &name, AtFlags::empty())?;
                // If it stays, it is swept.
                let _ = fs::unlinkat(&self.dir, &hidden, AtFlags::empty());
                Ok(())
            }
            renamed => Ok(renamed?),
        }
    }

    /// Opens the same file anew: a lock through the new one ends when that is closed, whatever is mapped through `file`.
    pub(crate) fn reopen(&self, file: &File) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CLOEXEC;
        match through_proc(file, |path| fs::open(path, flags, Mode::empty())) {
            Ok(reopened) => Ok(reopened.into()),
            Err(Errno::NOENT) => {
                // Without /proc its name is the way to it.
                let name = self.entry_of(file, "")?.ok_or(Errno::NOENT)?;
                let reopened = file::open_in(&self.dir, &name, Access::ReadWrite)?;
                if file::identity(&reopened)? == file::identity(file)? {
                    Ok(reopened)
                } else {
                    Err(Errno::NOENT.into())
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Removes the hidden files of this user that dead processes have left.
    pub(crate) fn sweep_hidden(&self) -> io::Result<()> {
        for rest in file::names_in(&self.dir, HIDDEN)? {
            let hidden = format!("{HIDDEN}{rest}");
            let Ok(facts) = file::facts_in(&self.dir, &hidden) else { continue };
            if facts.user != process::user() {
                continue;
            }
            // A maker that is between making the file and locking it finds the lock taken, and begins anew.
            let Ok(opened) = file::open_in(&self.dir, &hidden, Access::ReadWrite) else { continue };
            if let Ok(Some(_lock)) = Lock::take(opened, Byte::Maker) {
                let _ = fs::unlinkat(&self.dir, &hidden, AtFlags::empty());
            }
        }
        Ok(())
    }

    fn create_hidden(&self) -> io::Result<File> {
        for _ in 0..HIDE_ROUNDS {
            let id = u128::from_ne_bytes(process::random_id()?);
            let flags = OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::RDWR | OFlags::CLOEXEC;
            let name = format!("{HIDDEN}{id:032x}");
            let file = fs::openat(&self.dir, name, flags, Mode::RUSR | Mode::WUSR).map_err(no_files_here)?;
            let file = File::from(file);
            // Held for as long as the file is open or mapped, which is longer than it needs to be.
            if lock::hold(&file, Byte::Maker)? && fs::fstat(&file)?.st_nlink > 0 {
                return Ok(file);
            }
        }
        Err(io::Error::other("the file is removed each time before it has a name"))
    }

    /// Whether a nameless file can be given a name here, and opened anew before that: both take /proc. The directory's
    /// own name, which is taken, shows it.
    fn can_link(&self, file: &impl AsFd) -> bool {
        self.link_as(file, ".") == Err(Errno::EXIST)
    }

    fn link_as(&self, file: &impl AsFd, name: &str) -> rustix::io::Result<()> {
        through_proc(file, |path| fs::linkat(fs::CWD, path, &self.dir, name, AtFlags::SYMLINK_FOLLOW))
    }

    /// A name that the file has in this directory and that starts with `prefix`.
    fn entry_of(&self, file: &File, prefix: &str) -> io::Result<Option<String>> {
        if fs::fstat(file)?.st_nlink == 0 {
            return Ok(None);
        }
        for rest in file::names_in(&self.dir, prefix)? {
            let name = format!("{prefix}{rest}");
            if file::is_named_in(&self.dir, &name, file)? {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }
}

/// Calls with the magic link by which /proc names an open file that may have no other name, see proc(5). The process's
/// own is gone when its main thread has ended, and the thread's is then still there.
pub(super) fn through_proc<T>(
    file: &impl AsFd,
    mut call: impl FnMut(String) -> rustix::io::Result<T>,
) -> rustix::io::Result<T> {
    let descriptor = file.as_fd().as_raw_fd();
    match call(format!("/proc/self/fd/{descriptor}")) {
        Err(Errno::NOENT) => call(format!("/proc/thread-self/fd/{descriptor}")),
        called => called,
    }
}

/// What making a file says in a directory that has none but its own, as /proc.
fn no_files_here(error: Errno) -> io::Error {
    match error {
        Errno::NOENT => {
            io::Error::new(io::ErrorKind::Unsupported, "its file system takes no new files; use a tmpfs")
        }
        other => other.into(),
    }
}
