//! Any number of watches through one descriptor, which is made when it is needed and anew when it is lost: see inotify(7).

use std::ffi::CStr;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::BorrowedFd;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};

use rustix::fs::inotify;

use super::process;
use crate::platform::unix::descriptor::Descriptor;

/// An instance of inotify.
#[derive(Default)]
pub(super) struct Watches {
    /// Null stands for none. What has been here is never freed: a fork may come at any time, and its child looks.
    inotify: AtomicPtr<Descriptor>,
}

/// Which watch it is. Two watches of one file are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Watched(i32);

/// What the kernel tells of a watch.
pub(super) struct Event<'a> {
    pub(super) watched: Watched,
    pub(super) flags: inotify::ReadFlags,
    /// The name in the directory, where it is about one.
    pub(super) name: Option<&'a [u8]>,
}

/// There is no descriptor any more, because somebody in this process has closed it: all watches have ended.
pub(super) struct AllEnded;

impl Watches {
    /// Adds a watch by `add`, which returns its number.
    ///
    /// The callers of this, [`forget`](Watches::forget) and [`read`](Watches::read) exclude each other.
    pub(super) fn watch(&self, add: impl FnOnce(BorrowedFd<'_>) -> io::Result<i32>) -> io::Result<Watched> {
        let inotify = match self.descriptor() {
            Some(inotify) => inotify,
            None => self.begin()?,
        };
        let inotify = inotify.borrow().ok_or(io::ErrorKind::NotConnected)?;
        add(inotify).map(Watched)
    }

    /// Ends a watch.
    pub(super) fn forget(&self, watched: Watched) {
        if let Some(inotify) = self.descriptor().and_then(Descriptor::borrow) {
            // The kernel may have ended it by itself, with the file.
            let _ = inotify::remove_watch(inotify, watched.0);
        }
    }

    /// Reads what has happened since; does not block.
    pub(super) fn read(&self, mut tell: impl FnMut(Event<'_>)) -> Result<(), AllEnded> {
        let Some(descriptor) = self.descriptor() else { return Ok(()) };
        let Some(inotify) = descriptor.borrow() else {
            self.inotify.store(null_mut(), Ordering::Release);
            return Err(AllEnded);
        };
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut reader = inotify::Reader::new(inotify, &mut buffer);
        while let Ok(event) = reader.next() {
            let name = event.file_name().map(CStr::to_bytes);
            tell(Event { watched: Watched(event.wd()), flags: event.events(), name });
        }
        Ok(())
    }

    /// Closes a forked child's copy, which shares its news with the parent's. Async-signal-safe.
    pub(super) fn close_in_child(&self) {
        if let Some(inotify) = self.descriptor() {
            inotify.close();
        }
    }

    fn begin(&self) -> io::Result<&Descriptor> {
        let inotify = inotify::init(inotify::CreateFlags::CLOEXEC | inotify::CreateFlags::NONBLOCK)?;
        let inotify = Box::leak(Box::new(Descriptor::of_kernel_object(inotify, process::random_id()?)?));
        self.inotify.store(inotify, Ordering::Release);
        Ok(inotify)
    }

    /// What a sleep polls, if there is any watch.
    #[expect(unsafe_code, reason = "a fork's child looks at any time")]
    pub(super) fn descriptor(&self) -> Option<&Descriptor> {
        // SAFETY: the pointer is null or comes from `Box::leak`.
        unsafe { self.inotify.load(Ordering::Acquire).as_ref() }
    }
}
