//! Which names there can be, where they live, with what rights, and how they are listed.

mod common;

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, SystemTime};

use common::{Part, Stage, hex, word};
use zinc::{RegionOptions, RegionState, SharedRegion};

common::parts!(create_and_wait, use_the_environment);

fn create_and_wait(part: &mut Part) {
    let _owner = part.options().create("r", 100).unwrap();
    part.say("created");
    part.hear();
}

#[test]
fn list_shows_every_region_and_nothing_else() {
    let stage = Stage::new();
    // The first call of a process sweeps.
    drop(stage.options().create("first", 1).unwrap());
    let mut dead = stage.start("create_and_wait");
    dead.expect("created");
    dead.kill();
    let _owned = stage.options().create("b", 7).unwrap();
    drop(stage.options().persistent(true).create("a", 4096).unwrap());
    std::fs::write(stage.file("garbage"), "no region").unwrap();
    std::fs::write(stage.path().join("other"), "not even named like one").unwrap();

    let regions = stage.options().list().unwrap();
    let shown: Vec<_> =
        regions.iter().map(|region| (region.name.as_str(), region.capacity, region.state)).collect();
    let expected =
        [("a", 4096, RegionState::Persistent), ("b", 7, RegionState::Owned), ("r", 100, RegionState::Dead)];
    assert_eq!(shown, expected);
    assert_eq!(regions[0].path, stage.file("a"));
    assert_eq!(regions[1].owner_pid, std::process::id());
    assert!(
        regions[1].created.elapsed().unwrap() < Duration::from_secs(3600)
            && regions[1].created < SystemTime::now()
    );
}

#[test]
fn names_and_sizes_outside_the_rules_are_refused() {
    let stage = Stage::new();
    let options = stage.options();
    for name in ["", ".x", "a/b", "../r", "a b", "ä", &"x".repeat(129)] {
        let answers = [
            word(options.create(name, 1)),
            word(options.open(name)),
            word(options.open_or_create(name, 1)),
            word(options.remove(name)),
        ];
        assert!(answers.iter().all(|answer| answer == "InvalidName"), "{name:?}: {answers:?}");
    }
    for size in [0, usize::MAX, isize::MAX as usize + 1, isize::MAX as usize] {
        assert_eq!(word(options.create("r", size)), "InvalidSize", "{size}");
    }
    let longest = "x".repeat(128);
    let owner = options.create(&longest, 1).unwrap();
    assert_eq!(options.list().unwrap()[0].name, longest);
    drop(owner);
    assert!(stage.files().is_empty());
}

#[test]
fn the_mode_is_what_was_asked_whatever_the_umask() {
    let stage = Stage::new();
    for (asked, mode) in [(None, 0o600), (Some(0o640), 0o640), (Some(0o666), 0o666)] {
        let options = asked.into_iter().fold(stage.options(), RegionOptions::mode);
        let _owner = options.create("r", 1).unwrap();
        let there = stage.file("r").metadata().unwrap().permissions().mode();
        assert_eq!(there & 0o7777, mode);
    }
}

#[test]
fn a_missing_directory_is_not_found() {
    let options = RegionOptions::new().directory("/dev/shm/zinc-test-no-such-directory");
    assert_eq!([word(options.create("r", 1)), word(options.open("r"))], ["NotFound"; 2]);
    assert_eq!([word(options.list()), word(options.remove("r"))], ["NotFound"; 2]);
}

fn use_the_environment(part: &mut Part) {
    // SAFETY: no other thread of this process reads or writes the environment.
    unsafe { std::env::set_var("ZINC_DIR", part.directory()) };
    let owner = SharedRegion::create("r", 1).unwrap();
    part.say(hex(owner.info().id));
    part.say(zinc::list().unwrap().len());
    part.say(word(zinc::remove("r")));
    part.hear();
}

#[test]
fn zinc_dir_is_where_regions_live() {
    let stage = Stage::new();
    let mut other = stage.start("use_the_environment");
    let id = other.hear();
    assert_eq!(hex(stage.options().open("r").unwrap().info().id), id);
    other.expect("1");
    other.expect("PermissionDenied");
}
