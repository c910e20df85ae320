//! Small conversions between Python's values and the core's: counts and shapes.

use pyo3::exceptions::{PyOverflowError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

/// A whole number from 0 on; a negative one is a `ValueError`, as Python's own functions have it.
#[inline]
pub(crate) fn unsigned(number: Borrowed<'_, '_, PyAny>) -> PyResult<u64> {
    number.extract().map_err(|error| refused(number, error))
}

#[cold]
fn refused(number: Borrowed<'_, '_, PyAny>, error: PyErr) -> PyErr {
    if error.is_instance_of::<PyOverflowError>(number.py()) && number.lt(0).unwrap_or(false) {
        return PyValueError::new_err(format!("expected a number that is not negative, got {}", &*number));
    }
    error
}

/// An argument that is a whole number from 0 on.
pub(crate) struct Unsigned<T>(pub(crate) T);

impl<T: TryFrom<u64>> FromPyObject<'_, '_> for Unsigned<T> {
    type Error = PyErr;

    fn extract(number: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let too_large = |_| PyOverflowError::new_err(format!("{} is too large", &*number));
        T::try_from(unsigned(number)?).map(Self).map_err(too_large)
    }
}

/// A shape as an argument: lengths, outermost first; a single int is one dimension, as in numpy.
pub(crate) struct Shape(pub(crate) Vec<u64>);

impl FromPyObject<'_, '_> for Shape {
    type Error = PyErr;

    fn extract(shape: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        match shape.try_iter() {
            Ok(lengths) => {
                lengths.map(|length| unsigned(length?.as_borrowed())).collect::<PyResult<_>>().map(Self)
            }
            Err(_) => Ok(Self(vec![unsigned(shape)?])),
        }
    }
}

/// A shape as Python shows shapes.
pub(crate) fn tuple<'py>(py: Python<'py>, shape: &[u64]) -> PyResult<Bound<'py, PyTuple>> {
    PyTuple::new(py, shape)
}
