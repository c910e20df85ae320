//! Timeouts as Python writes them: milliseconds as an int or a float, a `timedelta`, or None for ever.

use std::time::Duration;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDelta, PyFloat, PyInt};

use crate::convert::unsigned;

/// A timeout argument.
pub(crate) struct Timeout(pub(crate) zinc::Timeout);

impl Timeout {
    pub(crate) const FOREVER: Self = Self(zinc::Timeout::FOREVER);
    pub(crate) const POLL: Self = Self(zinc::Timeout::POLL);
}

impl FromPyObject<'_, '_> for Timeout {
    type Error = PyErr;

    #[inline]
    fn extract(timeout: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        if timeout.is_none() {
            return Ok(Self::FOREVER);
        }
        if timeout.is_exact_instance_of::<PyInt>() {
            return milliseconds(timeout);
        }
        other(timeout)
    }
}

fn milliseconds(timeout: Borrowed<'_, '_, PyAny>) -> PyResult<Timeout> {
    Ok(Timeout(zinc::Timeout::from_millis(unsigned(timeout)?)))
}

#[cold]
fn other(timeout: Borrowed<'_, '_, PyAny>) -> PyResult<Timeout> {
    let wrong_type = || {
        let class = timeout.get_type().name()?;
        let message = format!("a timeout is a number of milliseconds, a timedelta or None, not {class}");
        Err(PyTypeError::new_err(message))
    };
    if timeout.is_instance_of::<PyBool>() {
        return wrong_type();
    }
    if timeout.is_instance_of::<PyFloat>() {
        let milliseconds = timeout.extract::<f64>()?;
        return Duration::try_from_secs_f64(milliseconds / 1000.0).map(|time| Timeout(time.into())).map_err(
            |error| {
                PyValueError::new_err(format!(
                    "{milliseconds} is no number of milliseconds to wait ({error}); None is for ever"
                ))
            },
        );
    }
    if timeout.is_instance_of::<PyDelta>() {
        // The only failure of this conversion is a negative difference.
        let time = timeout
            .extract::<Duration>()
            .map_err(|_| PyValueError::new_err("a timeout must not be negative"))?;
        return Ok(Timeout(time.into()));
    }
    if timeout.hasattr("__index__")? { milliseconds(timeout) } else { wrong_type() }
}
