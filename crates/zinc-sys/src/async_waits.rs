//! Waiting without a thread: a callback with the outcome, and taking it back.

use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::OnceLock;

use zinc::{ErrorKind, WaitCallback, binding};

use crate::failure;
use crate::guard::{self, guard, nanoseconds};
use crate::handles::{self, zinc_region};
use crate::slab::Slab;

/// A wait that zinc_wait_async began. An opaque token, which ends by itself: when its callback runs, or is cancelled.
pub struct zinc_async_wait {
    _opaque: [u8; 0],
}

/// What zinc_wait_async calls: with the pointer that it was given, and what zinc_wait_ns would have returned.
pub type zinc_callback = Option<unsafe extern "C" fn(user: *mut c_void, result: c_int)>;

/// What a token stands for: empty until the wait has begun, which its callback may be ahead of.
static WAITS: Slab<OnceLock<WaitCallback>> = Slab::new();

/// The caller's pointer on its way to the callback.
pub(crate) struct User(pub(crate) *mut c_void);

// SAFETY: it is never followed here, and the header says that the callback gets it on another thread.
unsafe impl Send for User {}

impl User {
    // A method, so that closures take the whole of it along.
    pub(crate) fn get(&self) -> *mut c_void {
        self.0
    }
}

/// zinc_wait_ns without blocking and without a thread that waits: calls `callback` when the wait is over.
///
/// The callback is called once, on a thread of Zinc's own; perhaps before this function returns. It may block and call
/// any function of Zinc's, zinc_close of this handle included: others have other threads, up to 64 at once, as far as the
/// system has threads. It must return: no longjmp, no C++ exception. If `result` is negative, zinc_error_message() tells
/// it more.
///
/// All waits of one handle that are pending end with the same notification. It is taken in when the callback is about
/// to run; a wait that is cancelled takes nothing in. What ends zinc_wait ends this, too: zinc_close and
/// zinc_interrupt of the handle, the owner's close and death. In a forked child the parent's callbacks do not run.
///
/// Exactly one of these happens: this function fails, or the callback is called, or zinc_wait_cancel returns 1 for it,
/// or the process ends. So whichever comes may free what `user` points to. Zinc never looks at it.
///
/// user  Anything; NULL too.
/// out   Where the wait goes, for zinc_wait_cancel; it is there before the callback is called. May be NULL, for those
///       who never cancel. There is nothing to free.
///
/// Returns 0, or ZINC_ERROR_CLOSED (the handle is not open), or ZINC_ERROR_INVALID_ARGUMENT if `callback` is NULL, or
/// ZINC_ERROR_OS if the system starts no thread that could call it. The callback is not called then, and NULL goes to
/// `out`. The callback is told of any other failure.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zinc_wait_async(
    region: *mut zinc_region,
    timeout_ns: i64,
    callback: zinc_callback,
    user: *mut c_void,
    out: *mut *mut zinc_async_wait,
) -> c_int {
    const OPERATION: &str = "wait_async";
    guard(OPERATION, || {
        let mut nowhere = ptr::null_mut();
        let place = if out.is_null() { &raw mut nowhere } else { out };
        // SAFETY: the caller's argument is as the header says.
        let out = unsafe { guard::place(OPERATION, "out", place, ptr::null_mut()) }?;
        let callback = callback.ok_or_else(|| binding::null_argument(OPERATION, "callback"))?;
        let handle = handles::enter(OPERATION, region)?;
        let timeout = nanoseconds(OPERATION, timeout_ns)?;
        let token = WAITS.insert(OnceLock::new()).ok_or_else(|| {
            let why = "there are more pending waits than can be counted; cancel some";
            binding::error(ErrorKind::Unsupported, OPERATION, None, why)
        })?;
        *out = ptr::without_provenance_mut(token);
        let user = User(user);
        let wait = handle.region.wait_then(timeout, move |result| {
            WAITS.remove(token, |_| ());
            let result = result.map_or_else(failure::report, c_int::from);
            // SAFETY: the header says that it may be called, here and with this pointer.
            unsafe { callback(user.get(), result) };
        });
        let wait = wait.inspect_err(|_| {
            WAITS.remove(token, |_| ());
            *out = ptr::null_mut();
        })?;
        // It may be over already, and the token gone.
        if let Some(place) = WAITS.enter(token) {
            let _ = place.set(wait);
        }
        Ok(0)
    })
}

/// Takes a wait back. Never blocks.
///
/// Returns 1 if the callback never will be called; or 0 if it was called, is running or about to, or was cancelled
/// before; or ZINC_ERROR_INVALID_ARGUMENT if `wait` is NULL. It does not wait for a callback that is running, and may be called
/// from one.
#[unsafe(no_mangle)]
pub extern "C" fn zinc_wait_cancel(wait: *mut zinc_async_wait) -> c_int {
    const OPERATION: &str = "wait_cancel";
    guard(OPERATION, || {
        if wait.is_null() {
            return Err(binding::null_argument(OPERATION, "wait"));
        }
        let Some(pending) = WAITS.enter(wait.addr()) else { return Ok(0) };
        let cancelled = pending.get().is_some_and(WaitCallback::cancel);
        if cancelled {
            WAITS.remove(wait.addr(), |_| ());
        }
        Ok(cancelled.into())
    })
}
