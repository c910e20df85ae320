//! One interpreter of a process has Zinc: its classes and what it caches are Python objects, which belong to one.

use std::sync::atomic::{AtomicI64, Ordering};

use pyo3::exceptions::PyImportError;
use pyo3::ffi;
use pyo3::prelude::*;

/// The id of the interpreter that has Zinc. Ids begin with 0, and none is used twice.
static HAS_ZINC: AtomicI64 = AtomicI64::new(-1);

/// Lets the first interpreter that imports Zinc do so, and it alone.
pub(crate) fn check() -> PyResult<()> {
    // SAFETY: this thread is attached to an interpreter, which is importing this module.
    let this = unsafe { ffi::PyInterpreterState_GetID(ffi::PyInterpreterState_Get()) };
    match HAS_ZINC.compare_exchange(-1, this, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => Ok(()),
        Err(first) if first == this => Ok(()),
        Err(_) => Err(PyImportError::new_err(
            "another interpreter of this process has imported zinc, and only one can; use it there, or in a process of its own",
        )),
    }
}
