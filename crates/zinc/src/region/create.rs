//! Making a region: everything is ready before the name is given, so nobody ever sees half of one.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use super::{OwnedRegion, RegionInfo, RegionOptions, SharedRegion};
use crate::descriptor::Descriptor;
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::failpoint::failpoint;
use crate::header::{Fixed, PERSISTENT};
use crate::mapping::{Mapping, Writable};
use crate::naming::{self, RegionState};
use crate::platform::{Meaning, Place, identity, process};

/// The first create of a process takes away what dead owners left, so that crashes do not fill the memory for good.
///
/// A flag and no `Once`: a fork in the middle of the sweep must not leave the child waiting for its end.
static SWEPT: AtomicBool = AtomicBool::new(false);

pub(super) fn create(
    options: &RegionOptions,
    operation: &Operation<'_>,
    name: &str,
    capacity: usize,
    descriptor: Option<&Descriptor>,
) -> Result<OwnedRegion> {
    let place = options.place(operation)?;
    if !SWEPT.swap(true, Ordering::Relaxed) {
        naming::sweep_place(&place);
    }

    let fixed = Fixed {
        header_len: place.page(),
        capacity,
        flags: if options.persistent { PERSISTENT } else { 0 },
        owner_pid: process::id(),
        id: process::random_id().map_err(|error| operation.os("asking for random bytes", &error))?,
        created: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64),
    };
    if capacity == 0 {
        return Err(operation.error(ErrorKind::InvalidSize, "a region has at least 1 byte"));
    }
    let len = fixed.region_len().ok_or_else(|| {
        operation
            .error(ErrorKind::InvalidSize, format!("{capacity} bytes are more than this system can address"))
    })?;
    // The owner itself always may.
    let mode = options.mode & 0o777 | 0o600;
    let file = place.create(mode).map_err(|error| cannot_create(operation, &place, &error))?;
    failpoint!("create: has a file");
    reserve(options, operation, &place, &file, len as u64)?;
    failpoint!("create: has its memory");

    let mapping = file
        .try_clone()
        .and_then(|file| Mapping::new(file, &fixed, Writable::All, options.prefault))
        .map_err(|error| operation.os("mapping the region", &error))?;
    mapping.write_fixed(&fixed);

    let state = if options.persistent { RegionState::Persistent } else { RegionState::Owned };
    let info = RegionInfo::new(name, place.path_of(name), &fixed, state);
    let region = SharedRegion::new(mapping, Arc::new(info), options.spin_limit());
    if let Some(descriptor) = descriptor {
        region.header().descriptor.write(descriptor);
    }

    failpoint!("create: has its header");
    // What has no name yet has an owner, too: who makes it persistent lets go of the lock once it has its name.
    let owned = !options.persistent || options.unlinked;
    let lock = if owned { Some(naming::lock_as_owner(operation, &place, &file)?) } else { None };
    failpoint!("create: has its lock");
    if !options.unlinked {
        naming::publish(operation, &place, &file, name)?;
        failpoint!("create: has its name");
    }
    let identity = identity(&file).map_err(|error| operation.os("looking at the file", &error))?;
    Ok(OwnedRegion::new(region, identity, lock, options))
}

fn reserve(
    options: &RegionOptions,
    operation: &Operation<'_>,
    place: &Place,
    file: &std::fs::File,
    len: u64,
) -> Result<()> {
    let full = |error: &io::Error| Meaning::of(error) == Meaning::NoSpace;
    let mut reserved = place.reserve(file, len, options.sparse);
    if reserved.as_ref().is_err_and(full) {
        naming::sweep_place(place);
        // What the first try has reserved must not stand in the way of the second.
        let _ = file.set_len(0);
        reserved = place.reserve(file, len, options.sparse);
    }
    reserved.map_err(|error| match Meaning::of(&error) {
        Meaning::NoSpace => no_space(operation, place, file, len).with_os(&error),
        Meaning::TooLarge => {
            let why = format!("a file of {len} bytes is too large for its file system");
            operation.error(ErrorKind::InvalidSize, why).with_os(&error)
        }
        _ => operation.os("reserving the memory", &error),
    })
}

fn no_space(operation: &Operation<'_>, place: &Place, file: &std::fs::File, needed: u64) -> Error {
    // What was reserved before the space ran out counts as free again.
    let _ = file.set_len(0);
    let free = place.free().unwrap_or(0);
    let why = format!(
        "the region needs {needed} bytes and {free} are free in {}; close or remove other regions, make the file system \
         larger (mount -o remount,size=...; docker run --shm-size=...), or choose another by ZINC_DIR",
        place.path().display()
    );
    operation.error(ErrorKind::NoSpace, why).with_space(needed, free)
}

fn cannot_create(operation: &Operation<'_>, place: &Place, error: &io::Error) -> Error {
    operation.os(&format!("making a file in {}", place.path().display()), error)
}
