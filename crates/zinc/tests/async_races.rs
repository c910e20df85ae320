//! Handles and waits may be used, closed and dropped on any thread while others are in the middle of them.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;

use common::futures::{Task, poll};
use common::sleeper::promptly;
use common::{Part, Stage, word};
use zinc::SharedRegion;

common::parts!(own);

#[test]
fn a_handle_may_be_closed_while_its_waits_are_polled_elsewhere() {
    let stage = Stage::new();
    let owner = stage.options().create("r", 1).unwrap();
    for round in 0..500 {
        let region = Arc::new(stage.options().open("r").unwrap());
        let seen = owner.sequence().unwrap();
        assert_eq!(region.wait(0).unwrap(), seen > 0);
        let (go, gate) = channel::<()>();
        let polls = Task::start({
            let region = region.clone();
            async move {
                go.send(()).unwrap();
                loop {
                    if let Err(error) = region.notified().await {
                        return error.kind().name();
                    }
                }
            }
        });
        let waits = Task::start({
            let region = region.clone();
            async move {
                loop {
                    if let Err(error) = region.wait_async(1).await {
                        return error.kind().name();
                    }
                }
            }
        });
        gate.recv().unwrap();
        if round % 2 == 0 {
            owner.notify().unwrap();
        }
        (0..round % 50 * 20).for_each(|_| std::hint::spin_loop());
        region.close().unwrap();
        assert_eq!([polls.result(), waits.result()], ["Closed", "Closed"], "round {round}");
    }
}

#[test]
fn an_interrupt_reaches_every_wait_that_is_in_progress() {
    let stage = Stage::new();
    let _owner = stage.options().create("r", 1).unwrap();
    let region = Arc::new(stage.options().open("r").unwrap());
    for _ in 0..500 {
        let mut waits: Vec<_> = (0..3).map(|_| region.notified()).collect();
        assert!(waits.iter_mut().all(|wait| poll(wait).is_pending()));
        let tasks: Vec<_> = waits.into_iter().map(|wait| Task::start(async { word(wait.await) })).collect();
        region.interrupt();
        assert!(tasks.iter().all(|task| task.result() == "Interrupted"));
    }
}

#[test]
fn waits_may_be_dropped_on_any_thread() {
    let stage = Stage::new();
    let owner = stage.options().create("r", 1).unwrap();
    let region = stage.options().open("r").unwrap();
    let stop = AtomicBool::new(false);
    let (give, take) = channel::<zinc::Notified>();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                owner.notify().unwrap();
                std::thread::yield_now();
            }
        });
        scope.spawn(move || take.into_iter().for_each(drop));
        for _ in 0..20_000 {
            let mut wait = region.notified();
            let _ = poll(&mut wait);
            give.send(wait).unwrap();
        }
        drop(give);
        stop.store(true, Ordering::Relaxed);
    });
    let mut last = region.wait_async(0);
    let _ = poll(&mut last);
    let wait = region.notified();
    owner.notify().unwrap();
    assert_eq!(promptly(move || word(pollster::block_on(wait))), "()");
}

/// A wait that is pending. One that begins while another thread takes a notification in may get the same one.
fn pending(region: &SharedRegion) -> zinc::Notified {
    loop {
        let mut wait = region.notified();
        if poll(&mut wait).is_pending() {
            return wait;
        }
    }
}

/// Several tasks and threads on one handle: whoever takes a notification in, nobody who was pending sleeps on.
#[test]
fn threads_and_tasks_of_one_handle_get_every_notification_together() {
    let stage = Stage::new();
    let owner = stage.options().create("r", 1).unwrap();
    let region = Arc::new(stage.options().open("r").unwrap());
    let stop = Arc::new(AtomicBool::new(false));
    let takers: Vec<_> = (0..2)
        .map(|_| {
            let (region, stop) = (region.clone(), stop.clone());
            std::thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    region.wait(0).unwrap();
                }
            })
        })
        .collect();
    for round in 0..5000 {
        let [one, two] = [pending(&region), pending(&region)];
        owner.notify().unwrap();
        for wait in [one, two] {
            assert_eq!(promptly(move || word(pollster::block_on(wait))), "()", "round {round}");
        }
    }
    stop.store(true, Ordering::Relaxed);
    takers.into_iter().for_each(|taker| taker.join().unwrap());
}

fn own(part: &mut Part) {
    let mut owners = Vec::new();
    loop {
        let name = part.hear();
        owners.push(part.options().create(name, 1).unwrap());
        part.say("created");
    }
}

/// Waits begin at the very moment at which their owner dies: before, in the middle of its being found dead, and after.
#[test]
fn the_owners_death_reaches_waits_that_begin_just_then() {
    let stage = Stage::new();
    for round in 0..3 {
        let mut owner = stage.start("own");
        owner.tell("r");
        owner.expect("created");
        let region = Arc::new(stage.options().open("r").unwrap());
        let tasks: Vec<_> = (0..16)
            .map(|_| {
                let region: SharedRegion = (*region).clone();
                Task::start(async move {
                    loop {
                        match region.wait_async(1).await {
                            Ok(_) => {}
                            Err(error) => return error.kind().name(),
                        }
                    }
                })
            })
            .collect();
        owner.kill();
        assert!(tasks.iter().all(|task| task.result() == "OwnerDied"), "round {round}");
    }
}
