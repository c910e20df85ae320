//! News of files that some process has closed after writing, which is how an owner's end shows: see inotify(7).

use std::fs::File;
use std::io;

use rustix::fs::inotify;

use super::unnamed::through_proc;
pub(crate) use super::watches::Watched;
use super::watches::Watches;

/// Watches open files, whatever their names are, or were.
#[derive(Default)]
pub(crate) struct Closings(Watches);

/// What a [`Closings::read`] tells.
pub(crate) enum News {
    /// Somebody has closed the file.
    Closed(Watched),
    /// There was more than the kernel keeps; it may have been any file.
    Lost,
    /// All watches have ended: somebody in this process has closed the descriptor that the news came through.
    AllEnded,
}

impl Closings {
    /// Watches the file from now on.
    ///
    /// It fails where the user has too many watches or instances (see /proc/sys/fs/inotify), or /proc is not there.
    /// The callers of this, [`forget`](Closings::forget) and [`read`](Closings::read) exclude each other.
    pub(crate) fn watch(&self, file: &File) -> io::Result<Watched> {
        let closed = inotify::WatchFlags::CLOSE_WRITE;
        self.0.watch(|inotify| Ok(through_proc(file, |path| inotify::add_watch(inotify, path, closed))?))
    }

    /// Ends a watch.
    pub(crate) fn forget(&self, watched: Watched) {
        self.0.forget(watched);
    }

    /// Reads what has happened since; does not block.
    pub(crate) fn read(&self, mut tell: impl FnMut(News)) {
        let read = self.0.read(|event| {
            let lost = event.flags.contains(inotify::ReadFlags::QUEUE_OVERFLOW);
            tell(if lost { News::Lost } else { News::Closed(event.watched) });
        });
        if read.is_err() {
            tell(News::AllEnded);
        }
    }

    /// Closes a forked child's copy, which shares its news with the parent's. Async-signal-safe.
    pub(crate) fn close_in_child(&self) {
        self.0.close_in_child();
    }
}
