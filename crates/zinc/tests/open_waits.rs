//! Readers are often started first: open with a timeout sleeps until the region is there.

mod common;

use std::time::{Duration, Instant};

use common::sandbox::become_user;
use common::sleeper::sleeper;
use common::{PATIENCE, Part, Stage, hex, note, word};
use zinc::{RegionOptions, Timeout};

common::parts!(open_early, create_and_leak, open_unwatched, make_noise);

fn open_early(part: &mut Part) {
    part.say_thread();
    let region = part.options().timeout(Timeout::FOREVER).open("r").unwrap();
    part.say(hex(region.info().id));
    part.say(word(region.wait(PATIENCE)));
}

#[test]
fn a_reader_started_first_gets_the_region_when_it_is_there() {
    let stage = Stage::new();
    let mut readers: Vec<_> = (0..3).map(|_| stage.start("open_early")).collect();
    readers.iter_mut().for_each(common::Actor::until_asleep);
    // Other names, and files that are no regions at all, are not what they wait for.
    let _other = stage.options().create("r2", 1).unwrap();
    std::fs::write(stage.path().join("r"), "").unwrap();
    let owner = stage.options().create("r", 1).unwrap();
    owner.notify().unwrap();
    for mut reader in readers {
        reader.expect(&hex(owner.info().id));
        reader.expect("true");
    }
}

#[test]
fn the_region_may_come_and_go_at_any_moment() {
    let stage = Stage::new();
    for round in 0..200 {
        let options = stage.options().timeout(PATIENCE);
        let opens = std::thread::spawn(move || options.open("r").map(|region| region.info().id));
        let creates = stage.options();
        if round % 2 == 0 {
            std::thread::yield_now();
        }
        let owner = creates.create("r", 1).unwrap();
        assert_eq!(opens.join().unwrap().unwrap(), owner.info().id, "round {round}");
    }
}

#[test]
fn without_a_timeout_open_does_not_wait() {
    let stage = Stage::new();
    assert_eq!(word(stage.options().open("r")), "NotFound");
    assert_eq!(word(stage.options().timeout(0).open("r")), "NotFound");
}

#[test]
fn when_the_time_is_up_there_is_no_region() {
    let stage = Stage::new();
    for time in [Duration::from_millis(1), Duration::from_millis(50)] {
        let start = Instant::now();
        assert_eq!(word(stage.options().timeout(time).open("r")), "NotFound");
        assert!(start.elapsed() >= time);
    }
}

fn create_and_leak(part: &mut Part) {
    std::mem::forget(part.options().create("r", 1).unwrap());
    part.say("created");
    part.hear();
}

#[test]
fn a_dead_owners_remains_are_not_what_open_waits_for() {
    let stage = Stage::new();
    let mut owner = stage.start("create_and_leak");
    owner.expect("created");
    owner.kill();
    let options = stage.options().timeout(Timeout::FOREVER);
    let opens = sleeper(move || options.open("r").unwrap().info().id);
    assert!(opens.is_still_waiting());
    let next = stage.options().create("r", 1).unwrap();
    assert_eq!(opens.result(), next.info().id);
}

#[test]
fn what_can_never_become_the_region_is_told_at_once() {
    let stage = Stage::new();
    std::fs::write(stage.file("r"), "something else").unwrap();
    assert_eq!(word(stage.options().timeout(Timeout::FOREVER).open("r")), "NotARegion");
    let nowhere = RegionOptions::new().directory(stage.path().join("nowhere")).timeout(Timeout::FOREVER);
    assert_eq!(word(nowhere.open("r")), "NotFound");
}

/// Opens in a process that may have no more watches: its user has too many.
fn open_unwatched(part: &mut Part) {
    common::sandbox::deny(libc::SYS_inotify_init1, libc::EMFILE);
    open_early(part);
}

#[test]
fn where_the_directory_cannot_be_watched_open_looks_from_time_to_time() {
    let stage = Stage::new();
    let mut reader = stage.start("open_unwatched");
    reader.until_asleep();
    let owner = stage.options().create("r", 1).unwrap();
    owner.notify().unwrap();
    reader.expect(&hex(owner.info().id));
    reader.expect("true");
}

/// Creates and removes files as fast as it can: as another user, if this is root, and by names like and unlike a region's.
fn make_noise(part: &mut Part) {
    if rustix::process::geteuid().is_root() {
        become_user(12_345);
    }
    let names = ["zinc.other", "other", "r", "zinc.r.", "zinc.R"].map(|name| part.directory().join(name));
    part.say("begins");
    loop {
        for name in &names {
            std::fs::write(name, "").unwrap();
            std::fs::remove_file(name).unwrap();
        }
    }
}

#[test]
fn a_reader_rests_whatever_others_do_in_the_directory() {
    const TIME: Duration = Duration::from_millis(500);
    let stage = Stage::new();
    stage.let_everyone_in();
    let mut reader = stage.start("open_early");
    reader.until_asleep();
    let mut noise = stage.start("make_noise");
    noise.expect("begins");
    let (wakes, before) = (reader.switches(), reader.processor_time());
    // What is measured is the time itself.
    std::thread::sleep(TIME);
    let (wakes, used) = (reader.switches() - wakes, reader.processor_time() - before);
    note(format_args!("beside a noisy neighbour, open slept {wakes} times and used {used:?} in {TIME:?}"));
    assert!(wakes <= 150, "{wakes} sleeps in {TIME:?}: no more than two every 10 ms, and some to spare");
    assert!(used < TIME / 20, "{used:?} of {TIME:?}");
    let owner = stage.options().create("r", 1).unwrap();
    reader.expect(&hex(owner.info().id));
    owner.notify().unwrap();
    reader.expect("true");
}
