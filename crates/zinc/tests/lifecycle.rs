//! A name lives exactly as long as its owner says: from create to close, drop or exit, or beyond by `persist`.

mod common;

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, SystemTime};

use common::sleeper::sleeper;
use common::{PATIENCE, Part, Stage, hex, word};
use zinc::{DType, Descriptor, ErrorKind, Region, RegionOptions, RegionState, SharedRegion, Timeout};

common::parts!(create_and_leak, open_and_leak, open_described, use_the_environment);

/// Creates `r`, waits for the word how to end, and ends without closing anything itself.
fn create_and_leak(part: &mut Part) {
    let owner = part.options().create("r", 100).unwrap();
    std::mem::forget(owner);
    part.say("created");
    if part.hear() == "exit" {
        std::process::exit(0);
    }
}

fn open_and_leak(part: &mut Part) {
    std::mem::forget(part.options().open("r").unwrap());
    std::process::exit(0);
}

#[track_caller]
fn assert_gone(stage: &Stage) {
    assert_eq!(word(stage.options().open("r")), "NotFound");
    assert!(stage.files().is_empty(), "{:?}", stage.files());
}

#[test]
fn a_region_is_there_from_create_to_drop() {
    let stage = Stage::new();
    assert_gone(&stage);
    let owner = stage.options().create("r", 12_345).unwrap();
    let peer = stage.options().open("r").unwrap();
    assert_eq!((peer.name(), peer.capacity()), ("r", 12_345));
    assert_eq!(peer.info().id, owner.info().id);
    drop(owner);
    assert_gone(&stage);
    assert_eq!(word(peer.wait(PATIENCE)), "Closed");
}

#[test]
fn close_ends_the_region_as_drop_does() {
    let stage = Stage::new();
    let owner = stage.options().create("r", 1).unwrap();
    owner.close().unwrap();
    assert_gone(&stage);
    let next = stage.options().create("r", 1).unwrap();
    drop(owner);
    assert_eq!(stage.options().open("r").unwrap().info().id, next.info().id, "the late drop touches nothing");
}

#[test]
fn exit_without_drop_closes_the_region() {
    for how in ["exit", "return"] {
        let stage = Stage::new();
        let mut owner = stage.start("create_and_leak");
        owner.expect("created");
        let peer = stage.options().open("r").unwrap();
        let waits = sleeper(move || word(peer.wait(Timeout::FOREVER)));
        owner.tell(how);
        assert_eq!(waits.result(), "Closed", "after {how}");
        assert!(owner.end().success());
        assert_gone(&stage);
    }
}

#[test]
fn the_end_of_a_peer_ends_nothing() {
    let stage = Stage::new();
    let owner = stage.options().create("r", 1).unwrap();
    let peer = stage.options().open("r").unwrap();
    let clone = owner.clone();
    assert!(stage.start("open_and_leak").end().success());
    peer.close().unwrap();
    clone.close().unwrap();
    drop((peer, clone));
    let peer = stage.options().open("r").unwrap();
    owner.notify().unwrap();
    assert!(peer.wait(PATIENCE).unwrap());
}

#[test]
fn close_takes_the_name_away_while_clones_look_after_the_owner() {
    let stage = Stage::new();
    for round in 0..200 {
        let owner = stage.options().create("r", 1).unwrap();
        let clone = owner.clone();
        let asks = std::thread::spawn(move || {
            // The first poll of each handle looks after the owner.
            while clone.clone().wait(0).is_ok() {}
        });
        stage.options().open("r").unwrap();
        owner.close().unwrap();
        assert!(stage.files().is_empty(), "round {round}");
        asks.join().unwrap();
    }
}

#[test]
fn unlink_takes_the_name_and_leaves_the_region() {
    let stage = Stage::new();
    let owner = stage.options().create("r", 1).unwrap();
    let peer = stage.options().open("r").unwrap();
    owner.unlink().unwrap();
    assert_gone(&stage);
    let next = stage.options().create("r", 1).unwrap();
    owner.unlink().unwrap();
    owner.notify().unwrap();
    assert!(peer.wait(PATIENCE).unwrap());
    drop(owner);
    assert_eq!(word(peer.wait(PATIENCE)), "Closed");
    assert_eq!(stage.options().open("r").unwrap().info().id, next.info().id);
}

#[test]
fn a_persistent_region_outlives_its_process_until_it_is_removed() {
    let stage = Stage::new();
    let owner = stage.options().create("r", 1).unwrap();
    let peer = stage.options().open("r").unwrap();
    assert_eq!(peer.info().state, RegionState::Owned);
    owner.persist().unwrap();
    owner.persist().unwrap();
    drop(owner);
    assert_eq!(stage.options().open("r").unwrap().info().state, RegionState::Persistent);
    assert_eq!(word(stage.options().create("r", 1)), "AlreadyExists");
    assert_eq!(word(peer.wait(0)), "false");

    let waits = sleeper(move || word(peer.wait(Timeout::FOREVER)));
    stage.options().remove("r").unwrap();
    assert_eq!(waits.result(), "Closed");
    assert_gone(&stage);
    assert_eq!(word(stage.options().remove("r")), "NotFound");
}

#[test]
fn a_region_may_be_persistent_from_the_start() {
    let stage = Stage::new();
    let owner = stage.options().persistent(true).create("r", 1).unwrap();
    owner.close().unwrap();
    let peer = stage.options().open("r").unwrap();
    assert_eq!(peer.info().state, RegionState::Persistent);
    drop((owner, peer));
    let owner = stage.options().persistent(true).create("s", 1).unwrap();
    owner.unlink().unwrap();
    assert_eq!(stage.files(), ["zinc.r"], "whoever made it may unlink it");
    stage.options().remove("r").unwrap();
}

#[test]
fn remove_is_not_for_living_owners() {
    let stage = Stage::new();
    let owner = stage.options().create("r", 1).unwrap();
    assert_eq!(word(stage.options().remove("r")), "PermissionDenied");
    assert_eq!(stage.options().open("r").unwrap().info().id, owner.info().id);
}

#[test]
fn remove_takes_the_remains_of_a_dead_owner() {
    let stage = Stage::new();
    let mut owner = stage.start("create_and_leak");
    owner.expect("created");
    owner.kill();
    assert_eq!(stage.files(), ["zinc.r"]);
    stage.options().remove("r").unwrap();
    assert!(stage.files().is_empty());
}

#[test]
fn create_over_a_living_owner_already_exists() {
    let stage = Stage::new();
    let owner = stage.options().create("r", 1).unwrap();
    let error = stage.options().create("r", 1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert!(error.to_string().contains(&std::process::id().to_string()), "it names the owner: {error}");
    assert_eq!(stage.options().open("r").unwrap().info().id, owner.info().id);
}

#[test]
fn open_or_create_says_who_owns() {
    let stage = Stage::new();
    let first = stage.options().open_or_create("r", 100).unwrap();
    assert!(first.is_owner() && first.as_owner().is_some());
    let second = stage.options().open_or_create("r", 100).unwrap();
    assert!(!second.is_owner() && matches!(second, Region::Shared(_)));
    assert_eq!(first.info().id, second.info().id);
    assert_eq!(word(stage.options().open_or_create("r", 101)), "InvalidSize");
    assert_eq!(stage.options().open_or_create("r", 50).unwrap().capacity(), 100);
    drop(first);
    assert!(stage.options().open_or_create("r", 101).unwrap().is_owner());
}

#[test]
fn list_shows_every_region_and_nothing_else() {
    // The first create of a process sweeps.
    Stage::new().options().create("first", 1).unwrap();
    let stage = Stage::new();
    let mut dead = stage.start("create_and_leak");
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
fn a_closed_handle_answers_closed_to_everything() {
    let stage = Stage::new();
    let owner = stage.options().create_tensor("r", DType::F32, &[5, 5]).unwrap();
    let peer = stage.options().open("r").unwrap();
    owner.notify().unwrap();
    for handle in [&*owner, &peer] {
        handle.close().unwrap();
        handle.close().unwrap();
        handle.interrupt();
        assert!(handle.is_closed() && handle.clone().is_closed());
        assert_eq!((handle.name(), handle.capacity()), ("r", 100));
        let answers = [
            word(handle.notify()),
            word(handle.wait(0)),
            word(handle.wait(PATIENCE)),
            word(handle.wait_past(0, PATIENCE)),
            word(handle.clone().wait(PATIENCE)),
            word(handle.sequence()),
            word(handle.view()),
            word(handle.descriptor()),
            word(handle.tensor::<f32>()),
        ];
        assert!(answers.iter().all(|answer| answer == "Closed"), "{answers:?}");
    }
    let describe = owner.describe(&Descriptor::new(DType::U8, &[1]).unwrap());
    assert_eq!([word(owner.unlink()), word(owner.persist()), word(describe)], ["Closed"; 3]);
    assert_gone(&stage);
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

fn open_described(part: &mut Part) {
    let region = part.options().open("r").unwrap();
    part.say(region.descriptor().unwrap().unwrap());
    let tensor = region.tensor::<f32>().unwrap();
    // SAFETY: the owner writes no more.
    part.say(unsafe { tensor.as_slice() }.iter().sum::<f32>());
    part.say(word(region.tensor::<u32>()));
    part.hear();
    part.say(region.descriptor().unwrap().unwrap());
}

#[test]
fn a_reader_needs_to_be_told_nothing_of_a_described_tensor() {
    let stage = Stage::new();
    let owner = stage.options().create_tensor("r", DType::F32, &[30, 20]).unwrap();
    let tensor = owner.tensor::<f32>().unwrap();
    // SAFETY: nobody else has the region yet.
    unsafe { tensor.as_mut_slice() }.fill(0.5);
    let mut reader = stage.start("open_described");
    reader.expect("float32[30, 20]");
    reader.expect("300");
    reader.expect("Descriptor");
    owner.describe(&Descriptor::new(DType::I16, &[7]).unwrap()).unwrap();
    reader.tell("look again");
    reader.expect("int16[7]");
    let too_much = Descriptor::new(DType::U8, &[2401]).unwrap();
    assert_eq!(word(owner.describe(&too_much)), "Descriptor");
    let bare = stage.options().create("s", 10).unwrap();
    assert_eq!(bare.descriptor().unwrap(), None);
    assert_eq!(word(bare.tensor::<u8>()), "Descriptor");
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
