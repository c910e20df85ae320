//! Element types: by Zinc's names and by numpy's. numpy is imported when it is first needed, for Zinc works without it.

use pyo3::exceptions::{PyImportError, PyModuleNotFoundError, PyTypeError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyString;
use zinc::{DType, ErrorKind, binding};

use crate::errors::Failure;

/// numpy itself.
pub(crate) fn numpy(py: Python<'_>) -> PyResult<&Bound<'_, PyModule>> {
    static NUMPY: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let import = || PyModule::import(py, "numpy").map(Bound::unbind);
    NUMPY.get_or_try_init(py, import).map(|numpy| numpy.bind(py)).map_err(|error| {
        if !error.is_instance_of::<PyModuleNotFoundError>(py) {
            return error;
        }
        let clear = PyImportError::new_err("this needs numpy, which is not installed: pip install numpy");
        clear.set_cause(py, Some(error));
        clear
    })
}

/// An element type from its name, or from whatever numpy takes for a dtype.
pub(crate) fn given(given: &Bound<'_, PyAny>) -> PyResult<DType> {
    if let Some(named) = named(given) {
        return Ok(named);
    }
    let dtype = numpy(given.py())?.call_method1("dtype", (given,))?;
    let native: bool = dtype.getattr("isnative")?.extract()?;
    let name: String = dtype.getattr("name")?.extract()?;
    DType::from_name(&name).filter(|_| native).ok_or_else(|| {
        let known: Vec<_> = DType::ALL.iter().map(|known| known.name()).collect();
        PyTypeError::new_err(format!(
            "a region cannot be described as {dtype:?}, only as {}",
            known.join(", ")
        ))
    })
}

/// The element type that a string names as Zinc does.
fn named(given: &Bound<'_, PyAny>) -> Option<DType> {
    DType::from_name(given.cast::<PyString>().ok()?.to_str().ok()?)
}

/// What numpy makes of a dtype argument; Zinc's own names work where numpy has none.
pub(crate) fn numpy_from<'py>(
    given: &Bound<'py, PyAny>,
    operation: &'static str,
    region: &str,
) -> Result<Bound<'py, PyAny>, Failure> {
    match named(given) {
        Some(dtype) => numpy_of(given.py(), dtype, operation, region),
        None => Ok(numpy(given.py())?.call_method1("dtype", (given,))?),
    }
}

/// numpy's dtype for one of Zinc's. The one that numpy lacks comes from the package `ml_dtypes`.
pub(crate) fn numpy_of<'py>(
    py: Python<'py>,
    dtype: DType,
    operation: &'static str,
    region: &str,
) -> Result<Bound<'py, PyAny>, Failure> {
    let numpy = numpy(py)?;
    if dtype != DType::BF16 {
        return Ok(numpy.call_method1("dtype", (dtype.name(),))?);
    }
    match PyModule::import(py, "ml_dtypes") {
        Ok(ml_dtypes) => Ok(numpy.call_method1("dtype", (ml_dtypes.getattr(dtype.name())?,))?),
        Err(error) if error.is_instance_of::<PyModuleNotFoundError>(py) => Err(binding::error(
            ErrorKind::Unsupported,
            operation,
            Some(region),
            "numpy has no bfloat16; install ml_dtypes, which adds it, or take the region by DLPack \
             or with numpy.frombuffer(region.as_memoryview(), 'uint16')",
        )
        .into()),
        Err(error) => Err(error.into()),
    }
}
