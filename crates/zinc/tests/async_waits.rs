//! A wait that is a future ends for all that ends a wait with a thread, on any executor, and loses nothing.

mod common;

use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use common::futures::poll;
use common::sleeper::sleeper;
use common::{Part, Stage, note, word};
use zinc::{ErrorKind, SharedRegion, Timeout};

common::parts!(own, echo);

fn own(part: &mut Part) {
    let owner = part.options().create("r", 1).unwrap();
    part.say("created");
    loop {
        match part.hear().as_str() {
            "notify" => owner.notify().unwrap(),
            "close" => owner.close().unwrap(),
            other => panic!("{other}?"),
        }
        part.say("done");
    }
}

#[test]
fn a_notification_from_another_process_wakes_the_task() {
    let stage = Stage::new();
    let mut owner = stage.start("own");
    owner.expect("created");
    let region = stage.options().open("r").unwrap();
    for _ in 0..100 {
        let mut wait = region.notified();
        assert!(poll(&mut wait).is_pending());
        owner.tell("notify");
        pollster::block_on(wait).unwrap();
        owner.expect("done");
    }
    assert_eq!(region.sequence().unwrap(), 100);
}

#[test]
fn what_was_notified_before_is_there_at_once() {
    let stage = Stage::new();
    let owner = stage.options().create("r", 1).unwrap();
    owner.notify().unwrap();
    let region = stage.options().open("r").unwrap();
    assert!(matches!(poll(&mut region.notified()), Poll::Ready(Ok(()))));
    assert!(poll(&mut region.notified()).is_pending());
    assert!(matches!(poll(&mut region.wait_async(0)), Poll::Ready(Ok(false))));
}

#[test]
fn the_time_is_up_when_it_is() {
    let stage = Stage::new();
    let _owner = stage.options().create("r", 1).unwrap();
    let region = stage.options().open("r").unwrap();
    let start = Instant::now();
    assert!(!pollster::block_on(region.wait_async(Duration::from_millis(30))).unwrap());
    assert!(start.elapsed() >= Duration::from_millis(30));
}

#[test]
fn a_dropped_wait_takes_nothing_away() {
    let stage = Stage::new();
    let owner = stage.options().create("r", 1).unwrap();
    let region = stage.options().open("r").unwrap();
    let mut dropped = region.notified();
    assert!(poll(&mut dropped).is_pending());
    owner.notify().unwrap();
    drop(dropped);
    assert!(region.wait(0).unwrap());
}

#[test]
fn one_notification_ends_all_waits_of_a_handle_and_of_its_clones() {
    let stage = Stage::new();
    let owner = stage.options().create("r", 1).unwrap();
    let region = stage.options().open("r").unwrap();
    let clone = region.clone();
    let mut waits = [region.notified(), region.notified(), clone.notified()];
    assert!(waits.iter_mut().all(|wait| poll(wait).is_pending()));
    owner.notify().unwrap();
    for wait in waits {
        pollster::block_on(wait).unwrap();
    }
    assert!(!region.wait(0).unwrap() && !clone.wait(0).unwrap());
}

#[test]
fn a_handles_own_notify_does_not_end_its_wait() {
    let stage = Stage::new();
    let owner = stage.options().create("r", 1).unwrap();
    let region = stage.options().open("r").unwrap();
    let mut wait = region.wait_async(50);
    assert!(poll(&mut wait).is_pending());
    region.notify().unwrap();
    assert!(!pollster::block_on(wait).unwrap());
    region.notify().unwrap();
    owner.notify().unwrap();
    assert!(pollster::block_on(region.wait_async(Timeout::FOREVER)).unwrap());
}

#[test]
fn close_drop_and_interrupt_of_the_handle_end_its_waits_alone() {
    let stage = Stage::new();
    let _owner = stage.options().create("r", 1).unwrap();
    let region = stage.options().open("r").unwrap();
    let clone = region.clone();
    let mut other = clone.notified();
    assert!(poll(&mut other).is_pending());

    let mut wait = region.notified();
    assert!(poll(&mut wait).is_pending());
    region.interrupt();
    assert_eq!(pollster::block_on(wait).unwrap_err().kind(), ErrorKind::Interrupted);

    let mut wait = region.notified();
    assert!(poll(&mut wait).is_pending());
    region.close().unwrap();
    assert_eq!(pollster::block_on(wait).unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(pollster::block_on(region.notified()).unwrap_err().kind(), ErrorKind::Closed);

    assert!(poll(&mut other).is_pending());
    drop(clone);
    assert_eq!(pollster::block_on(other).unwrap_err().kind(), ErrorKind::Closed);
}

#[test]
fn the_owners_close_ends_waits_after_what_was_notified() {
    let stage = Stage::new();
    let mut owner = stage.start("own");
    owner.expect("created");
    let region = stage.options().open("r").unwrap();
    let mut wait = region.notified();
    assert!(poll(&mut wait).is_pending());
    for command in ["notify", "close"] {
        owner.tell(command);
        owner.expect("done");
    }
    pollster::block_on(wait).unwrap();
    assert_eq!(pollster::block_on(region.notified()).unwrap_err().kind(), ErrorKind::Closed);
}

#[test]
fn the_owners_death_ends_waits_of_both_sorts() {
    let stage = Stage::new();
    let mut owner = stage.start("own");
    owner.expect("created");
    let region = Arc::new(stage.options().open("r").unwrap());
    // Enough of them asleep for long, so that the hub looks after the owner for them, too.
    let sleepers: Vec<_> = (0..8)
        .map(|_| {
            let clone = (*region).clone();
            sleeper(move || word(clone.wait(Timeout::FOREVER)))
        })
        .collect();
    let waits: Vec<_> = (0..8)
        .map(|_| {
            let region = region.clone();
            sleeper(move || word(pollster::block_on(region.notified())))
        })
        .collect();
    let start = Instant::now();
    owner.kill();
    for wait in waits.into_iter().chain(sleepers) {
        assert_eq!(wait.result(), "OwnerDied");
    }
    note(format_args!("OwnerDied for all within {:?}", start.elapsed()));
    assert!(stage.files().is_empty(), "the dead owner's name is swept");
}

fn echo(part: &mut Part) {
    let region = part.options().open("r").unwrap();
    part.say("ready");
    while pollster::block_on(region.notified()).is_ok() {
        region.notify().unwrap();
    }
    part.say("over");
}

#[test]
fn two_processes_take_turns_through_their_hubs() {
    let stage = Stage::new();
    let owner = stage.options().create("r", 1).unwrap();
    let mut other = stage.start("echo");
    other.expect("ready");
    let start = Instant::now();
    for _ in 0..1000 {
        owner.notify().unwrap();
        pollster::block_on(owner.notified()).unwrap();
    }
    note(format_args!("1000 turns through two hubs: {:?} each", start.elapsed() / 1000));
    assert_eq!(owner.sequence().unwrap(), 2000);
    owner.close().unwrap();
    other.expect("over");
}

#[test]
fn tokio_runs_it_with_its_own_timeouts_and_select() {
    let stage = Stage::new();
    let owner = stage.options().create("r", 1).unwrap();
    let region = Arc::new(stage.options().open("r").unwrap());
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    runtime.block_on(async {
        let late = tokio::time::timeout(Duration::from_millis(20), region.notified()).await;
        assert!(late.is_err());
        let tasks: Vec<_> = (0..100)
            .map(|_| {
                let region: SharedRegion = (*region).clone();
                tokio::spawn(async move { region.notified().await })
            })
            .collect();
        owner.notify().unwrap();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        tokio::select! {
            notified = region.notified() => notified.unwrap(),
            () = std::future::pending() => {}
        }
    });
}
