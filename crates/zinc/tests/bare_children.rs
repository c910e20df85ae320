//! A child of which no handler tells, by `_Fork` or a bare clone, is no owner either: its end touches nothing of its living
//! parent's.

mod common;

use common::forked::{Way, fork_by};
use common::futures::{Task, poll};
use common::{PATIENCE, Part, Stage, until, word};
use zinc::{DType, Descriptor, Timeout};

common::parts!(
    have_children_exit,
    have_children_use_it,
    have_a_child_outlive,
    exit_beside_threads,
    borrow_memory
);

fn ways() -> impl Iterator<Item = Way> {
    [Way::quietly(), Some(Way::BareClone)].into_iter().flatten()
}

fn have_children_exit(part: &mut Part) {
    let owner = part.options().create("r", 1).unwrap();
    let unlinked = part.options().unlinked(true).create("s", 1).unwrap();
    for way in ways() {
        // What exit(3) runs, the handlers of this library among it.
        let child = fork_by(way, || std::process::exit(7));
        assert_eq!(child.end().exit_status(), Some(7), "{way:?}");
        part.say(format!("{way:?}").split('(').next().unwrap());
        part.hear();
    }
    unlinked.link().unwrap();
    part.say(word(owner.is_named()));
    part.hear();
}

#[test]
fn the_exit_of_a_child_that_no_handler_tells_of_ends_no_region() {
    let stage = Stage::new();
    let mut process = stage.start("have_children_exit");
    for way in ways() {
        process.expect(format!("{way:?}").split('(').next().unwrap());
        let peer = stage.options().open("r").expect("the name is there");
        assert_eq!(word(peer.wait(0)), "false", "the region goes on");
        assert_eq!(word(stage.options().create("r", 1)), "AlreadyExists", "and its owner is alive");
        process.tell("go on");
    }
    process.expect("true");
    let peer = stage.options().open("r").unwrap();
    process.tell("exit");
    assert!(process.end().success());
    assert_eq!(word(peer.wait(PATIENCE)), "Closed", "the parent's exit ends it");
    assert!(stage.files().is_empty());
}

fn have_children_use_it(part: &mut Part) {
    let owner = part.options().create("r", 100).unwrap();
    let region = part.options().open("r").unwrap();
    let mut pending = region.notified();
    assert!(poll(&mut pending).is_pending());
    let mut pending = Some(pending);
    for way in ways() {
        let child = fork_by(way, || {
            let describe = owner.describe(&Descriptor::new(DType::U8, &[3]).unwrap());
            let rights = [word(owner.unlink()), word(owner.persist()), word(describe), word(owner.link())];
            assert_eq!(rights, ["PermissionDenied"; 4]);
            // A hub of its own, and regions of its own.
            let own = part.options().create("own", 1).unwrap();
            let own_peer = part.options().open("own").unwrap();
            let sleeper = Task::start(own_peer.wait_async(PATIENCE));
            until("the child has a hub", || {
                common::threads(std::process::id() as i32).iter().any(|name| name == "zinc-hub")
            });
            drop(pending.take());
            own.notify().unwrap();
            assert_eq!(word(sleeper.result()), "true");
            owner.close().unwrap();
            drop(own);
            std::mem::forget(part.options().create("own", 1).unwrap());
            std::process::exit(7);
        });
        assert_eq!(child.end().exit_status(), Some(7), "{way:?}");
        part.say(word(owner.is_named()));
    }
    part.say(word(part.options().open("own")));
    owner.notify().unwrap();
    part.say(word(pollster::block_on(pending.take().unwrap())));
}

#[test]
fn a_child_that_no_handler_tells_of_has_a_peers_rights_and_a_hub_of_its_own() {
    let stage = Stage::new();
    let mut process = stage.start("have_children_use_it");
    ways().for_each(|_| process.expect("true"));
    process.expect("NotFound");
    process.expect("()");
    assert!(process.end().success());
    assert!(stage.files().is_empty());
}

/// The child touches Zinc once and lives on.
fn have_a_child_outlive(part: &mut Part) {
    let owner = part.options().create("r", 1).unwrap();
    for way in ways() {
        let child = fork_by(way, || {
            part.say(word(owner.unlink()));
            loop {
                std::thread::park();
            }
        });
        std::mem::forget(child);
        part.hear();
    }
    part.say("ready");
    part.hear();
}

#[test]
fn a_child_that_has_used_zinc_does_not_hide_its_parents_death() {
    let stage = Stage::new();
    let mut process = stage.start("have_a_child_outlive");
    for _ in ways() {
        process.expect("PermissionDenied");
        process.tell("go on");
    }
    process.expect("ready");
    let peer = stage.options().open("r").unwrap();
    process.kill();
    assert_eq!(word(peer.wait(Timeout::FOREVER)), "OwnerDied");
}

const EXITS: u32 = 100;

/// Other threads hold this library's locks, and the allocator's, when the child is made.
fn exit_beside_threads(part: &mut Part) {
    let owner = part.options().create("r", 1).unwrap();
    let options = part.options();
    std::thread::scope(|scope| {
        for number in 0..2 {
            let options = options.clone();
            scope.spawn(move || {
                loop {
                    drop(options.create(format!("o{number}"), 1).unwrap());
                }
            });
        }
        for way in ways() {
            for round in 0..EXITS {
                // SAFETY: exit(3) may be called at any time; no other handler of this process is in its way.
                let child = fork_by(way, || unsafe { libc::exit(7) });
                assert_eq!(child.end().exit_status(), Some(7), "{way:?}, round {round}");
            }
        }
        part.say(word(owner.is_named()));
        part.hear();
    });
}

#[test]
fn such_a_childs_exit_waits_for_no_thread_of_the_parents() {
    let stage = Stage::new();
    let mut process = stage.start("exit_beside_threads");
    process.expect("true");
    process.kill();
}

/// As a child of vfork(2) does that ends by exit(3) and not by `_exit`, which is a mistake of many programs.
fn borrow_memory(part: &mut Part) {
    let owner = part.options().create("r", 1).unwrap();
    // The child runs the exit handlers in this very memory, while this thread waits for its end.
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    extern "C" fn end(_: *mut libc::c_void) -> libc::c_int {
        // SAFETY: it ends this process only; what it has of the parent's memory is what this test is about.
        unsafe { libc::exit(7) }
    }
    let mut stack = vec![0_u8; 1 << 18];
    // SAFETY: the stack is the child's alone, is aligned, and outlives it: the parent waits for its end.
    let pid = unsafe {
        let top = stack.as_mut_ptr().add(stack.len()).map_addr(|top| top & !15);
        libc::clone(end, top.cast(), flags, std::ptr::null_mut())
    };
    let mut status = 0;
    // SAFETY: the status lives across the call.
    let ended = unsafe { libc::waitpid(pid, &mut status, 0) };
    assert_eq!((ended, libc::WEXITSTATUS(status)), (pid, 7));
    part.say(word(owner.is_named()));
    part.hear();
    std::mem::forget(owner);
}

#[test]
fn the_exit_of_a_child_that_borrows_its_parents_memory_ends_no_region() {
    let stage = Stage::new();
    let mut process = stage.start("borrow_memory");
    process.expect("true");
    let peer = stage.options().open("r").unwrap();
    assert_eq!(word(peer.wait(0)), "false");
}
