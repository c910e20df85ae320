//! A process that has all its memory locked uses regions as any other, and closing one gives its memory back, too.

mod common;

use common::sandbox::become_user;
use common::{Part, Stage, note};
use rustix::mm::{MlockAllFlags, mlockall};
use rustix::process::{Resource, Rlimit, setrlimit};

common::parts!(close_large, close_at_the_limit);

const LARGE: usize = 64 << 20;
/// Small enough for the hard limit of most systems.
const SMALL: usize = 2 << 20;

/// A line of /proc/self/status, in bytes.
fn status(field: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).expect("a field of that name");
    line.trim_start_matches(':').trim().trim_end_matches(" kB").parse::<usize>().unwrap() << 10
}

fn close_regions(part: &mut Part, size: usize) {
    if let Err(error) = mlockall(MlockAllFlags::FUTURE) {
        return part.say(format!("mlockall: {error}"));
    }
    let options = part.options();
    let owner = options.create("r", size).unwrap();
    let peer = options.open("r").unwrap();
    let (locked, private) = (status("VmLck"), status("RssAnon"));
    assert!(locked >= 2 * size, "{locked} bytes are locked: both mappings");
    peer.close().unwrap();
    owner.close().unwrap();
    let (still_locked, more) = (status("VmLck"), status("RssAnon").saturating_sub(private));
    assert!(more < size / 4, "{more} bytes of private memory in the place of {size} given back twice");
    assert!(still_locked < size / 4, "{still_locked} bytes are still locked");
    for at in [0, size / 2, size - 1] {
        // SAFETY: zero pages are in the place of the data until the handle is dropped.
        unsafe {
            assert_eq!(peer.as_ptr().add(at).read_volatile(), 0);
            owner.as_mut_ptr().add(at).write_volatile(1);
        }
    }
    part.say("done");
}

fn close_large(part: &mut Part) {
    close_regions(part, LARGE);
}

/// With no more memory to lock than the regions themselves take.
fn close_at_the_limit(part: &mut Part) {
    let limit = Some(2 * SMALL as u64 + SMALL as u64 / 2);
    if let Err(error) = setrlimit(Resource::Memlock, Rlimit { current: limit, maximum: limit }) {
        return part.say(format!("a limit of locked memory: {error}"));
    }
    if rustix::process::geteuid().is_root() {
        // Root may lock memory whatever the limit is.
        become_user(65_533);
    }
    close_regions(part, SMALL);
}

#[track_caller]
fn run(part: &'static str) {
    let stage = Stage::new();
    stage.let_everyone_in();
    match stage.start(part).hear().as_str() {
        "done" => {}
        why => note(format_args!("skipped, locked memory: {why}")),
    }
}

#[test]
fn closing_takes_no_memory_where_all_is_locked() {
    run("close_large");
}

#[test]
fn closing_needs_no_more_locked_memory_than_the_region() {
    run("close_at_the_limit");
}
