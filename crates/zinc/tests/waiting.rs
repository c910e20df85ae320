//! What a wait gives: each notification at least once, its own never, and a word for every other end.

mod common;

use std::sync::Arc;
use std::time::{Duration, Instant};

use common::sleeper::sleeper;
use common::{PATIENCE, Part, Stage, word};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use zinc::{OwnedRegion, RegionOptions, SharedRegion, Timeout};

common::parts!(notify_and_stay, wait_and_tell, close_when_told, notify_through_one_handle);

fn pair() -> (Stage, OwnedRegion, SharedRegion) {
    let stage = Stage::new();
    let owner = stage.options().create("r", 100).unwrap();
    let peer = stage.options().open("r").unwrap();
    (stage, owner, peer)
}

/// A thread that waits without a timeout on the very handle.
fn waits_on(handle: &Arc<SharedRegion>) -> common::sleeper::Sleeper<String> {
    let handle = handle.clone();
    sleeper(move || word(handle.wait(Timeout::FOREVER)))
}

fn notify_and_stay(part: &mut Part) {
    let owner = part.options().create("r", 100).unwrap();
    owner.notify().unwrap();
    part.say("notified");
    part.hear();
}

#[test]
fn a_notification_from_before_the_open_is_not_lost() {
    let stage = Stage::new();
    let mut owner = stage.start("notify_and_stay");
    owner.expect("notified");
    let peer = stage.options().open("r").unwrap();
    assert_eq!(word(peer.wait(0)), "true");
    assert_eq!(word(peer.wait(0)), "false", "it comes once");
    let later = stage.options().open("r").unwrap();
    assert_eq!(word(later.wait(PATIENCE)), "true", "and for every handle");
}

#[test]
fn several_notifications_may_arrive_as_one() {
    let (_stage, owner, peer) = pair();
    (0..3).for_each(|_| owner.notify().unwrap());
    assert_eq!(word(peer.sequence()), "3");
    assert_eq!([word(peer.wait(0)), word(peer.wait(0))], ["true", "false"]);
    owner.notify().unwrap();
    assert_eq!([word(peer.wait(PATIENCE)), word(peer.wait(0))], ["true", "false"]);
}

fn wait_and_tell(part: &mut Part) {
    let region = part.options().open("r").unwrap();
    part.say_thread();
    part.say(word(region.wait(Timeout::FOREVER)));
    // SAFETY: the notifier has written before it notified, and writes no more.
    part.say(unsafe { region.as_slice() }[99]);
}

#[test]
fn what_was_written_before_the_notification_is_seen_after_the_wait() {
    let (stage, owner, _) = pair();
    let mut waiter = stage.start("wait_and_tell");
    waiter.until_asleep();
    // SAFETY: the byte is within the region, and nobody reads it before the notification.
    unsafe { owner.as_mut_ptr().add(99).write(42) };
    owner.notify().unwrap();
    waiter.expect("true");
    waiter.expect("42");
}

#[test]
fn a_handle_does_not_wake_itself_from_another_thread_either() {
    let (_stage, owner, peer) = pair();
    let peer = Arc::new(peer);
    let waiting = peer.clone();
    let waits = sleeper(move || (word(waiting.wait(Timeout::FOREVER)), word(waiting.sequence())));
    (0..1000).for_each(|_| peer.notify().unwrap());
    owner.notify().unwrap();
    assert_eq!(
        waits.result(),
        ("true".into(), "1001".into()),
        "it returned for the owner's, which was the last"
    );
    assert_eq!(word(peer.wait(0)), "false");
}

/// Several threads notify through a handle on which another one waits, for many rounds; the last word of each is
/// somebody else's.
fn notify_through_one_handle(part: &mut Part) {
    if part.hear() == "on one processor" {
        // Threads are preempted in the middle of what they do.
        let mut only = CpuSet::new();
        let allowed = sched_getaffinity(None).unwrap();
        only.set((0..CpuSet::MAX_CPU).find(|&cpu| allowed.is_set(cpu)).unwrap());
        sched_setaffinity(None, &only).unwrap();
    }
    let owner = part.options().create("r", 100).unwrap();
    for spin in [Duration::ZERO, Duration::from_micros(50)] {
        let peer = part.options().spin(spin).open("r").unwrap();
        // The first thread to notify has a count of its own in the handle; here none of those that last is it.
        peer.notify().unwrap();
        peer.wait(0).unwrap();
        for round in 0..100 {
            let before = owner.sequence().unwrap();
            std::thread::scope(|scope| {
                let waits = scope.spawn(|| (peer.wait(PATIENCE).unwrap(), peer.sequence().unwrap()));
                let notify = || (0..500).for_each(|_| peer.notify().unwrap());
                let notifiers = [scope.spawn(notify), scope.spawn(notify), scope.spawn(notify)];
                notifiers.into_iter().for_each(|notifier| notifier.join().unwrap());
                owner.notify().unwrap();
                let reached = waits.join().unwrap();
                assert_eq!(reached, (true, before + 1501), "round {round}: one of its own ended it");
            });
            assert!(!peer.wait(0).unwrap(), "round {round}: there was one notification of another's");
            // In the middle of the own ones this time.
            std::thread::scope(|scope| {
                let waits = scope.spawn(|| peer.wait(PATIENCE).unwrap());
                let notifies = scope.spawn(|| (0..2000).for_each(|_| peer.notify().unwrap()));
                owner.notify().unwrap();
                assert!(waits.join().unwrap(), "round {round}: the other's was swallowed");
                notifies.join().unwrap();
            });
            assert!(!peer.wait(0).unwrap(), "round {round}: nothing is left");
        }
    }
    part.say("done");
}

#[test]
fn notifications_of_several_threads_through_a_handle_do_not_end_its_wait_nor_swallow_anothers() {
    for place in ["anywhere", "on one processor"] {
        let stage = Stage::new();
        let mut process = stage.start("notify_through_one_handle");
        process.tell(place);
        process.expect("done");
    }
}

#[test]
fn an_own_notification_swallows_nobody_elses() {
    let (_stage, owner, peer) = pair();
    owner.notify().unwrap();
    peer.notify().unwrap();
    assert_eq!([word(peer.wait(0)), word(peer.wait(0))], ["true", "false"]);
    peer.notify().unwrap();
    assert_eq!(word(peer.wait(0)), "false", "the own one alone");
    owner.notify().unwrap();
    assert_eq!([word(peer.wait(0)), word(peer.wait(0))], ["true", "false"]);
    assert_eq!([word(owner.wait(0)), word(owner.wait(0))], ["true", "false"]);
}

#[test]
fn clones_wait_for_themselves() {
    let (_stage, owner, peer) = pair();
    owner.notify().unwrap();
    let clones = [peer.clone(), peer.clone()];
    for handle in [&clones[0], &peer, &clones[1]] {
        assert_eq!([word(handle.wait(0)), word(handle.wait(0))], ["true", "false"]);
    }
    assert_eq!(word(peer.clone().wait(0)), "false", "a clone has seen what its original has");
    let [one, other] = clones.map(Arc::new);
    let waits = waits_on(&one);
    other.notify().unwrap();
    assert_eq!(waits.result(), "true", "a clone's notification is another's");
    assert_eq!(word(other.wait(0)), "false");
    assert_eq!(word(owner.wait(0)), "true");
}

#[test]
fn one_notification_wakes_all_who_wait() {
    let (stage, owner, _) = pair();
    let mut processes: Vec<_> = (0..3).map(|_| stage.start("wait_and_tell")).collect();
    processes.iter_mut().for_each(common::Actor::until_asleep);
    let threads: Vec<_> = (0..3).map(|_| waits_on(&Arc::new(stage.options().open("r").unwrap()))).collect();
    owner.notify().unwrap();
    processes.iter_mut().for_each(|process| process.expect("true"));
    threads.iter().for_each(|thread| assert_eq!(thread.result(), "true"));
}

#[test]
fn wait_past_counts_and_leaves_what_wait_has_seen() {
    let (_stage, owner, peer) = pair();
    assert_eq!(word(peer.wait_past(0, 0)), "None");
    peer.notify().unwrap();
    assert_eq!(word(peer.wait_past(0, 0)), "Some(1)", "it counts the own ones too");
    owner.notify().unwrap();
    owner.notify().unwrap();
    assert_eq!(word(peer.wait_past(0, PATIENCE)), "Some(3)");
    assert_eq!(word(peer.wait_past(2, PATIENCE)), "Some(3)");
    assert_eq!(word(peer.wait_past(3, 1)), "None");
    assert_eq!(word(peer.wait(0)), "true", "wait has seen none of it");
    let clone = peer.clone();
    let waits = sleeper(move || word(clone.wait_past(4, Timeout::FOREVER)));
    owner.notify().unwrap();
    owner.notify().unwrap();
    assert_eq!(waits.result(), "Some(5)", "4 was not past 4");
}

#[test]
fn timeouts_are_kept() {
    let (_stage, _owner, peer) = pair();
    for spin in [Duration::ZERO, Duration::from_micros(50), Duration::from_millis(5)] {
        let options = RegionOptions::new().directory(peer.info().path.parent().unwrap()).spin(spin);
        let region = options.open("r").unwrap();
        for time in [
            Duration::ZERO,
            Duration::from_micros(300),
            Duration::from_millis(30),
            Duration::from_millis(600),
        ] {
            let start = Instant::now();
            assert_eq!(word(region.wait(time)), "false");
            let took = start.elapsed();
            assert!(took >= time, "{took:?} instead of {time:?} with a spin of {spin:?}");
        }
    }
    let start = Instant::now();
    assert_eq!(
        [word(peer.wait(20)), word(peer.wait_past(0, 20u64))],
        ["false", "None"],
        "a number is milliseconds"
    );
    assert!(start.elapsed() >= Duration::from_millis(40));
}

#[test]
fn interrupt_ends_the_waits_in_progress_on_this_handle() {
    let (stage, owner, peer) = pair();
    let (peer, clone) = (Arc::new(peer.clone()), Arc::new(peer));
    peer.interrupt();
    assert_eq!(word(peer.wait(1)), "false", "it is not kept for later waits");
    let waits: Vec<_> = [&peer, &peer].map(waits_on).into();
    let untouched = [waits_on(&clone), waits_on(&Arc::new(stage.options().open("r").unwrap()))];
    peer.interrupt();
    waits.iter().for_each(|wait| assert_eq!(wait.result(), "Interrupted"));
    owner.notify().unwrap();
    untouched.iter().for_each(|wait| assert_eq!(wait.result(), "true"));
    assert_eq!(word(peer.wait(PATIENCE)), "true", "the handle is as it was");

    let owner = Arc::new(owner);
    let waiting = owner.clone();
    let waits = sleeper(move || word(waiting.wait_past(9, Timeout::FOREVER)));
    owner.interrupt();
    assert_eq!(waits.result(), "Interrupted");
}

#[test]
fn close_ends_the_waits_of_its_handle_and_no_others() {
    let (stage, owner, peer) = pair();
    let (peer, clone) = (Arc::new(peer.clone()), Arc::new(peer));
    let waits = [waits_on(&peer), waits_on(&peer)];
    let untouched = [waits_on(&clone), waits_on(&Arc::new(stage.options().open("r").unwrap()))];
    peer.close().unwrap();
    waits.iter().for_each(|wait| assert_eq!(wait.result(), "Closed"));
    owner.notify().unwrap();
    untouched.iter().for_each(|wait| assert_eq!(wait.result(), "true"));
}

fn close_when_told(part: &mut Part) {
    let owner = part.options().create("r", 100).unwrap();
    part.say("created");
    if part.hear() == "notify" {
        owner.notify().unwrap();
    }
    owner.close().unwrap();
    part.say("closed");
    part.hear();
}

#[test]
fn the_owners_close_ends_every_wait_with_closed() {
    let stage = Stage::new();
    let mut owner = stage.start("close_when_told");
    owner.expect("created");
    let inside = stage.options().open("r").unwrap();
    let waits: Vec<_> = (0..3).map(|_| waits_on(&Arc::new(inside.clone()))).collect();
    let mut process = stage.start("wait_and_tell");
    process.until_asleep();
    owner.tell("close");
    waits.iter().for_each(|wait| assert_eq!(wait.result(), "Closed"));
    process.expect("Closed");
    owner.expect("closed");
    assert_eq!(
        [word(inside.wait(0)), word(inside.wait(PATIENCE)), word(inside.wait_past(0, 0))],
        ["Closed"; 3]
    );
    assert_eq!(word(inside.notify()), "()", "those inside may go on among themselves");
    assert_eq!(word(inside.clone().wait_past(0, 0)), "Some(1)");
}

#[test]
fn a_notification_from_before_the_owners_close_comes_first() {
    let stage = Stage::new();
    let mut owner = stage.start("close_when_told");
    owner.expect("created");
    let inside = [(); 2].map(|()| stage.options().open("r").unwrap());
    owner.tell("notify");
    owner.expect("closed");
    assert_eq!([word(inside[0].wait(0)), word(inside[0].wait(0))], ["true", "Closed"]);
    assert_eq!([word(inside[1].wait(PATIENCE)), word(inside[1].wait(PATIENCE))], ["true", "Closed"]);
}

#[test]
fn the_owner_waits_as_everyone_does() {
    let (_stage, owner, peer) = pair();
    let owner = Arc::new(owner);
    let waiting = owner.clone();
    let waits = sleeper(move || word(waiting.wait(Timeout::FOREVER)));
    peer.notify().unwrap();
    assert_eq!(waits.result(), "true");
    let waiting = owner.clone();
    let waits = sleeper(move || word(waiting.wait(Timeout::FOREVER)));
    owner.close().unwrap();
    assert_eq!(waits.result(), "Closed");
}

/// A wait that asks after the owner just when its own handle ends it finds no lock any more, and zero pages.
#[test]
fn a_wait_beside_the_close_of_its_owner_tells_of_that_and_of_no_death() {
    const ROUNDS: usize = 20_000;

    let stage = Stage::new();
    let (say, owners) = std::sync::mpsc::channel::<Arc<OwnedRegion>>();
    let (answer, answers) = std::sync::mpsc::channel();
    let waiting = std::thread::spawn(move || {
        for owner in owners {
            answer.send(word(owner.wait(Timeout::FOREVER))).unwrap();
        }
    });
    for round in 0..ROUNDS {
        let owner = Arc::new(stage.options().spin(Duration::ZERO).create("r", 1).unwrap());
        say.send(owner.clone()).unwrap();
        // Some microseconds, for the other thread to come to any point of its wait.
        (0..round % 1000).for_each(|_| std::hint::spin_loop());
        owner.close().unwrap();
        assert_eq!(answers.recv_timeout(PATIENCE).unwrap(), "Closed", "round {round}");
    }
    drop(say);
    waiting.join().unwrap();
}
