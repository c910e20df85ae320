//! Facts about regions: about an open one, and about all in a directory.

use std::time::UNIX_EPOCH;

use napi::Env;
use napi::bindgen_prelude::{Result, Uint8Array};
use napi_derive::napi;
use zinc::{RegionOptions, RegionState};

use crate::failure::call;
use crate::handle::Held;
use crate::options::Options;

/// What is known of a region.
#[napi(object, object_from_js = false)]
pub(crate) struct Info {
    /// Its name.
    pub name: String,
    /// Its file.
    pub path: String,
    /// Bytes of data.
    pub capacity: f64,
    /// Sixteen random bytes.
    pub id: Uint8Array,
    /// Milliseconds since 1970, as `Date` takes them.
    pub created: f64,
    /// The creator's process id.
    pub owner_pid: u32,
    /// Whether somebody owns it.
    pub state: &'static str,
}

impl From<&zinc::RegionInfo> for Info {
    fn from(info: &zinc::RegionInfo) -> Self {
        let created = info.created.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            name: info.name.clone(),
            path: info.path.to_string_lossy().into_owned(),
            capacity: info.capacity as f64,
            id: info.id.to_vec().into(),
            created: created.as_secs_f64() * 1000.0,
            owner_pid: info.owner_pid,
            state: match info.state {
                RegionState::Owned => "owned",
                RegionState::Persistent => "persistent",
                RegionState::Dead => "dead",
                _ => "unknown",
            },
        }
    }
}

#[napi]
fn info(region: Held) -> Info {
    region.info().into()
}

#[napi]
fn is_read_only(region: Held) -> bool {
    region.is_read_only()
}

#[napi]
fn list(env: Env, options: Options) -> Result<Vec<Info>> {
    call(env, "list", || {
        let found = RegionOptions::try_from(options)?.list()?;
        Ok(found.iter().map(Info::from).collect())
    })
}

#[napi]
fn remove(env: Env, name: String, options: Options) -> Result<()> {
    call(env, "remove", || Ok(RegionOptions::try_from(options)?.remove(name)?))
}
