//! Waits in great numbers rest while nothing happens, and none is forgotten when something does.

mod common;

use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use common::futures::{Task, poll};
use common::sleeper::{sleeper, until_all_asleep};
use common::{Actor, PATIENCE, Part, Stage, note, until};
use zinc::{OwnedRegion, SharedRegion, Timeout};

common::parts!(wait_for_all, sleep_on_threads, notify_in_a_stream, notify_all_over, answer_all);

const REGIONS: usize = 1000;

fn create(stage: &Stage, count: usize) -> Vec<OwnedRegion> {
    (0..count).map(|i| stage.options().create(format!("r{i}"), 1).unwrap()).collect()
}

fn open(part: &Part, count: usize) -> Vec<SharedRegion> {
    (0..count).map(|i| part.options().open(format!("r{i}")).unwrap()).collect()
}

fn wait_for_all(part: &mut Part) {
    let regions = open(part, REGIONS);
    let mut waits: Vec<_> = regions.iter().map(SharedRegion::notified).collect();
    assert!(waits.iter_mut().all(|wait| poll(wait).is_pending()));
    part.say("pending");
    for wait in waits {
        pollster::block_on(wait).unwrap();
    }
    part.say("all");
    part.hear();
}

/// Prints what a process costs that is left alone for some seconds; gives how often its threads woke up in a second.
fn cost_at_rest(what: &str, process: &Actor) -> f64 {
    const WINDOW: Duration = Duration::from_secs(3);
    let threads = process.threads().len();
    let (time, switches) = (process.processor_time(), process.switches());
    let start = Instant::now();
    // Not a handshake: nothing happens in this time, which is what is measured.
    std::thread::sleep(WINDOW);
    let window = start.elapsed().as_secs_f64();
    let share = (process.processor_time() - time).as_secs_f64() / window;
    let wakes = (process.switches() - switches) as f64 / window;
    note(format_args!(
        "{what}: {threads} threads, {:.4} % of a core, {wakes:.1} wake-ups a second",
        100.0 * share
    ));
    wakes
}

/// Whether the process comes to rest: on a busy machine what went before may not have ended when the first look begins.
fn comes_to_rest(what: &str, process: &Actor, wakes: f64) -> bool {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if cost_at_rest(what, process) < wakes {
            return true;
        }
    }
    false
}

#[test]
fn a_thousand_waits_over_a_thousand_regions_have_few_threads_that_rest() {
    let stage = Stage::new();
    let owners = create(&stage, REGIONS);
    let mut waiter = stage.start("wait_for_all");
    waiter.expect("pending");
    until_all_asleep(waiter.pid());
    let threads = waiter.threads();
    assert!(threads.iter().filter(|name| *name == "zinc-hub").count() <= 8, "{threads:?}");
    // One thread looks after all owners, twice a second.
    assert!(
        comes_to_rest("1000 pending waits over 1000 regions", &waiter, 20.0),
        "something looks all the time"
    );
    owners.iter().for_each(|owner| owner.notify().unwrap());
    waiter.expect("all");
}

const THREADS: usize = 64;

fn sleep_on_threads(part: &mut Part) {
    let sleepers: Vec<_> = open(part, THREADS)
        .into_iter()
        .map(|region| sleeper(move || region.wait(Timeout::FOREVER).unwrap()))
        .collect();
    part.say("asleep");
    assert!(sleepers.iter().all(|sleeper| sleeper.result()));
    part.say("all");
}

#[test]
fn many_threads_that_wait_rest_too() {
    let stage = Stage::new();
    let owners = create(&stage, THREADS);
    let mut waiter = stage.start("sleep_on_threads");
    waiter.expect("asleep");
    until("the hub looks after the owners", || waiter.threads().iter().any(|name| name == "zinc-hub"));
    until_all_asleep(waiter.pid());
    assert!(comes_to_rest("64 threads asleep over 64 regions", &waiter, 60.0), "each looks by itself");
    owners.iter().for_each(|owner| owner.notify().unwrap());
    waiter.expect("all");
}

#[test]
fn ten_thousand_waits_of_one_handle_end_together() {
    let stage = Stage::new();
    let owner = stage.options().create("r", 1).unwrap();
    let region = stage.options().open("r").unwrap();
    for count in [1, 1000] {
        let handles: Vec<_> = (0..count).map(|_| region.clone()).collect();
        let mut waits: Vec<_> = handles.iter().cycle().take(10_000).map(SharedRegion::notified).collect();
        let start = Instant::now();
        assert!(waits.iter_mut().all(|wait| poll(wait).is_pending()));
        let begun = start.elapsed();
        // Every second one of each handle is given up.
        let mut nth = 0..;
        waits.retain(|_| nth.next().is_some_and(|nth| nth / count % 2 == 0));
        let dropped = start.elapsed();
        owner.notify().unwrap();
        for wait in waits {
            pollster::block_on(wait).unwrap();
        }
        note(format_args!(
            "10000 waits of {} handles: begun in {begun:?}, half dropped in {:?}, the rest ended in {:?}",
            handles.len(),
            dropped - begun,
            start.elapsed() - dropped
        ));
        assert!(handles.iter().all(|handle| !handle.wait(0).unwrap()), "all took it in");
        assert!(region.wait(0).unwrap());
    }
}

fn notify_in_a_stream(part: &mut Part) {
    let region = part.options().open("r0").unwrap();
    part.say("streaming");
    loop {
        region.notify().unwrap();
    }
}

#[test]
fn a_stream_of_notifications_on_one_region_holds_up_no_other() {
    let stage = Stage::new();
    let owners = create(&stage, 2);
    let regions = [0, 1].map(|i| Arc::new(stage.options().open(format!("r{i}")).unwrap()));
    let mut streamer = stage.start("notify_in_a_stream");
    streamer.expect("streaming");
    let busy = Task::start({
        let region = regions[0].clone();
        async move { while region.notified().await.is_ok() {} }
    });
    let start = Instant::now();
    for _ in 0..200 {
        let mut wait = regions[1].notified();
        assert!(poll(&mut wait).is_pending());
        owners[1].notify().unwrap();
        pollster::block_on(wait).unwrap();
    }
    note(format_args!("beside a stream: {:?} a wait", start.elapsed() / 200));
    regions[0].close().unwrap();
    busy.result();
}

const SPREAD: usize = 200;
const NOTIFIERS: usize = 4;
const NOTIFICATIONS: usize = 100_000;
/// Each region's share of one process's notifications.
const SHARE: usize = NOTIFICATIONS / NOTIFIERS / SPREAD;

fn notify_all_over(part: &mut Part) {
    let regions = open(part, SPREAD);
    part.say("ready");
    let step: usize = part.hear().parse().unwrap();
    for turn in 0..SHARE {
        for i in 0..SPREAD {
            // Each process in another order.
            regions[(turn + i * step) % SPREAD].notify().unwrap();
        }
        // So that waits sleep and are woken many times over, and do not get all at once.
        std::thread::yield_now();
    }
    part.say("done");
    part.hear();
}

#[test]
fn of_a_hundred_thousand_notifications_over_two_hundred_regions_none_is_lost() {
    let stage = Stage::new();
    let owners = create(&stage, SPREAD);
    let mut notifiers: Vec<_> = (0..NOTIFIERS).map(|_| stage.start("notify_all_over")).collect();
    notifiers.iter_mut().for_each(|notifier| notifier.expect("ready"));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let tasks: Vec<_> = (0..SPREAD)
        .map(|i| {
            let region = stage.options().open(format!("r{i}")).unwrap();
            runtime.spawn(async move {
                let (mut reached, mut turns) = (0, 0);
                while reached < (NOTIFIERS * SHARE) as u64 {
                    region.notified().await.unwrap();
                    let sequence = region.sequence().unwrap();
                    // Not always more: the sequence may have been past what the wait before took in.
                    assert!(sequence >= reached);
                    (reached, turns) = (sequence, turns + 1);
                }
                (reached, turns)
            })
        })
        .collect();
    let start = Instant::now();
    for (notifier, step) in notifiers.iter_mut().zip([1, 3, 7, 11]) {
        notifier.tell(step);
    }
    let all = Task::start(async move {
        let mut turns = 0;
        for task in tasks {
            let (reached, took) = task.await.unwrap();
            assert_eq!(reached, (NOTIFIERS * SHARE) as u64);
            turns += took;
        }
        turns
    });
    let turns: u32 = all.result();
    note(format_args!("{NOTIFICATIONS} notifications, {turns} wake-ups, in {:?}", start.elapsed()));
    assert!(owners.iter().all(|owner| owner.sequence().unwrap() == (NOTIFIERS * SHARE) as u64));
}

const TURNS: u64 = 50;

fn answer_all(part: &mut Part) {
    let tasks: Vec<_> = open(part, SPREAD)
        .into_iter()
        .map(|region| async move {
            for _ in 0..TURNS {
                region.notified().await.unwrap();
                region.notify().unwrap();
            }
        })
        .collect();
    part.say("ready");
    run_all(tasks);
    part.say("done");
}

fn run_all(tasks: Vec<impl Future<Output = ()> + Send + 'static>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let tasks: Vec<_> = tasks.into_iter().map(|task| runtime.spawn(task)).collect();
    Task::start(async move {
        for task in tasks {
            task.await.unwrap();
        }
    })
    .result();
}

/// Nothing but the other's answer ends a wait here, so one lost wake-up stops everything.
#[test]
fn two_hubs_take_turns_over_two_hundred_regions_at_once() {
    let stage = Stage::new();
    let owners = create(&stage, SPREAD);
    let mut other = stage.start("answer_all");
    other.expect("ready");
    let start = Instant::now();
    let tasks = owners.into_iter().map(|owner| async move {
        for _ in 0..TURNS {
            owner.notify().unwrap();
            owner.notified().await.unwrap();
        }
        // It stays until the other side has seen the last one.
        std::mem::forget(owner);
    });
    run_all(tasks.collect());
    let turns = TURNS as u32 * SPREAD as u32;
    note(format_args!("{turns} turns over {SPREAD} regions: {:?} each", start.elapsed() / turns));
    other.expect("done");
}

/// Timeouts end in their order, whatever the order in which they began, and others stay.
#[test]
fn a_thousand_timeouts_end_each_at_its_time() {
    let stage = Stage::new();
    let _owner = stage.options().create("r", 1).unwrap();
    let region = stage.options().open("r").unwrap();
    let mut forever = region.notified();
    assert!(poll(&mut forever).is_pending());
    let start = Instant::now();
    let waits: Vec<_> = (0..1000u64)
        .map(|i| {
            let time = Duration::from_micros(i * 7919 % 1000 * 100);
            let mut wait = region.wait_async(time);
            let mut context = std::task::Context::from_waker(Waker::noop());
            let _ = std::pin::Pin::new(&mut wait).poll(&mut context).map(|over| assert!(!over.unwrap()));
            (time, wait)
        })
        .collect();
    for (time, wait) in waits.into_iter().filter(|(time, _)| !time.is_zero()) {
        // Those that were over at once cannot be asked again; they are of the shortest times.
        if format!("{wait:?}").contains("pending") {
            assert!(!pollster::block_on(wait).unwrap());
            assert!(start.elapsed() >= time);
        }
    }
    assert!(poll(&mut forever).is_pending());
    assert!(start.elapsed() < PATIENCE);
}
