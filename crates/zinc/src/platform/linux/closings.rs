//! News of files that some process has closed after writing, which is how an owner's end shows: see inotify(7).

use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicI32, Ordering};

use rustix::fs::inotify;

/// Watches open files, whatever their names are, or were.
#[derive(Default)]
pub(crate) struct Closings {
    /// The descriptor plus 1; 0 stands for none.
    inotify: AtomicI32,
}

/// Which watch it is. Two watches of one file are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Watched(i32);

/// What a [`Closings::read`] tells.
pub(crate) enum News {
    /// Somebody has closed the file.
    Closed(Watched),
    /// There was more than the kernel keeps; it may have been any file.
    Lost,
}

impl Closings {
    /// Watches the file from now on.
    ///
    /// It fails where the user has too many watches or instances (see /proc/sys/fs/inotify), or /proc is not there.
    pub(crate) fn watch(&self, file: &File) -> io::Result<Watched> {
        let path = format!("/proc/self/fd/{}", file.as_raw_fd());
        let watch = self.with(|inotify| inotify::add_watch(inotify, path, inotify::WatchFlags::CLOSE_WRITE));
        Ok(Watched(watch??))
    }

    /// Ends a watch.
    pub(crate) fn forget(&self, watched: Watched) {
        // The kernel may have ended it by itself, with the file.
        let _ = self.with(|inotify| inotify::remove_watch(inotify, watched.0));
    }

    /// Reads what has happened since; does not block.
    pub(crate) fn read(&self, mut tell: impl FnMut(News)) {
        if self.inotify.load(Ordering::Acquire) == 0 {
            return;
        }
        let _ = self.with(|inotify| {
            let mut buffer = [MaybeUninit::uninit(); 4096];
            let mut reader = inotify::Reader::new(inotify, &mut buffer);
            while let Ok(event) = reader.next() {
                if event.events().contains(inotify::ReadFlags::QUEUE_OVERFLOW) {
                    tell(News::Lost);
                } else {
                    tell(News::Closed(Watched(event.wd())));
                }
            }
        });
    }

    /// Closes a forked child's copy, which shares its news with the parent's. Async-signal-safe.
    pub(crate) fn close_in_child(&self) {
        let descriptor = self.inotify.swap(0, Ordering::AcqRel) - 1;
        if descriptor >= 0 {
            drop(owned(descriptor));
        }
    }

    /// The callers exclude each other.
    fn with<T>(&self, act: impl FnOnce(&OwnedFd) -> T) -> io::Result<T> {
        let descriptor = match self.inotify.load(Ordering::Acquire) {
            0 => inotify::init(inotify::CreateFlags::CLOEXEC | inotify::CreateFlags::NONBLOCK)?,
            descriptor => owned(descriptor - 1),
        };
        let result = act(&descriptor);
        self.inotify.store(descriptor.into_raw_fd() + 1, Ordering::Release);
        Ok(result)
    }
}

#[expect(unsafe_code, reason = "the descriptor rests in an atomic, where a fork's handler may take it")]
fn owned(descriptor: RawFd) -> OwnedFd {
    // SAFETY: it came from `into_raw_fd`, and whoever calls this either puts it back or closes it for good.
    unsafe { OwnedFd::from_raw_fd(descriptor) }
}
