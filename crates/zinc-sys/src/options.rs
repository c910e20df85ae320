//! How to make and find regions, beyond the defaults: a struct that can grow.

use std::ffi::{c_char, c_int};
use std::ops::RangeInclusive;
use std::{mem, ptr};

use zinc::{ErrorKind, RegionOptions, Result, binding};

use crate::guard::{self, guard};
use crate::handles::{hand_out, zinc_region};

mod fields;

pub use fields::*;

impl zinc_options {
    /// The sizes that a release may have: from the first one's up to what no release will reach.
    const SIZES: RangeInclusive<usize> = mem::offset_of!(Self, directory) + size_of::<*const c_char>()..=4096;

    /// The caller's options as this library knows them, whatever release the caller was compiled for.
    ///
    /// # Safety
    ///
    /// `options` is null or points to as many bytes as its first field says.
    unsafe fn read(operation: &'static str, options: *const Self) -> Result<Self> {
        let mut known = Self::DEFAULT;
        if options.is_null() {
            return Ok(known);
        }
        // SAFETY: not null, and the size comes first in every release.
        let size = unsafe { options.cast::<usize>().read() };
        let invalid = |why: String| Err(binding::error(ErrorKind::InvalidArgument, operation, None, why));
        if !Self::SIZES.contains(&size) {
            let why = format!(
                "the field size of the options is {size}, which no release has; fill them with zinc_options_init first"
            );
            return invalid(why);
        }
        // SAFETY: the caller's struct has that many bytes. What this library does not know must not be asked for.
        let unknown = unsafe {
            let bytes = std::slice::from_raw_parts(options.cast::<u8>(), size);
            ptr::copy_nonoverlapping(bytes.as_ptr(), (&raw mut known).cast(), size.min(size_of::<Self>()));
            bytes[size.min(size_of::<Self>())..].iter().any(|&byte| byte != 0)
        };
        if unknown || !known.is_known() {
            let why = "the options ask for something that this release does not know; leave it out, or use a newer release";
            return invalid(why.to_owned());
        }
        guard::nanoseconds(operation, known.timeout_ns)?;
        Ok(known)
    }

    /// # Safety
    ///
    /// As for [`read`](Self::read), and the directory is null or a string.
    pub(crate) unsafe fn to_core(operation: &'static str, options: *const Self) -> Result<RegionOptions> {
        // SAFETY: the caller's promise.
        Ok(unsafe { Self::read(operation, options)?.plain() }.into())
    }
}

/// Fills options with the defaults. `size` is sizeof(zinc_options) as the caller's compiler knows it.
///
/// Returns 0, or ZINC_ERROR_INVALID_ARGUMENT if `options` is NULL, or no release has that size.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zinc_options_init(options: *mut zinc_options, size: usize) -> c_int {
    guard("options_init", || {
        if options.is_null() {
            return Err(binding::null_argument("options_init", "options"));
        }
        if !zinc_options::SIZES.contains(&size) {
            let why = format!("the argument size is {size}, which no release has; give sizeof(zinc_options)");
            return Err(binding::error(ErrorKind::InvalidArgument, "options_init", None, why));
        }
        // SAFETY: the caller's struct has that many bytes; in every release all but the first field is 0 by default.
        unsafe {
            options.cast::<u8>().write_bytes(0, size);
            options.cast::<usize>().write(size);
        }
        Ok(0)
    })
}

/// zinc_create with options; NULL options are the defaults.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zinc_create_with(
    name: *const c_char,
    capacity: usize,
    options: *const zinc_options,
    out: *mut *mut zinc_region,
) -> c_int {
    guard("create", || {
        // SAFETY: the caller's arguments are as the header says.
        let (out, name, options) = unsafe {
            let out = guard::place("create", "out", out, ptr::null_mut())?;
            (out, guard::name("create", name)?, zinc_options::to_core("create", options)?)
        };
        hand_out("create", out, options.create(name, capacity)?.into())?;
        Ok(0)
    })
}

/// zinc_open with options; NULL options are the defaults. Blocks for as long as the options' timeout says.
///
/// The time is up: ZINC_ERROR_NOT_FOUND.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zinc_open_with(
    name: *const c_char,
    options: *const zinc_options,
    out: *mut *mut zinc_region,
) -> c_int {
    guard("open", || {
        // SAFETY: the caller's arguments are as the header says.
        let (out, name, options) = unsafe {
            let out = guard::place("open", "out", out, ptr::null_mut())?;
            (out, guard::name("open", name)?, zinc_options::to_core("open", options)?)
        };
        hand_out("open", out, options.open(name)?.into())?;
        Ok(0)
    })
}

/// Opens the region if it exists, else creates it: whoever comes first owns it. NULL options are the defaults; their
/// timeout does not count.
///
/// Returns 1 if this call created the region, so that the handle owns it, and 0 if it opened one; or the errors of
/// zinc_create and zinc_open, ZINC_ERROR_INVALID_SIZE also if it exists and is smaller than `capacity`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zinc_open_or_create_with(
    name: *const c_char,
    capacity: usize,
    options: *const zinc_options,
    out: *mut *mut zinc_region,
) -> c_int {
    const OPERATION: &str = "open_or_create";
    guard(OPERATION, || {
        // SAFETY: the caller's arguments are as the header says.
        let (out, name, options) = unsafe {
            let out = guard::place(OPERATION, "out", out, ptr::null_mut())?;
            (out, guard::name(OPERATION, name)?, zinc_options::to_core(OPERATION, options)?)
        };
        let region = options.open_or_create(name, capacity)?;
        let created = region.is_owner();
        hand_out(OPERATION, out, region)?;
        Ok(created.into())
    })
}
