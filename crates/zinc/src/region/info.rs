//! What is known of a region without mapping it, and the two things that need no handle: listing and removing.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::RegionOptions;
use crate::error::Result;
use crate::header::Fixed;
use crate::naming::RegionState;

/// What is known of a region.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegionInfo {
    /// Its name.
    pub name: String,
    /// Its file.
    pub path: PathBuf,
    /// Bytes of data.
    pub capacity: usize,
    /// Random bytes that tell it from any other region that had or will have the name.
    pub id: [u8; 16],
    /// When it was created, by the wall clock.
    pub created: SystemTime,
    /// The process that created it, in that process's own pid namespace. For people: pids are reused.
    pub owner_pid: u32,
    /// Whether somebody owns it, at the moment when this was asked.
    pub state: RegionState,
}

impl RegionInfo {
    pub(super) fn new(name: &str, path: PathBuf, fixed: &Fixed, state: RegionState) -> Self {
        let created = SystemTime::UNIX_EPOCH.checked_add(Duration::from_nanos(fixed.created));
        Self {
            name: name.to_owned(),
            path,
            capacity: fixed.capacity,
            id: fixed.id,
            created: created.unwrap_or(SystemTime::UNIX_EPOCH),
            owner_pid: fixed.owner_pid,
            state,
        }
    }

    /// The directory that the region lives in.
    pub(super) fn directory(&self) -> &Path {
        self.path.parent().expect("a region's path is that of a file in a directory")
    }
}

/// The regions in the default directory that this user may read, by name; see [`RegionOptions::list`].
///
/// # Errors
///
/// As [`RegionOptions::list`].
pub fn list() -> Result<Vec<RegionInfo>> {
    RegionOptions::new().list()
}

/// Takes away a persistent region, or the remains of a dead owner's; see [`RegionOptions::remove`].
///
/// # Errors
///
/// As [`RegionOptions::remove`].
pub fn remove(name: impl AsRef<str>) -> Result<()> {
    RegionOptions::new().remove(name)
}
