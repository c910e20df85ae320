//! What the mapping library does not do, as Linux does it: giving a mapping's pages back early.
#![expect(unsafe_code, reason = "these calls change what addresses mean")]

use std::io;
use std::ptr::{NonNull, null_mut};

use rustix::mm::{
    MapFlags, MprotectFlags, MremapFlags, ProtFlags, mmap_anonymous, mprotect, mremap_fixed, munlock, munmap,
};

pub(crate) use crate::platform::unix::memory::{forbid_writing, map_private};

/// Up to this length it matters little whether zero pages take memory.
const SMALL: usize = 64 << 10;

/// Puts private zero pages in the place of a mapping: its memory is given back, its addresses stay valid.
///
/// # Safety
///
/// The range is one whole mapping of the caller's, and nobody relies on what it contains any more.
pub(crate) unsafe fn detach(start: NonNull<u8>, len: usize) -> io::Result<()> {
    // SAFETY: as the caller says.
    if len > SMALL && unsafe { move_zeroes_to(start, len) }.is_ok() {
        return Ok(());
    }
    // SAFETY: as the caller says.
    unsafe { crate::platform::unix::memory::detach(start, len) }
}

/// [`detach`] for processes that have all their future memory locked, see mlockall(2): zero pages that are mapped in
/// place would be entered and locked at once, all of them. These are made elsewhere, without being entered, unlocked, and
/// then moved in one step, so that no other thread meets a gap.
///
/// # Safety
///
/// As for [`detach`].
unsafe fn move_zeroes_to(start: NonNull<u8>, len: usize) -> io::Result<()> {
    let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
    let place = start.as_ptr().cast();
    // SAFETY: the kernel chooses a free range, which is this function's until it is moved or unmapped; the range that it
    // is moved to is the caller's own.
    unsafe {
        // What is locked there must not count twice against the limit of locked memory.
        munlock(place, len)?;
        // Without any right, nothing is entered.
        let zeroes = mmap_anonymous(null_mut(), len, ProtFlags::empty(), flags)?;
        let moved = munlock(zeroes, len)
            .and_then(|()| mprotect(zeroes, len, MprotectFlags::READ | MprotectFlags::WRITE))
            .and_then(|()| mremap_fixed(zeroes, len, len, MremapFlags::MAYMOVE, place));
        if let Err(error) = moved {
            munmap(zeroes, len)?;
            return Err(error.into());
        }
    }
    Ok(())
}
