//! Errors: the core's become the exception classes of `zinc._errors`, Python's own pass through.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyType};

/// Why a call from Python fails.
pub(crate) enum Failure {
    Zinc(zinc::Error),
    Python(PyErr),
}

impl From<zinc::Error> for Failure {
    fn from(error: zinc::Error) -> Self {
        Failure::Zinc(error)
    }
}

impl From<PyErr> for Failure {
    fn from(error: PyErr) -> Self {
        Failure::Python(error)
    }
}

impl From<Failure> for PyErr {
    #[cold]
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Python(error) => error,
            Failure::Zinc(error) => Python::attach(|py| exception(py, &error)).unwrap_or_else(|error| error),
        }
    }
}

fn exception(py: Python<'_>, error: &zinc::Error) -> PyResult<PyErr> {
    static BY_CODE: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
    static BASE: PyOnceLock<Py<PyType>> = PyOnceLock::new();

    let details = PyDict::new(py);
    details.set_item("operation", error.operation())?;
    details.set_item("region", error.region())?;
    details.set_item("errno", error.os_error())?;
    details.set_item("needed", error.needed())?;
    details.set_item("free", error.free())?;
    let class = match BY_CODE.import(py, "zinc._errors", "BY_CODE")?.get_item(error.code())? {
        Some(class) => class,
        None => BASE.import(py, "zinc._errors", "ZincError")?.clone().into_any(),
    };
    Ok(PyErr::from_value(class.call((error.to_string(),), Some(&details))?))
}
