//! All promises of async waits hold where the system gives less: no `futex_waitv`, no inotify, no right to write.

mod common;

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use common::futures::{Task, poll};
use common::sandbox::{become_user, deny};
use common::sleeper::sleeper;
use common::{PATIENCE, Part, Stage, is_root, note, until, word};
use zinc::{SharedRegion, Timeout};

common::parts!(without_waitv, answer_without_waitv, watch_without_inotify, read_only, own);

/// As `old_kernel.rs` has them.
const ERRORS: [i32; 2] = [libc::ENOSYS, libc::EPERM];

fn open(part: &Part) -> SharedRegion {
    part.options().open("r").unwrap()
}

fn pending(region: &SharedRegion) -> zinc::Notified {
    let mut wait = region.notified();
    assert!(poll(&mut wait).is_pending());
    wait
}

fn without_waitv(part: &mut Part) {
    deny(libc::SYS_futex_waitv, part.hear().parse().unwrap());
    let region = open(part);
    // One by one, so that each begins while the thread sleeps already.
    for _ in 0..20 {
        let wait = pending(&region);
        part.say("pending");
        pollster::block_on(wait).unwrap();
    }
    let start = Instant::now();
    assert!(!pollster::block_on(region.wait_async(30)).unwrap());
    assert!(start.elapsed() >= Duration::from_millis(30));

    let wait = pending(&region);
    region.interrupt();
    part.say(word(pollster::block_on(wait)));
    let closed = region.clone();
    let wait = pending(&closed);
    closed.close().unwrap();
    part.say(word(pollster::block_on(wait)));

    let (say, ran) = channel();
    region.wait_then(Timeout::FOREVER, move |over| say.send(word(over)).unwrap()).unwrap();
    let never = region.wait_then(Timeout::FOREVER, |_| unreachable!("it was cancelled")).unwrap();
    assert!(never.cancel());
    part.say("waiting for a call");
    part.say(ran.recv_timeout(PATIENCE).unwrap());

    part.say("at rest");
    part.hear();
    let wait = pending(&region);
    part.say("pending");
    part.say(word(pollster::block_on(wait)));
}

#[test]
fn notifications_timeouts_and_ends_arrive_without_waitv() {
    for error in ERRORS {
        let stage = Stage::new();
        let mut owner = stage.start("own");
        owner.expect("created");
        let notifier = stage.options().open("r").unwrap();
        let mut process = stage.start("without_waitv");
        process.tell(error);
        for _ in 0..20 {
            process.expect("pending");
            notifier.notify().unwrap();
        }
        process.expect("Interrupted");
        process.expect("Closed");
        process.expect("waiting for a call");
        notifier.notify().unwrap();
        process.expect("true");
        process.expect("at rest");
        // Whoever looks all the time does so hundreds of times a second; owners are looked after a little longer.
        until("nobody looks any more", || {
            let switches = process.switches();
            std::thread::sleep(Duration::from_millis(500));
            process.switches() - switches < 20
        });
        process.tell("go on");
        process.expect("pending");
        let start = Instant::now();
        owner.kill();
        process.expect("OwnerDied");
        note(format_args!("without futex_waitv: OwnerDied within {:?}", start.elapsed()));
    }
}

const TURNS: u32 = 50;
const SPREAD: usize = 200;

fn open_all(stage: &zinc::RegionOptions) -> Vec<SharedRegion> {
    (0..SPREAD).map(|i| stage.open(format!("r{i}")).unwrap()).collect()
}

fn answer_without_waitv(part: &mut Part) {
    deny(libc::SYS_futex_waitv, libc::ENOSYS);
    let regions = open_all(&part.options());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let tasks: Vec<_> = regions
        .into_iter()
        .map(|region| {
            runtime.spawn(async move {
                for _ in 0..TURNS {
                    region.notified().await.unwrap();
                    region.notify().unwrap();
                }
            })
        })
        .collect();
    part.say("ready");
    for task in tasks {
        pollster::block_on(task).unwrap();
    }
    part.say("done");
}

#[test]
fn no_turn_is_lost_over_two_hundred_regions_without_waitv_on_one_side() {
    let stage = Stage::new();
    let owners: Vec<_> = (0..SPREAD).map(|i| stage.options().create(format!("r{i}"), 1).unwrap()).collect();
    let mut other = stage.start("answer_without_waitv");
    other.expect("ready");
    let start = Instant::now();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let tasks: Vec<_> = open_all(&stage.options())
        .into_iter()
        .map(|region| {
            runtime.spawn(async move {
                for _ in 0..TURNS {
                    region.notify().unwrap();
                    region.notified().await.unwrap();
                }
            })
        })
        .collect();
    Task::start(async move {
        for task in tasks {
            task.await.unwrap();
        }
    })
    .result();
    let turns = TURNS * SPREAD as u32;
    note(format_args!("without futex_waitv on one side: {turns} turns, {:?} each", start.elapsed() / turns));
    other.expect("done");
    drop(owners);
}

fn own(part: &mut Part) {
    let _owner = part.options().create("r", 1).unwrap();
    part.say("created");
    part.hear();
}

fn watch_without_inotify(part: &mut Part) {
    let call: libc::c_long = part.hear().parse().unwrap();
    deny(call, part.hear().parse().unwrap());
    let region = Arc::new(open(part));
    // By a future, by a callback, and by threads enough for the hub to look after the owner for them.
    let wait = pending(&region);
    let (say, ran) = channel();
    region.wait_then(Timeout::FOREVER, move |over| say.send(word(over)).unwrap()).unwrap();
    let sleepers: Vec<_> = (0..6)
        .map(|_| {
            let region = region.clone();
            sleeper(move || word(region.wait(Timeout::FOREVER)))
        })
        .collect();
    part.say("pending");
    part.say(word(pollster::block_on(wait)));
    part.say(ran.recv_timeout(PATIENCE).unwrap());
    for sleeper in sleepers {
        part.say(sleeper.result());
    }
}

#[test]
fn the_owners_death_is_noticed_where_files_cannot_be_watched() {
    for (call, error) in [
        (libc::SYS_inotify_init1, libc::EMFILE),
        (libc::SYS_inotify_init1, libc::EPERM),
        (libc::SYS_inotify_add_watch, libc::ENOSPC),
    ] {
        let stage = Stage::new();
        let mut owner = stage.start("own");
        owner.expect("created");
        let mut process = stage.start("watch_without_inotify");
        process.tell(call);
        process.tell(error);
        process.expect("pending");
        let start = Instant::now();
        owner.kill();
        for _ in 0..8 {
            process.expect("OwnerDied");
        }
        note(format_args!("without inotify: OwnerDied for all within {:?}", start.elapsed()));
    }
}

const READER: u32 = 23_456;

fn read_only(part: &mut Part) {
    become_user(READER);
    let region = part.options().accept_owner(0).read_only(true).open("r").unwrap();
    assert_eq!(word(region.notify()), "PermissionDenied");
    for _ in 0..10 {
        let wait = pending(&region);
        part.say("pending");
        part.say(word(pollster::block_on(wait)));
    }
    part.say(word(pollster::block_on(region.wait_async(20))));
    part.say("at rest");
    part.hear();
    let wait = pending(&region);
    part.say("pending");
    part.say(word(pollster::block_on(wait)));
}

/// Such a handle cannot ask to be woken, so its waits look now and then; nobody does when none is pending.
#[test]
fn who_may_only_read_waits_too() {
    if !is_root() {
        return;
    }
    let stage = Stage::new();
    stage.let_everyone_in();
    let owner = stage.options().mode(0o644).create("r", 1).unwrap();
    let mut reader = stage.start("read_only");
    for _ in 0..10 {
        reader.expect("pending");
        owner.notify().unwrap();
        reader.expect("()");
    }
    reader.expect("false");
    reader.expect("at rest");
    until("nobody looks any more", || {
        let switches = reader.switches();
        std::thread::sleep(Duration::from_millis(500));
        reader.switches() - switches < 20
    });
    reader.tell("go on");
    reader.expect("pending");
    owner.close().unwrap();
    reader.expect("Closed");
}
