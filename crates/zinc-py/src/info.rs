//! What there is in a directory: listing and removing regions by name.

use std::path::PathBuf;
use std::time::SystemTime;

use pyo3::prelude::*;
use zinc::{ErrorKind, RegionOptions, RegionState};

use crate::errors::Failure;

/// What is known of a region without opening it; `zinc.list()` returns one for each region.
#[pyclass(module = "zinc", frozen)]
pub(crate) struct RegionInfo(zinc::RegionInfo);

#[pymethods]
impl RegionInfo {
    /// The region's name, as `SharedRegion.open` takes it.
    #[getter]
    fn name(&self) -> &str {
        &self.0.name
    }

    /// Where the region is: its file, a `pathlib.Path`.
    #[getter]
    fn path(&self) -> PathBuf {
        self.0.path.clone()
    }

    /// The region's size in bytes, as it was asked for.
    #[getter]
    fn capacity(&self) -> usize {
        self.0.capacity
    }

    /// Sixteen random bytes, which tell this region from any other that had or will have its name.
    #[getter]
    fn id(&self) -> [u8; 16] {
        self.0.id
    }

    /// When the region was created, an aware `datetime`.
    #[getter]
    fn created(&self) -> SystemTime {
        self.0.created
    }

    /// The process id of the creator, for people to read. It may be gone, or mean another process by now.
    #[getter]
    fn owner_pid(&self) -> u32 {
        self.0.owner_pid
    }

    /// Whether somebody owns it, as it was when this was asked: "owned" (its owner is alive), "persistent" (it has no owner
    /// and stays until it is removed) or "dead" (its owner ended without closing it, and its name is free).
    #[getter]
    fn state(&self) -> &'static str {
        match self.0.state {
            RegionState::Owned => "owned",
            RegionState::Persistent => "persistent",
            RegionState::Dead => "dead",
            _ => "unknown",
        }
    }

    fn __repr__(&self) -> String {
        format!("<zinc.RegionInfo {:?}: {} bytes, {}>", self.0.name, self.0.capacity, self.state())
    }
}

impl From<zinc::RegionInfo> for RegionInfo {
    fn from(info: zinc::RegionInfo) -> Self {
        Self(info)
    }
}

/// List the regions there are.
///
/// Args:
///     directory: Where to look. The default is the environment's ZINC_DIR, else /dev/shm.
///
/// Returns:
///     A list of `RegionInfo`, sorted by name. Regions that the caller may not read are left out.
///
/// Example:
///     >>> for region in zinc.list():
///     ...     print(region.name, region.capacity, region.state)
#[pyfunction]
#[pyo3(signature = (*, directory=None))]
pub(crate) fn list(py: Python<'_>, directory: Option<PathBuf>) -> Result<Vec<RegionInfo>, Failure> {
    let options = at(directory);
    let found = py.detach(|| options.list())?;
    Ok(found.into_iter().map(RegionInfo).collect())
}

/// Remove a persistent region, or what a dead owner left.
///
/// Its name goes, and all who wait on it wake with `ClosedError`. Views of it stay valid. Only its owner can end a region
/// while that owner is alive, with `unlink` or `close`.
///
/// Args:
///     name: The region's name.
///     missing_ok: Return as if it had been removed if there is no region of that name. Default: false.
///     directory: Where it is. The default is the environment's ZINC_DIR, else /dev/shm.
///
/// Raises:
///     NotFoundError: There is no region of that name, and missing_ok is false.
///     PermissionDeniedError: Its owner is alive, or this user may not.
#[pyfunction]
#[pyo3(signature = (name, *, missing_ok=false, directory=None))]
pub(crate) fn remove(
    py: Python<'_>,
    name: &str,
    missing_ok: bool,
    directory: Option<PathBuf>,
) -> Result<(), Failure> {
    let options = at(directory);
    match py.detach(|| options.remove(name)) {
        Err(error) if missing_ok && error.kind() == ErrorKind::NotFound => Ok(()),
        removed => Ok(removed?),
    }
}

fn at(directory: Option<PathBuf>) -> RegionOptions {
    let options = RegionOptions::new();
    match directory {
        Some(directory) => options.directory(directory),
        None => options,
    }
}
