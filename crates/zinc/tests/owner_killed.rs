//! When the owner's process is killed, everyone who waits learns it within a second, and the name is free.

mod common;

use std::time::{Duration, Instant};

use common::forked::fork;
use common::sleeper::sleeper;
use common::{Actor, PATIENCE, Part, Stage, note, word};
use zinc::Timeout;

common::parts!(own, own_and_fork, wait_for_ever, notify_for_ever);

const WAITERS: usize = 4;

fn own(part: &mut Part) {
    let owner = part.options().create("r", 100).unwrap();
    part.say("created");
    loop {
        match part.hear().as_str() {
            "notify" => owner.notify().unwrap(),
            "persist" => owner.persist().unwrap(),
            other => panic!("{other}"),
        }
        part.say("done");
    }
}

fn own_and_fork(part: &mut Part) {
    let _owner = part.options().create("r", 100).unwrap();
    let child = fork(|| {
        loop {
            std::thread::park();
        }
    });
    part.say("created");
    part.say(child.pid());
    part.hear();
}

/// Waits without a timeout, again and again, and says what each wait gave.
fn wait_for_ever(part: &mut Part) {
    let region = part.options().open("r").unwrap();
    loop {
        part.say_thread();
        let answer = word(region.wait(Timeout::FOREVER));
        part.say(&answer);
        if answer != "true" {
            part.hear();
        }
    }
}

fn waiters(stage: &Stage) -> Vec<Actor> {
    let mut waiters: Vec<_> = (0..WAITERS).map(|_| stage.start("wait_for_ever")).collect();
    waiters.iter_mut().for_each(Actor::until_asleep);
    waiters
}

/// Kills the owner and hears of everyone that it died; notes how long that took.
fn kill(what: &str, owner: &mut Actor, waiters: &mut [Actor]) {
    let start = Instant::now();
    owner.kill();
    waiters.iter_mut().for_each(|waiter| waiter.expect("OwnerDied"));
    note(format_args!("{what}: {} waiters had OwnerDied within {:?}", waiters.len(), start.elapsed()));
}

#[test]
fn every_waiter_gets_owner_died() {
    let stage = Stage::new();
    let mut owner = stage.start("own");
    owner.expect("created");
    let mut waiters = waiters(&stage);
    kill("owner killed", &mut owner, &mut waiters);
    assert!(stage.files().is_empty(), "those who learnt of it have swept");
    for waiter in &mut waiters {
        waiter.tell("again");
        waiter.hear();
        waiter.expect("OwnerDied");
    }
}

#[test]
fn a_forked_child_that_lives_on_hides_nothing() {
    let stage = Stage::new();
    let mut owner = stage.start("own_and_fork");
    owner.expect("created");
    let child = owner.hear();
    let mut waiters = waiters(&stage);
    kill("owner killed whose child lives on", &mut owner, &mut waiters);
    let state = std::fs::read_to_string(format!("/proc/{child}/stat")).expect("the child lives");
    assert!(!state.contains(") Z "), "{state}");
    let next = stage.options().create("r", 1).unwrap();
    assert_eq!(stage.options().open("r").unwrap().info().id, next.info().id);
    rustix::process::kill_process(
        rustix::process::Pid::from_raw(child.parse().unwrap()).unwrap(),
        rustix::process::Signal::KILL,
    )
    .unwrap();
}

#[test]
fn notifications_from_before_come_first() {
    let stage = Stage::new();
    let mut owner = stage.start("own");
    owner.expect("created");
    let late = stage.options().open("r").unwrap();
    owner.tell("notify");
    owner.expect("done");
    let mut waiter = stage.start("wait_for_ever");
    waiter.hear();
    waiter.expect("true");
    waiter.until_asleep();
    kill("owner killed after a notification", &mut owner, &mut [waiter]);
    assert_eq!(word(late.wait(PATIENCE)), "true", "it came before the end");
    assert_eq!(word(late.wait(PATIENCE)), "OwnerDied");
}

#[test]
fn short_waits_in_a_row_learn_it_too() {
    let stage = Stage::new();
    let mut owner = stage.start("own");
    owner.expect("created");
    for timeout in [0, 1, 30] {
        let peer = stage.options().open("r").unwrap();
        assert_eq!(word(peer.wait(timeout)), "false");
        std::mem::forget(peer);
    }
    let peers: Vec<_> = (0..3).map(|_| stage.options().open("r").unwrap()).collect();
    owner.kill();
    for (peer, timeout) in peers.iter().zip([0, 1, 30]) {
        let mut answer = String::new();
        common::until("waits with a short timeout give OwnerDied", || {
            answer = word(peer.wait(timeout));
            answer != "false"
        });
        assert_eq!(answer, "OwnerDied", "waits of {timeout} ms");
    }
}

fn notify_for_ever(part: &mut Part) {
    let region = part.options().open("r").unwrap();
    part.say("notifying");
    loop {
        region.notify().unwrap();
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn the_notifications_of_others_hide_nothing() {
    let stage = Stage::new();
    let mut owner = stage.start("own");
    owner.expect("created");
    let peer = stage.options().open("r").unwrap();
    let mut notifier = stage.start("notify_for_ever");
    notifier.expect("notifying");
    let waits = sleeper(move || word(peer.wait_past(u64::MAX, Timeout::FOREVER)));
    owner.kill();
    assert_eq!(waits.result(), "OwnerDied");
}

#[test]
fn wake_ups_by_the_handles_own_notifications_hide_nothing() {
    let stage = Stage::new();
    let mut owner = stage.start("own");
    owner.expect("created");
    let peer = std::sync::Arc::new(stage.options().open("r").unwrap());
    let waiting = peer.clone();
    let waits = sleeper(move || word(waiting.wait(Timeout::FOREVER)));
    owner.kill();
    let start = Instant::now();
    while waits.is_still_waiting() {
        peer.notify().unwrap();
        assert!(start.elapsed() < PATIENCE, "the wait goes on and on");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_killed_owner_of_a_persistent_region_ends_nothing() {
    let stage = Stage::new();
    let mut owner = stage.start("own");
    owner.expect("created");
    let (peer, notifier) = (stage.options().open("r").unwrap(), stage.options().open("r").unwrap());
    owner.tell("persist");
    owner.expect("done");
    owner.kill();
    assert_eq!(word(stage.options().create("r", 1)), "AlreadyExists");
    // The first poll of a handle looks after the owner, and must find that there is no need of one.
    assert_eq!(word(peer.wait(0)), "false");
    let waits = sleeper(move || word(peer.wait(Timeout::FOREVER)));
    notifier.notify().unwrap();
    assert_eq!(waits.result(), "true");
    stage.options().remove("r").unwrap();
}

#[test]
fn a_stopped_owner_is_no_dead_owner() {
    let stage = Stage::new();
    let mut owner = stage.start("own");
    owner.expect("created");
    let peer = stage.options().open("r").unwrap();
    owner.stop();
    assert_eq!(word(stage.options().create("r", 1)), "AlreadyExists");
    assert_eq!(word(peer.wait(700)), "false", "longer than it takes to look after the owner");
    owner.signal(rustix::process::Signal::CONT);
    owner.tell("notify");
    assert_eq!(word(peer.wait(PATIENCE)), "true");
}

#[test]
fn waits_on_many_handles_of_one_process_all_end() {
    let stage = Stage::new();
    let mut owner = stage.start("own");
    owner.expect("created");
    let peer = stage.options().open("r").unwrap();
    let shared = std::sync::Arc::new(peer.clone());
    let waits: Vec<_> = (0..3)
        .map(|_| {
            let clone = peer.clone();
            sleeper(move || word(clone.wait(Timeout::FOREVER)))
        })
        .chain((0..3).map(|_| {
            let shared = shared.clone();
            sleeper(move || word(shared.wait(Timeout::FOREVER)))
        }))
        .collect();
    owner.kill();
    waits.iter().for_each(|wait| assert_eq!(wait.result(), "OwnerDied"));
}
