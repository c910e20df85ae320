//! What the data is: element type and shape, told by the owner and found by readers.

use std::ffi::{c_char, c_int};
use std::ptr;

use zinc::{Descriptor, binding};

use crate::guard::{self, guard};
use crate::handles::{self, hand_out, zinc_region};
use crate::options::zinc_options;
use crate::views::{hand_out_view, zinc_view};

/// What the data is. Elements are row-major ("C" order), little-endian, and start at the first byte.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct zinc_descriptor {
    /// The element type, one of enum zinc_dtype; 0 if the region says nothing of its data.
    pub dtype: u32,
    /// How many dimensions there are, up to 8; none at all is a single element.
    pub ndim: u32,
    /// The length of each dimension, outermost first; 0 beyond `ndim`.
    pub shape: [u64; 8],
}

impl From<&Descriptor> for zinc_descriptor {
    fn from(core: &Descriptor) -> Self {
        let mut shape = [0; 8];
        shape[..core.shape().len()].copy_from_slice(core.shape());
        Self { dtype: core.dtype().code(), ndim: core.shape().len() as u32, shape }
    }
}

/// Creates a region that has just the size for a tensor and says so, so that readers need to be told nothing. NULL
/// options are the defaults.
///
/// shape  `ndim` lengths, outermost first; may be NULL if `ndim` is 0. Only read during the call.
///
/// Returns what zinc_create returns, and ZINC_ERROR_DESCRIPTOR for an unknown element type, more than 8 dimensions, or
/// too many bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zinc_create_tensor(
    name: *const c_char,
    dtype: u32,
    ndim: usize,
    shape: *const u64,
    options: *const zinc_options,
    out: *mut *mut zinc_region,
) -> c_int {
    const OPERATION: &str = "create_tensor";
    guard(OPERATION, || {
        // SAFETY: the caller's arguments are as the header says.
        let (out, name, options, shape) = unsafe {
            let out = guard::place(OPERATION, "out", out, ptr::null_mut())?;
            let (name, options) = (guard::name(OPERATION, name)?, zinc_options::to_core(OPERATION, options)?);
            (out, name, options, guard::shape(OPERATION, ndim, shape)?)
        };
        let owner = options.create_tensor(name, guard::dtype(OPERATION, dtype)?, shape)?;
        hand_out(OPERATION, out, owner.into())?;
        Ok(0)
    })
}

/// Says what the data is, for everyone; for the region's owner. Readers that look meanwhile get the old description or
/// the new one, whole.
///
/// shape  As for zinc_create_tensor.
///
/// Returns 0, or ZINC_ERROR_DESCRIPTOR (an unknown element type, more than 8 dimensions, or it does not fit the
/// region), _PERMISSION_DENIED (this handle does not own the region), _CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zinc_describe(
    region: *mut zinc_region,
    dtype: u32,
    ndim: usize,
    shape: *const u64,
) -> c_int {
    guard("describe", || {
        let handle = handles::enter("describe", region)?;
        // SAFETY: the caller's argument is as the header says.
        let shape = unsafe { guard::shape("describe", ndim, shape) }?;
        let descriptor = Descriptor::new(guard::dtype("describe", dtype)?, shape)?;
        handle.owner("describe")?.describe(&descriptor)?;
        Ok(0)
    })
}

/// What the owner says the data is.
///
/// Returns 1 and fills `out`; or 0 if the owner says nothing, with `out` all 0; or ZINC_ERROR_DESCRIPTOR if the header
/// is damaged, _CLOSED, _INVALID_ARGUMENT if `out` is NULL. What it returns fits the region's capacity.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zinc_get_descriptor(region: *const zinc_region, out: *mut zinc_descriptor) -> c_int {
    guard("descriptor", || {
        // SAFETY: the caller's argument is as the header says.
        let out = unsafe { guard::place("descriptor", "out", out, zinc_descriptor::default()) }?;
        let descriptor = handles::enter("descriptor", region)?.region.descriptor()?;
        if let Some(descriptor) = &descriptor {
            *out = descriptor.into();
        }
        Ok(descriptor.is_some().into())
    })
}

/// The described data, if its elements are of the type `dtype`, as a view that outlives the handle.
///
/// descriptor  Where the description goes; all 0 on failure.
/// view        Where the view goes, for the caller to release with zinc_view_release; NULL goes there on failure.
///
/// Returns 0, or ZINC_ERROR_DESCRIPTOR (the data is of another type, or not described), _CLOSED, _INVALID_ARGUMENT if a
/// pointer is NULL or `dtype` is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zinc_tensor(
    region: *mut zinc_region,
    dtype: u32,
    descriptor: *mut zinc_descriptor,
    view: *mut *mut zinc_view,
) -> c_int {
    guard("tensor", || {
        // SAFETY: the caller's arguments are as the header says.
        let (place, view_place) = unsafe {
            let place = guard::place("tensor", "descriptor", descriptor, zinc_descriptor::default())?;
            (place, guard::place("tensor", "view", view, ptr::null_mut())?)
        };
        let handle = handles::enter("tensor", region)?;
        let (view, descriptor) = binding::tensor(&handle.region, guard::dtype("tensor", dtype)?)?;
        hand_out_view("tensor", view_place, &handle, view)?;
        *place = (&descriptor).into();
        Ok(0)
    })
}
