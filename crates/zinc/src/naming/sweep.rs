//! Giving back what this user's dead owners have left in a directory, their names and with them their memory.

use std::path::PathBuf;
use std::sync::Mutex;

use super::{IN_PASSING, RegionState, state, sweep_file};
use crate::platform::lock::{self, Byte};
use crate::platform::{Access, Place, process, space};

/// How many directories a process remembers to have swept. One that uses more of them sweeps more often.
const REMEMBERED: usize = 16;
/// A region of this many bytes may be large for what is free. Below, it is not worth the question.
const LARGE_FROM: u64 = 1 << 20;
/// A region is large for what is free if no more than so many would fit.
const LARGE_PARTS: u64 = 4;

/// The directories that this process has swept.
static SWEPT: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Sweeps the directory if this process has not done so: crashes must not fill the memory for good, and a process that
/// only reads may be the only one that is left.
pub(crate) fn sweep_once(place: &Place) {
    // It may be taken for good: by a thread that a forked child does not have. Then others sweep.
    let Ok(mut swept) = SWEPT.try_lock() else { return };
    if swept.iter().any(|path| path == place.path()) {
        return;
    }
    if swept.len() == REMEMBERED {
        swept.remove(0);
    }
    swept.push(place.path().to_owned());
    drop(swept);
    sweep_place(place);
}

/// Sweeps the directory before a region of `len` bytes is made in it if that is large for what is free, or for what the
/// process's memory cgroup has left: there the kernel kills instead of returning an error.
pub(crate) fn make_room(place: &Place, len: u64) {
    if len < LARGE_FROM {
        return;
    }
    let is_large = |room: u64| room / LARGE_PARTS < len;
    if place.free().is_ok_and(is_large) || space::memory_cgroup_room().is_some_and(is_large) {
        sweep_place(place);
    }
}

/// Takes away the names that this user's dead owners left in a directory.
pub(crate) fn sweep_place(place: &Place) {
    for name in place.names().unwrap_or_default() {
        // What cannot be swept is somebody else's business, or will be found by the next sweep.
        let _ = sweep_name(place, &name);
    }
    let _ = place.sweep_hidden();
}

fn sweep_name(place: &Place, name: &str) -> Option<bool> {
    let operation = crate::name::check("create", name).ok()?;
    if place.facts_of(name).ok()?.user != process::user() {
        return None;
    }
    // Opened for reading first: closing a file after writing is news for those who watch its owner.
    let is_free = |file: &_| lock::is_held(file, Byte::Owner).is_ok_and(|held| !held);
    place.find(name, Access::ReadOnly).ok().filter(is_free)?;
    let file = place.find(name, Access::ReadWrite).ok()?;
    match state(&operation, place, &file).ok()? {
        RegionState::Dead => sweep_file(&operation, place, name, &file, IN_PASSING).ok(),
        _ => None,
    }
}
