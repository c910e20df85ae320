//! News of names that appear, in any number of directories: see inotify(7).

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::fs::inotify::ReadFlags;

use super::alarm::Alarm;
use super::place::{APPEARS, PAUSE, PREFIX, Place, Woken, poll_all};
pub(crate) use super::watches::Watched;
use super::watches::Watches;

/// Watches directories, and lets one thread sleep until there is news of any.
pub(crate) struct Arrivals {
    watches: Watches,
    bell: Alarm,
    /// Whether the last news came so soon that the next is waited for with a pause.
    is_busy: AtomicBool,
}

/// What a [`Arrivals::read`] tells.
pub(crate) enum News<'a> {
    /// A file that may be the region of that name has appeared in the directory.
    Appeared(Watched, &'a str),
    /// The directory is not there any more, and its watch has ended.
    Gone(Watched),
    /// There was more than the kernel keeps; it may have been any name.
    Lost,
    /// All watches have ended: somebody in this process has closed the descriptor that the news came through.
    AllEnded,
}

impl Arrivals {
    /// Watches nothing yet. It fails where the process has as many files open as it may.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { watches: Watches::default(), bell: Alarm::new()?, is_busy: AtomicBool::new(false) })
    }

    /// Watches the directory from now on.
    ///
    /// It fails where the user has too many watches or instances (see /proc/sys/fs/inotify), or may not read the
    /// directory. The callers of this, [`forget`](Arrivals::forget) and [`read`](Arrivals::read) exclude each other.
    pub(crate) fn watch(&self, place: &Place) -> io::Result<Watched> {
        self.watches.watch(|inotify| place.watch_by(inotify, APPEARS))
    }

    /// Ends a watch.
    pub(crate) fn forget(&self, watched: Watched) {
        self.watches.forget(watched);
    }

    /// Ends the sleep, or the next one.
    pub(crate) fn ring(&self) {
        self.bell.ring();
    }

    /// Sleeps until there is news, the bell rings or the time is up; returns whether there is news to be read.
    ///
    /// Others may create and remove files as fast as they can. So news that follows each other closely is read only so
    /// often, which costs a region that appears meanwhile a pause at the most.
    pub(crate) fn sleep(&self, time: Duration) -> bool {
        let end = Instant::now() + time;
        let left = || end.saturating_duration_since(Instant::now());
        let bell = Some(self.bell.descriptor());
        let is_busy = self.is_busy.load(Ordering::Relaxed);
        let pause = || poll_all([None, bell], left().min(PAUSE));
        let woken = if is_busy && !matches!(pause(), Ok(Woken::Time)) {
            Woken::Other
        } else {
            let start = Instant::now();
            let woken = poll_all([self.watches.descriptor(), bell], left()).unwrap_or_else(|_| {
                // The system is out of memory, and may soon not be.
                std::thread::sleep(PAUSE);
                Woken::Other
            });
            self.is_busy.store(woken == Woken::First && start.elapsed() < PAUSE, Ordering::Relaxed);
            woken
        };
        self.bell.reset();
        // Whoever is blind for want of the descriptor finds that out by reading.
        woken == Woken::First || !is_busy && woken == Woken::Other
    }

    /// Reads what has happened since; does not block.
    pub(crate) fn read(&self, mut tell: impl FnMut(News<'_>)) {
        let read = self.watches.read(|event| {
            if event.flags.contains(ReadFlags::QUEUE_OVERFLOW) {
                tell(News::Lost);
            } else if event.flags.contains(ReadFlags::IGNORED) {
                tell(News::Gone(event.watched));
            } else if let Some(name) = event.name.and_then(region_name) {
                tell(News::Appeared(event.watched, name));
            }
        });
        if read.is_err() {
            tell(News::AllEnded);
        }
    }

    /// Closes a forked child's copies, which share their news with the parent's. Async-signal-safe.
    pub(crate) fn close_in_child(&self) {
        self.watches.close_in_child();
        self.bell.close_in_child();
    }
}

/// The region that a file of that name may be.
fn region_name(file: &[u8]) -> Option<&str> {
    std::str::from_utf8(file).ok()?.strip_prefix(PREFIX)
}
