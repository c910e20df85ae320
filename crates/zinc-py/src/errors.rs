//! Errors: the core's become the exception classes of `zinc._errors`, Python's own pass through.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{IntoPyDict, PyDict, PyType};
use zinc::ErrorKind;

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

/// An error that only this adapter can meet, worded as the core words its own.
#[cold]
pub(crate) fn failure(
    py: Python<'_>,
    kind: ErrorKind,
    operation: &str,
    region: &str,
    message: &str,
) -> Failure {
    let build = || {
        let details = [("operation", operation), ("region", region)].into_py_dict(py)?;
        raise(py, kind.code(), format!("{operation} {region:?}: {message}"), &details)
    };
    Failure::Python(build().unwrap_or_else(|error| error))
}

fn exception(py: Python<'_>, error: &zinc::Error) -> PyResult<PyErr> {
    let details = PyDict::new(py);
    details.set_item("operation", error.operation())?;
    details.set_item("region", error.region())?;
    details.set_item("errno", error.os_error())?;
    details.set_item("needed", error.needed())?;
    details.set_item("free", error.free())?;
    raise(py, error.code(), error.to_string(), &details)
}

fn raise(py: Python<'_>, code: i32, message: String, details: &Bound<'_, PyDict>) -> PyResult<PyErr> {
    static BY_CODE: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
    static BASE: PyOnceLock<Py<PyType>> = PyOnceLock::new();

    let class = match BY_CODE.import(py, "zinc._errors", "BY_CODE")?.get_item(code)? {
        Some(class) => class,
        None => BASE.import(py, "zinc._errors", "ZincError")?.clone().into_any(),
    };
    Ok(PyErr::from_value(class.call((message,), Some(details))?))
}
