//! A full directory is an error that says how much is needed and free, leaves nothing behind, and heals by itself.

mod common;

use std::io::{Read, Write};

use common::forked::fork;
use common::sandbox::{deny, mount};
use common::{Part, Stage, is_root, note, word};
use zinc::{Error, ErrorKind, OwnedRegion, RegionOptions, SharedRegion};

common::parts!(fill, fill_and_die, fit, spread, race, exceed_a_quota);

const PAGE: u64 = 4096;
const SIZE: u64 = 256 * PAGE;

/// Puts a small tmpfs over the stage's directory, or says why not and ends the process.
fn small_directory(part: &mut Part) -> RegionOptions {
    if let Err(error) = mount(part.directory(), c"tmpfs", &format!("size={SIZE}")) {
        part.say(format!("no tmpfs can be mounted: {error}"));
        std::process::exit(0);
    }
    part.options()
}

fn free(part: &Part) -> u64 {
    let stat = rustix::fs::statvfs(part.directory()).unwrap();
    stat.f_bavail * stat.f_frsize
}

/// Runs the part in a process that may mount; it says "done" when it has seen all that it wanted.
#[track_caller]
fn run(part: &'static str) {
    if !is_root() {
        return;
    }
    match Stage::new().start(part).hear().as_str() {
        "done" => {}
        why => note(format_args!("skipped, a full directory: {why}")),
    }
}

fn fill(part: &mut Part) {
    let options = small_directory(part);
    let before = free(part);
    for capacity in [SIZE as usize, SIZE as usize * 1000, 1 << 46] {
        let error = options.create("r", capacity).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NoSpace);
        assert_eq!((error.needed(), error.free()), (Some(capacity as u64 + PAGE), Some(before)));
        assert_eq!(error.os_error(), Some(libc::ENOSPC));
        let text = error.to_string();
        for told in [&(capacity as u64 + PAGE).to_string(), &before.to_string(), "ZINC_DIR"] {
            assert!(text.contains(told), "{told} in: {text}");
        }
        assert_eq!(word(options.open_or_create("r", capacity)), "NoSpace");
        assert_eq!(free(part), before, "nothing is left behind");
        assert_eq!(std::fs::read_dir(part.directory()).unwrap().count(), 0);
    }
    let first = options.create("a", SIZE as usize / 2).unwrap();
    let left = free(part);
    let error = options.create("b", SIZE as usize / 2).unwrap_err();
    assert_eq!(
        (error.kind(), error.free()),
        (ErrorKind::NoSpace, Some(left)),
        "a living owner's region stays"
    );
    assert_eq!(free(part), left);
    drop(first);
    assert_eq!(free(part), before, "close gives the memory back");
    part.say("done");
}

#[test]
fn a_full_directory_says_what_is_needed_and_free_and_is_left_as_it_was() {
    run("fill");
}

fn fit(part: &mut Part) {
    let options = small_directory(part);
    let capacity = (free(part) - PAGE) as usize;
    let owner = options.create("r", capacity).unwrap();
    assert_eq!(free(part), 0, "all of it is really taken");
    // SAFETY: nobody else has the region.
    unsafe { owner.as_mut_slice() }.fill(1);
    let peer = options.open("r").unwrap();
    drop(owner);
    assert_eq!(free(part), 0, "who is inside keeps the memory");
    let view = peer.view().unwrap();
    drop(peer);
    assert_eq!(free(part), 0);
    drop(view);
    assert_eq!(free(part), capacity as u64 + PAGE);
    part.say("done");
}

#[test]
fn a_region_may_take_the_last_page() {
    run("fit");
}

fn fill_and_die(part: &mut Part) {
    let options = small_directory(part);
    // The first create of a process sweeps; it shall not be what frees the space here.
    drop(options.create("first", 1).unwrap());
    let before = free(part);
    for name in ["a", "b", "c"] {
        let owner = fork(|| {
            std::mem::forget(options.create(name, SIZE as usize / 4).unwrap());
            0
        });
        assert_eq!(owner.end().exit_status(), Some(0));
    }
    let living = options.create("living", 1).unwrap();
    drop(options.clone().persistent(true).create("persistent", 1).unwrap());
    assert!(free(part) < before / 2);
    let owner = options.create("d", SIZE as usize / 2).expect("the dead make room");
    let mut names: Vec<_> = options.list().unwrap().into_iter().map(|region| region.name).collect();
    names.sort();
    assert_eq!(names, ["d", "living", "persistent"]);
    drop((owner, living));
    options.remove("persistent").unwrap();
    assert_eq!(free(part), before);
    part.say("done");
}

#[test]
fn what_dead_owners_left_makes_room() {
    run("fill_and_die");
}

fn spread(part: &mut Part) {
    let options = small_directory(part).sparse(true);
    let before = free(part);
    let owner: SharedRegion = (*options.create("r", SIZE as usize * 100).unwrap()).clone();
    assert!(before - free(part) <= 2 * PAGE, "what is not written takes no memory");
    assert_eq!(owner.capacity(), SIZE as usize * 100);
    part.say("done");
}

#[test]
fn a_sparse_region_takes_what_is_written() {
    run("spread");
}

const RACERS: usize = 8;
const RACES: usize = 10;

/// Says how many of the racers, processes that begin at the same moment, get a region of `capacity` bytes.
fn winners(options: &RegionOptions, capacity: usize) -> usize {
    let (mut go, hold) = std::io::pipe().unwrap();
    let (mut end, hold_end) = std::io::pipe().unwrap();
    let (mut told, tell) = std::io::pipe().unwrap();
    let mut held = Some((hold, hold_end));
    let racers: Vec<_> = (0..RACERS)
        .map(|racer| {
            fork(|| {
                held.take();
                go.read_to_end(&mut Vec::new()).unwrap();
                let made: Result<OwnedRegion, Error> = options.create(format!("r{racer}"), capacity);
                (&tell).write_all(&[u8::from(made.is_ok())]).unwrap();
                // What was won is kept until all have tried.
                end.read_to_end(&mut Vec::new()).unwrap();
                match made {
                    Ok(owner) => owner.close().is_err().into(),
                    Err(error) => i32::from(error.kind() != ErrorKind::NoSpace),
                }
            })
        })
        .collect();
    let (hold, hold_end) = held.take().unwrap();
    drop(hold);
    let mut won = [0; RACERS];
    told.read_exact(&mut won).unwrap();
    drop(hold_end);
    assert!(racers.into_iter().all(|racer| racer.end().exit_status() == Some(0)));
    won.iter().map(|&won| usize::from(won)).sum()
}

/// Takes turns at a directory of 32 MB in which one, two, or all of the regions fit.
fn race(part: &mut Part) {
    const MB: usize = 1 << 20;
    if let Err(error) = mount(part.directory(), c"tmpfs", "size=32m") {
        return part.say(format!("no tmpfs can be mounted: {error}"));
    }
    let options = part.options();
    for (capacity, fit) in [(18 * MB, 1), (12 * MB, 2), (3 * MB, RACERS)] {
        let won: Vec<_> = (0..RACES).map(|_| winners(&options, capacity)).collect();
        assert_eq!(won, [fit; RACES], "so many have regions of {capacity} bytes");
    }
    part.say("done");
}

#[test]
fn of_those_who_create_at_once_as_many_win_as_fit() {
    run("race");
}

fn exceed_a_quota(part: &mut Part) {
    let options = part.options();
    drop(options.create("first", 1).unwrap());
    let died = fork(|| {
        std::mem::forget(options.create("dead", 1).unwrap());
        0
    });
    assert_eq!(died.end().exit_status(), Some(0));
    assert_eq!(options.list().unwrap().len(), 1);
    deny(libc::SYS_fallocate, libc::EDQUOT);
    let error = options.create("r", 100).unwrap_err();
    assert_eq!((error.kind(), error.os_error()), (ErrorKind::NoSpace, Some(libc::EDQUOT)));
    assert_eq!(error.needed(), Some(2 * PAGE));
    assert!(error.to_string().contains("quota"), "{error}");
    assert!(options.list().unwrap().is_empty(), "what the dead left was given back first");
    part.say("done");
}

#[test]
fn a_quota_is_no_space_and_what_dead_owners_left_counts() {
    Stage::new().start("exceed_a_quota").expect("done");
}
