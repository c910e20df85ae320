//! The buffer protocol: the region's bytes, flat, each exported buffer with a view of its own that keeps them mapped.

use std::ffi::c_int;

use pyo3::exceptions::PyOverflowError;
use pyo3::ffi;
use pyo3::prelude::*;
use zinc::View;

use crate::errors::Failure;
use crate::handle::SharedRegion;

/// Fills in `buffer` for a consumer.
///
/// # Safety
///
/// `buffer` is what the interpreter handed to the buffer protocol.
pub(crate) unsafe fn export(
    region: &Bound<'_, SharedRegion>,
    buffer: *mut ffi::Py_buffer,
    flags: c_int,
) -> Result<(), Failure> {
    // PEP 3118: a refused request leaves no object behind.
    // SAFETY: the interpreter's buffer is valid for writing.
    unsafe { (*buffer).obj = std::ptr::null_mut() };
    let view = region.get().core().view()?;
    let length =
        ffi::Py_ssize_t::try_from(view.len()).map_err(|error| PyOverflowError::new_err(error.to_string()))?;

    // SAFETY: the memory lives as long as `view`, which `release` drops; the thread is attached.
    let filled = unsafe {
        let memory = view.as_mut_ptr().cast();
        ffi::PyBuffer_FillInfo(buffer, region.as_ptr(), memory, length, view.is_read_only().into(), flags)
    };
    if filled != 0 {
        return Err(PyErr::fetch(region.py()).into());
    }
    // SAFETY: as above; `internal` is the exporter's own.
    unsafe { (*buffer).internal = Box::into_raw(Box::new(view)).cast() };
    Ok(())
}

/// Takes back what [`export`] gave.
///
/// # Safety
///
/// `buffer` was filled by [`export`] and is released once.
pub(crate) unsafe fn release(buffer: *mut ffi::Py_buffer) {
    // SAFETY: `export` put the box there, and nobody else touches it.
    drop(unsafe { Box::from_raw((*buffer).internal.cast::<View>()) });
}
