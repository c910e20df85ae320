//! The buffer protocol: a region with its description's format and shape, or its flat bytes. Each exported buffer has a
//! view of its own, which keeps the memory mapped.

use std::ffi::{CStr, c_int, c_long};
use std::ptr;

use pyo3::exceptions::{PyBufferError, PyOverflowError};
use pyo3::ffi;
use pyo3::prelude::*;
use zinc::{DType, Descriptor, View};

use crate::errors::Failure;
use crate::handle::SharedRegion;

/// The flat bytes of a region, whatever its description says: what `as_memoryview` is a view of.
#[pyclass(module = "zinc._zinc", name = "_Bytes", frozen)]
pub(crate) struct Bytes(pub(crate) Py<SharedRegion>);

#[pymethods]
impl Bytes {
    unsafe fn __getbuffer__(
        slf: &Bound<'_, Self>,
        buffer: *mut ffi::Py_buffer,
        flags: c_int,
    ) -> Result<(), Failure> {
        // SAFETY: the interpreter calls this by the buffer protocol.
        unsafe { export_bytes(slf.as_any(), slf.get().0.get(), buffer, flags) }
    }

    unsafe fn __releasebuffer__(&self, buffer: *mut ffi::Py_buffer) {
        // SAFETY: the interpreter calls this by the buffer protocol, with what `__getbuffer__` filled.
        unsafe { release(buffer) };
    }
}

/// What stands behind an exported buffer.
struct Export {
    _view: View,
    shape: Vec<ffi::Py_ssize_t>,
    strides: Vec<ffi::Py_ssize_t>,
}

/// Fills in `buffer` for a consumer: as the tensor that the region is described as, or as bytes for one that asks for no
/// shape.
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
    unsafe { (*buffer).obj = ptr::null_mut() };
    let core = region.get().core();
    match core.descriptor()? {
        // SAFETY: as the caller promises.
        Some(descriptor) if asks_for(flags, ffi::PyBUF_ND) => unsafe {
            export_tensor(region, &descriptor, buffer, flags)
        },
        // SAFETY: as the caller promises.
        _ => unsafe { export_bytes(region.as_any(), region.get(), buffer, flags) },
    }
}

/// Whether all bits of what is asked for are there.
fn asks_for(flags: c_int, request: c_int) -> bool {
    flags & request == request
}

/// Fills in `buffer` as flat bytes, with `exporter` as the object that is kept alive.
///
/// # Safety
///
/// `buffer` is what the interpreter handed to the buffer protocol.
unsafe fn export_bytes(
    exporter: &Bound<'_, PyAny>,
    region: &SharedRegion,
    buffer: *mut ffi::Py_buffer,
    flags: c_int,
) -> Result<(), Failure> {
    // SAFETY: the interpreter's buffer is valid for writing.
    unsafe { (*buffer).obj = ptr::null_mut() };
    let view = region.core().view()?;
    let length = size(view.len())?;
    // SAFETY: the memory lives as long as `view`, which `release` drops; the thread is attached.
    let filled = unsafe {
        let memory = view.as_mut_ptr().cast();
        let read_only = view.is_read_only().into();
        ffi::PyBuffer_FillInfo(buffer, exporter.as_ptr(), memory, length, read_only, flags)
    };
    if filled != 0 {
        return Err(PyErr::fetch(exporter.py()).into());
    }
    let export = Box::new(Export { _view: view, shape: Vec::new(), strides: Vec::new() });
    // SAFETY: as above; `internal` is the exporter's own.
    unsafe { (*buffer).internal = Box::into_raw(export).cast() };
    Ok(())
}

/// Fills in `buffer` as a tensor.
///
/// # Safety
///
/// `buffer` is what the interpreter handed to the buffer protocol.
unsafe fn export_tensor(
    region: &Bound<'_, SharedRegion>,
    descriptor: &Descriptor,
    buffer: *mut ffi::Py_buffer,
    flags: c_int,
) -> Result<(), Failure> {
    let refuse = |why: String| Err(PyBufferError::new_err(why).into());
    let core = region.get().core();
    let view = core.view()?;
    let dtype = descriptor.dtype();
    if asks_for(flags, ffi::PyBUF_WRITABLE) && view.is_read_only() {
        return refuse(format!("the region {:?} is open read-only", core.name()));
    }
    let format = if asks_for(flags, ffi::PyBUF_FORMAT) { format(dtype) } else { Some(c"") };
    let Some(format) = format else {
        return refuse(format!(
            "the region {:?} is of {dtype}, which has no format in the buffer protocol; use as_numpy(), which needs the \
             package ml_dtypes, or __dlpack__(), or as_memoryview() for the plain bytes",
            core.name()
        ));
    };
    let shape = descriptor.shape().iter().map(|&length| size(length)).collect::<Result<Vec<_>, _>>()?;
    let columns_first = shape.contains(&0) || shape.iter().filter(|&&length| length != 1).count() <= 1;
    if asks_for(flags, ffi::PyBUF_F_CONTIGUOUS) && !columns_first {
        return refuse(format!("the region {:?} is row-major, and column-major is asked for", core.name()));
    }
    let item = size(dtype.size())?;
    let mut strides = vec![item; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis].max(1);
    }
    let length = size(descriptor.byte_len())?;
    let memory = view.as_mut_ptr().cast();
    let read_only = view.is_read_only().into();
    let mut export = Box::new(Export { _view: view, shape, strides });
    // SAFETY: the interpreter's buffer is valid for writing; memory, shape and strides live as long as `export`, which
    // `release` drops. Consumers do not write to the format.
    unsafe {
        (*buffer).buf = memory;
        (*buffer).len = length;
        (*buffer).itemsize = item;
        (*buffer).readonly = read_only;
        (*buffer).ndim = c_int::try_from(export.shape.len()).map_err(PyErr::from)?;
        (*buffer).format = if format.is_empty() { ptr::null_mut() } else { format.as_ptr().cast_mut() };
        (*buffer).shape = export.shape.as_mut_ptr();
        let with_strides = asks_for(flags, ffi::PyBUF_STRIDES);
        (*buffer).strides = if with_strides { export.strides.as_mut_ptr() } else { ptr::null_mut() };
        (*buffer).suboffsets = ptr::null_mut();
        (*buffer).internal = Box::into_raw(export).cast();
        (*buffer).obj = region.clone().into_ptr();
    }
    Ok(())
}

fn size<N>(number: N) -> PyResult<ffi::Py_ssize_t>
where
    ffi::Py_ssize_t: TryFrom<N, Error: std::fmt::Display>,
{
    ffi::Py_ssize_t::try_from(number).map_err(|error| PyOverflowError::new_err(error.to_string()))
}

/// The element type as PEP 3118 writes it, if it can.
fn format(dtype: DType) -> Option<&'static CStr> {
    // numpy's int64 is C's long where that has 64 bits.
    let long = size_of::<c_long>() == 8;
    Some(match dtype {
        DType::Bool => c"?",
        DType::I8 => c"b",
        DType::I16 => c"h",
        DType::I32 => c"i",
        DType::I64 => {
            if long {
                c"l"
            } else {
                c"q"
            }
        }
        DType::U8 => c"B",
        DType::U16 => c"H",
        DType::U32 => c"I",
        DType::U64 => {
            if long {
                c"L"
            } else {
                c"Q"
            }
        }
        DType::F16 => c"e",
        DType::F32 => c"f",
        DType::F64 => c"d",
        DType::C64 => c"Zf",
        DType::C128 => c"Zd",
        _ => return None,
    })
}

/// Takes back what [`export`] gave.
///
/// # Safety
///
/// `buffer` was filled by this module and is released once.
pub(crate) unsafe fn release(buffer: *mut ffi::Py_buffer) {
    // SAFETY: the box was put there when the buffer was filled, and nobody else touches it.
    drop(unsafe { Box::from_raw((*buffer).internal.cast::<Export>()) });
}
