//! Waiting by one's own count or in finer units, and ending waits.

use std::ffi::c_int;

use crate::guard::{self, guard, nanoseconds};
use crate::handles::{self, zinc_region};

/// Instead of a time: wait until the end of the region or the handle, or open whenever the region appears. Any other
/// number below zero is ZINC_ERROR_INVALID_ARGUMENT.
pub const ZINC_FOREVER: i64 = -1;

/// zinc_wait with a timeout in nanoseconds.
#[unsafe(no_mangle)]
pub extern "C" fn zinc_wait_ns(region: *mut zinc_region, timeout_ns: i64) -> c_int {
    guard("wait", || {
        Ok(handles::enter("wait", region)?.region.wait(nanoseconds("wait", timeout_ns)?)?.into())
    })
}

/// How many notifications there were, by anyone.
///
/// Returns 0, or ZINC_ERROR_CLOSED, or ZINC_ERROR_INVALID_ARGUMENT if `out` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zinc_sequence(region: *const zinc_region, out: *mut u64) -> c_int {
    guard("sequence", || {
        // SAFETY: the caller's argument is as the header says.
        let out = unsafe { guard::place("sequence", "out", out, 0) }?;
        *out = handles::enter("sequence", region)?.region.sequence()?;
        Ok(0)
    })
}

/// Waits until the sequence is greater than `sequence`, for callers who keep count themselves. Blocks for up to
/// `timeout_ns` nanoseconds; 0 looks once, ZINC_FOREVER waits for ever.
///
/// Counts every notification, this handle's own too, and does not move what zinc_wait has seen.
///
/// reached  Where the sequence that was reached goes; may be NULL. 0 goes there if none was.
///
/// Returns what zinc_wait returns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zinc_wait_past(
    region: *mut zinc_region,
    sequence: u64,
    timeout_ns: i64,
    reached: *mut u64,
) -> c_int {
    guard("wait", || {
        let mut nowhere = 0;
        let place = if reached.is_null() { &raw mut nowhere } else { reached };
        // SAFETY: the caller's argument is as the header says.
        let reached = unsafe { guard::place("wait", "reached", place, 0) }?;
        let past =
            handles::enter("wait", region)?.region.wait_past(sequence, nanoseconds("wait", timeout_ns)?)?;
        *reached = past.unwrap_or(0);
        Ok(past.is_some().into())
    })
}

/// Ends the waits that are in progress on this handle, on whatever thread, with ZINC_ERROR_INTERRUPTED. Waits that begin
/// later, and those of other handles, are not touched. Never blocks.
///
/// Returns 0 or ZINC_ERROR_CLOSED.
#[unsafe(no_mangle)]
pub extern "C" fn zinc_interrupt(region: *mut zinc_region) -> c_int {
    guard("interrupt", || {
        handles::enter("interrupt", region)?.region.interrupt();
        Ok(0)
    })
}
