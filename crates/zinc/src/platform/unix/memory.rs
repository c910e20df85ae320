//! What the mapping library does not do: change a part of a mapping, and give its pages back early.
#![expect(unsafe_code, reason = "these calls change what addresses mean")]

use std::fs::File;
use std::io;
use std::ptr::NonNull;

use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap, mmap_anonymous, mprotect};

/// Makes `len` bytes from `start` read-only.
///
/// # Safety
///
/// The range is whole pages of one mapping of the caller's, and nobody holds a `&mut` into it.
pub(crate) unsafe fn forbid_writing(start: NonNull<u8>, len: usize) -> io::Result<()> {
    // SAFETY: as the caller says; taking the right to write away breaks no shared reference.
    Ok(unsafe { mprotect(start.as_ptr().cast(), len, MprotectFlags::READ) }?)
}

/// Puts a private mapping of the same part of the file in the place of a shared one: what is written to it stays in
/// this process.
///
/// # Safety
///
/// The range is whole pages of one mapping of the caller's, and nobody holds a reference into it.
pub(crate) unsafe fn map_private(
    start: NonNull<u8>,
    len: usize,
    file: &File,
    offset: u64,
    prefault: bool,
) -> io::Result<()> {
    let mut flags = MapFlags::PRIVATE | MapFlags::FIXED;
    if prefault {
        flags |= MapFlags::POPULATE;
    }
    // Without the right to write at first: else entering the pages would copy them all.
    // SAFETY: the range is the caller's own, so nothing else is replaced.
    unsafe { mmap(start.as_ptr().cast(), len, ProtFlags::READ, flags, file, offset) }?;
    // SAFETY: the range was mapped just now, and giving the right to write breaks nothing.
    Ok(unsafe { mprotect(start.as_ptr().cast(), len, MprotectFlags::READ | MprotectFlags::WRITE) }?)
}

/// Puts private zero pages in the place of a mapping: its memory is given back, its addresses stay valid.
///
/// # Safety
///
/// The range is one whole mapping of the caller's, and nobody relies on what it contains any more.
pub(crate) unsafe fn detach(start: NonNull<u8>, len: usize) -> io::Result<()> {
    let flags = MapFlags::PRIVATE | MapFlags::FIXED | MapFlags::NORESERVE;
    // SAFETY: the range is the caller's own, so nothing else is replaced.
    unsafe { mmap_anonymous(start.as_ptr().cast(), len, ProtFlags::READ | ProtFlags::WRITE, flags) }?;
    Ok(())
}
