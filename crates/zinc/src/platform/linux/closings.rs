//! News of files that some process has closed after writing, which is how an owner's end shows: see inotify(7).

use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};

use rustix::fs::inotify;

use super::process;
use super::unnamed::through_proc;
use crate::platform::unix::descriptor::Descriptor;

/// Watches open files, whatever their names are, or were.
#[derive(Default)]
pub(crate) struct Closings {
    /// Null stands for none. What has been here is never freed: a fork may come at any time, and its child looks.
    inotify: AtomicPtr<Descriptor>,
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
    /// All watches have ended: somebody in this process has closed the descriptor that the news came through.
    AllEnded,
}

impl Closings {
    /// Watches the file from now on.
    ///
    /// It fails where the user has too many watches or instances (see /proc/sys/fs/inotify), or /proc is not there.
    /// The callers of this, [`forget`](Closings::forget) and [`read`](Closings::read) exclude each other.
    pub(crate) fn watch(&self, file: &File) -> io::Result<Watched> {
        let inotify = match self.inotify() {
            Some(inotify) => inotify,
            None => self.begin()?,
        };
        let closed = inotify::WatchFlags::CLOSE_WRITE;
        let watch =
            inotify.with(|inotify| through_proc(file, |path| inotify::add_watch(inotify, path, closed)));
        Ok(Watched(watch.ok_or(io::ErrorKind::NotConnected)??))
    }

    /// Ends a watch.
    pub(crate) fn forget(&self, watched: Watched) {
        // The kernel may have ended it by itself, with the file.
        let _ = self
            .inotify()
            .and_then(|inotify| inotify.with(|inotify| inotify::remove_watch(inotify, watched.0)));
    }

    /// Reads what has happened since; does not block.
    pub(crate) fn read(&self, mut tell: impl FnMut(News)) {
        let Some(inotify) = self.inotify() else { return };
        let read = inotify.with(|inotify| {
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
        if read.is_none() {
            self.inotify.store(null_mut(), Ordering::Release);
            tell(News::AllEnded);
        }
    }

    /// Closes a forked child's copy, which shares its news with the parent's. Async-signal-safe.
    pub(crate) fn close_in_child(&self) {
        if let Some(inotify) = self.inotify() {
            inotify.close();
        }
    }

    fn begin(&self) -> io::Result<&Descriptor> {
        let inotify = inotify::init(inotify::CreateFlags::CLOEXEC | inotify::CreateFlags::NONBLOCK)?;
        let inotify = Box::leak(Box::new(Descriptor::of_kernel_object(inotify, process::random_id()?)?));
        self.inotify.store(inotify, Ordering::Release);
        Ok(inotify)
    }

    #[expect(unsafe_code, reason = "a fork's child looks at any time")]
    fn inotify(&self) -> Option<&Descriptor> {
        // SAFETY: the pointer is null or comes from `Box::leak`.
        unsafe { self.inotify.load(Ordering::Acquire).as_ref() }
    }
}
