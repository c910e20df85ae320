//! After a fork the child's copy of an owner is a peer, and the child hides neither the parent's life nor its death.

mod common;

use common::forked::fork;
use common::{PATIENCE, Part, Stage, hex, word};
use rustix::process::{Pid, Signal, kill_process};
use zinc::{DType, Descriptor, OwnedRegion, Timeout};

common::parts!(
    fork_a_peer,
    fork_children_that_exit,
    fork_and_be_killed,
    fork_beside_creators,
    fork_beside_sweepers,
    fork_an_owner,
    fork_beside_waiters,
    fork_beside_askers
);

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

/// The lines of /proc that tell of locks held through this process's open files, see `lock:` in proc(5).
fn locks_held() -> Vec<String> {
    let entries = std::fs::read_dir("/proc/self/fdinfo").unwrap();
    let infos = entries.filter_map(|entry| std::fs::read_to_string(entry.unwrap().path()).ok());
    infos
        .flat_map(|info| {
            info.lines().filter(|line| line.starts_with("lock:")).map(str::to_owned).collect::<Vec<_>>()
        })
        .collect()
}

/// Forks over and over while two other threads `work`; says how many of the children, which live on, hold a lock when
/// the work is done.
fn fork_beside<T: Send>(part: &mut Part, work: impl Fn(String) -> T + Sync) -> Vec<T> {
    use std::io::Read;

    const WORKERS: usize = 2;
    const REGIONS: usize = 150;
    let (mut go, hold) = std::io::pipe().unwrap();
    let mut hold = Some(hold);
    std::thread::scope(|scope| {
        let work = &work;
        let worker =
            |number| move || (0..REGIONS).map(|i| work(format!("r{number}-{i}"))).collect::<Vec<_>>();
        let workers: Vec<_> = (0..WORKERS).map(|number| scope.spawn(worker(number))).collect();
        let mut children = Vec::new();
        while !workers.iter().all(std::thread::ScopedJoinHandle::is_finished) {
            children.push(fork(|| {
                hold.take();
                go.read_to_end(&mut Vec::new()).unwrap();
                i32::from(!locks_held().is_empty())
            }));
        }
        let done = workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect();
        hold.take();
        let holders = children.into_iter().map(common::forked::Forked::end);
        let holders = holders.filter(|status| status.exit_status() != Some(0)).count();
        part.say(format!("{holders} children hold a lock"));
        done
    })
}

fn fork_beside_creators(part: &mut Part) {
    let options = part.options();
    let owners = fork_beside(part, |name| options.create(name, 1).unwrap());
    part.say(locks_held().len() == owners.len());
}

#[test]
fn no_child_holds_an_owners_lock_whenever_it_was_forked() {
    let stage = Stage::new();
    let mut process = stage.start("fork_beside_creators");
    process.expect("0 children hold a lock");
    // What the children look for can be seen.
    process.expect("true");
}

fn fork_beside_sweepers(part: &mut Part) {
    let options = part.options();
    let owners = fork_beside(part, |name| {
        let owner = options.create(&name, 1).unwrap();
        assert_eq!(word(options.remove(name)), "PermissionDenied");
        owner.persist().unwrap();
        owner
    });
    part.say(owners.iter().map(|owner| owner.unlink()).all(|result| result.is_ok()));
}

#[test]
fn no_child_holds_a_sweepers_lock_whenever_it_was_forked() {
    let stage = Stage::new();
    let mut process = stage.start("fork_beside_sweepers");
    process.expect("0 children hold a lock");
    process.expect("true");
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

/// Forks while another thread of the parent is anywhere inside waits and notifications of the same handle.
fn fork_beside_waiters(part: &mut Part) {
    use std::sync::atomic::{AtomicBool, Ordering};

    let owner = part.options().create("r", 1).unwrap();
    let shared = part.options().open("r").unwrap();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                shared.clone().wait(0).unwrap();
                shared.wait(0).unwrap();
            }
        });
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                shared.notify().unwrap();
            }
        });
        for round in 0..60 {
            let child = fork(|| {
                // The parent may have notified meanwhile or not.
                shared.wait(PATIENCE).unwrap();
                let sequence = shared.sequence().unwrap();
                owner.notify().unwrap();
                i32::from(shared.wait_past(sequence, PATIENCE).unwrap().is_none())
            });
            assert_eq!(child.end().exit_status(), Some(0), "round {round}");
        }
        stop.store(true, Ordering::Relaxed);
    });
    part.say("done");
}

#[test]
fn a_child_can_use_handles_that_were_busy_at_the_fork() {
    Stage::new().start("fork_beside_waiters").expect("done");
}

/// The children wait on handles of which another thread may have been in the middle of asking after the owner.
fn fork_beside_askers(part: &mut Part) {
    let owner = part.options().create("r", 1).unwrap();
    let asked = owner.clone();
    std::thread::scope(|scope| {
        // The first poll of each handle asks after the owner.
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    asked.clone().wait(0).unwrap();
                }
            });
        }
        for _ in 0..ASKED {
            let child = fork(|| {
                part.say_thread();
                part.say(word(asked.clone().wait(Timeout::FOREVER)));
                0
            });
            part.hear();
            std::mem::forget(child);
        }
        part.say("forked");
        part.hear();
    });
}

const ASKED: usize = 30;

#[test]
fn a_child_forked_in_the_middle_of_an_owner_check_gets_owner_died() {
    let stage = Stage::new();
    let mut process = stage.start("fork_beside_askers");
    for _ in 0..ASKED {
        process.hear();
        process.tell("go on");
    }
    process.expect("forked");
    process.kill();
    for _ in 0..ASKED {
        process.expect("OwnerDied");
    }
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
