//! Two processes take turns over one region for many thousand rounds: no turn is lost, none comes twice.

mod common;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use common::{PATIENCE, Part, Stage, note, word};
use rustix::process::Signal;
use zinc::SharedRegion;

common::parts!(pong, count, stay_behind);

/// More than any wake-up takes, and less than the half second after which a forgotten sleeper would look by itself.
const LOST: Duration = Duration::from_millis(400);

fn counter(region: &SharedRegion, index: usize) -> &AtomicU64 {
    assert!(region.capacity() >= (index + 1) * 8);
    // SAFETY: the index is within the region, whose data starts on a page boundary, and all processes use it as atomics.
    unsafe { AtomicU64::from_ptr(region.as_mut_ptr().cast::<u64>().add(index)) }
}

fn spin(part: &mut Part) -> Duration {
    Duration::from_micros(part.hear().parse().unwrap())
}

/// Answers each turn. Relaxed accesses: the notifications alone put the numbers in order.
fn pong(part: &mut Part) {
    let region = part.options().spin(spin(part)).open("r").unwrap();
    part.say("inside");
    for turn in 0.. {
        match region.wait(PATIENCE) {
            Ok(true) => {}
            Ok(false) => panic!("turn {turn} was lost"),
            Err(_) => break,
        }
        assert_eq!(counter(&region, 0).load(Ordering::Relaxed), turn + 1);
        counter(&region, 1).store(turn + 1, Ordering::Relaxed);
        region.notify().unwrap();
    }
    part.say("over");
}

/// Plays that many turns, in the presence of `others`, who come when the region is there.
fn play<T>(name: &str, spin: Duration, turns: u64, others: impl FnOnce(&Stage) -> T) -> T {
    let stage = Stage::new();
    let owner = stage.options().spin(spin).create("r", 4096).unwrap();
    let others = others(&stage);
    let mut other = stage.start("pong");
    other.tell(spin.as_micros());
    other.expect("inside");
    let start = Instant::now();
    let mut slow = 0;
    for turn in 0..turns {
        let served = Instant::now();
        counter(&owner, 0).store(turn + 1, Ordering::Relaxed);
        owner.notify().unwrap();
        assert!(owner.wait(PATIENCE).unwrap(), "turn {turn} was lost");
        assert_eq!(counter(&owner, 1).load(Ordering::Relaxed), turn + 1, "turn {turn} is answered");
        slow += u32::from(served.elapsed() >= LOST);
    }
    note(format_args!("{name}: {turns} turns, {:?} each", start.elapsed() / turns as u32));
    assert_eq!(owner.sequence().unwrap(), 2 * turns);
    // A machine may stand still for a moment; a protocol that forgets sleepers does so often.
    assert!(slow < 3, "{slow} turns took more than {LOST:?}, as if a sleeper had been forgotten");
    owner.close().unwrap();
    other.expect("over");
    others
}

#[test]
fn looking() {
    play("looking for up to 50 us", Duration::from_micros(50), 20_000, |_| ());
}

#[test]
fn sleeping() {
    play("sleeping at once", Duration::ZERO, 10_000, |_| ());
}

/// Waits until it has met the last of many notifications.
fn count(part: &mut Part) {
    let spin = spin(part);
    let last: u64 = part.hear().parse().unwrap();
    let region = part.options().spin(spin).open("r").unwrap();
    part.say("inside");
    let mut slow = 0;
    let mut seen = 0;
    while seen < last {
        let start = Instant::now();
        assert!(region.wait(PATIENCE).unwrap());
        slow += u32::from(start.elapsed() >= LOST);
        let sequence = region.sequence().unwrap();
        assert!(sequence >= seen, "the count goes up");
        seen = sequence;
    }
    assert!(slow < 3, "{slow} waits took more than {LOST:?}, as if a sleeper had been forgotten");
    part.say(seen);
}

/// Several notify at once, several sleep at once, and each sleeper meets the end.
fn crowd(notifiers: u64, each: u64, spin: Duration) {
    let stage = Stage::new();
    let owner = stage.options().create("r", 1).unwrap();
    let last = notifiers * each;
    let mut waiters: Vec<_> = (0..3).map(|_| stage.start("count")).collect();
    for waiter in &mut waiters {
        waiter.tell(spin.as_micros());
        waiter.tell(last);
        waiter.expect("inside");
    }
    std::thread::scope(|scope| {
        for _ in 0..notifiers {
            let peer = stage.options().open("r").unwrap();
            scope.spawn(move || {
                for _ in 0..each {
                    peer.notify().unwrap();
                    std::thread::yield_now();
                }
            });
        }
    });
    assert_eq!(owner.sequence().unwrap(), last);
    waiters.iter_mut().for_each(|waiter| waiter.expect(&last.to_string()));
}

#[test]
fn in_a_crowd_nobody_is_forgotten() {
    crowd(3, 10_000, Duration::ZERO);
    crowd(2, 10_000, Duration::from_micros(20));
}

/// Says that it sleeps, and sleeps.
fn stay_behind(part: &mut Part) {
    let region = part.options().spin(Duration::ZERO).open("r").unwrap();
    part.say_thread();
    loop {
        let answer = word(region.wait(PATIENCE));
        part.say(&answer);
        if answer != "true" {
            part.hear();
        }
    }
}

#[test]
fn a_stopped_waiter_disturbs_nobody_and_gets_its_due() {
    let mut stopped = play("beside a stopped process", Duration::ZERO, 1000, |stage| {
        let mut stopped = stage.start("stay_behind");
        stopped.until_asleep();
        stopped.stop();
        stopped
    });
    stopped.signal(Signal::CONT);
    stopped.expect("true");
    stopped.expect("Closed");
}

#[test]
fn waiters_that_stop_or_die_in_the_middle_disturb_nobody() {
    let stage = Stage::new();
    let owner = stage.options().create("r", 1).unwrap();
    let mut lasting = stage.start("count");
    let rounds = 60;
    lasting.tell(0);
    lasting.tell(rounds);
    lasting.expect("inside");
    let mut stopped = Vec::new();
    for round in 0..rounds {
        let mut victim = stage.start("stay_behind");
        match round % 3 {
            // Its pending notifications come first, so it may be anywhere when it is killed.
            0 => {
                victim.hear();
                victim.kill();
            }
            1 => {
                victim.hear();
                victim.stop();
                stopped.push(victim);
            }
            _ => victim.kill(),
        }
        owner.notify().unwrap();
    }
    lasting.expect(&rounds.to_string());
    let late = stage.options().open("r").unwrap();
    let waits = common::sleeper::sleeper(move || (word(late.wait(PATIENCE)), word(late.wait(PATIENCE))));
    owner.notify().unwrap();
    assert_eq!(waits.result(), ("true".into(), "true".into()));
    for mut process in stopped {
        process.signal(Signal::CONT);
        process.expect("true");
    }
}
