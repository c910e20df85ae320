//! A region outlives its owner if the owner wills it, until somebody removes it; remove is not for the living.

mod common;

use common::sleeper::sleeper;
use common::{Part, Stage, word};
use zinc::{RegionState, Timeout};

common::parts!(create_and_wait);

fn create_and_wait(part: &mut Part) {
    let _owner = part.options().create("r", 100).unwrap();
    part.say("created");
    part.hear();
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
    assert!(stage.files().is_empty());
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
    let mut owner = stage.start("create_and_wait");
    owner.expect("created");
    owner.kill();
    assert_eq!(stage.files(), ["zinc.r"]);
    stage.options().remove("r").unwrap();
    assert!(stage.files().is_empty());
}
