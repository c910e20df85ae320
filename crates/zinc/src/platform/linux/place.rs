//! A directory of regions: a mounted tmpfs such as `/dev/shm`, or hugetlbfs.

use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{self, AtFlags, Mode, OFlags, StatxAttributes, StatxFlags, inotify};
use rustix::io::Errno;

use super::alarm::Alarm;
use super::process;
use super::unnamed::through_proc;
use crate::platform::unix::descriptor::Descriptor;
use crate::platform::unix::file;
use crate::platform::{Access, Facts};

/// Where regions live unless told otherwise.
pub(crate) const DEFAULT: &str = "/dev/shm";
/// What every region's file name starts with.
pub(super) const PREFIX: &str = "zinc.";
/// `f_type` of hugetlbfs, see statfs(2).
const HUGETLBFS: i64 = 0x9584_58f6;

/// An open directory of regions.
pub(crate) struct Place {
    pub(super) dir: OwnedFd,
    path: PathBuf,
    pub(super) page: usize,
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

    /// Opens the file of that name; follows no link.
    pub(crate) fn find(&self, name: &str, access: Access) -> io::Result<File> {
        file::open_in(&self.dir, file_name(name), access)
    }

    /// Whether `name` is, at this moment, the name of this very file.
    pub(crate) fn is_named(&self, name: &str, file: &File) -> io::Result<bool> {
        file::is_named_in(&self.dir, &file_name(name), file)
    }

    /// What the system knows about the file of that name, whether or not this process may open it.
    pub(crate) fn facts_of(&self, name: &str) -> io::Result<Facts> {
        file::facts_in(&self.dir, &file_name(name))
    }

    /// Whether everything that anybody makes here may belong to that group, and not only what its members make.
    pub(crate) fn gives_group(&self, group: u32) -> io::Result<bool> {
        const GROUP_OF_DIRECTORY: u32 = 0o2000;
        let Facts { group: own, mode, .. } = file::facts_in(&self.dir, ".")?;
        Ok(own == group && mode & GROUP_OF_DIRECTORY != 0 && mode & 0o002 != 0)
    }

    /// Whether nobody at all may change the file of that name, or the directory if none is given, see chattr(1).
    pub(crate) fn is_immutable(&self, name: Option<&str>) -> bool {
        let (path, flags) = match name {
            Some(name) => (file_name(name), AtFlags::SYMLINK_NOFOLLOW),
            None => (".".to_owned(), AtFlags::empty()),
        };
        let fixed = StatxAttributes::IMMUTABLE | StatxAttributes::APPEND;
        fs::statx(&self.dir, path, flags, StatxFlags::empty())
            .is_ok_and(|stat| stat.stx_attributes.intersects(fixed))
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
        self.watch_by(&inotify, APPEARS)?;
        let inotify = Descriptor::of_kernel_object(inotify, process::random_id()?)?;
        Ok(DirectoryWatch { inotify, busy: AtomicBool::new(false) })
    }

    /// Adds a watch of this directory to an instance of inotify; returns its number.
    pub(super) fn watch_by(&self, inotify: impl AsFd, what: inotify::WatchFlags) -> io::Result<i32> {
        match through_proc(&self.dir, |path| inotify::add_watch(&inotify, path, what)) {
            Err(Errno::NOENT) => Ok(inotify::add_watch(&inotify, &self.path, what)?),
            watched => Ok(watched?),
        }
    }

    /// Which directory it is, among all there are.
    pub(crate) fn identity(&self) -> io::Result<file::Identity> {
        file::identity(&self.dir)
    }
}

/// What happens in a directory when a name appears.
pub(super) const APPEARS: inotify::WatchFlags =
    inotify::WatchFlags::CREATE.union(inotify::WatchFlags::MOVED_TO);

/// How long a sleep is that nothing ends, because somebody in this process has closed the watch's descriptor.
const BLIND_SLEEP: Duration = Duration::from_millis(10);
/// How long a watch looks at nothing where one piece of news follows the other.
pub(super) const PAUSE: Duration = Duration::from_millis(10);

/// Tells when something new is in a [`Place`].
pub(crate) struct DirectoryWatch {
    inotify: Descriptor,
    /// Whether the last news came so soon that the next is waited for with a pause.
    busy: AtomicBool,
}

/// Sleeps until a file of that name has appeared, the alarm has rung, the time is up, or a signal comes.
///
/// Others may create and remove files as fast as they can. News of other names does not end the sleep, and news that
/// follows each other closely is read only so often, which costs a region that appears meanwhile a pause at the most.
pub(crate) fn sleep(
    watch: Option<&DirectoryWatch>,
    name: &str,
    alarm: Option<&Alarm>,
    time: Duration,
) -> io::Result<()> {
    let end = Instant::now() + time;
    let left = || end.saturating_duration_since(Instant::now());
    let alarm = alarm.map(Alarm::descriptor);
    loop {
        let busy = watch.is_some_and(|watch| watch.busy.load(Ordering::Relaxed));
        if busy && poll_all([alarm, None], left().min(PAUSE))? != Woken::Time {
            return Ok(());
        }
        let start = Instant::now();
        let woken = poll_all([watch.map(|watch| &watch.inotify), alarm], left())?;
        let (Some(watch), Woken::First) = (watch, woken) else { return Ok(()) };
        watch.busy.store(start.elapsed() < PAUSE, Ordering::Relaxed);
        if watch.read_whether_new(&file_name(name)) || left().is_zero() {
            return Ok(());
        }
    }
}

impl DirectoryWatch {
    /// Reads all the news; whether a file of that name may be new.
    fn read_whether_new(&self, name: &str) -> bool {
        // Asked again: much may have happened during the sleep.
        let Some(inotify) = self.inotify.borrow() else { return true };
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut reader = inotify::Reader::new(inotify, &mut buffer);
        let mut is_new = false;
        while let Ok(event) = reader.next() {
            is_new |= event.events().contains(inotify::ReadFlags::QUEUE_OVERFLOW)
                || event.file_name().is_some_and(|new| new.to_bytes() == name.as_bytes());
        }
        is_new
    }
}

/// What has ended a sleep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Woken {
    /// The first of the sources, or it and the second.
    First,
    /// The second alone, or a signal.
    Other,
    Time,
}

pub(super) fn poll_all(sources: [Option<&Descriptor>; 2], time: Duration) -> io::Result<Woken> {
    let [first, second] = sources.map(|source| source.map(Descriptor::borrow));
    let is_blind = matches!(first, Some(None)) || matches!(second, Some(None));
    let sources = [first.flatten(), second.flatten()];
    let mut polled: Vec<_> =
        sources.iter().flatten().map(|source| PollFd::from_borrowed_fd(*source, PollFlags::IN)).collect();
    let timeout = Timespec::try_from(if is_blind { time.min(BLIND_SLEEP) } else { time }).ok();
    match poll(&mut polled, timeout.as_ref()) {
        // The next call looks again, and whoever is blind must not sleep on.
        Ok(0) if is_blind => Ok(Woken::Other),
        Ok(0) => Ok(Woken::Time),
        Ok(_) if sources[0].is_some() && !polled[0].revents().is_empty() => Ok(Woken::First),
        Ok(_) | Err(Errno::INTR) => Ok(Woken::Other),
        Err(error) => Err(error.into()),
    }
}

/// The name of a region's file.
pub(super) fn file_name(name: &str) -> String {
    format!("{PREFIX}{name}")
}
