//! Where the kernel has no `futex_waitv`, or a sandbox forbids it, everything about waiting holds all the same.

mod common;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use common::sandbox::deny;
use common::sleeper::{Sleeper, sleeper};
use common::{Actor, PATIENCE, Part, Stage, note, word};
use zinc::{SharedRegion, Timeout};

common::parts!(wait_for_all, wait_for_all_without_a_thread, end_own_waits, play, own);

/// The kernel before 5.16 does not know the call; filters of some containers answer EPERM to what they do not know.
const ERRORS: [i32; 2] = [libc::ENOSYS, libc::EPERM];

/// More than an interrupt takes to be felt, and less than the half second after which a sleeper looks by itself.
const LOST: Duration = Duration::from_millis(400);

fn lock_in(part: &mut Part) -> SharedRegion {
    deny(libc::SYS_futex_waitv, part.hear().parse().unwrap());
    part.options().spin(Duration::ZERO).open("r").unwrap()
}

fn start(stage: &Stage, part: &'static str, error: i32) -> Actor {
    let mut actor = stage.start(part);
    actor.tell(error);
    actor
}

/// Waits without a timeout until the end.
fn wait_for_all(part: &mut Part) {
    let region = lock_in(part);
    loop {
        part.say_thread();
        let answer = word(region.wait(Timeout::FOREVER));
        part.say(&answer);
        if answer != "true" {
            break;
        }
    }
}

#[test]
fn notifications_and_the_owners_close_reach_the_waiter() {
    for error in ERRORS {
        let stage = Stage::new();
        let owner = stage.options().create("r", 1).unwrap();
        let mut waiter = start(&stage, "wait_for_all", error);
        for _ in 0..3 {
            waiter.until_asleep();
            owner.notify().unwrap();
            waiter.expect("true");
        }
        waiter.until_asleep();
        owner.close().unwrap();
        waiter.expect("Closed");
    }
}

/// The same by futures and callbacks, through the hub.
fn wait_for_all_without_a_thread(part: &mut Part) {
    let region = lock_in(part);
    let clone = region.clone();
    loop {
        let (say, hear) = channel();
        let mut future = region.notified();
        assert!(pin!(&mut future).poll(&mut Context::from_waker(Waker::noop())).is_pending());
        clone.wait_then(Timeout::FOREVER, move |outcome| say.send(outcome).unwrap()).unwrap();
        assert!(!pollster::block_on(region.clone().wait_async(60)).unwrap());
        part.say("waiting");
        let answers =
            [word(pollster::block_on(future).map(|()| true)), word(hear.recv_timeout(PATIENCE).unwrap())];
        assert_eq!(answers[0], answers[1]);
        part.say(&answers[0]);
        if answers[0] != "true" {
            break;
        }
    }
}

#[test]
fn waits_without_a_thread_hear_of_notifications_and_of_the_owners_close_and_death() {
    for error in ERRORS {
        let stage = Stage::new();
        let owner = stage.options().create("r", 1).unwrap();
        let mut waiter = start(&stage, "wait_for_all_without_a_thread", error);
        for _ in 0..3 {
            waiter.expect("waiting");
            owner.notify().unwrap();
            waiter.expect("true");
        }
        waiter.expect("waiting");
        owner.close().unwrap();
        waiter.expect("Closed");

        let mut owner = stage.start("own");
        owner.expect("created");
        let mut waiter = start(&stage, "wait_for_all_without_a_thread", error);
        waiter.expect("waiting");
        owner.kill();
        waiter.expect("OwnerDied");
    }
}

fn own(part: &mut Part) {
    let _owner = part.options().create("r", 1).unwrap();
    part.say("created");
    part.hear();
}

#[test]
fn the_owners_death_reaches_the_waiter() {
    for error in ERRORS {
        let stage = Stage::new();
        let mut owner = stage.start("own");
        owner.expect("created");
        let mut waiter = start(&stage, "wait_for_all", error);
        waiter.until_asleep();
        let start = Instant::now();
        owner.kill();
        waiter.expect("OwnerDied");
        note(format_args!("without futex_waitv: OwnerDied within {:?}", start.elapsed()));
    }
}

fn waits_on(handle: &Arc<SharedRegion>) -> Sleeper<String> {
    let handle = handle.clone();
    sleeper(move || word(handle.wait(Timeout::FOREVER)))
}

/// Interrupts and closes its own handle; the filter holds for the threads that it starts.
fn end_own_waits(part: &mut Part) {
    let region = Arc::new(lock_in(part));
    let start = Instant::now();
    part.say(word(region.wait(60)));
    assert!(start.elapsed() >= Duration::from_millis(60));
    let mut slow = 0;
    for _ in 0..20 {
        let waits = [waits_on(&region), waits_on(&region)];
        let start = Instant::now();
        region.interrupt();
        assert_eq!(waits.map(|wait| wait.result()), ["Interrupted", "Interrupted"]);
        slow += u32::from(start.elapsed() >= LOST);
    }
    assert!(slow < 3, "{slow} of 20 interrupts were not felt before the sleeper looked by itself");
    let clone = Arc::new((*region).clone());
    let (waits, untouched) = (waits_on(&region), waits_on(&clone));
    region.close().unwrap();
    part.say(waits.result());
    part.say("closed");
    part.say(untouched.result());
}

#[test]
fn timeouts_interrupt_and_close_end_waits() {
    for error in ERRORS {
        let stage = Stage::new();
        let owner = stage.options().create("r", 1).unwrap();
        let mut process = start(&stage, "end_own_waits", error);
        process.expect("false");
        process.expect("Closed");
        process.expect("closed");
        owner.notify().unwrap();
        process.expect("true");
    }
}

const TURNS: u64 = 3000;

fn play(part: &mut Part) {
    let region = lock_in(part);
    part.say("inside");
    for turn in 0..TURNS {
        assert!(region.wait(PATIENCE).unwrap(), "turn {turn} was lost");
        region.notify().unwrap();
    }
}

#[test]
fn turns_are_taken_with_a_process_that_has_it() {
    let stage = Stage::new();
    let owner = stage.options().spin(Duration::ZERO).create("r", 1).unwrap();
    let mut other = start(&stage, "play", libc::ENOSYS);
    other.expect("inside");
    let start = Instant::now();
    for turn in 0..TURNS {
        owner.notify().unwrap();
        assert!(owner.wait(PATIENCE).unwrap(), "turn {turn} was lost");
    }
    note(format_args!(
        "without futex_waitv on one side: {TURNS} turns, {:?} each",
        start.elapsed() / TURNS as u32
    ));
    assert!(other.end().success());
}
