//! Making a region: everything is ready before the name is given, so nobody ever sees half of one.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::{OwnedRegion, RegionInfo, RegionOptions, SharedRegion, open};
use crate::descriptor::Descriptor;
use crate::error::{Error, ErrorKind, Operation, Result, perhaps_negative};
use crate::failpoint::failpoint;
use crate::header::{Fixed, PERSISTENT};
use crate::mapping::{Mapping, Writable};
use crate::naming::{self, RegionState};
use crate::platform::space::{self, Sharing};
use crate::platform::{Meaning, Place, identity, process};

/// How often a region is replaced before it counts as taken. Each round means that somebody else got ahead.
const REPLACE_ROUNDS: u32 = 100;

pub(super) fn create(
    options: &RegionOptions,
    operation: &Operation<'_>,
    name: &str,
    capacity: usize,
    descriptor: Option<&Descriptor>,
) -> Result<OwnedRegion> {
    check_mode(operation, options)?;
    let place = options.place(operation)?;
    naming::sweep_once(&place);

    let fixed = Fixed {
        header_len: place.page(),
        capacity,
        flags: if options.persistent { PERSISTENT } else { 0 },
        owner_pid: process::id(),
        id: process::random_id().map_err(|error| operation.os("asking for random bytes", &error))?,
        created: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64),
    };
    if capacity == 0 {
        let why = "a region of 0 bytes was asked for; it has at least 1";
        return Err(operation.error(ErrorKind::InvalidSize, why));
    }
    if fixed.region_len().is_none() {
        let why =
            format!("{} bytes are more than this system can address", perhaps_negative(capacity as u64));
        return Err(operation.error(ErrorKind::InvalidSize, why));
    }
    let file = place
        .create(mode(options), options.group)
        .map_err(|error| cannot_create(options, operation, &place, &error))?;
    failpoint!("create: has a file");
    let made = finish(options, operation, &place, name, &fixed, descriptor, &file);
    if made.is_err() {
        place.discard(&file);
    }
    made
}

/// Makes a region of a file without a name, and gives it its name.
fn finish(
    options: &RegionOptions,
    operation: &Operation<'_>,
    place: &Place,
    name: &str,
    fixed: &Fixed,
    descriptor: Option<&Descriptor>,
    file: &File,
) -> Result<OwnedRegion> {
    let spin = options.spin_limit(operation)?;
    let len = fixed.region_len().expect("it was asked for before") as u64;
    reserve(options, operation, place, file, len)?;
    failpoint!("create: has its memory");

    let mapping = file
        .try_clone()
        .and_then(|file| Mapping::new(file, fixed, Writable::All, options.prefault))
        .map_err(|error| operation.os("mapping the region", &error))?;
    mapping.write_fixed(fixed);

    let state = if options.persistent { RegionState::Persistent } else { RegionState::Owned };
    let info = RegionInfo::new(name, place.path_of(name), fixed, state);
    let region = SharedRegion::new(mapping, Arc::new(info), spin);
    if let Some(descriptor) = descriptor {
        region.header().descriptor.write(descriptor);
    }

    failpoint!("create: has its header");
    // What has no name yet has an owner, too: who makes it persistent lets go of the lock once it has its name.
    let owned = !options.persistent || options.unlinked;
    let lock = if owned { Some(naming::lock_as_owner(operation, place, file)?) } else { None };
    failpoint!("create: has its lock");
    if !options.unlinked {
        publish(operation, place, file, name, options.replace)?;
        failpoint!("create: has its name");
    }
    let identity = identity(file).map_err(|error| operation.os("looking at the file", &error))?;
    Ok(OwnedRegion::new(region, identity, lock, options))
}

/// Gives a finished region its name; with `replace`, a persistent region that has the name is removed.
pub(super) fn publish(
    operation: &Operation<'_>,
    place: &Place,
    file: &File,
    name: &str,
    replace: bool,
) -> Result<()> {
    let mut published = naming::publish(operation, place, file, name);
    for _ in 0..REPLACE_ROUNDS {
        match &published {
            Err(error) if replace && error.kind() == ErrorKind::AlreadyExists => {}
            _ => break,
        }
        match open::remove_from(operation, place, name) {
            Err(error) if error.kind() != ErrorKind::NotFound => break,
            _ => published = naming::publish(operation, place, file, name),
        }
    }
    published
}

fn reserve(
    options: &RegionOptions,
    operation: &Operation<'_>,
    place: &Place,
    file: &File,
    len: u64,
) -> Result<()> {
    let limit = space::file_size_limit();
    if len > limit {
        let why = format!(
            "the region needs {len} bytes, and this process may make no file of more than {limit} (RLIMIT_FSIZE); raise \
             the limit (ulimit -f, which counts in blocks), or ask for less"
        );
        return Err(operation.error(ErrorKind::NoSpace, why).with_space(len, limit));
    }
    reserve_among_others(options, place, file, len).map_err(|error| match Meaning::of(&error) {
        Meaning::NoSpace => no_space(operation, place, len).with_os(&error),
        Meaning::NoQuota => no_quota(operation, place, len).with_os(&error),
        Meaning::TooLarge => {
            let why = format!("a file of {len} bytes is too large for its file system");
            operation.error(ErrorKind::InvalidSize, why).with_os(&error)
        }
        _ => operation.os("reserving the memory", &error),
    })
}

/// Reserves the memory; on failure the file has none.
///
/// Processes that reserve at the same time can each take a part of what is left, so that none has enough. Therefore who
/// fails gives back what it has, waits until all who are at it are through, and tries once more, alone.
fn reserve_among_others(options: &RegionOptions, place: &Place, file: &File, len: u64) -> io::Result<()> {
    let reserve = |sharing| {
        let turn = if options.sparse { None } else { place.turn(sharing) };
        if sharing == Sharing::Alone {
            naming::sweep_place(place);
        }
        let reserved = place.reserve(file, len, options.sparse);
        if reserved.is_err() {
            // Before the turn is over.
            let _ = file.set_len(0);
        }
        drop(turn);
        reserved
    };
    if !options.sparse {
        naming::make_room(place, len);
    }
    match reserve(Sharing::Together) {
        Err(error) if matches!(Meaning::of(&error), Meaning::NoSpace | Meaning::NoQuota) => {
            reserve(Sharing::Alone)
        }
        reserved => reserved,
    }
}

fn no_space(operation: &Operation<'_>, place: &Place, needed: u64) -> Error {
    let free = place.free().unwrap_or(0);
    let why = format!(
        "the region needs {needed} bytes and {free} are free in {}; close or remove other regions, make the file system \
         larger (mount -o remount,size=...; docker run --shm-size=...), or choose another by ZINC_DIR",
        place.path().display()
    );
    operation.error(ErrorKind::NoSpace, why).with_space(needed, free)
}

/// What is free for this user is not known: only that it is not enough.
fn no_quota(operation: &Operation<'_>, place: &Place, needed: u64) -> Error {
    let why = format!(
        "the region needs {needed} bytes, more than this user's quota leaves in {}; close or remove other regions, have the \
         quota raised (setquota, or the mount options usrquota_block_hardlimit and grpquota_block_hardlimit), or choose \
         another directory by ZINC_DIR",
        place.path().display()
    );
    operation.error(ErrorKind::NoSpace, why).with_space(needed, 0)
}

/// The permission bits; 0 stands for the default.
fn mode(options: &RegionOptions) -> u32 {
    if options.mode == 0 { 0o600 } else { options.mode }
}

/// A mode must say what it can mean: the owner always reads and writes, and the others read, or read and write.
fn check_mode(operation: &Operation<'_>, options: &RegionOptions) -> Result<()> {
    let mode = mode(options);
    let writes_unread = mode & 0o020 > (mode & 0o040) >> 1 || mode & 0o002 > (mode & 0o004) >> 1;
    let why = if mode & !0o777 != 0 {
        "has bits beyond the permissions"
    } else if mode & 0o600 != 0o600 {
        "does not let the owner itself read and write"
    } else if mode & 0o111 != 0 {
        "lets somebody execute the region, which means nothing"
    } else if writes_unread {
        "lets somebody write who may not read"
    } else if let Some(group) = options.group
        && mode & 0o060 == 0
    {
        let why = format!(
            "the mode {mode:#o} gives the group {group} no right; give it one, with mode 0o660 or 0o640"
        );
        return Err(operation.error(ErrorKind::InvalidArgument, why));
    } else {
        return Ok(());
    };
    let guess = match u32::from_str_radix(&mode.to_string(), 8) {
        Ok(meant) if meant & !0o666 == 0 && meant & 0o600 == 0o600 => {
            format!("{mode} is {mode:#o} in octal digits; did you mean {meant:#o}?")
        }
        _ => "0o600 is for this user alone, 0o660 for a group, 0o666 for all".to_owned(),
    };
    // A number that is too large for a signed one was most likely a negative one.
    let mode = i32::try_from(mode).map_or_else(|_| (mode as i32).to_string(), |mode| format!("{mode:#o}"));
    Err(operation.error(ErrorKind::InvalidArgument, format!("the mode {mode} {why}; {guess}")))
}

fn cannot_create(
    options: &RegionOptions,
    operation: &Operation<'_>,
    place: &Place,
    error: &io::Error,
) -> Error {
    if let (Some(group), Meaning::Denied) = (options.group, Meaning::of(error))
        && !process::is_member(group)
    {
        let why = format!(
            "this user is no member of group {group}, and only members can give a file to a group; become one, or \
             choose another"
        );
        return operation.error(ErrorKind::PermissionDenied, why).with_os(error);
    }
    let path = place.path().display();
    let why = match (Meaning::of(error), error.kind()) {
        (Meaning::NoQuota, _) => return no_quota(operation, place, 1).with_os(error),
        (Meaning::Denied, io::ErrorKind::ReadOnlyFilesystem) => {
            format!("{path} is mounted read-only, and regions can only be opened there, read-only")
        }
        (Meaning::Denied, _) if place.is_immutable(None) => {
            format!(
                "the directory {path} is immutable, and nobody can make files in it; root can change that (chattr -i)"
            )
        }
        (Meaning::Denied, _) => {
            format!("this user may not make files in {path}; choose another directory by ZINC_DIR")
        }
        _ => return operation.os(&format!("making a file in {path}"), error),
    };
    operation.error(ErrorKind::PermissionDenied, why).with_os(error)
}
