//! DLPack: the region as a tensor that any array library takes in without a copy.
//!
//! The structures are those of `dlpack.h` 1.0; the protocol around them is `__dlpack__` of the Python array API
//! standard: <https://dmlc.github.io/dlpack/latest/python_spec.html>.

use std::ffi::{CStr, c_void};
use std::mem::ManuallyDrop;
use std::ptr::{self, NonNull};

use pyo3::exceptions::PyBufferError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use zinc::{DType, View};

use crate::errors::Failure;
use crate::handle::SharedRegion;

/// The device type and number of plain memory (`kDLCPU`).
pub(crate) const CPU: (i32, i32) = (1, 0);

const FLAG_READ_ONLY: u64 = 1;
const FLAG_IS_COPIED: u64 = 2;

/// `DLTensor`.
#[repr(C)]
struct Tensor {
    data: *mut c_void,
    device_type: i32,
    device_id: i32,
    ndim: i32,
    dtype: DataType,
    shape: *mut i64,
    strides: *mut i64,
    byte_offset: u64,
}

/// `DLDataType`.
#[repr(C)]
struct DataType {
    code: u8,
    bits: u8,
    lanes: u16,
}

/// `DLManagedTensorVersioned`.
#[repr(C)]
struct Versioned {
    major: u32,
    minor: u32,
    context: *mut c_void,
    deleter: Deleter<Self>,
    flags: u64,
    tensor: Tensor,
}

/// `DLManagedTensor`, the form from before version 1.0.
#[repr(C)]
struct Legacy {
    tensor: Tensor,
    context: *mut c_void,
    deleter: Deleter<Self>,
}

type Deleter<M> = unsafe extern "C" fn(*mut M);

/// One of the two forms.
trait Managed: Sized {
    /// What a capsule is called until a consumer takes the tensor out of it and renames it.
    const NAME: &'static CStr;
    fn new(tensor: Tensor, flags: u64) -> Self;
}

impl Managed for Versioned {
    const NAME: &'static CStr = c"dltensor_versioned";

    fn new(tensor: Tensor, flags: u64) -> Self {
        Self { major: 1, minor: 0, context: ptr::null_mut(), deleter: delete, flags, tensor }
    }
}

impl Managed for Legacy {
    const NAME: &'static CStr = c"dltensor";

    fn new(tensor: Tensor, _flags: u64) -> Self {
        Self { tensor, context: ptr::null_mut(), deleter: delete }
    }
}

/// What stands behind an exported tensor. Consumers hold a pointer to its first field.
#[repr(C)]
struct Export<M> {
    managed: M,
    memory: Memory,
    shape: Vec<i64>,
    strides: Vec<i64>,
}

/// Where the elements are; kept for as long as a consumer has the tensor.
enum Memory {
    /// The region's own. The handle is kept as by any view, so that an owner is not collected under an array.
    Shared {
        view: View,
        _region: Kept,
    },
    Copied(Vec<u128>),
}

/// A Python object that any thread may let go of.
struct Kept(ManuallyDrop<Py<SharedRegion>>);

impl Drop for Kept {
    fn drop(&mut self) {
        // SAFETY: it is taken out once, here.
        let region = unsafe { ManuallyDrop::take(&mut self.0) };
        let mut region = Some(region);
        Python::try_attach(|_| drop(region.take()));
        // When the interpreter ends there is nothing left to let go of: the core closes owners at exit.
        std::mem::forget(region);
    }
}

/// Frees an exported tensor. Any thread may call it, attached to the interpreter or not.
///
/// # Safety
///
/// `managed` comes from [`capsule`] with the same `M`, and is freed once.
unsafe extern "C" fn delete<M>(managed: *mut M) {
    // SAFETY: `managed` is the first field of an `Export` that `capsule` boxed.
    drop(unsafe { Box::from_raw(managed.cast::<Export<M>>()) });
}

/// Frees the tensor of a capsule that nobody took it out of; a consumer that did has renamed the capsule.
///
/// # Safety
///
/// `capsule` comes from [`capsule`] with the same `M`.
unsafe extern "C" fn destroy<M: Managed>(capsule: *mut ffi::PyObject) {
    // SAFETY: the interpreter passes a living capsule, which by its name still has the tensor.
    unsafe {
        if ffi::PyCapsule_IsValid(capsule, M::NAME.as_ptr()) == 1 {
            delete(ffi::PyCapsule_GetPointer(capsule, M::NAME.as_ptr()).cast::<M>());
        }
    }
}

/// The arguments of `__dlpack__`, as the standard names them.
pub(crate) struct Request<'py> {
    pub(crate) stream: Option<Bound<'py, PyAny>>,
    pub(crate) max_version: Option<(u32, u32)>,
    pub(crate) dl_device: Option<(i32, i32)>,
    pub(crate) copy: Option<bool>,
}

/// A capsule with the region as a tensor: of its descriptor's type and shape, or of bytes.
pub(crate) fn export<'py>(
    region: &Bound<'py, SharedRegion>,
    request: &Request<'_>,
) -> Result<Bound<'py, PyCapsule>, Failure> {
    let py = region.py();
    let refuse = |message: &str| Err(PyBufferError::new_err(message.to_owned()).into());
    if request.stream.is_some() {
        return refuse("a region is in plain memory, which has no streams: stream must be None");
    }
    if request.dl_device.is_some_and(|device| device != CPU) {
        return refuse("a region is in plain memory: dl_device must be (1, 0), the CPU");
    }

    let core = region.get().core();
    let view = core.view()?;
    let (dtype, shape) = match core.descriptor()? {
        Some(descriptor) => (descriptor.dtype(), descriptor.shape().to_vec()),
        None => (DType::U8, vec![view.len() as u64]),
    };
    let legacy = request.max_version.is_none_or(|(major, _)| major < 1);
    let copy = request.copy == Some(true);
    if legacy && view.is_read_only() && !copy {
        return refuse(
            "the region is open read-only, which DLPack cannot say before version 1.0 (max_version)",
        );
    }

    let (memory, flags) = if copy {
        (Memory::Copied(py.detach(|| copied(&view))), FLAG_IS_COPIED)
    } else {
        let flags = if view.is_read_only() { FLAG_READ_ONLY } else { 0 };
        let region = Kept(ManuallyDrop::new(region.clone().unbind()));
        (Memory::Shared { view, _region: region }, flags)
    };
    Ok(if legacy {
        capsule::<Legacy>(py, memory, flags, dtype, &shape)?
    } else {
        capsule::<Versioned>(py, memory, flags, dtype, &shape)?
    })
}

/// A private copy of all the bytes, aligned for every element type.
fn copied(view: &View) -> Vec<u128> {
    let mut copy = vec![0_u128; view.len().div_ceil(size_of::<u128>())];
    // SAFETY: the view is valid for its length, and the copy is at least as long.
    unsafe { ptr::copy_nonoverlapping(view.as_ptr(), copy.as_mut_ptr().cast(), view.len()) };
    copy
}

fn capsule<'py, M: Managed>(
    py: Python<'py>,
    mut memory: Memory,
    flags: u64,
    dtype: DType,
    shape: &[u64],
) -> PyResult<Bound<'py, PyCapsule>> {
    let mut shape = shape.iter().map(|&length| i64::try_from(length)).collect::<Result<Vec<_>, _>>()?;
    let mut strides = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis].max(1);
    }
    let data = match &mut memory {
        Memory::Shared { view, .. } => view.as_mut_ptr().cast(),
        Memory::Copied(copy) => copy.as_mut_ptr().cast(),
    };
    let tensor = Tensor {
        data,
        device_type: CPU.0,
        device_id: CPU.1,
        ndim: i32::try_from(shape.len())?,
        dtype: DataType { code: dtype.dlpack_code(), bits: 8 * dtype.size() as u8, lanes: 1 },
        shape: shape.as_mut_ptr(),
        strides: strides.as_mut_ptr(),
        byte_offset: 0,
    };
    let export = Box::new(Export { managed: M::new(tensor, flags), memory, shape, strides });
    let managed = NonNull::from(Box::leak(export)).cast::<c_void>();
    // SAFETY: the pointer stays valid until `delete`, which the capsule's destructor or the consumer calls once;
    // what it frees is `Send`, so any thread may.
    let capsule =
        unsafe { PyCapsule::new_with_pointer_and_destructor(py, managed, M::NAME, Some(destroy::<M>)) };
    if capsule.is_err() {
        // SAFETY: no capsule was made, so nobody else has the pointer.
        unsafe { delete(managed.as_ptr().cast::<M>()) };
    }
    capsule
}

// What `dlpack.h` says of a 64-bit system.
#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<Tensor>() == 48 && std::mem::offset_of!(Tensor, strides) == 32);
    assert!(size_of::<Legacy>() == 64 && std::mem::offset_of!(Legacy, deleter) == 56);
    assert!(size_of::<Versioned>() == 80 && std::mem::offset_of!(Versioned, tensor) == 32);
};
