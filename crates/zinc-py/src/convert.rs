//! Small conversions between Python's values and the core's: counts and shapes.

use pyo3::exceptions::PyOverflowError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use zinc::{ErrorKind, binding};

use crate::errors::Failure;

/// The call whose arguments are converted, for the errors.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    operation: &'static str,
    region: &'a str,
}

impl<'a> Call<'a> {
    pub(crate) fn new(operation: &'static str, region: &'a str) -> Self {
        Self { operation, region }
    }

    /// The error for an argument that means nothing: its name and what is wrong with it.
    #[cold]
    pub(crate) fn refuse(self, argument: &str, why: &str) -> Failure {
        let why = format!("{argument} is {why}");
        binding::error(ErrorKind::InvalidArgument, self.operation, Some(self.region), why).into()
    }
}

/// An argument that is a whole number from 0 on.
///
/// The conversion does not know what the argument is called, so [`take`](Unsigned::take) refuses a negative number.
pub(crate) struct Unsigned<T>(Result<T, Negative>);

/// A negative number, as Python writes it.
struct Negative(String);

impl<T> Unsigned<T> {
    pub(crate) const fn of(number: T) -> Self {
        Self(Ok(number))
    }

    pub(crate) fn take(self, call: Call<'_>, argument: &str) -> Result<T, Failure> {
        self.0.map_err(|negative| negative.refused(call, argument))
    }
}

impl Negative {
    fn refused(&self, call: Call<'_>, argument: &str) -> Failure {
        call.refuse(argument, &format!("{}, and must be 0 or more", self.0))
    }
}

impl<T: TryFrom<u64>> FromPyObject<'_, '_> for Unsigned<T> {
    type Error = PyErr;

    fn extract(number: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let too_large = |_| PyOverflowError::new_err(format!("{} is too large", &*number));
        Ok(Self(match unsigned(number)? {
            Ok(found) => Ok(T::try_from(found).map_err(too_large)?),
            Err(negative) => Err(negative),
        }))
    }
}

fn unsigned(number: Borrowed<'_, '_, PyAny>) -> PyResult<Result<u64, Negative>> {
    match number.extract() {
        Ok(found) => Ok(Ok(found)),
        Err(error) => negative(number, error).map(|number| Err(Negative(number))),
    }
}

/// The number if it is negative, and else the error of its conversion.
#[cold]
pub(crate) fn negative(number: Borrowed<'_, '_, PyAny>, error: PyErr) -> PyResult<String> {
    let is_negative = error.is_instance_of::<PyOverflowError>(number.py()) && number.lt(0).unwrap_or(false);
    if is_negative { Ok(number.to_string()) } else { Err(error) }
}

/// A shape as an argument: lengths, outermost first; a single int is one dimension, as in numpy.
pub(crate) struct Shape(Result<Vec<u64>, Negative>);

impl Shape {
    pub(crate) fn take(self, call: Call<'_>) -> Result<Vec<u64>, Failure> {
        self.0.map_err(|negative| call.refuse("shape", &format!("negative in {}", negative.0)))
    }
}

impl FromPyObject<'_, '_> for Shape {
    type Error = PyErr;

    fn extract(shape: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let Ok(lengths) = shape.try_iter() else {
            return Ok(Self(unsigned(shape)?.map(|length| vec![length])));
        };
        let mut found = Vec::new();
        for length in lengths {
            match unsigned(length?.as_borrowed())? {
                Ok(length) => found.push(length),
                Err(negative) => return Ok(Self(Err(negative))),
            }
        }
        Ok(Self(Ok(found)))
    }
}

/// A shape as Python shows shapes.
pub(crate) fn tuple<'py>(py: Python<'py>, shape: &[u64]) -> PyResult<Bound<'py, PyTuple>> {
    PyTuple::new(py, shape)
}
