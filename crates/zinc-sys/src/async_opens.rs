//! Opening without a thread: a callback with the handle, and taking it back.

use std::ffi::{c_char, c_int, c_void};
use std::ptr;
use std::sync::OnceLock;

use zinc::{ErrorKind, OpenCallback, binding};

use crate::async_waits::User;
use crate::failure;
use crate::guard::{self, guard};
use crate::handles::{hand_out, zinc_region};
use crate::options::zinc_options;
use crate::slab::Slab;

/// An open that zinc_open_async began. An opaque token, which ends by itself: when its callback runs, or is cancelled.
pub struct zinc_async_open {
    _opaque: [u8; 0],
}

/// What zinc_open_async calls: with the pointer that it was given, what zinc_open_with would have returned, and the handle,
/// which is the callback's own to close with zinc_close; NULL if `result` is negative.
pub type zinc_open_callback =
    Option<unsafe extern "C" fn(user: *mut c_void, result: c_int, region: *mut zinc_region)>;

/// What a token stands for: empty until the open has begun, which its callback may be ahead of.
static OPENS: Slab<OnceLock<OpenCallback>> = Slab::new();

/// zinc_open_with without blocking and without a thread that waits: calls `callback` when the region is open, or will not
/// be. One thread of this process waits for the regions of all such calls, and sleeps while nothing happens.
///
/// The callback is called once, on a thread of Zinc's own; perhaps before this function returns. It may block and call
/// any function of Zinc's: others have other threads, up to 64 at once. It must return: no longjmp, no C++ exception. If
/// `result` is negative, zinc_error_message() tells it more: ZINC_ERROR_NOT_FOUND when the options' timeout is up, all
/// other errors of zinc_open_with, and ZINC_ERROR_OS if the system starts no thread. In a forked child the parent's
/// callbacks do not run.
///
/// Exactly one of these happens: the callback is called, or zinc_open_cancel returns 1 for it, or the process ends. So
/// whichever comes may free what `user` points to. Zinc never looks at it.
///
/// name     The region's name. Only read during the call.
/// options  May be NULL, for the defaults. Only read during the call. Their timeout begins with the call.
/// user     Anything; NULL too.
/// out      Where the open goes, for zinc_open_cancel; it is there before the callback is called. May be NULL, for those
///          who never cancel. There is nothing to free.
///
/// Returns 0, or ZINC_ERROR_INVALID_ARGUMENT (`name` or `callback` is NULL, or the options mean nothing), or
/// _INVALID_NAME (`name` is not UTF-8), or _OS (the system starts no thread); the callback is not called then, and NULL goes
/// to `out`. The callback is told of any other failure.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zinc_open_async(
    name: *const c_char,
    options: *const zinc_options,
    callback: zinc_open_callback,
    user: *mut c_void,
    out: *mut *mut zinc_async_open,
) -> c_int {
    const OPERATION: &str = "open_async";
    guard(OPERATION, || {
        let mut nowhere = ptr::null_mut();
        let place = if out.is_null() { &raw mut nowhere } else { out };
        // SAFETY: the caller's arguments are as the header says.
        let (out, name, options) = unsafe {
            let out = guard::place(OPERATION, "out", place, ptr::null_mut())?;
            (out, guard::name(OPERATION, name)?, zinc_options::to_core(OPERATION, options)?)
        };
        let callback = callback.ok_or_else(|| binding::null_argument(OPERATION, "callback"))?;
        let token = OPENS.insert(OnceLock::new()).ok_or_else(|| {
            let why = "there are more pending opens than can be counted; cancel some";
            binding::error(ErrorKind::Unsupported, OPERATION, None, why)
        })?;
        *out = ptr::without_provenance_mut(token);
        let user = User(user);
        let begun = options.open_then(name, move |opened| {
            OPENS.remove(token, |_| ());
            let mut region = ptr::null_mut();
            let opened = opened.and_then(|opened| hand_out("open", &mut region, opened.into()));
            let result = opened.map_or_else(failure::report, |()| 0);
            // SAFETY: the header says that it may be called, here and with this pointer.
            unsafe { callback(user.get(), result, region) };
        });
        let open = match begun {
            Ok(open) => open,
            Err(error) => {
                OPENS.remove(token, |_| ());
                *out = ptr::null_mut();
                return Err(error);
            }
        };
        // It may be over already, and the token gone.
        if let Some(place) = OPENS.enter(token) {
            let _ = place.set(open);
        }
        Ok(0)
    })
}

/// Takes an open back. It blocks no longer than a single look for the region takes.
///
/// Returns 1 if the callback never will be called, and no handle was made; or 0 if it was called, is running or about to,
/// so that the handle is the callback's, or the open was cancelled before; or ZINC_ERROR_INVALID_ARGUMENT if `open` is NULL. It does
/// not wait for a callback that is running, and may be called from one.
#[unsafe(no_mangle)]
pub extern "C" fn zinc_open_cancel(open: *mut zinc_async_open) -> c_int {
    const OPERATION: &str = "open_cancel";
    guard(OPERATION, || {
        if open.is_null() {
            return Err(binding::null_argument(OPERATION, "open"));
        }
        let Some(pending) = OPENS.enter(open.addr()) else { return Ok(0) };
        let cancelled = pending.get().is_some_and(OpenCallback::cancel);
        if cancelled {
            OPENS.remove(open.addr(), |_| ());
        }
        Ok(cancelled.into())
    })
}
