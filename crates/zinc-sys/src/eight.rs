//! The eight functions that do the whole main job. They are frozen: neither they nor what they mean will change.

use std::ffi::{c_char, c_int, c_void};
use std::ptr;

use zinc::RegionOptions;

use crate::guard::{self, guard, guard_or, milliseconds};
use crate::handles::{self, hand_out, zinc_region};

/// Creates a region of `capacity` bytes, all zero, and owns it.
///
/// The memory is really reserved, so using it later cannot fail. The remains of a region whose owner died do not count:
/// the name is free. Takes some 0.2 ms a megabyte.
///
/// name      1 to 128 of the characters A-Z a-z 0-9 . _ - not starting with a dot. Only read during the call.
/// capacity  Bytes; at least 1. It never changes.
/// out       Where the handle goes, for the caller to close with zinc_close; NULL goes there on failure.
///
/// Returns 0, or ZINC_ERROR_ALREADY_EXISTS, _INVALID_NAME, _INVALID_SIZE, _NO_SPACE, _NOT_A_REGION (something else has
/// the name), _PERMISSION_DENIED, _NOT_FOUND (there is no such directory), _OS.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zinc_create(
    name: *const c_char,
    capacity: usize,
    out: *mut *mut zinc_region,
) -> c_int {
    guard("create", || {
        // SAFETY: the caller's arguments are as the header says.
        let (out, name) =
            unsafe { (guard::place("create", "out", out, ptr::null_mut())?, guard::name("create", name)?) };
        let owner = RegionOptions::new().create(name, capacity)?;
        hand_out("create", out, owner.into())?;
        Ok(0)
    })
}

/// Opens a region that exists. zinc_open_with can wait for one to appear.
///
/// name  The region's name. Only read during the call.
/// out   Where the handle goes, for the caller to close with zinc_close; NULL goes there on failure.
///
/// Returns 0, or ZINC_ERROR_NOT_FOUND (also when its owner died), _WRONG_OWNER (it belongs to another user than the
/// caller or root), _PERMISSION_DENIED, _NOT_A_REGION, _VERSION_MISMATCH, _INVALID_NAME, _OS.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zinc_open(name: *const c_char, out: *mut *mut zinc_region) -> c_int {
    guard("open", || {
        // SAFETY: the caller's arguments are as the header says.
        let (out, name) =
            unsafe { (guard::place("open", "out", out, ptr::null_mut())?, guard::name("open", name)?) };
        let region = RegionOptions::new().open(name)?;
        hand_out("open", out, region.into())?;
        Ok(0)
    })
}

/// Closes a handle. Its waits, on whatever thread, end with ZINC_ERROR_CLOSED; every later call with it fails so, too.
///
/// The owner's close also takes the name away, marks the region closed and wakes everyone, unless the region persists.
/// The pointer from zinc_ptr is void afterwards; views (zinc_view_retain) stay valid. Does not wait for calls of other
/// threads, which may be inside any function with this handle. NULL, and a handle that was closed already, are fine.
///
/// Returns 0, or the error that the owner met when it took the name away; the handle is closed all the same.
#[unsafe(no_mangle)]
pub extern "C" fn zinc_close(region: *mut zinc_region) -> c_int {
    guard("close", || {
        handles::end(region).unwrap_or(Ok(()))?;
        Ok(0)
    })
}

/// Takes the region's name away now; for its owner. Handles that are open go on as before, and the name is free.
///
/// Returns 0, or ZINC_ERROR_PERMISSION_DENIED (this handle opened the region and does not own it, or this process was
/// forked from the owner's), _CLOSED, _OS.
#[unsafe(no_mangle)]
pub extern "C" fn zinc_unlink(region: *mut zinc_region) -> c_int {
    guard("unlink", || {
        handles::enter("unlink", region)?.owner("unlink")?.unlink()?;
        Ok(0)
    })
}

/// The first byte of the data, on a page boundary: the same physical memory in every process. NULL if the handle is not
/// open.
///
/// The memory belongs to Zinc. It is valid until this handle is closed; a view (zinc_view_retain) lasts longer. Writing
/// to it kills the process if the handle is read-only (zinc_is_read_only).
#[unsafe(no_mangle)]
pub extern "C" fn zinc_ptr(region: *const zinc_region) -> *mut c_void {
    guard_or("ptr", ptr::null_mut(), || Ok(handles::enter("ptr", region)?.region.as_mut_ptr().cast()))
}

/// Bytes of data: what the creator asked for, exactly. 0 if the handle is not open.
#[unsafe(no_mangle)]
pub extern "C" fn zinc_capacity(region: *const zinc_region) -> usize {
    guard_or("capacity", 0, || Ok(handles::enter("capacity", region)?.region.capacity()))
}

/// Tells everyone who waits, or will, that there is something to look at: the sequence grows by 1.
///
/// What the calling thread wrote before is visible to whoever the notification reaches. Takes some nanoseconds, and a
/// system call only if somebody sleeps; never blocks. It does not end waits of this very handle.
///
/// Returns 0, or ZINC_ERROR_CLOSED, or ZINC_ERROR_PERMISSION_DENIED if this user may only read the region.
#[unsafe(no_mangle)]
pub extern "C" fn zinc_notify(region: *mut zinc_region) -> c_int {
    guard("notify", || {
        handles::enter("notify", region)?.region.notify()?;
        Ok(0)
    })
}

/// Waits for a notification that this handle has not seen yet. Blocks for up to `timeout_ms` milliseconds; 0 looks once,
/// ZINC_FOREVER, which is -1, waits for ever.
///
/// Returns at once if there is one already, be it from before the region was opened; several may arrive as one. What
/// the notifier wrote before is visible afterwards. The wait first looks again and again for up to 50 µs, then
/// sleeps in the kernel, where it costs nothing. Signal handlers run meanwhile and do not end it.
///
/// Returns 1 if notified, 0 if the time is up; or ZINC_ERROR_CLOSED (the owner closed the region, or another thread this
/// handle), _OWNER_DIED (within a second after the kernel has closed its dead process's files), _INTERRUPTED (by
/// zinc_interrupt), _INVALID_ARGUMENT (any other number below zero). Notifications from before are delivered first.
#[unsafe(no_mangle)]
pub extern "C" fn zinc_wait(region: *mut zinc_region, timeout_ms: i64) -> c_int {
    guard("wait", || {
        Ok(handles::enter("wait", region)?.region.wait(milliseconds("wait", timeout_ms)?)?.into())
    })
}
