//! What is known of regions, what only an owner may do, and what needs no handle.

use std::ffi::{CString, c_char, c_int};
use std::os::unix::ffi::OsStrExt;
use std::ptr;
use std::time::UNIX_EPOCH;

use zinc::{ErrorKind, RegionInfo, RegionState};

use crate::failure::{Failure, Result};
use crate::guard::{self, guard, guard_or};
use crate::handles::{self, hand_out, zinc_region};
use crate::options::zinc_options;
use crate::slab::Slab;

/// Whether somebody owns a region.
#[repr(u32)]
#[derive(Clone, Copy)]
pub enum zinc_state {
    /// Its owner is alive.
    Owned = 1,
    /// It has no owner and stays until it is removed.
    Persistent = 2,
    /// Its owner died without closing it; the next create of the name takes it away.
    Dead = 3,
}

/// What is known of a region. Later releases may add fields at the end; `size` tells them how many the caller knows.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zinc_region_info {
    /// To be set by the caller: sizeof(zinc_region_info).
    pub size: usize,
    /// Bytes of data.
    pub capacity: usize,
    /// When it was created: nanoseconds since 1970 by the wall clock.
    pub created_ns: u64,
    /// Random bytes that tell it from any other region that had or will have the name.
    pub id: [u8; 16],
    /// The process that created it, for people: pids are reused.
    pub owner_pid: u32,
    /// One of enum zinc_state, as it was when this was asked: for a handle, when it was made.
    pub state: u32,
    /// Its name.
    pub name: *const c_char,
    /// Its file.
    pub path: *const c_char,
}

/// What zinc_list found. An opaque token, to be freed with zinc_listing_free.
pub struct zinc_listing {
    _opaque: [u8; 0],
}

/// A region's facts with strings as C has them.
pub(crate) struct Facts {
    info: RegionInfo,
    name: CString,
    path: CString,
}

impl Facts {
    pub(crate) fn new(info: &RegionInfo) -> Self {
        // Neither can contain a NUL: names are checked, and paths come from the operating system.
        let text = |bytes: &[u8]| CString::new(bytes).unwrap_or_default();
        let (name, path) = (text(info.name.as_bytes()), text(info.path.as_os_str().as_bytes()));
        Self { info: info.clone(), name, path }
    }

    /// # Safety
    ///
    /// `out` is null or points to as many bytes as its first field says.
    unsafe fn write(&self, operation: &'static str, out: *mut zinc_region_info) -> Result<()> {
        if out.is_null() {
            return Err(Failure::null(operation, "out"));
        }
        // SAFETY: not null, and the size comes first in every release.
        let size = unsafe { out.cast::<usize>().read() };
        if size < size_of::<zinc_region_info>() || size > 4096 {
            let why = "set the field size to sizeof(zinc_region_info) first";
            return Err(Failure::new(operation, ErrorKind::Unsupported, why));
        }
        let created = self.info.created.duration_since(UNIX_EPOCH).unwrap_or_default();
        let known = zinc_region_info {
            size,
            capacity: self.info.capacity,
            created_ns: u64::try_from(created.as_nanos()).unwrap_or(u64::MAX),
            id: self.info.id,
            owner_pid: self.info.owner_pid,
            state: state(self.info.state),
            name: self.name.as_ptr(),
            path: self.path.as_ptr(),
        };
        // SAFETY: the caller's struct has that many bytes, no fewer than this one; those it has more become 0.
        unsafe {
            out.cast::<u8>().write_bytes(0, size);
            out.write(known);
        }
        Ok(())
    }
}

fn state(core: RegionState) -> u32 {
    match core {
        RegionState::Owned => zinc_state::Owned as u32,
        RegionState::Persistent => zinc_state::Persistent as u32,
        RegionState::Dead => zinc_state::Dead as u32,
        _ => 0,
    }
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
/// Returns 0, or ZINC_ERROR_CLOSED, _UNSUPPORTED (`size` is not set), _OS if `out` is NULL.
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

/// Gives a second handle of the same memory, which has seen what the first one has and goes on independently: the two
/// may wait at the same time, and each is notified. It is never the owner. Opens nothing, so it works when the name is
/// gone.
///
/// out  Where the handle goes, for the caller to close with zinc_close; NULL goes there on failure.
///
/// Returns 0, or ZINC_ERROR_CLOSED, or ZINC_ERROR_OS if `out` is NULL.
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

/// Takes away a persistent region, or the remains of a dead owner's. Who has it open keeps it; waits on it end with
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
            return Err(Failure::new("list", ErrorKind::Unsupported, why));
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
/// Returns 1; or 0, with `out` as it was, if there are no more; or ZINC_ERROR_CLOSED (the listing was freed),
/// _UNSUPPORTED (`size` is not set), _OS if `out` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zinc_listing_get(
    listing: *const zinc_listing,
    index: usize,
    out: *mut zinc_region_info,
) -> c_int {
    guard("listing_get", || {
        let Some(listing) = LISTINGS.enter(listing.addr()) else {
            let why = "the listing is NULL or was freed; zinc_list gives one";
            return Err(Failure::new("listing_get", ErrorKind::Closed, why));
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
