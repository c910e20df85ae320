//! A name lives exactly as long as its owner says: from create to close, drop or exit, or beyond by `persist`.

mod common;

use common::sleeper::sleeper;
use common::{PATIENCE, Part, Stage, word};
use zinc::{DType, Descriptor, ErrorKind, Region, Timeout};

common::parts!(create_and_leak, open_and_leak, open_described);

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
fn create_over_a_living_owner_already_exists() {
    let stage = Stage::new();
    let owner = stage.options().create("r", 1).unwrap();
    let error = stage.options().create("r", 1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert!(error.to_string().contains("this process owns it already"), "it names the owner: {error}");
    let error = stage.options().remove("r").unwrap_err();
    assert!(error.to_string().contains("this process owns it"), "it names the owner: {error}");
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
