//! The memory of a region in this process: mapped once, given back as soon as nobody uses it.
#![expect(unsafe_code, reason = "this is where a file's pages become addresses")]

use std::fs::File;
use std::io;
use std::path::Path;
use std::ptr::NonNull;
use std::sync::RwLock;
use std::sync::atomic::{AtomicU64, Ordering};

use memmap2::{Advice, MmapOptions, MmapRaw};

use crate::header::{Fixed, Header, PERSISTENT};
use crate::platform::lock::{self, Byte};
use crate::platform::space::{HUGE_FROM, HUGE_PAGE};
use crate::platform::{Descriptor, facts, find_same, memory, process};

/// What one handle adds to the count of users.
const HANDLE: u64 = 1;
/// What one view adds to it.
const VIEW: u64 = 1 << 32;
/// How often the last handle tries to close the file, while other threads ask it something.
const CLOSE_TRIES: u32 = 1000;

/// What may be written through a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writable {
    /// Header and data.
    All,
    /// The header only, which raising the waiters flag needs.
    Header,
    /// Nothing: the file itself may only be read.
    Nothing,
    /// The header, and a private copy of the data.
    HeaderAndCopy,
    /// A private copy of the data only: the file itself may only be read.
    Copy,
}

impl Writable {
    /// Whether the header may be written, which notifying needs, and raising the waiters flag.
    pub(crate) fn header(self) -> bool {
        matches!(self, Self::All | Self::Header | Self::HeaderAndCopy)
    }

    /// Whether the data may be written, be it for this process alone.
    pub(crate) fn data(self) -> bool {
        matches!(self, Self::All) || self.is_private()
    }

    /// Whether what is written to the data stays in this process.
    pub(crate) fn is_private(self) -> bool {
        matches!(self, Self::HeaderAndCopy | Self::Copy)
    }
}

/// Who uses a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum User {
    /// An open handle, whose waits ask the region's file whether the owner lives.
    Handle,
    /// A view, which needs the memory and nothing else.
    View,
}

/// A mapped region, shared by the handles, their clones and their views.
///
/// Handles and views are its users. With the last handle the file is closed, so a view holds no descriptor. With the
/// last user the memory is given back. The addresses stay reserved until the mapping is dropped: a thread that is still
/// inside a call of a handle that another thread closes meets zero pages, and never somebody else's memory.
pub(crate) struct Mapping {
    map: MmapRaw,
    file: RwLock<Option<Descriptor>>,
    /// [`HANDLE`] for each handle and [`VIEW`] for each view.
    users: AtomicU64,
    header_len: usize,
    capacity: usize,
    writable: Writable,
}

impl Mapping {
    /// Maps a region's file, whose header says `fixed`. The mapping starts with one handle for a user.
    pub(crate) fn new(file: File, fixed: &Fixed, writable: Writable, prefault: bool) -> io::Result<Self> {
        // The file reaches at least to the last data byte, so every page of this has a part of the file in it.
        let len = fixed.region_len().ok_or(io::ErrorKind::OutOfMemory)?;
        let mut options = MmapOptions::new();
        options.len(len);
        // A private part of the mapping is put over it afterwards.
        if prefault && !writable.is_private() {
            options.populate();
        }
        let map =
            if writable.header() { options.map_raw(&file)? } else { options.map_raw_read_only(&file)? };
        ask_for_huge_pages(&map);
        let (header_len, capacity) = (fixed.header_len, fixed.capacity);
        let mapping = Self {
            map,
            file: RwLock::new(None),
            users: AtomicU64::new(HANDLE),
            header_len,
            capacity,
            writable,
        };
        let data_len = len - header_len;
        match writable {
            Writable::All | Writable::Nothing => {}
            // SAFETY: the data starts on a page of the mapping just made, and nobody has a reference into it yet.
            Writable::Header => unsafe { memory::forbid_writing(mapping.data(), data_len) }?,
            // SAFETY: as above, and it is the data's place in the file, too.
            Writable::HeaderAndCopy | Writable::Copy => unsafe {
                memory::map_private(mapping.data(), data_len, &file, header_len as u64, prefault)?;
            },
        }
        let file = Descriptor::of_file(file, process::random_id()?)?;
        *mapping.file.try_write().expect("nobody else has the mapping yet") = Some(file);
        Ok(mapping)
    }

    pub(crate) fn header(&self) -> &Header {
        // SAFETY: the mapping starts with the header, is aligned to a page, and lives as long as the reference; after
        // its memory is given back, zero pages are there, and zeroes are a valid header.
        unsafe { self.start().cast().as_ref() }
    }

    /// Writes the fixed part of the header of a region that has no name yet.
    pub(crate) fn write_fixed(&self, fixed: &Fixed) {
        let bytes = fixed.encode();
        // SAFETY: the header is longer than its fixed part and writable, and no other process can find it yet.
        unsafe { self.start().as_ptr().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    }

    pub(crate) fn data(&self) -> NonNull<u8> {
        // SAFETY: the mapping is longer than its header.
        unsafe { self.start().add(self.header_len) }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    pub(crate) fn writable(&self) -> Writable {
        self.writable
    }

    /// Runs `ask` on the region's file; `None` without an open handle, or if the descriptor was lost. Never blocks: askers
    /// do not exclude each other, and in a forked child a lock that was being taken stays taken.
    pub(crate) fn with_file<T>(&self, ask: impl FnOnce(&File) -> T) -> Option<T> {
        self.file.try_read().ok()?.as_ref()?.with(ask)
    }

    /// Whether somebody has made the file shorter than the region, whose last pages are gone then.
    pub(crate) fn is_cut_short(&self) -> bool {
        let needed = (self.header_len + self.capacity) as u64;
        self.with_file(|file| facts(file).is_ok_and(|facts| facts.len < needed)).unwrap_or(false)
    }

    /// Asks the kernel whether the region had an owner, and its process ended without closing the region.
    ///
    /// Where this process has lost the file's descriptor, the file is looked for at `path`. Without its name there is no
    /// way to ask any more; then the owner counts as dead, as a wait must not go on for ever.
    pub(crate) fn owner_died(&self, path: &Path) -> bool {
        let persistent = || self.header().flags.load(Ordering::Acquire) & PERSISTENT != 0;
        if persistent() {
            return false;
        }
        // Where the kernel gives no answer, the owner counts as alive: nobody is cut off by mistake.
        let is_held = |file: &File| lock::is_held(file, Byte::Owner).unwrap_or(true);
        let held = self.with_file(is_held).or_else(|| {
            let lost = self.file.try_read().ok()?.as_ref()?.lost()?;
            Some(find_same(path, lost).map_or(true, |found| found.is_some_and(|file| is_held(&file))))
        });
        // Persisting sets the flag before it lets go of the lock, so the flag is asked again.
        !held.unwrap_or(true) && !persistent()
    }

    /// One more user; false if there is none left that it could come from. A handle comes from a handle, a view from
    /// either.
    pub(crate) fn acquire(&self, user: User) -> bool {
        let more = |users: u64| match user {
            User::Handle => (handles(users) > 0).then(|| users + HANDLE),
            User::View => (users > 0).then(|| users + VIEW),
        };
        self.users.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).is_ok()
    }

    /// Whether the memory was given back.
    pub(crate) fn is_released(&self) -> bool {
        self.users.load(Ordering::Acquire) == 0
    }

    /// One user less: the last handle closes the file, and the last user gives the memory back. True for the last user.
    pub(crate) fn release(&self, user: User) -> bool {
        let left = match user {
            User::Handle => self.users.fetch_sub(HANDLE, Ordering::AcqRel) - HANDLE,
            User::View => self.users.fetch_sub(VIEW, Ordering::AcqRel) - VIEW,
        };
        if user == User::Handle && handles(left) == 0 {
            self.close_file();
        }
        if left > 0 {
            return false;
        }
        // SAFETY: the whole mapping is ours, and no view of it is left.
        let detached = unsafe { memory::detach(self.start(), self.map.len()) };
        // Where the kernel refuses (it may split no more mappings), the memory is given back on drop instead.
        let _ = detached;
        true
    }

    fn close_file(&self) {
        // Others may be asking it something, which takes a moment. In a forked child they may never be done: then it is
        // closed on drop.
        for _ in 0..CLOSE_TRIES {
            if let Ok(mut file) = self.file.try_write() {
                *file = None;
                return;
            }
            std::thread::yield_now();
        }
    }

    fn start(&self) -> NonNull<u8> {
        NonNull::new(self.map.as_mut_ptr()).expect("mmap gives no null")
    }
}

/// How many of the users are handles.
fn handles(users: u64) -> u64 {
    users % VIEW
}

/// Asks for huge pages where the kernel has prepared for them: on a file system that may have some, it places mappings
/// of their size so that they fit. Elsewhere nothing is asked.
fn ask_for_huge_pages(map: &MmapRaw) {
    if map.len() as u64 >= HUGE_FROM && (map.as_ptr().addr() as u64).is_multiple_of(HUGE_PAGE) {
        // Without them everything works as well, only slower.
        let _ = map.advise(Advice::HugePage);
    }
}
