//! What Unix systems share; each system re-exports the parts that hold for it.

pub(crate) mod descriptor;
pub(crate) mod error;
pub(crate) mod file;
pub(crate) mod memory;
pub(crate) mod process;
