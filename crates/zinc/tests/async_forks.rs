//! After a fork each process has a hub of its own: the child's starts on first use, and the parent's goes on.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use common::forked::fork;
use common::futures::poll;
use common::{PATIENCE, Part, Stage, threads, until, word};
use rustix::process::{Pid, getpid};
use zinc::{SharedRegion, Timeout, binding};

common::parts!(fork_beside_a_hub, fork_with_pending_waits, fork_children_that_wait, fork_in_a_wait, own);

fn hub_threads() -> usize {
    threads(std::process::id() as i32).iter().filter(|name| *name == "zinc-hub").count()
}

/// What was pending at the fork goes on in both, each on its own.
fn fork_with_pending_waits(part: &mut Part) {
    let owner = part.options().create("r", 1).unwrap();
    let region = part.options().open("r").unwrap();
    let mut waits: Vec<_> = (0..4).map(|_| region.notified()).collect();
    assert!(waits.iter_mut().all(|wait| poll(wait).is_pending()));
    let mut waits: Vec<_> = waits.into_iter().map(Some).collect();
    let child = fork(|| {
        assert_eq!(hub_threads(), 0, "nothing of it before its first use");
        let mut copies: Vec<_> = waits.iter_mut().map(|wait| wait.take().unwrap()).collect();
        drop(copies.pop());
        assert!(poll(&mut copies[0]).is_pending());
        until("the child has a hub", || hub_threads() == 1);
        // Told by the parent, so that another process ends the waits of this one.
        part.say("pending in the child");
        for wait in copies {
            pollster::block_on(wait).unwrap();
        }
        let mut own = region.notified();
        assert!(poll(&mut own).is_pending());
        owner.notify().unwrap();
        pollster::block_on(own).unwrap();
        region.close().unwrap();
        0
    });
    part.hear();
    owner.notify().unwrap();
    for wait in waits.into_iter().flatten() {
        pollster::block_on(wait).unwrap();
    }
    assert_eq!(child.end().exit_status(), Some(0));
    let mut after = region.wait_async(PATIENCE);
    let _ = poll(&mut after).map(|over| assert!(over.unwrap()));
    part.say("over");
}

#[test]
fn pending_waits_go_on_in_the_parent_and_in_the_child() {
    let stage = Stage::new();
    let mut process = stage.start("fork_with_pending_waits");
    process.expect("pending in the child");
    process.tell("notify");
    process.expect("over");
    assert!(process.end().success());
}

const ROUNDS: u32 = 40;

/// Other threads are anywhere inside the hub when the process forks.
fn fork_beside_a_hub(part: &mut Part) {
    let owner = part.options().create("r", 1).unwrap();
    let shared = Arc::new(part.options().open("r").unwrap());
    let others: Vec<_> = (0..3).map(|i| part.options().create(format!("o{i}"), 1).unwrap()).collect();
    let stop = AtomicBool::new(false);
    let goes_on = || !stop.load(Ordering::Relaxed);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while goes_on() {
                let _ = poll(&mut shared.notified());
                let _ = poll(&mut shared.clone().wait_async(1));
            }
        });
        scope.spawn(|| {
            while goes_on() {
                let wait = shared.wait_then(5, drop).unwrap();
                if shared.sequence().unwrap().is_multiple_of(3) {
                    wait.cancel();
                }
            }
        });
        scope.spawn(|| {
            while goes_on() {
                owner.notify().unwrap();
                for other in &others {
                    let mut wait = SharedRegion::clone(other).notified();
                    let _ = poll(&mut wait);
                    other.notify().unwrap();
                }
            }
        });
        for round in 0..ROUNDS {
            let child = fork(|| {
                // Twice: with the region as it was at the fork, and with one that nobody else uses.
                let _ = shared.wait(0);
                for region in [&shared, &Arc::new((*shared).clone())] {
                    let before = region.sequence().unwrap();
                    let mut wait = region.notified();
                    let _ = poll(&mut wait).map(Result::unwrap);
                    owner.notify().unwrap();
                    assert!(region.wait_past(before, PATIENCE).unwrap().is_some());
                    let (say, outcome) = std::sync::mpsc::channel();
                    region.wait_then(PATIENCE, move |over| say.send(word(over)).unwrap()).unwrap();
                    owner.notify().unwrap();
                    assert_eq!(outcome.recv_timeout(PATIENCE).unwrap(), "true");
                }
                let own = part.options().create(format!("own{round}"), 1).unwrap();
                let reader = own.clone();
                let mut wait = reader.notified();
                assert!(poll(&mut wait).is_pending());
                own.notify().unwrap();
                pollster::block_on(wait).unwrap();
                reader.close().unwrap();
                shared.close().unwrap();
                0
            });
            assert_eq!(child.end().exit_status(), Some(0), "round {round}");
            part.say(round);
        }
        stop.store(true, Ordering::Relaxed);
    });
    part.say("over");
}

#[test]
fn a_fork_beside_a_busy_hub_leaves_both_whole() {
    let stage = Stage::new();
    let mut process = stage.start("fork_beside_a_hub");
    for round in 0..ROUNDS {
        process.expect(&round.to_string());
    }
    process.expect("over");
    assert!(process.end().success());
}

/// The parent's waits are pending still when it is killed; the children's end.
fn fork_children_that_wait(part: &mut Part) {
    let owner = part.options().create("r", 1).unwrap();
    let region: SharedRegion = owner.clone();
    let mut pending = region.notified();
    assert!(poll(&mut pending).is_pending());
    let mut pending = Some(pending);
    for copied in [true, false] {
        let child = fork(|| {
            let mut wait = if copied { pending.take().unwrap() } else { region.notified() };
            assert!(poll(&mut wait).is_pending());
            part.say("pending");
            part.say(word(pollster::block_on(wait)));
            0
        });
        part.hear();
        std::mem::forget(child);
    }
    part.say("forked");
    part.hear();
}

#[test]
fn the_parents_death_ends_waits_of_its_children() {
    let stage = Stage::new();
    let mut process = stage.start("fork_children_that_wait");
    for _ in 0..2 {
        process.expect("pending");
        process.tell("go on");
    }
    process.expect("forked");
    process.kill();
    for _ in 0..2 {
        process.expect("OwnerDied");
    }
}

/// A host that forks in the middle of a long wait, as a signal's handler may.
struct Forks {
    start: Instant,
    forked: bool,
}

impl binding::Host for Forks {
    type Error = zinc::Error;

    fn park<R: Send>(&mut self, park: impl FnOnce() -> R + Send) -> R {
        park()
    }

    fn signal(&mut self) -> Result<(), zinc::Error> {
        // After the time from which on a wait counts on the hub.
        if !self.forked && self.start.elapsed() > Duration::from_millis(800) {
            self.forked = true;
            // SAFETY: the child goes on with what this thread was at, and uses nothing of the others.
            unsafe { libc::fork() };
        }
        Ok(())
    }
}

fn fork_in_a_wait(part: &mut Part) {
    let region = Arc::new(part.options().open("r").unwrap());
    // Enough of them, so that the hub looks after the owner for all.
    for _ in 0..8 {
        let region = region.clone();
        std::thread::spawn(move || region.wait_past(u64::MAX - 1, Timeout::FOREVER));
    }
    let poke = region.clone();
    std::thread::spawn(move || {
        while poke.notify().is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    let parent = getpid();
    let mut host = Forks { start: Instant::now(), forked: false };
    let outcome = binding::wait_past(&region, u64::MAX - 1, Timeout::FOREVER, &mut host);
    let who = if getpid() == parent { "parent" } else { "child" };
    part.say(format!("{who} {}", word(outcome)));
    part.hear();
}

#[test]
fn a_wait_that_goes_on_in_a_child_gets_owner_died() {
    let stage = Stage::new();
    let mut owner = stage.start("own");
    owner.expect("created");
    let mut process = stage.start("fork_in_a_wait");
    until("it has forked", || children(process.pid()) > 0);
    owner.kill();
    let mut said = [process.hear(), process.hear()];
    said.sort_unstable();
    assert_eq!(said, ["child OwnerDied", "parent OwnerDied"]);
}

/// How many processes have this one as their parent.
fn children(parent: Pid) -> usize {
    let tasks = std::fs::read_dir(format!("/proc/{parent}/task")).unwrap();
    let of = |task: std::io::Result<std::fs::DirEntry>| {
        let children = std::fs::read_to_string(task.unwrap().path().join("children"));
        children.expect("its children").split_whitespace().count()
    };
    tasks.map(of).sum()
}

fn own(part: &mut Part) {
    let _owner = part.options().create("r", 1).unwrap();
    part.say("created");
    part.hear();
}
