//! A fork may come while other threads are anywhere inside Zinc: the child holds no lock of the parent's and never hangs.

mod common;

use common::forked::fork;
use common::{PATIENCE, Part, Stage, word};
use zinc::Timeout;

common::parts!(fork_beside_creators, fork_beside_sweepers, fork_beside_waiters, fork_beside_askers);

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
    part.say(owners.iter().all(|owner| owner.unlink().is_ok()));
}

#[test]
fn no_child_holds_a_sweepers_lock_whenever_it_was_forked() {
    let stage = Stage::new();
    let mut process = stage.start("fork_beside_sweepers");
    process.expect("0 children hold a lock");
    process.expect("true");
}

const BUSY: u32 = 30;

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
        for round in 0..BUSY {
            let child = fork(|| {
                // The parent may have notified meanwhile or not.
                shared.wait(PATIENCE).unwrap();
                let sequence = shared.sequence().unwrap();
                owner.notify().unwrap();
                i32::from(shared.wait_past(sequence, PATIENCE).unwrap().is_none())
            });
            assert_eq!(child.end().exit_status(), Some(0), "round {round}");
            part.say(round);
        }
        stop.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_child_can_use_handles_that_were_busy_at_the_fork() {
    let stage = Stage::new();
    let mut process = stage.start("fork_beside_waiters");
    for round in 0..BUSY {
        process.expect(&round.to_string());
    }
    assert!(process.end().success());
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
