//! Views: shares in a region's memory that outlive the handle, for languages whose objects point into it.

use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::{Arc, Mutex, PoisonError};

use zinc::{ErrorKind, Result, View, binding};

use crate::guard::{self, guard, guard_or};
use crate::handles::{self, Handle, zinc_region};
use crate::slab::{Guest, Slab};

static VIEWS: Slab<Share> = Slab::new();

/// What a view stands for.
struct Share {
    /// The memory; none once the view is retired.
    memory: Mutex<Option<View>>,
    /// The addresses.
    handle: Arc<Handle>,
}

/// A share in a region's memory, which stays where it is for as long as the view is not released: the handle may be
/// closed, its owner may go. An opaque token: only these functions know what to do with it.
pub struct zinc_view {
    _opaque: [u8; 0],
}

pub(crate) fn hand_out_view(
    operation: &'static str,
    out: &mut *mut zinc_view,
    handle: &Arc<Handle>,
    view: View,
) -> Result<()> {
    let share = Share { memory: Mutex::new(Some(view)), handle: handle.clone() };
    let Some(token) = VIEWS.insert(share) else {
        let why = "there are more views than can be counted; release some";
        return Err(binding::error(ErrorKind::Unsupported, operation, None, why));
    };
    *out = ptr::without_provenance_mut(token);
    Ok(())
}

fn enter(operation: &'static str, view: *const zinc_view) -> Result<Guest<'static, Share>> {
    VIEWS.enter(view.addr()).ok_or_else(|| {
        if view.is_null() {
            return binding::null_argument(operation, "view");
        }
        let why = "the view was released, or never was one; zinc_view_retain returns one";
        binding::error(ErrorKind::Closed, operation, None, why)
    })
}

/// Makes a view of all of a region's data.
///
/// out  Where the view goes, for the caller to release with zinc_view_release, once, from any thread; NULL goes there
///      on failure.
///
/// Returns 0, or ZINC_ERROR_CLOSED, or ZINC_ERROR_INVALID_ARGUMENT if `out` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zinc_view_retain(region: *mut zinc_region, out: *mut *mut zinc_view) -> c_int {
    guard("view", || {
        // SAFETY: the caller's argument is as the header says.
        let out = unsafe { guard::place("view", "out", out, ptr::null_mut()) }?;
        let handle = handles::enter("view", region)?;
        hand_out_view("view", out, &handle, handle.region.view()?)?;
        Ok(0)
    })
}

/// Gives a view back; its memory goes with the last view of a handle that is closed. NULL, and a view that was released
/// already, are fine. Returns 0.
#[unsafe(no_mangle)]
pub extern "C" fn zinc_view_release(view: *mut zinc_view) -> c_int {
    guard("view_release", || {
        VIEWS.remove(view.addr(), |_| ());
        Ok(0)
    })
}

/// Gives a view's memory back and keeps its addresses, for languages whose objects point into the memory uncounted.
///
/// Whoever reads there meanwhile finds zeroes, or the region's bytes while other handles or views of this memory are
/// left; never a fault, and never other memory. The addresses are free with zinc_view_release. NULL, and a
/// view that was retired or released already, are fine. Returns 0.
#[unsafe(no_mangle)]
pub extern "C" fn zinc_view_retire(view: *mut zinc_view) -> c_int {
    guard("view_retire", || {
        if let Some(share) = VIEWS.enter(view.addr()) {
            share.memory.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
        Ok(0)
    })
}

/// The view's first byte, on a page boundary; NULL if it was released. Valid until the view is released.
#[unsafe(no_mangle)]
pub extern "C" fn zinc_view_ptr(view: *const zinc_view) -> *mut c_void {
    guard_or("view_ptr", ptr::null_mut(), || Ok(enter("view_ptr", view)?.handle.region.as_mut_ptr().cast()))
}

/// How many bytes there are: the region's capacity. 0 if the view was released.
#[unsafe(no_mangle)]
pub extern "C" fn zinc_view_size(view: *const zinc_view) -> usize {
    guard_or("view_size", 0, || Ok(enter("view_size", view)?.handle.region.capacity()))
}

/// Whether writing to the view's bytes would kill the process: 1 or 0; or ZINC_ERROR_CLOSED if it was released.
#[unsafe(no_mangle)]
pub extern "C" fn zinc_view_is_read_only(view: *const zinc_view) -> c_int {
    guard("view_is_read_only", || Ok(enter("view_is_read_only", view)?.handle.region.is_read_only().into()))
}
