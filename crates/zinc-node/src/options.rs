//! How to make and find regions, as `js/` passes it: checked there, converted here.

use std::time::Duration;

use napi_derive::napi;
use zinc::RegionOptions;

use crate::calls::timeout;

/// What any way to a region takes.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct Options {
    /// Where the region lives.
    pub directory: Option<String>,
    /// Permission bits.
    pub mode: Option<u32>,
    /// A user id.
    pub accept_owner: Option<u32>,
    /// Whether to take the memory now.
    pub reserve: Option<bool>,
    /// Whether to map every page now.
    pub prefault: Option<bool>,
    /// Whether the region outlives its owner from the start.
    pub persistent: Option<bool>,
    /// Whether to map without the right to write.
    pub read_only: Option<bool>,
    /// Milliseconds to wait for the region to appear; negative is for ever.
    pub timeout: Option<f64>,
    /// Microseconds.
    pub spin_us: Option<f64>,
}

impl From<Options> for RegionOptions {
    fn from(given: Options) -> Self {
        let mut options = RegionOptions::new();
        if let Some(directory) = given.directory {
            options = options.directory(directory);
        }
        if let Some(mode) = given.mode {
            options = options.mode(mode);
        }
        if let Some(uid) = given.accept_owner {
            options = options.accept_owner(uid);
        }
        if let Some(reserve) = given.reserve {
            options = options.reserve(reserve);
        }
        if let Some(prefault) = given.prefault {
            options = options.prefault(prefault);
        }
        if let Some(persistent) = given.persistent {
            options = options.persistent(persistent);
        }
        if let Some(read_only) = given.read_only {
            options = options.read_only(read_only);
        }
        if let Some(milliseconds) = given.timeout {
            options = options.timeout(timeout(milliseconds));
        }
        if let Some(microseconds) = given.spin_us {
            options = options.spin(Duration::from_micros(microseconds as u64));
        }
        options
    }
}
