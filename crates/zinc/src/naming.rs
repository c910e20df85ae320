//! The naming protocol: publishing a region under a name, telling whether its owner lives, and taking the name away.
//!
//! The owner holds a kernel lock on its region's file from before the file has a name, so a file that can be found and
//! is not locked has no living owner. Nothing here looks at a pid.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Operation, Result};
use crate::failpoint::failpoint;
use crate::header::{Fixed, PERSISTENT};
use crate::platform::lock::{self, Byte};
use crate::platform::{Access, Identity, Meaning, Place, facts, identity, process, read_start, unlink_path};

mod blocker;
mod registry;
mod sweep;

pub(crate) use blocker::describe as describe_blocker;
pub(crate) use registry::{CloseAtExit, ExitTicket, HeldLock};
pub(crate) use sweep::{make_room, sweep_once, sweep_place};

/// How long a call that needs the name waits for another process that is taking it away just now, which takes
/// microseconds unless that process is stopped.
pub(crate) const PATIENT: Duration = Duration::from_secs(1);
/// For sweeping in passing: where somebody else is at it, nothing is left to do.
pub(crate) const IN_PASSING: Duration = Duration::ZERO;
/// How often create looks again when the name changes hands meanwhile. Each round means that somebody else got ahead.
const PUBLISH_ROUNDS: u32 = 1000;

/// Whether somebody owns a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RegionState {
    /// Its owner is alive.
    Owned,
    /// It has no owner and stays until it is removed.
    Persistent,
    /// Its owner died without closing it; the next create of the name, or any sweep, takes it away.
    Dead,
}

/// Reads and checks the header of a region's file.
pub(crate) fn read_header(operation: &Operation<'_>, place: &Place, file: &File) -> Result<Fixed> {
    let facts = facts(file).map_err(|error| operation.os("looking at the file", &error))?;
    if !facts.regular {
        let why = "what has the region's name is no ordinary file; remove it or use another name";
        return Err(operation.error(ErrorKind::NotARegion, why));
    }
    let mut bytes = [0; Fixed::LEN];
    let read = read_start(file, &mut bytes).map_err(|error| operation.os("reading the header", &error))?;
    Fixed::decode(operation, &bytes[..read], facts.len, place.page())
}

/// Whether the region in `file`, which has a header, has a living owner.
pub(crate) fn state(operation: &Operation<'_>, place: &Place, file: &File) -> Result<RegionState> {
    let locked = lock::is_held(file, Byte::Owner)
        .map_err(|error| operation.os("asking for the owner's lock", &error))?;
    // The flag is read after the lock: persisting sets the one before it lets go of the other.
    let persistent = read_header(operation, place, file)?.flags & PERSISTENT != 0;
    // The kernel's lock is the better witness: a peer that scribbles over the flags cannot make a living owner's region
    // look like nobody's.
    Ok(match (locked, persistent) {
        (true, _) => RegionState::Owned,
        (false, true) => RegionState::Persistent,
        (false, false) => RegionState::Dead,
    })
}

/// Takes the owner's lock for a region that has no name yet.
pub(crate) fn lock_as_owner(operation: &Operation<'_>, place: &Place, file: &File) -> Result<HeldLock> {
    let taken = HeldLock::take(place, file, Byte::Owner);
    match taken.map_err(|error| operation.os("taking the owner's lock", &error))? {
        Some(lock) => Ok(lock),
        None => Err(operation.error(ErrorKind::Os, "somebody else has locked a file that has no name")),
    }
}

/// Gives a finished region its name, which the remains of a dead owner's region do not block.
pub(crate) fn publish(operation: &Operation<'_>, place: &Place, file: &File, name: &str) -> Result<()> {
    for _ in 0..PUBLISH_ROUNDS {
        match place.link(file, name) {
            Ok(()) => return Ok(()),
            Err(error) if Meaning::of(&error) == Meaning::NameTaken => {}
            Err(error) if Meaning::of(&error) == Meaning::Denied => {
                let why = "naming the region is forbidden; a sandbox must allow linkat(2) or renameat2(2)";
                return Err(operation.error(ErrorKind::PermissionDenied, why).with_os(&error));
            }
            Err(error) => return Err(operation.os("naming the region", &error)),
        }
        let there = match place.find(name, Access::ReadWrite) {
            Ok(there) => there,
            Err(error) => match Meaning::of(&error) {
                Meaning::NoSuchName => continue,
                Meaning::Denied => return Err(blocked(operation, place, name).with_os(&error)),
                _ => return Err(cannot_open(operation, &error)),
            },
        };
        match state(operation, place, &there)? {
            RegionState::Dead => match sweep_file(operation, place, name, &there, PATIENT) {
                Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                    return Err(blocked(operation, place, name));
                }
                swept => drop(swept?),
            },
            _ if facts(&there).is_ok_and(|facts| facts.user != process::user()) => {
                return Err(blocked(operation, place, name));
            }
            state => return Err(taken(operation, place, &there, state)),
        }
    }
    Err(operation.error(ErrorKind::AlreadyExists, "others keep creating and closing regions of that name"))
}

fn is_owned_here(file: &File) -> bool {
    identity(file).is_ok_and(registry::has_owners_lock)
}

/// The living owner of the region in `file`, as the subject of a sentence.
pub(crate) fn owner_in_words(file: &File, fixed: &Fixed) -> String {
    if is_owned_here(file) { "this process".to_owned() } else { format!("process {}", fixed.owner_pid) }
}

/// The error for a name that this user can neither use nor take away.
fn blocked(operation: &Operation<'_>, place: &Place, name: &str) -> Error {
    let blocker = blocker::describe(operation, place, name);
    let why = format!("{blocker}; use another name, or another directory (ZINC_DIR)");
    operation.error(ErrorKind::AlreadyExists, why)
}

fn taken(operation: &Operation<'_>, place: &Place, file: &File, state: RegionState) -> Error {
    let why = match (state, read_header(operation, place, file)) {
        (RegionState::Persistent, _) => {
            "a persistent region has the name; open it, or remove it first".to_owned()
        }
        (_, Ok(_)) if is_owned_here(file) => {
            "this process owns it already; go on with that handle, or use another name".to_owned()
        }
        (_, Ok(fixed)) => {
            format!("process {} owns a region of that name; open it, or use another name", fixed.owner_pid)
        }
        (_, Err(error)) => return error,
    };
    operation.error(ErrorKind::AlreadyExists, why)
}

/// The error for a file that is there and cannot even be opened, for another reason than permissions.
pub(crate) fn cannot_open(operation: &Operation<'_>, error: &io::Error) -> Error {
    if Meaning::of(error) == Meaning::NoOrdinaryFile {
        let why = "what has the region's name is no ordinary file (links are not followed); remove it or use another name";
        return operation.error(ErrorKind::NotARegion, why).with_os(error);
    }
    operation.os("opening the region's file", error)
}

/// Takes the name of a dead owner's region away, if it still is one and still has it.
pub(crate) fn sweep_file(
    operation: &Operation<'_>,
    place: &Place,
    name: &str,
    file: &File,
    patience: Duration,
) -> Result<bool> {
    let is_dead = |file: &File| Ok(state(operation, place, file)? == RegionState::Dead);
    take_name_away(operation, place, name, file, patience, is_dead)
}

/// Takes the name away from the region in `file` if it still has it and `may_go`. True if this call did it.
///
/// A process that unlinks another's name holds the sweeper's lock of the very file that has it, through an open file of
/// its own (locks do not exclude threads that share one). So nobody unlinks a fresh region under an old name.
pub(crate) fn take_name_away(
    operation: &Operation<'_>,
    place: &Place,
    name: &str,
    file: &File,
    patience: Duration,
    may_go: impl Fn(&File) -> Result<bool>,
) -> Result<bool> {
    let os = |error: io::Error| operation.os("taking the name away", &error);
    let Some(_lock) = lock_to_sweep(operation, place, file, patience)? else {
        if patience == IN_PASSING {
            return Ok(false);
        }
        return Err(operation.error(
            ErrorKind::Os,
            "another process has been taking the name away for a second; it may be stopped: try again later",
        ));
    };
    failpoint!("reclaim: has the sweeper's lock");
    if !place.is_named(name, file).map_err(os)? || !may_go(file)? {
        return Ok(false);
    }
    failpoint!("reclaim: is about to unlink");
    unlink(place, name).map_err(os)
}

/// Takes the living owner's own name away, if it still has it. True if this call did it.
///
/// It needs no sweeper's lock: others take away the names of the dead only. The caller makes sure that no two threads
/// do it at once.
pub(crate) fn give_name_up(operation: &Operation<'_>, path: &Path, file: Identity) -> Result<bool> {
    // By its path: an owner can be closed when the process has no descriptor left to open the directory with.
    unlinked(unlink_path(path, file)).map_err(|error| operation.os("taking the name away", &error))
}

fn unlink(place: &Place, name: &str) -> io::Result<bool> {
    unlinked(place.unlink(name).map(|()| true))
}

/// A name that is gone already was taken away by somebody else.
fn unlinked(result: io::Result<bool>) -> io::Result<bool> {
    match result {
        Err(error) if Meaning::of(&error) == Meaning::NoSuchName => Ok(false),
        result => result,
    }
}

fn lock_to_sweep(
    operation: &Operation<'_>,
    place: &Place,
    file: &File,
    patience: Duration,
) -> Result<Option<HeldLock>> {
    let start = Instant::now();
    loop {
        let taken = HeldLock::take(place, file, Byte::Sweeper);
        if let Some(lock) = taken.map_err(|error| operation.os("taking the sweeper's lock", &error))? {
            return Ok(Some(lock));
        }
        if start.elapsed() >= patience {
            return Ok(None);
        }
        std::thread::sleep(Duration::from_micros(200));
    }
}
