//! Finding a region that exists, or will: look, check everything, then map.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::owned::mark_closed;
use super::{Cancel, RegionInfo, RegionOptions, SharedRegion};
use crate::error::{Error, ErrorKind, Operation, Result, spelt};
use crate::failpoint::failpoint;
use crate::header::PERSISTENT;
use crate::hub::Attachment;
use crate::mapping::{Mapping, Writable};
use crate::naming::{self, RegionState};
use crate::platform::{Access, Facts, Meaning, Place, facts, place, process, users};
use crate::wait::{Host, Local, Spin, Timeout};

/// How long to sleep between two looks where the directory cannot be watched (the user has too many watches).
const UNWATCHED_SLEEP: Duration = Duration::from_millis(10);
/// The longest sleep between two looks where it can: a guard against a watch that tells nothing.
const WATCHED_SLEEP: Duration = Duration::from_secs(1);

/// What was found under a name.
pub(super) enum Found {
    Region(SharedRegion),
    Nothing,
    /// The region of a dead owner, which counts as nothing and was swept if this user may do so.
    Remains,
}

impl SharedRegion {
    pub(super) fn new(mapping: Mapping, info: Arc<RegionInfo>, spin: u32) -> Self {
        let can_arm = mapping.writable().header();
        Self {
            header: mapping.header().into(),
            data: mapping.data(),
            local: Arc::new(Local::new(0, Spin::new(spin), can_arm)),
            attachment: Arc::new(Attachment::new(mapping, info.path.clone())),
            info,
            owner: None,
        }
    }
}

/// Opens a region, waiting for it to appear for as long as the options say.
pub(super) fn open<H: Host>(
    options: &RegionOptions,
    operation: &Operation<'_>,
    name: &str,
    host: &mut H,
    cancel: Option<&Cancel>,
) -> Result<SharedRegion, H::Error> {
    let deadline = options.timeout.deadline(process::now());
    let mut watch = None;
    loop {
        // Looking is work for the file system, and mapping may fault every page in.
        let found = host.park(|| attach(options, operation, name))?;
        if let Found::Region(region) = found {
            return Ok(region);
        }
        let now = process::now();
        if now >= deadline {
            return Err(not_found(options, operation, &found).into());
        }
        let Some(watched) = &watch else {
            // The first look may have missed what came before the watch, so look once more.
            watch = Some(options.place(operation)?.watch().ok());
            continue;
        };
        let longest = if watched.is_some() { WATCHED_SLEEP } else { UNWATCHED_SLEEP };
        let time = Duration::from_nanos(deadline - now).min(longest);
        let slept = host.park(|| place::sleep(watched.as_ref(), name, cancel.map(Cancel::alarm), time));
        slept.map_err(|error| operation.os("watching the directory", &error))?;
        // Asked each time: a signal that came just before the system call did not end the sleep.
        host.signal()?;
        // After the host, which may know better why.
        if cancel.is_some_and(Cancel::is_fired) {
            let why = "it was cancelled before the region appeared; open it again to go on waiting";
            return Err(operation.error(ErrorKind::Interrupted, why).into());
        }
    }
}

/// There is no region to open, and the time that the options give is up.
pub(super) fn not_found(options: &RegionOptions, operation: &Operation<'_>, found: &Found) -> Error {
    let place = directory(options);
    let place = place.display();
    let has_waited = options.timeout != Timeout::POLL;
    let (time, later) = if has_waited {
        (format!(" within {}", options.timeout), "give it more time")
    } else {
        (String::new(), "open it with a timeout to wait for it")
    };
    let why = match found {
        Found::Remains => {
            format!(
                "its owner died without closing it, and nobody has created it anew{time} in {place}; create it, or {later}"
            )
        }
        _ if has_waited => {
            format!("no region of that name in {place}, and none appeared{time}; create it first, or {later}")
        }
        _ => format!("no region of that name in {place}; create it first, or {later}"),
    };
    operation.error(ErrorKind::NotFound, why)
}

fn directory(options: &RegionOptions) -> PathBuf {
    options.directory.clone().unwrap_or_else(Place::default_path)
}

/// Looks once.
pub(super) fn attach(options: &RegionOptions, operation: &Operation<'_>, name: &str) -> Result<Found> {
    if options.read_only && options.copy_on_write {
        let why = format!(
            "the options {} and {} exclude each other: one forbids writing, the other keeps it private",
            spelt("read_only"),
            spelt("copy_on_write")
        );
        return Err(operation.error(ErrorKind::InvalidArgument, why));
    }
    let spin = options.spin_limit(operation)?;
    let place = options.place(operation)?;
    let found = look(options, operation, &place, name, spin);
    // Afterwards: what was found may be the remains of a dead owner, which is not the same as nothing.
    naming::sweep_once(&place);
    found
}

fn look(
    options: &RegionOptions,
    operation: &Operation<'_>,
    place: &Place,
    name: &str,
    spin: u32,
) -> Result<Found> {
    let Some((file, writable)) = find(options, operation, place, name)? else {
        return Ok(Found::Nothing);
    };
    let facts = facts(&file).map_err(|error| operation.os("looking at the file", &error))?;
    check_owner(options, operation, place, name, &facts, users::is_mine(&file, facts.user))?;
    let fixed = naming::read_header(operation, place, &file)?;
    let state = naming::state(operation, place, &file)?;
    if state == RegionState::Dead {
        // Without the right to sweep it is left to others.
        let _ = naming::sweep_file(operation, place, name, &file, naming::IN_PASSING);
        return Ok(Found::Remains);
    }
    failpoint!("open: has looked");
    let mapping = Mapping::new(file, &fixed, writable, options.prefault)
        .map_err(|error| operation.os("mapping the region", &error))?;
    let info = RegionInfo::new(name, place.path_of(name), &fixed, state);
    Ok(Found::Region(SharedRegion::new(mapping, Arc::new(info), spin)))
}

/// Opens the file of that name with as many rights as there are and are asked for.
fn find(
    options: &RegionOptions,
    operation: &Operation<'_>,
    place: &Place,
    name: &str,
) -> Result<Option<(File, Writable)>> {
    let (writable, if_only_readable) = match (options.read_only, options.copy_on_write) {
        (true, _) => (Writable::Header, Some(Writable::Nothing)),
        (_, true) => (Writable::HeaderAndCopy, Some(Writable::Copy)),
        _ => (Writable::All, None),
    };
    let denied = match place.find(name, Access::ReadWrite) {
        Ok(file) => return Ok(Some((file, writable))),
        Err(error) => match Meaning::of(&error) {
            Meaning::NoSuchName => return Ok(None),
            Meaning::Denied => error,
            _ => return Err(naming::cannot_open(operation, &error)),
        },
    };
    if let Some(writable) = if_only_readable
        && let Ok(file) = place.find(name, Access::ReadOnly)
    {
        return Ok(Some((file, writable)));
    }
    if let Ok(facts) = place.facts_of(name) {
        check_owner(options, operation, place, name, &facts, facts.user == process::user())?;
    }
    let why = if place.is_immutable(Some(name)) {
        "the region's file is immutable; open it with read_only or copy_on_write, or have root change that (chattr -i)"
    } else if denied.kind() == io::ErrorKind::ReadOnlyFilesystem {
        "the directory is mounted read-only; open the region with read_only or copy_on_write"
    } else if if_only_readable.is_some() {
        "this user may not read the region; have its owner create it with another mode"
    } else {
        "this user may not write to the region; open it with read_only or copy_on_write, or have its owner create it with \
         another mode"
    };
    Err(operation.error(ErrorKind::PermissionDenied, why).with_os(&denied))
}

/// Nobody can plant a region under a name that somebody else is about to open.
fn check_owner(
    options: &RegionOptions,
    operation: &Operation<'_>,
    place: &Place,
    name: &str,
    facts: &Facts,
    mine: bool,
) -> Result<()> {
    let (user, group, me) = (facts.user, facts.group, process::user());
    let trusted = process::is_superuser(user) || options.accept_owner == Some(user);
    if mine || trusted && !users::is_nobody(user) {
        return Ok(());
    }
    let refused = |way_out: &str| {
        let blocker = naming::describe_blocker(operation, place, name);
        let why = format!("{blocker}; this process runs as user {me}: {way_out}");
        Err(operation.error(ErrorKind::WrongOwner, why))
    };
    if options.accept_group != Some(group) || users::is_nobodys_group(group) {
        if users::is_nobody(user) {
            return refused(
                "this number stands for every user that has none in the process's user namespace; share with processes \
                 whose users have one",
            );
        }
        return refused(
            "if that is meant to be, accept that owner, or a group that the owner gives the region to",
        );
    }
    let needed = if options.read_only || options.copy_on_write { 0o040 } else { 0o060 };
    if facts.mode & needed != needed {
        return refused(&format!(
            "its group {group} is accepted, but its mode {:#o} does not give the group the rights that this call needs",
            facts.mode
        ));
    }
    // Where this cannot be asked, nothing says that the owner is a member.
    if place.gives_group(group).unwrap_or(true) {
        return refused(&format!(
            "its group {group} is accepted, but the directory gives that group to every file, and users who are no \
             members may make some; accept the owner, or use another directory"
        ));
    }
    Ok(())
}

/// Takes away a region that has no living owner.
pub(super) fn remove(options: &RegionOptions, operation: &Operation<'_>, name: &str) -> Result<()> {
    let place = options.place(operation)?;
    let removed = remove_from(operation, &place, name);
    // Afterwards: what is to be removed may be the remains of a dead owner.
    naming::sweep_once(&place);
    removed
}

pub(super) fn remove_from(operation: &Operation<'_>, place: &Place, name: &str) -> Result<()> {
    let file = match place.find(name, Access::ReadWrite) {
        Ok(file) => file,
        Err(error) if Meaning::of(&error) == Meaning::NoSuchName => {
            return Err(nothing_to_remove(operation, place));
        }
        Err(error) if Meaning::of(&error) == Meaning::Denied => {
            return Err(may_not_remove(operation, place, name).with_os(&error));
        }
        Err(error) => return Err(naming::cannot_open(operation, &error)),
    };
    let fixed = naming::read_header(operation, place, &file)?;
    let gone = naming::take_name_away(operation, place, name, &file, naming::PATIENT, |file| {
        match naming::state(operation, place, file)? {
            RegionState::Dead | RegionState::Persistent => Ok(true),
            RegionState::Owned => {
                let owner = naming::owner_in_words(file, &fixed);
                let why = format!("{owner} owns it and alone may end it, by closing its handle");
                Err(operation.error(ErrorKind::PermissionDenied, why))
            }
        }
    });
    let gone = gone.map_err(|error| match error.os_error().map(Meaning::of_number) {
        Some(Meaning::Denied) => may_not_remove(operation, place, name),
        _ => error,
    })?;
    if !gone {
        return Err(nothing_to_remove(operation, place));
    }
    // Asked again: the owner may have let it persist since the first look.
    let fixed = naming::read_header(operation, place, &file)?;
    if fixed.flags & PERSISTENT != 0 {
        let mapping = Mapping::new(file, &fixed, Writable::All, false)
            .map_err(|error| operation.os("telling those who wait", &error))?;
        mark_closed(mapping.header());
    }
    Ok(())
}

fn nothing_to_remove(operation: &Operation<'_>, place: &Place) -> Error {
    let why = format!("no region of that name in {}, so there is nothing to remove", place.path().display());
    operation.error(ErrorKind::NotFound, why)
}

fn may_not_remove(operation: &Operation<'_>, place: &Place, name: &str) -> Error {
    operation.error(ErrorKind::PermissionDenied, naming::describe_blocker(operation, place, name))
}

pub(super) fn list(options: &RegionOptions, operation: &Operation<'_>) -> Result<Vec<RegionInfo>> {
    let place = options.place(operation)?;
    let names = place.names().map_err(|error| operation.os("reading the directory", &error))?;
    let mut regions = Vec::new();
    for name in &names {
        match describe(operation, &place, name) {
            Ok(info) => regions.push(info),
            // A limit that this process or the system has reached says nothing about the region.
            Err(error) if error.os_error().map(Meaning::of_number) == Some(Meaning::Limit) => {
                return Err(error);
            }
            Err(_) => {}
        }
    }
    // Afterwards: what dead owners left is listed, too.
    naming::sweep_once(&place);
    regions.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(regions)
}

fn describe(operation: &Operation<'_>, place: &Place, name: &str) -> Result<RegionInfo> {
    crate::name::check(operation.name, name)?;
    let file = place.find(name, Access::ReadOnly).map_err(|error| naming::cannot_open(operation, &error))?;
    let fixed = naming::read_header(operation, place, &file)?;
    let state = naming::state(operation, place, &file)?;
    Ok(RegionInfo::new(name, place.path_of(name), &fixed, state))
}
