//! A directory of regions: a mounted tmpfs such as `/dev/shm`, or hugetlbfs.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{self, AtFlags, FallocateFlags, Mode, OFlags, inotify};

use super::{alarm::Alarm, process};
use crate::platform::Access;
use crate::platform::unix::{descriptor::Descriptor, file};

/// Where regions live unless told otherwise.
pub(crate) const DEFAULT: &str = "/dev/shm";
/// What every region's file name starts with.
const PREFIX: &str = "zinc.";
/// `f_type` of hugetlbfs, see statfs(2).
const HUGETLBFS: i64 = 0x9584_58f6;
/// How much memory one call reserves at first. On older kernels a signal undoes the call that it interrupts, so calls
/// must be shorter than the ticks of a profiling timer for the whole to get ahead.
const RESERVE_STEP: u64 = 32 << 20;

/// An open directory of regions.
pub(crate) struct Place {
    dir: OwnedFd,
    path: PathBuf,
    page: usize,
}

impl Place {
    /// The directory that `ZINC_DIR` names, else the default one.
    pub(crate) fn default_path() -> PathBuf {
        match std::env::var_os("ZINC_DIR") {
            Some(path) if !path.is_empty() => path.into(),
            _ => DEFAULT.into(),
        }
    }

    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        let dir = fs::open(&path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let stat = fs::fstatfs(&dir)?;
        let huge = stat.f_type as i64 == HUGETLBFS;
        let page = if huge { stat.f_bsize as usize } else { process::page_size() };
        Ok(Self { dir, path, page })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The full path of a region's file, for people.
    pub(crate) fn path_of(&self, name: &str) -> PathBuf {
        self.path.join(file_name(name))
    }

    /// Bytes in a page of this directory's memory.
    pub(crate) fn page(&self) -> usize {
        self.page
    }

    /// Bytes that are free for new regions.
    pub(crate) fn free(&self) -> io::Result<u64> {
        let stat = fs::statvfs(self.proc_path())?;
        if stat.f_blocks != 0 {
            return Ok(stat.f_bavail.saturating_mul(stat.f_frsize));
        }
        // A mount without a limit shows no blocks at all: what is free is then the machine's.
        if self.page == process::page_size() { Ok(u64::MAX) } else { process::free_huge_memory(self.page) }
    }

    /// Makes a file that has no name yet, so nobody sees it and nothing is left if this process dies.
    pub(crate) fn create(&self, mode: u32) -> io::Result<File> {
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(mode);
        let file = fs::openat(&self.dir, ".", flags, mode).map_err(|error| match error {
            rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::ISDIR => {
                io::Error::new(io::ErrorKind::Unsupported, "its file system has no O_TMPFILE; use a tmpfs")
            }
            other => other.into(),
        })?;
        fs::fchmod(&file, mode)?;
        Ok(file.into())
    }

    /// Gives the file its length and, unless it is to be sparse, all the memory that it will ever use.
    pub(crate) fn reserve(&self, file: &File, len: u64, sparse: bool) -> io::Result<()> {
        file.set_len(len)?;
        if sparse {
            return Ok(());
        }
        if self.free()? < len {
            return Err(rustix::io::Errno::NOSPC.into());
        }
        let mut at = 0;
        let mut step = RESERVE_STEP.max(self.page as u64);
        while at < len {
            match fs::fallocate(file, FallocateFlags::empty(), at, step.min(len - at)) {
                Ok(()) => at += step.min(len - at),
                // Undone; a shorter step gets ahead between two ticks.
                Err(rustix::io::Errno::INTR) => step = (step / 2).max(self.page as u64),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Opens the same file anew: a lock through the new one ends when that is closed, whatever is mapped through `file`.
    pub(crate) fn reopen(&self, file: &File) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CLOEXEC;
        Ok(fs::open(descriptor_path(file), flags, Mode::empty())?.into())
    }

    /// Gives a nameless file its name; `AlreadyExists` if the name is taken.
    pub(crate) fn link(&self, file: &File, name: &str) -> io::Result<()> {
        let from = descriptor_path(file);
        Ok(fs::linkat(fs::CWD, from, &self.dir, file_name(name), AtFlags::SYMLINK_FOLLOW)?)
    }

    /// Opens the file of that name; follows no link.
    pub(crate) fn find(&self, name: &str, access: Access) -> io::Result<File> {
        file::open_in(&self.dir, &file_name(name), access)
    }

    /// Whether `name` is, at this moment, the name of this very file.
    pub(crate) fn is_named(&self, name: &str, file: &File) -> io::Result<bool> {
        file::is_named_in(&self.dir, &file_name(name), file)
    }

    /// The user that the file of that name belongs to, whether or not this process may open it.
    pub(crate) fn user_of(&self, name: &str) -> io::Result<u32> {
        file::user_in(&self.dir, &file_name(name))
    }

    pub(crate) fn unlink(&self, name: &str) -> io::Result<()> {
        file::unlink_in(&self.dir, &file_name(name))
    }

    /// The names of all files here that may be regions, in no order.
    pub(crate) fn names(&self) -> io::Result<Vec<String>> {
        file::names_in(&self.dir, PREFIX)
    }

    /// Watches for names that appear from now on.
    pub(crate) fn watch(&self) -> io::Result<DirectoryWatch> {
        let inotify = inotify::init(inotify::CreateFlags::CLOEXEC | inotify::CreateFlags::NONBLOCK)?;
        let appears = inotify::WatchFlags::CREATE | inotify::WatchFlags::MOVED_TO;
        inotify::add_watch(&inotify, self.proc_path(), appears)?;
        Ok(DirectoryWatch { inotify: Descriptor::of_kernel_object(inotify, process::random_id()?)? })
    }

    fn proc_path(&self) -> String {
        descriptor_path(&self.dir)
    }
}

/// How long a sleep is that nothing ends, because somebody in this process has closed the watch's descriptor.
const BLIND_SLEEP: Duration = Duration::from_millis(10);

/// Tells when something new is in a [`Place`].
pub(crate) struct DirectoryWatch {
    inotify: Descriptor,
}

/// Sleeps until a name has appeared, the alarm has rung, the time is up, or a signal comes.
pub(crate) fn sleep(watch: Option<&DirectoryWatch>, alarm: Option<&Alarm>, time: Duration) -> io::Result<()> {
    let kept = watch.map(|watch| &watch.inotify).into_iter().chain(alarm.map(Alarm::descriptor));
    let sources: Vec<_> = kept.map(Descriptor::borrow).collect();
    let blind = sources.iter().any(Option::is_none);
    let timeout = Timespec::try_from(if blind { time.min(BLIND_SLEEP) } else { time }).ok();
    let sources = sources.into_iter().flatten();
    let mut polled: Vec<_> = sources.map(|source| PollFd::from_borrowed_fd(source, PollFlags::IN)).collect();
    match poll(&mut polled, timeout.as_ref()) {
        Ok(_) => {}
        Err(rustix::io::Errno::INTR) => return Ok(()),
        Err(error) => return Err(error.into()),
    }
    // Asked again: much may have happened during the sleep.
    if let Some(inotify) = watch.and_then(|watch| watch.inotify.borrow()) {
        let mut events = [0; 4096];
        while rustix::io::read(inotify, &mut events).is_ok_and(|read| read > 0) {}
    }
    Ok(())
}

fn file_name(name: &str) -> String {
    format!("{PREFIX}{name}")
}

/// The magic link by which /proc names an open file that may have no other name, see proc(5).
fn descriptor_path(file: &impl AsFd) -> String {
    format!("/proc/self/fd/{}", file.as_fd().as_raw_fd())
}
