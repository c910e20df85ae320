//! The memory of a region in this process: mapped once, given back as soon as nobody uses it.
#![expect(unsafe_code, reason = "this is where a file's pages become addresses")]

use std::fs::File;
use std::io;
use std::path::Path;
use std::ptr::NonNull;
use std::sync::RwLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use memmap2::{MmapOptions, MmapRaw};

use crate::header::{Fixed, Header, PERSISTENT};
use crate::platform::lock::{self, Byte};
use crate::platform::{Descriptor, facts, find_same, memory, process};

/// What may be written through a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writable {
    /// Header and data.
    All,
    /// The header only, which raising the waiters flag needs.
    Header,
    /// Nothing: the file itself may only be read.
    Nothing,
}

/// A mapped region, shared by the handles, their clones and their views.
///
/// Handles and views count as users. When the last of them is done, the memory is given back at once. The addresses
/// stay reserved until the mapping is dropped: a thread that is still inside a call of a handle that another thread
/// closes meets zero pages, and never somebody else's memory.
pub(crate) struct Mapping {
    map: MmapRaw,
    file: RwLock<Option<Descriptor>>,
    users: AtomicUsize,
    header_len: usize,
    capacity: usize,
    writable: Writable,
}

impl Mapping {
    /// Maps a region's file, whose header says `fixed`. The mapping starts with one user.
    pub(crate) fn new(file: File, fixed: &Fixed, writable: Writable, prefault: bool) -> io::Result<Self> {
        // The file reaches at least to the last data byte, so every page of this has a part of the file in it.
        let len = fixed.region_len().ok_or(io::ErrorKind::OutOfMemory)?;
        let mut options = MmapOptions::new();
        options.len(len);
        if prefault {
            options.populate();
        }
        let map = match writable {
            Writable::Nothing => options.map_raw_read_only(&file)?,
            Writable::Header | Writable::All => options.map_raw(&file)?,
        };
        let (header_len, capacity) = (fixed.header_len, fixed.capacity);
        let mapping = Self {
            map,
            file: RwLock::new(Some(Descriptor::of_file(file, process::random_id()?)?)),
            users: AtomicUsize::new(1),
            header_len,
            capacity,
            writable,
        };
        if writable == Writable::Header {
            // SAFETY: the data starts on a page of the mapping just made, and nobody has a reference into it yet.
            unsafe { memory::forbid_writing(mapping.data(), len - header_len) }?;
        }
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

    /// Runs `ask` on the region's file; `None` if the memory was given back, or the descriptor was lost. Never blocks: askers do not exclude each
    /// other, and in a forked child a lock that was being taken stays taken.
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

    /// One more user; false if there are none left and the memory is gone.
    pub(crate) fn acquire(&self) -> bool {
        let more = |users: usize| (users > 0).then(|| users + 1);
        self.users.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).is_ok()
    }

    /// Whether the memory was given back.
    pub(crate) fn is_released(&self) -> bool {
        self.users.load(Ordering::Acquire) == 0
    }

    /// One user less; the last one gives the memory back. True for the last.
    pub(crate) fn release(&self) -> bool {
        if self.users.fetch_sub(1, Ordering::AcqRel) > 1 {
            return false;
        }
        // SAFETY: the whole mapping is ours, and no view of it is left.
        let detached = unsafe { memory::detach(self.start(), self.map.len()) };
        // Where the kernel refuses (it may split no more mappings), the memory is given back on drop instead.
        let _ = detached;
        if let Ok(mut file) = self.file.try_write() {
            *file = None;
        }
        true
    }

    fn start(&self) -> NonNull<u8> {
        NonNull::new(self.map.as_mut_ptr()).expect("mmap gives no null")
    }
}
