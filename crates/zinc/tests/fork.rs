//! After a fork the child's copy of an owner is a peer, and the child hides neither the parent's life nor its death.

mod common;

use common::forked::fork;
use common::{PATIENCE, Part, Stage, hex, word};
use rustix::process::{Pid, Signal, kill_process};
use zinc::{DType, Descriptor, OwnedRegion, Timeout};

common::parts!(fork_a_peer, fork_children_that_exit, fork_and_be_killed, fork_an_owner);

/// What the child's copy may do, one word each.
fn try_everything(copy: &OwnedRegion) -> Vec<String> {
    let describe = copy.describe(&Descriptor::new(DType::U8, &[3]).unwrap());
    let rights = [word(copy.unlink()), word(copy.persist()), word(describe)];
    rights.into_iter().chain([word(copy.notify()), word(copy.view().map(|view| view.len()))]).collect()
}

fn fork_a_peer(part: &mut Part) {
    let owner = part.options().create("r", 100).unwrap();
    let child = fork(|| {
        let got = try_everything(&owner);
        let expected = ["PermissionDenied", "PermissionDenied", "PermissionDenied", "()", "100"];
        assert_eq!(got, expected);
        owner.close().unwrap();
        assert_eq!(word(owner.notify()), "Closed");
        0
    });
    assert_eq!(child.end().exit_status(), Some(0));
    part.say(word(part.options().open("r").map(|region| hex(region.info().id) == hex(owner.info().id))));
    part.say(word(owner.sequence()));
    part.say(word(owner.unlink()));
}

#[test]
fn the_childs_copy_has_a_peers_rights() {
    let stage = Stage::new();
    let mut process = stage.start("fork_a_peer");
    process.expect("true");
    process.expect("1");
    process.expect("()");
    assert!(stage.files().is_empty());
}

/// The child has everything that a process's exit runs or does not run.
fn fork_children_that_exit(part: &mut Part) {
    let owner = part.options().create("r", 100).unwrap();
    let by_exit = fork(|| std::process::exit(0));
    let by_underscore_exit = fork(|| 0);
    let by_signal = fork(|| {
        loop {
            std::thread::park();
        }
    });
    let statuses = [by_exit.end(), by_underscore_exit.end()];
    assert!(statuses.iter().all(|status| status.exit_status() == Some(0)));
    assert!(by_signal.kill().signaled());
    part.say("children ended");
    part.hear();
    owner.notify().unwrap();
    part.hear();
}

#[test]
fn no_end_of_a_child_ends_the_region() {
    let stage = Stage::new();
    let mut process = stage.start("fork_children_that_exit");
    process.expect("children ended");
    let peer = stage.options().open("r").expect("the name is there");
    assert_eq!(word(stage.options().create("r", 1)), "AlreadyExists", "and the owner alive");
    process.tell("notify");
    assert_eq!(word(peer.wait(PATIENCE)), "true");
    process.tell("exit");
    assert_eq!(word(peer.wait(PATIENCE)), "Closed");
    assert!(stage.files().is_empty());
}

/// The child waits on its copy of the owner; its parent is killed.
fn fork_and_be_killed(part: &mut Part) {
    let owner = part.options().create("r", 100).unwrap();
    let clone = owner.clone();
    for handle in [&*owner, &clone] {
        let child = fork(|| {
            part.say_thread();
            part.say(word(handle.wait(Timeout::FOREVER)));
            0
        });
        part.hear();
        part.say(child.pid());
        std::mem::forget(child);
    }
    part.hear();
}

#[test]
fn the_childs_own_wait_gets_owner_died() {
    let stage = Stage::new();
    let mut process = stage.start("fork_and_be_killed");
    let children = [(); 2].map(|()| {
        let thread = process.hear().parse().unwrap();
        process.tell("go on");
        let child = Pid::from_raw(process.hear().parse().unwrap()).unwrap();
        common::sleeper::until_asleep(child, thread);
    });
    process.kill();
    for () in children {
        process.expect("OwnerDied");
    }
    assert!(stage.files().is_empty());
}

fn fork_an_owner(part: &mut Part) {
    let parents = part.options().create("parents", 1).unwrap();
    let child = fork(|| {
        let own = part.options().create("own", 1).unwrap();
        assert_eq!(word(parents.unlink()), "PermissionDenied");
        own.unlink().unwrap();
        drop(own);
        std::mem::forget(part.options().create("own", 1).unwrap());
        std::process::exit(7)
    });
    assert_eq!(child.end().exit_status(), Some(7));
    part.say(word(part.options().open("parents").map(|region| region.capacity())));
    part.say(word(part.options().open("own")));
}

#[test]
fn a_child_may_own_regions_of_its_own() {
    let stage = Stage::new();
    let mut process = stage.start("fork_an_owner");
    process.expect("1");
    process.expect("NotFound");
    assert!(process.end().success());
    assert!(stage.files().is_empty());
}

#[test]
fn a_killed_child_takes_nothing_with_it() {
    let stage = Stage::new();
    let mut process = stage.start("fork_and_be_killed");
    for _ in 0..2 {
        let thread = process.hear().parse().unwrap();
        process.tell("go on");
        let child = Pid::from_raw(process.hear().parse().unwrap()).unwrap();
        common::sleeper::until_asleep(child, thread);
        kill_process(child, Signal::KILL).unwrap();
    }
    let (peer, notifier) = (stage.options().open("r").unwrap(), stage.options().open("r").unwrap());
    notifier.notify().unwrap();
    assert_eq!(word(peer.wait(PATIENCE)), "true");
    process.tell("exit");
    assert_eq!(word(peer.wait(PATIENCE)), "Closed");
}
