//! A word that no fork copies: whoever makes a child, and by whatever call, the child finds 0 in it.
#![expect(unsafe_code, reason = "a page is mapped for it")]

use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap_anonymous, munmap};

use super::process;

static PAGE: AtomicPtr<AtomicU32> = AtomicPtr::new(null_mut());
static COPIED: AtomicU32 = AtomicU32::new(0);

/// The word of this process, and whether the kernel clears it in every child. Before Linux 4.14 it does not.
pub(crate) fn get() -> (&'static AtomicU32, bool) {
    // SAFETY: the pointer is null or leads to the start of a page that stays mapped for good, where an atomic fits.
    let word = match unsafe { PAGE.load(Ordering::Acquire).as_ref() } {
        Some(word) => word,
        None => map(),
    };
    (word, !std::ptr::eq(word, &COPIED))
}

#[cold]
fn map() -> &'static AtomicU32 {
    let len = process::page_size();
    // SAFETY: the kernel chooses the place of the new mapping, and nobody else knows it.
    let page = unsafe {
        mmap_anonymous(null_mut(), len, ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE).and_then(
            |page| {
                madvise(page, len, Advice::LinuxWipeOnFork).map(|()| page).inspect_err(|_| {
                    let _ = munmap(page, len);
                })
            },
        )
    };
    let new = page.map_or((&raw const COPIED).cast_mut(), <*mut libc::c_void>::cast);
    match PAGE.compare_exchange(null_mut(), new, Ordering::AcqRel, Ordering::Acquire) {
        // SAFETY: it leads to the page just mapped, which stays, or to a static word.
        Ok(_) => unsafe { &*new },
        Err(there) => {
            if let Ok(page) = page {
                // SAFETY: the mapping was made above, and nobody else has seen it.
                let _ = unsafe { munmap(page, len) };
            }
            // SAFETY: as in `get`; it is not null.
            unsafe { &*there }
        }
    }
}
