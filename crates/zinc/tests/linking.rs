//! A region may be made before it has a name: nobody sees it unfilled, and an owner can ask whether its name is there.

mod common;

use common::forked::fork;
use common::{PATIENCE, Part, Stage, hex, word};
use zinc::{DType, OwnedRegion, RegionState, SharedRegion, Timeout};

common::parts!(fill_and_be_killed, leave_unlinked, copy_an_unlinked, read);

fn fill(region: &SharedRegion) {
    // SAFETY: nobody else has the region open, or looks before it is told to.
    unsafe { region.as_mut_slice() }.fill(7);
}

fn is_filled(region: &SharedRegion) -> bool {
    // SAFETY: nobody writes any more.
    unsafe { region.as_slice() }.iter().all(|&byte| byte == 7)
}

fn unlinked(stage: &Stage) -> OwnedRegion {
    stage.options().unlinked(true).create("r", 100_000).unwrap()
}

#[test]
fn nobody_sees_a_region_before_it_is_linked() {
    let stage = Stage::new();
    let owner = unlinked(&stage);
    fill(&owner);
    owner.notify().unwrap();
    assert!(stage.files().is_empty());
    assert_eq!(word(stage.options().open("r")), "NotFound");
    assert_eq!(word(stage.options().remove("r")), "NotFound");
    assert_eq!((word(owner.is_named()), owner.info().state), ("false".into(), RegionState::Owned));

    owner.link().unwrap();
    assert_eq!(word(owner.is_named()), "true");
    let reader = stage.options().open("r").unwrap();
    assert_eq!(reader.info(), owner.info());
    assert!(is_filled(&reader));
    assert_eq!(word(reader.wait(0)), "true", "what was notified before");
    owner.link().expect("twice is fine");
    owner.close().unwrap();
    assert!(stage.files().is_empty());
}

/// Opens as soon as there is something to open.
fn read(part: &mut Part) {
    part.say_thread();
    let reader = part.options().timeout(Timeout::FOREVER).open("r").unwrap();
    part.say(is_filled(&reader));
}

#[test]
fn a_reader_that_opens_and_waits_for_the_name_finds_it_filled() {
    let stage = Stage::new();
    let mut readers = [(); 3].map(|()| stage.start("read"));
    readers.iter_mut().for_each(common::Actor::until_asleep);
    let owner = unlinked(&stage);
    fill(&owner);
    owner.link().unwrap();
    readers.iter_mut().for_each(|reader| reader.expect("true"));
}

#[test]
fn a_name_that_is_taken_can_be_tried_again() {
    let stage = Stage::new();
    let old = stage.options().create("r", 1).unwrap();
    let new = unlinked(&stage);
    for _ in 0..2 {
        assert_eq!(word(new.link()), "AlreadyExists");
        assert_eq!(word(new.is_named()), "false");
    }
    new.unlink().expect("nothing to do");
    assert_eq!(word(old.is_named()), "true", "the name is another's");
    old.close().unwrap();
    new.link().unwrap();
    assert_eq!(stage.options().open("r").unwrap().info().id, new.info().id);
}

#[test]
fn the_end_of_an_unlinked_owner_leaves_another_s_region_alone() {
    let stage = Stage::new();
    let other = stage.options().create("r", 1).unwrap();
    let owner = unlinked(&stage);
    let clone = owner.clone();
    owner.close().unwrap();
    assert_eq!([word(owner.link()), word(owner.is_named())], ["Closed", "Closed"]);
    assert_eq!(word(clone.wait(PATIENCE)), "Closed");
    assert_eq!(word(other.is_named()), "true");
}

#[test]
fn what_a_dead_owner_left_does_not_keep_a_region_from_its_name() {
    let stage = Stage::new();
    let owner = unlinked(&stage);
    let died = fork(|| {
        std::mem::forget(stage.options().create("r", 1).unwrap());
        0
    });
    assert_eq!(died.end().exit_status(), Some(0));
    assert_eq!(stage.files(), ["zinc.r"]);
    owner.link().unwrap();
    assert_eq!(word(owner.is_named()), "true");
}

#[test]
fn a_name_that_was_lost_does_not_come_back() {
    let stage = Stage::new();
    let owner = unlinked(&stage);
    owner.link().unwrap();
    owner.unlink().unwrap();
    assert_eq!([word(owner.is_named()), word(owner.link())], ["false", "Unsupported"]);
}

#[test]
fn an_owner_can_ask_whether_somebody_has_removed_its_file() {
    let stage = Stage::new();
    let owner = stage.options().create("r", 1).unwrap();
    let peer = stage.options().open("r").unwrap();
    assert_eq!(word(owner.is_named()), "true");
    // As systemd's RemoveIPC does, or rm.
    std::fs::remove_file(stage.file("r")).unwrap();
    assert_eq!(word(owner.is_named()), "false");
    let second = stage.options().create("r", 1).unwrap();
    assert_eq!([word(owner.is_named()), word(second.is_named())], ["false", "true"]);
    owner.notify().unwrap();
    assert_eq!(word(peer.wait(0)), "true", "who has it open goes on");
    owner.close().unwrap();
    assert_eq!(word(second.is_named()), "true", "and its end does not touch the second's name");
}

fn fill_and_be_killed(part: &mut Part) {
    let persistent = part.hear() == "true";
    let owner = part.options().persistent(persistent).unlinked(true).create("r", 1 << 20).unwrap();
    fill(&owner);
    part.say("filled");
    part.hear();
    owner.link().unwrap();
    part.say("linked");
    part.hear();
}

#[test]
fn a_creator_that_is_killed_before_it_links_leaves_nothing() {
    for persistent in [false, true] {
        let stage = Stage::new();
        let mut creator = stage.start("fill_and_be_killed");
        creator.tell(persistent);
        creator.expect("filled");
        creator.kill();
        assert!(stage.files().is_empty());
        drop(stage.options().create("r", 1).unwrap());
    }
}

#[test]
fn a_persistent_region_is_there_whole_or_not_at_all() {
    let stage = Stage::new();
    let mut creator = stage.start("fill_and_be_killed");
    creator.tell(true);
    creator.expect("filled");
    creator.tell("link");
    creator.expect("linked");
    let reader = stage.options().open("r").unwrap();
    assert_eq!(reader.info().state, RegionState::Persistent);
    creator.kill();
    assert!(is_filled(&reader));
    assert_eq!(word(reader.wait(0)), "false", "nobody has died");
    assert!(is_filled(&stage.options().open("r").unwrap()));
    stage.options().remove("r").unwrap();
}

#[test]
fn a_region_that_persists_before_it_is_linked_stays_from_then_on() {
    let stage = Stage::new();
    let owner = unlinked(&stage);
    owner.persist().unwrap();
    assert!(stage.files().is_empty());
    owner.link().unwrap();
    assert_eq!(stage.options().list().unwrap()[0].state, RegionState::Persistent);
    owner.close().unwrap();
    stage.options().open("r").unwrap();

    let owner = stage.options().unlinked(true).persistent(true).create("s", 1).unwrap();
    let clone = owner.clone();
    owner.close().unwrap();
    assert_eq!(word(clone.wait(PATIENCE)), "Closed", "it never had a name to stay under");
}

fn leave_unlinked(part: &mut Part) {
    let owner = part.options().unlinked(true).create_tensor("r", DType::U8, &[3]).unwrap();
    assert_eq!(owner.tensor::<u8>().unwrap().shape(), [3]);
    part.say(hex(owner.info().id));
    std::mem::forget(owner);
}

#[test]
fn the_exit_of_the_process_leaves_nothing_of_an_unlinked_region() {
    let stage = Stage::new();
    let mut process = stage.start("leave_unlinked");
    process.hear();
    assert!(process.end().success());
    assert!(stage.files().is_empty());
}

fn copy_an_unlinked(part: &mut Part) {
    let owner = part.options().unlinked(true).create("r", 1).unwrap();
    let child = fork(|| {
        assert_eq!([word(owner.link()), word(owner.is_named())], ["PermissionDenied", "false"]);
        0
    });
    assert_eq!(child.end().exit_status(), Some(0));
    owner.link().unwrap();
    part.say(word(owner.is_named()));
}

#[test]
fn a_forked_child_links_nothing() {
    let stage = Stage::new();
    stage.start("copy_an_unlinked").expect("true");
}
