//! What is known of regions, what only an owner may do, and what needs no handle.

use std::ffi::{c_char, c_int};
use std::ptr;

use zinc::{ErrorKind, binding};

use crate::facts::{Facts, zinc_region_info};
use crate::guard::{self, guard, guard_or};
use crate::handles::{self, hand_out, zinc_region};
use crate::options::zinc_options;
use crate::slab::Slab;

/// What zinc_list found. An opaque token, to be freed with zinc_listing_free.
pub struct zinc_listing {
    _opaque: [u8; 0],
}

static LISTINGS: Slab<Vec<Facts>> = Slab::new();

/// The region's name; NULL if the handle is not open. The string belongs to Zinc and is valid until the handle is
/// closed.
#[unsafe(no_mangle)]
pub extern "C" fn zinc_name(region: *const zinc_region) -> *const c_char {
    guard_or("name", ptr::null(), || Ok(handles::enter("name", region)?.facts.name.as_ptr()))
}

/// What is known of a handle's region.
///
/// out  Its field `size` is set by the caller. The strings belong to Zinc and are valid until the handle is closed.
///
/// Returns 0, or ZINC_ERROR_CLOSED, or ZINC_ERROR_INVALID_ARGUMENT if `out` is NULL or its `size` is not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zinc_info(region: *const zinc_region, out: *mut zinc_region_info) -> c_int {
    guard("info", || {
        let handle = handles::enter("info", region)?;
        // SAFETY: the caller's argument is as the header says.
        unsafe { handle.facts.write("info", out) }?;
        Ok(0)
    })
}

/// Whether this is an open handle: 1 or 0. Never an error, so the thread's last error stays as it is.
#[unsafe(no_mangle)]
pub extern "C" fn zinc_is_open(region: *const zinc_region) -> c_int {
    guard("is_open", || Ok(handles::is_open(region).into()))
}

/// Whether this handle created its region and so owns it: 1 or 0; or ZINC_ERROR_CLOSED.
#[unsafe(no_mangle)]
pub extern "C" fn zinc_is_owner(region: *const zinc_region) -> c_int {
    guard("is_owner", || Ok(handles::enter("is_owner", region)?.region.is_owner().into()))
}

/// Whether writing to the data through this handle would kill the process: 1 or 0; or ZINC_ERROR_CLOSED.
#[unsafe(no_mangle)]
pub extern "C" fn zinc_is_read_only(region: *const zinc_region) -> c_int {
    guard("is_read_only", || Ok(handles::enter("is_read_only", region)?.region.is_read_only().into()))
}

/// Makes a second handle of the same memory, which has seen what the first one has and goes on independently: the two
/// may wait at the same time, and each is notified. It is never the owner. Opens nothing, so it works when the name is
/// gone.
///
/// out  Where the handle goes, for the caller to close with zinc_close; NULL goes there on failure.
///
/// Returns 0, or ZINC_ERROR_CLOSED, or ZINC_ERROR_INVALID_ARGUMENT if `out` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zinc_clone(region: *const zinc_region, out: *mut *mut zinc_region) -> c_int {
    guard("clone", || {
        // SAFETY: the caller's argument is as the header says.
        let out = unsafe { guard::place("clone", "out", out, ptr::null_mut()) }?;
        let handle = handles::enter("clone", region)?;
        let clone: zinc::SharedRegion = (*handle.region).clone();
        hand_out("clone", out, clone.into())?;
        Ok(0)
    })
}

/// Lets the region outlive its owner's handle and process; for the owner. It has no owner from now on: it is never
/// reclaimed, waiters get no ZINC_ERROR_OWNER_DIED, and it stays until zinc_remove or zinc_unlink. Twice is fine.
///
/// Returns 0, or ZINC_ERROR_PERMISSION_DENIED (this handle does not own the region), _CLOSED.
#[unsafe(no_mangle)]
pub extern "C" fn zinc_persist(region: *mut zinc_region) -> c_int {
    guard("persist", || {
        handles::enter("persist", region)?.owner("persist")?.persist()?;
        Ok(0)
    })
}

/// Gives a region its name that was created with the option `unlinked`; for its owner. From now on others find it, with all
/// that was written and notified before. It fails, like zinc_create, if the name is taken, and may then be tried again.
/// Nothing happens if the region has its name.
///
/// Returns 0, or ZINC_ERROR_ALREADY_EXISTS, _UNSUPPORTED (it had its name and lost it: a file does not get it back),
/// _NOT_A_REGION (something else has the name), _PERMISSION_DENIED (this handle does
/// not own the region, or this user may not), _CLOSED, _OS.
#[unsafe(no_mangle)]
pub extern "C" fn zinc_link(region: *mut zinc_region) -> c_int {
    guard("link", || {
        handles::enter("link", region)?.owner("link")?.link()?;
        Ok(0)
    })
}

/// Whether the region's name leads to it at this moment, so that others can open it; for its owner. It does not before
/// zinc_link, after zinc_unlink, and when somebody has removed or replaced the file.
///
/// Returns 1 or 0, or ZINC_ERROR_PERMISSION_DENIED (this handle does not own the region), _CLOSED, _OS.
#[unsafe(no_mangle)]
pub extern "C" fn zinc_is_named(region: *const zinc_region) -> c_int {
    guard("is_named", || Ok(handles::enter("is_named", region)?.owner("is_named")?.is_named()?.into()))
}

/// Takes away a persistent region, or the remains of a dead owner's. Handles that are open keep it; waits on it end with
/// ZINC_ERROR_CLOSED. Of the options, which may be NULL, only the directory counts.
///
/// Returns 0, or ZINC_ERROR_NOT_FOUND, _PERMISSION_DENIED (its owner is alive, or this user may not), _NOT_A_REGION,
/// _INVALID_NAME, _OS.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zinc_remove(name: *const c_char, options: *const zinc_options) -> c_int {
    guard("remove", || {
        // SAFETY: the caller's arguments are as the header says.
        let (name, options) =
            unsafe { (guard::name("remove", name)?, zinc_options::to_core("remove", options)?) };
        options.remove(name)?;
        Ok(0)
    })
}

/// Lists the regions that this user may read, in the order of their names. Of the options, which may be NULL, only the
/// directory counts.
///
/// out    Where the listing goes, for the caller to free with zinc_listing_free; NULL goes there on failure.
/// count  Where the number of regions goes; 0 on failure.
///
/// Returns 0, or ZINC_ERROR_NOT_FOUND (there is no such directory), _OS.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zinc_list(
    options: *const zinc_options,
    out: *mut *mut zinc_listing,
    count: *mut usize,
) -> c_int {
    guard("list", || {
        // SAFETY: the caller's arguments are as the header says.
        let (out, count, options) = unsafe {
            let out = guard::place("list", "out", out, ptr::null_mut())?;
            let count = guard::place("list", "count", count, 0)?;
            (out, count, zinc_options::to_core("list", options)?)
        };
        let facts: Vec<_> = options.list()?.iter().map(Facts::new).collect();
        let regions = facts.len();
        let Some(token) = LISTINGS.insert(facts) else {
            let why = "there are more listings than can be counted; free some";
            return Err(binding::error(ErrorKind::Unsupported, "list", None, why));
        };
        *out = ptr::without_provenance_mut(token);
        *count = regions;
        Ok(0)
    })
}

/// One region of a listing, from 0 on.
///
/// out  Its field `size` is set by the caller. The strings belong to the listing and are valid until it is freed.
///
/// Returns 1; or 0, with `out` as it was, if there are no more; or ZINC_ERROR_CLOSED (the listing was freed), or
/// ZINC_ERROR_INVALID_ARGUMENT if `out` is NULL or its `size` is not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zinc_listing_get(
    listing: *const zinc_listing,
    index: usize,
    out: *mut zinc_region_info,
) -> c_int {
    guard("listing_get", || {
        let Some(listing) = LISTINGS.enter(listing.addr()) else {
            if listing.is_null() {
                return Err(binding::null_argument("listing_get", "listing"));
            }
            let why = "the listing was freed, or never was one; zinc_list returns one";
            return Err(binding::error(ErrorKind::Closed, "listing_get", None, why));
        };
        let Some(facts) = listing.get(index) else { return Ok(0) };
        // SAFETY: the caller's argument is as the header says.
        unsafe { facts.write("listing_get", out) }?;
        Ok(1)
    })
}

/// Frees a listing and its strings. NULL, and a listing that was freed already, are fine. Returns 0.
#[unsafe(no_mangle)]
pub extern "C" fn zinc_listing_free(listing: *mut zinc_listing) -> c_int {
    guard("listing_free", || {
        LISTINGS.remove(listing.addr(), |_| ());
        Ok(0)
    })
}
