//! The Python extension module `zinc._zinc`: converts types, errors and lifetimes for the core, and decides nothing.
#![allow(
    clippy::doc_markdown,
    reason = "the documentation of Python's classes and functions is Python's, in plain text"
)]

mod asynchronous;
mod buffer;
mod calls;
mod convert;
mod dlpack;
mod dtype;
mod errors;
mod handle;
mod host;
mod info;
mod interpreter;
mod numpy;
mod owned;
mod region;
mod timeout;

/// The native part of the `zinc` package. Import from `zinc`.
#[pyo3::pymodule(gil_used = false)]
mod _zinc {
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::asynchronous::{Bell, Open, Wait};
    #[pymodule_export]
    use super::handle::SharedRegion;
    #[pymodule_export]
    use super::info::{RegionInfo, list, remove};
    #[pymodule_export]
    use super::owned::OwnedRegion;
    #[pymodule_export]
    use super::region::reopen;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        super::interpreter::check()?;
        module.add("__version__", zinc::version())
    }
}
