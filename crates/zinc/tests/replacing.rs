//! `replace` takes away what nobody owns, and nothing else; and handles tell whether there is an owner.

mod common;

use std::thread;

use common::forked::fork;
use common::{PATIENCE, Part, Stage, word};
use zinc::{ErrorKind, OwnedRegion, Region, RegionOptions};

common::parts!(own_and_be_killed);

fn replacing(stage: &Stage) -> RegionOptions {
    stage.options().replace(true)
}

fn persistent(stage: &Stage) -> OwnedRegion {
    stage.options().persistent(true).create("r", 10).unwrap()
}

#[test]
fn a_persistent_region_is_replaced_and_its_waiters_hear_of_it() {
    let stage = Stage::new();
    let old = persistent(&stage);
    let reader = stage.options().open("r").unwrap();
    assert_eq!(word(stage.options().create("r", 20)), "AlreadyExists");
    let new = replacing(&stage).create("r", 20).unwrap();
    assert_eq!(word(reader.wait(PATIENCE)), "Closed");
    assert_eq!(stage.options().open("r").unwrap().info().id, new.info().id);
    drop(old);
    assert_eq!(word(new.is_named()), "true", "the one that was replaced takes no name along");
}

#[test]
fn a_living_owners_region_is_never_replaced() {
    let stage = Stage::new();
    let owner = stage.options().create("r", 10).unwrap();
    let error = replacing(&stage).create("r", 20).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    let late = replacing(&stage).unlinked(true).create("r", 20).unwrap();
    assert_eq!(word(late.link()), "AlreadyExists");
    assert_eq!(word(owner.is_named()), "true");
    owner.persist().unwrap();
    late.link().expect("nobody owns it any more");
    assert_eq!(word(late.is_named()), "true");
}

#[test]
fn an_unlinked_region_replaces_when_it_is_linked_and_not_before() {
    let stage = Stage::new();
    let old = persistent(&stage);
    let new = replacing(&stage).unlinked(true).create("r", 20).unwrap();
    assert_eq!(stage.options().open("r").unwrap().info().id, old.info().id);
    new.link().unwrap();
    assert_eq!(stage.options().open("r").unwrap().info().id, new.info().id);
}

#[test]
fn of_many_that_replace_one_region_one_owns_the_name() {
    let stage = Stage::new();
    drop(persistent(&stage));
    let made = thread::scope(|scope| {
        let threads = [(); 8].map(|()| scope.spawn(|| replacing(&stage).create("r", 20)));
        threads.map(|thread| thread.join().unwrap())
    });
    let owners: Vec<_> = made.iter().flatten().collect();
    assert_eq!(owners.len(), 1);
    assert_eq!(stage.options().open("r").unwrap().info().id, owners[0].info().id);
}

/// Owns a region until it is killed.
fn own_and_be_killed(part: &mut Part) {
    let owner = part.options().create("r", 10).unwrap();
    part.say(word(Ok::<_, zinc::Error>(owner.is_owner())));
    part.hear();
}

#[test]
fn handles_tell_whether_there_is_an_owner() {
    let stage = Stage::new();
    let mut other = stage.start("own_and_be_killed");
    assert_eq!(other.hear(), "true");
    let peer = stage.options().open("r").unwrap();
    assert_eq!(word(peer.is_owner_alive()), "true");
    other.kill();
    assert_eq!(word(peer.is_owner_alive()), "false");

    let owner = stage.options().create("r", 10).unwrap();
    let peer = stage.options().open("r").unwrap();
    owner.persist().unwrap();
    assert!(owner.is_owner(), "it may still unlink");
    assert_eq!(word(peer.is_owner_alive()), "false", "a persistent region has no owner");
    owner.unlink().unwrap();

    let owner = stage.options().create("r", 10).unwrap();
    let peer = stage.options().open("r").unwrap();
    let child = fork(|| i32::from(owner.is_owner()));
    assert_eq!(child.end().exit_status(), Some(0), "a forked child's copy owns nothing");
    owner.close().unwrap();
    assert!(!owner.is_owner());
    assert_eq!(word(owner.is_owner_alive()), "Closed");
    assert_eq!(word(peer.is_owner_alive()), "false");
    assert!(!Region::from(peer).is_owner());
}
