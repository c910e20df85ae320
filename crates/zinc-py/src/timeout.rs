//! Timeouts as Python writes them: milliseconds as an int or a float, a `timedelta`, or None for ever.

use std::time::Duration;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDelta, PyFloat, PyInt};

use crate::convert::{Call, negative};
use crate::errors::Failure;

/// A timeout argument.
///
/// A bare number that is no time is refused by [`take`](Timeout::take), which knows the call.
pub(crate) struct Timeout(Result<zinc::Timeout, String>);

impl Timeout {
    pub(crate) const FOREVER: Self = Self(Ok(zinc::Timeout::FOREVER));
    pub(crate) const POLL: Self = Self(Ok(zinc::Timeout::POLL));

    #[inline]
    pub(crate) fn take(self, call: Call<'_>) -> Result<zinc::Timeout, Failure> {
        self.0.map_err(|number| {
            let why = format!("{number}, and must be 0 or more milliseconds, a timedelta, or None for ever");
            call.refuse("timeout", &why)
        })
    }
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
    match timeout.extract() {
        Ok(milliseconds) => Ok(Timeout(Ok(zinc::Timeout::from_millis(milliseconds)))),
        Err(error) => negative(timeout, error).map(|number| Timeout(Err(number))),
    }
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
        let time = Duration::try_from_secs_f64(milliseconds / 1000.0);
        return Ok(Timeout(time.map(Into::into).map_err(|_| milliseconds.to_string())));
    }
    if timeout.is_instance_of::<PyDelta>() {
        // The only failure of this conversion is a negative difference: its time is up already.
        let time = timeout.extract::<Duration>().unwrap_or(Duration::ZERO);
        return Ok(Timeout(Ok(time.into())));
    }
    if timeout.hasattr("__index__")? { milliseconds(timeout) } else { wrong_type() }
}
