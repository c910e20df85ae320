//! Opens that wait without a thread of their own: they end as `open` ends, many of them rest on one thread, and one that
//! is given up leaves nothing.

mod common;

use std::sync::mpsc::{Receiver, channel};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use common::forked::fork;
use common::futures::{Task, poll};
use common::sleeper::until_all_asleep;
use common::{PATIENCE, Part, Stage, hex, note, until, word};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use zinc::{ErrorKind, OpenCallback, RegionOptions, SharedRegion, Timeout};

common::parts!(
    begin_many,
    open_unwatched,
    fork_with_pending_opens,
    fork_beside_opens,
    exhaust_files,
    exhaust_threads,
    close_all_descriptors,
);

#[track_caller]
fn heard<T>(from: &Receiver<T>) -> T {
    from.recv_timeout(PATIENCE).expect("a callback that tells of it")
}

fn open_then(options: &RegionOptions, name: &str) -> (OpenCallback, Receiver<zinc::Result<SharedRegion>>) {
    let (say, outcome) = channel();
    let open = options.open_then(name, move |opened| drop(say.send(opened))).unwrap();
    (open, outcome)
}

fn opener_threads() -> usize {
    common::threads(std::process::id() as i32).iter().filter(|name| *name == "zinc-open").count()
}

#[test]
fn a_region_that_is_there_is_opened_at_once() {
    let stage = Stage::new();
    let owner = stage.options().create("r", 1).unwrap();
    for options in
        [stage.options(), stage.options().prefault(true), stage.options().timeout(Timeout::FOREVER)]
    {
        let region = pollster::block_on(options.open_async("r")).unwrap();
        assert_eq!(region.info().id, owner.info().id);
        let (open, outcome) = open_then(&options, "r");
        assert_eq!(heard(&outcome).unwrap().info().id, owner.info().id);
        assert!(!open.cancel(), "it has run");
    }
}

#[test]
fn an_open_ends_when_the_region_appears() {
    let stage = Stage::new();
    let options = stage.options().timeout(Timeout::FOREVER);
    let task = Task::start({
        let open = options.open_async("r");
        async move { open.await.unwrap().info().id }
    });
    let (_open, outcome) = open_then(&options, "r");
    until("the thread waits", || opener_threads() == 1);
    assert!(task.is_still_waiting());
    // Other names, and files that are no regions at all, are not what they wait for.
    let _other = stage.options().create("r2", 1).unwrap();
    std::fs::write(stage.path().join("r"), "").unwrap();
    assert!(outcome.try_recv().is_err());
    let owner = stage.options().unlinked(true).create("r", 1).unwrap();
    owner.notify().unwrap();
    assert!(outcome.try_recv().is_err(), "it has no name yet");
    owner.link().unwrap();
    assert_eq!(task.result(), owner.info().id);
    let region = heard(&outcome).unwrap();
    assert!(region.wait(0).unwrap(), "and what was notified is not lost");
}

#[test]
fn the_region_may_come_and_go_at_any_moment() {
    let stage = Stage::new();
    let options = stage.options().timeout(PATIENCE);
    for round in 0..300 {
        let (say, polled) = channel();
        let task = Task::start({
            let mut open = options.open_async("r");
            async move {
                // Between the first poll and the next there is no open of the region's that could see it.
                let first = std::pin::Pin::new(&mut open).poll(&mut Context::from_waker(Waker::noop()));
                let _ = say.send(());
                let opened = match first {
                    std::task::Poll::Ready(opened) => opened,
                    std::task::Poll::Pending => open.await,
                };
                opened.map(|region| region.info().id)
            }
        });
        if round % 2 == 0 {
            heard(&polled);
        }
        let owner = stage.options().create("r", 1).unwrap();
        assert_eq!(task.result().unwrap(), owner.info().id, "round {round}");
    }
}

#[test]
fn when_the_time_is_up_there_is_no_region() {
    let stage = Stage::new();
    for time in [0, 1, 50] {
        let options = stage.options().timeout(Duration::from_millis(time));
        let start = Instant::now();
        let error = pollster::block_on(options.open_async("r")).unwrap_err();
        assert_eq!((error.kind(), error.region()), (ErrorKind::NotFound, Some("r")));
        assert!(start.elapsed() >= Duration::from_millis(time));
        let error = heard(&open_then(&options, "r").1).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(error.to_string(), options.open("r").unwrap_err().to_string(), "in the words of `open`");
    }
    assert_eq!(
        word(pollster::block_on(stage.options().open_async("r"))),
        "NotFound",
        "by default it looks once"
    );
}

#[test]
fn deadlines_end_each_open_in_its_own_time() {
    let stage = Stage::new();
    let (say, over) = channel();
    // Begun in no order.
    let times: Vec<u64> = (0..60).map(|nth| nth * 37 % 60).collect();
    for &time in &times {
        let say = say.clone();
        let options = stage.options().timeout(Duration::from_millis(time));
        let start = Instant::now();
        let then = move |opened| say.send((time, start.elapsed(), word::<SharedRegion>(opened))).unwrap();
        options.open_then(format!("r{time}"), then).unwrap();
    }
    for _ in &times {
        let (time, took, outcome) = heard(&over);
        assert!(took >= Duration::from_millis(time));
        assert_eq!(outcome, "NotFound");
    }
}

#[test]
fn what_can_never_become_the_region_is_told_at_once() {
    let stage = Stage::new();
    let options = stage.options().timeout(Timeout::FOREVER);
    std::fs::write(stage.file("r"), "something else").unwrap();
    let nowhere = options.clone().directory(stage.path().join("nowhere"));
    let wrong = options.clone().read_only(true).copy_on_write(true);
    for (options, name, kind) in [
        (&options, "r", ErrorKind::NotARegion),
        (&options, "a/b", ErrorKind::InvalidName),
        (&nowhere, "r", ErrorKind::NotFound),
        (&wrong, "new", ErrorKind::InvalidArgument),
    ] {
        assert_eq!(pollster::block_on(options.open_async(name)).unwrap_err().kind(), kind);
        assert_eq!(heard(&open_then(options, name).1).unwrap_err().kind(), kind);
    }
}

#[test]
fn a_directory_that_goes_ends_the_opens_in_it() {
    let stage = Stage::new();
    let directory = stage.path().join("there");
    std::fs::create_dir(&directory).unwrap();
    let (_open, outcome) = open_then(&stage.options().directory(&directory).timeout(Timeout::FOREVER), "r");
    std::fs::remove_dir(&directory).unwrap();
    let error = heard(&outcome).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("there is no directory"), "{error}");
}

#[test]
fn a_directory_that_takes_the_place_of_another_is_looked_into() {
    let stage = Stage::new();
    let [directory, away, new] = ["there", "away", "new"].map(|name| stage.path().join(name));
    std::fs::create_dir(&directory).unwrap();
    std::fs::create_dir(&new).unwrap();
    let options = stage.options().directory(&directory).timeout(PATIENCE);
    let (_open, outcome) = open_then(&options, "r");
    std::fs::rename(&directory, &away).unwrap();
    std::fs::rename(&new, &directory).unwrap();
    let owner = stage.options().directory(&directory).create("r", 1).unwrap();
    assert_eq!(heard(&outcome).unwrap().info().id, owner.info().id);
}

#[test]
fn two_paths_of_one_directory_do_not_end_each_others_watch() {
    let stage = Stage::new();
    let link = stage.path().join("link");
    std::os::unix::fs::symlink(stage.path(), &link).unwrap();
    let options = stage.options().timeout(PATIENCE);
    let (open, outcome) = open_then(&options, "r");
    let (other, _) = open_then(&options.clone().directory(&link), "r");
    assert!(other.cancel());
    let owner = stage.options().create("r", 1).unwrap();
    assert_eq!(heard(&outcome).unwrap().info().id, owner.info().id);
    assert!(!open.cancel());
}

#[test]
fn what_is_cancelled_never_runs_and_opens_nothing() {
    let stage = Stage::new();
    let options = stage.options().timeout(Timeout::FOREVER);
    let (open, outcome) = open_then(&options, "r");
    let mut dropped = options.open_async("r");
    assert!(poll(&mut dropped).is_pending());
    drop(dropped);
    assert!(open.cancel());
    assert!(!open.cancel(), "it was before");
    let _owner = stage.options().create("r", 1).unwrap();
    assert!(outcome.recv().is_err(), "what it has captured is dropped");
    for _ in 0..200 {
        stage.options().remove("s").unwrap_err();
        let (open, outcome) = open_then(&options, "s");
        let canceller = std::thread::spawn(move || open.cancel());
        let owner = stage.options().create("s", 1).unwrap();
        // Exactly one of the two.
        if canceller.join().unwrap() {
            assert!(outcome.recv().is_err());
        } else {
            assert_eq!(heard(&outcome).unwrap().info().id, owner.info().id);
        }
    }
}

#[test]
fn a_callback_may_open_again_and_close() {
    let stage = Stage::new();
    let (say, over) = channel();
    let (first, second) = (stage.options().timeout(PATIENCE), stage.options().timeout(PATIENCE));
    first
        .open_then("r0", move |opened| {
            opened.unwrap().close().unwrap();
            second.open_then("r1", move |opened| say.send(opened).unwrap()).unwrap();
        })
        .unwrap();
    let _first = stage.options().create("r0", 1).unwrap();
    let owner = stage.options().create("r1", 1).unwrap();
    assert_eq!(heard(&over).unwrap().info().id, owner.info().id);
}

const MANY: usize = 1000;

fn begin_many(part: &mut Part) {
    let options = part.options().timeout(Timeout::FOREVER);
    let opens: Vec<_> = (0..MANY).map(|i| open_then(&options, &format!("r{i}"))).collect();
    part.say("pending");
    part.hear();
    for (_, outcome) in &opens[..MANY / 2] {
        part.say(hex(heard(outcome).unwrap().info().id));
    }
    assert!(opens[MANY / 2..].iter().all(|(open, _)| open.cancel()));
    part.say("over");
    part.hear();
}

#[test]
fn a_thousand_opens_have_one_thread_that_rests() {
    let stage = Stage::new();
    let mut opener = stage.start("begin_many");
    opener.expect("pending");
    until_all_asleep(opener.pid());
    let threads = opener.threads();
    let mut ours: Vec<_> = threads.iter().filter(|name| name.starts_with("zinc-")).collect();
    ours.sort_unstable();
    assert_eq!(ours, ["zinc-callback", "zinc-open"], "one that waits, and one for the first callback");
    let (time, switches) = (opener.processor_time(), opener.switches());
    // Not a handshake: nothing happens in this time, which is what is measured.
    std::thread::sleep(Duration::from_secs(3));
    let (time, switches) = (opener.processor_time() - time, opener.switches() - switches);
    note(format_args!("1000 pending opens for 3 s: {time:?} of processor time, {switches} wake-ups"));
    assert!(switches < 60, "something looks all the time: {switches} wake-ups in 3 s");
    let owners: Vec<_> = (0..MANY / 2).map(|i| stage.options().create(format!("r{i}"), 1).unwrap()).collect();
    opener.tell("they are there");
    for owner in &owners {
        opener.expect(&hex(owner.info().id));
    }
    opener.expect("over");
    let switches = opener.switches();
    std::thread::sleep(Duration::from_secs(3));
    assert!(opener.switches() - switches < 40, "with nothing pending, nothing is looked for");
}

/// Files that come and go in the directory, as fast as another user can make them.
#[test]
fn a_stream_of_other_names_costs_little_and_delays_nobody() {
    let stage = Stage::new();
    let mut opener = stage.start("begin_many");
    opener.expect("pending");
    let time = opener.processor_time();
    let start = Instant::now();
    let file = stage.file("other");
    let mut created = 0;
    while start.elapsed() < Duration::from_secs(2) {
        std::fs::write(&file, "").unwrap();
        std::fs::remove_file(&file).unwrap();
        created += 1;
    }
    let share = (opener.processor_time() - time).as_secs_f64() / start.elapsed().as_secs_f64();
    let wakes = opener.switches();
    note(format_args!(
        "{created} files made beside 1000 pending opens: {:.2} % of a processor",
        100.0 * share
    ));
    assert!(wakes < 10_000, "{wakes} wake-ups: one for each piece of news");
    let owners: Vec<_> = (0..MANY / 2).map(|i| stage.options().create(format!("r{i}"), 1).unwrap()).collect();
    opener.tell("they are there");
    owners.iter().for_each(|owner| opener.expect(&hex(owner.info().id)));
    opener.expect("over");
}

/// Opens in a process that may have no more watches: its user has too many.
fn open_unwatched(part: &mut Part) {
    common::sandbox::deny(libc::SYS_inotify_init1, libc::EMFILE);
    let options = part.options().timeout(Timeout::FOREVER);
    let opens: Vec<_> = (0..100).map(|i| open_then(&options, &format!("r{i}"))).collect();
    part.say("pending");
    for (_, outcome) in opens {
        part.say(hex(heard(&outcome).unwrap().info().id));
    }
}

#[test]
fn where_the_directory_cannot_be_watched_it_is_looked_into_from_time_to_time() {
    let stage = Stage::new();
    let mut opener = stage.start("open_unwatched");
    opener.expect("pending");
    let owners: Vec<_> = (0..100).map(|i| stage.options().create(format!("r{i}"), 1).unwrap()).collect();
    owners.iter().for_each(|owner| opener.expect(&hex(owner.info().id)));
    assert!(opener.end().success());
}

/// What was pending at the fork goes on in both, each on its own.
fn fork_with_pending_opens(part: &mut Part) {
    let options = part.options().timeout(Timeout::FOREVER);
    let mut opens: Vec<_> = (0..4).map(|_| Some(options.open_async("r"))).collect();
    assert!(opens.iter_mut().flatten().all(|open| poll(open).is_pending()));
    let (callback, outcome) = open_then(&options, "r");
    let files = || {
        let open = std::fs::read_dir("/proc/self/fd").unwrap();
        let names = open.filter_map(|file| std::fs::read_link(file.unwrap().path()).ok());
        names.filter(|name| name.to_str().is_some_and(|name| name.contains("anon_inode:"))).count()
    };
    assert_eq!(files(), 2, "an inotify and its bell");
    let child = fork(|| {
        assert_eq!((opener_threads(), files()), (0, 0), "nothing of it before its first use");
        assert!(callback.cancel(), "the parent's callbacks do not run here");
        let mut copies: Vec<_> = opens.iter_mut().map(|open| open.take().unwrap()).collect();
        drop(copies.pop());
        assert!(copies.iter_mut().all(|open| poll(open).is_pending()));
        until("the child has a thread", || opener_threads() == 1);
        part.say("pending in the child");
        for open in copies {
            part.say(hex(pollster::block_on(open).unwrap().info().id));
        }
        0
    });
    for open in opens.into_iter().flatten() {
        part.say(hex(pollster::block_on(open).unwrap().info().id));
    }
    part.say(hex(heard(&outcome).unwrap().info().id));
    assert_eq!(child.end().exit_status(), Some(0));
    part.say("over");
}

#[test]
fn pending_opens_go_on_in_the_parent_and_in_the_child() {
    let stage = Stage::new();
    let mut process = stage.start("fork_with_pending_opens");
    process.expect("pending in the child");
    let owner = stage.options().create("r", 1).unwrap();
    for _ in 0..4 + 1 + 3 {
        process.expect(&hex(owner.info().id));
    }
    process.expect("over");
    assert!(process.end().success());
}

const ROUNDS: u32 = 40;

/// Other threads are anywhere inside the opener when the process forks.
fn fork_beside_opens(part: &mut Part) {
    let options = part.options().timeout(5);
    let patient = part.options().timeout(PATIENCE);
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    let _ = poll(&mut options.open_async("none"));
                    open_then(&options, "neither").0.cancel();
                    let _ = pollster::block_on(options.open_async("nor"));
                }
            });
        }
        for round in 0..ROUNDS {
            let child = fork(|| {
                let name = format!("r{round}");
                let (_open, outcome) = open_then(&patient, &name);
                let mut open = patient.open_async(&name);
                assert!(poll(&mut open).is_pending());
                let owner = part.options().create(&name, 1).unwrap();
                assert_eq!(heard(&outcome).unwrap().info().id, owner.info().id);
                assert_eq!(pollster::block_on(open).unwrap().info().id, owner.info().id);
                0
            });
            assert_eq!(child.end().exit_status(), Some(0), "round {round}");
            part.say(round);
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    part.say("over");
}

#[test]
fn a_fork_beside_busy_opens_leaves_both_whole() {
    let stage = Stage::new();
    let mut process = stage.start("fork_beside_opens");
    for round in 0..ROUNDS {
        process.expect(&round.to_string());
    }
    process.expect("over");
    assert!(process.end().success());
}

fn limit(resource: Resource, soft: u64) {
    setrlimit(resource, Rlimit { current: Some(soft), ..getrlimit(resource) }).unwrap();
}

fn exhaust_files(part: &mut Part) {
    let options = part.options().timeout(PATIENCE);
    let hard = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let lowest = std::os::fd::AsRawFd::as_raw_fd(&std::fs::File::open("/dev/null").unwrap()) as u64;
    let mut pending = None;
    for left in 0..10 {
        limit(Resource::Nofile, lowest + left);
        let (open, outcome) = open_then(&options, "r");
        // With none left it fails at once; with enough it waits.
        if let Ok(error) = outcome.recv_timeout(Duration::from_millis(50)).map(Result::unwrap_err) {
            assert_eq!((error.kind(), error.os_error()), (ErrorKind::Os, Some(libc::EMFILE)), "{error}");
            assert!(error.to_string().contains("ulimit -n"), "{error}");
            assert!(pending.is_none(), "more descriptors are enough, too");
        } else {
            pending = Some((open, outcome));
        }
        limit(Resource::Nofile, hard);
    }
    let owner = part.options().create("r", 1).unwrap();
    let (_, outcome) = pending.expect("ten descriptors are enough");
    assert_eq!(heard(&outcome).unwrap().info().id, owner.info().id);
    part.say("done");
}

#[test]
fn without_descriptors_an_open_says_so() {
    let stage = Stage::new();
    let mut process = stage.start("exhaust_files");
    process.expect("done");
    assert!(process.end().success());
}

fn exhaust_threads(part: &mut Part) {
    common::sandbox::deny(libc::SYS_clone3, libc::EAGAIN);
    common::sandbox::deny(libc::SYS_clone, libc::EAGAIN);
    let options = part.options().timeout(PATIENCE);
    let error = pollster::block_on(options.open_async("r")).unwrap_err();
    assert_eq!((error.kind(), error.os_error()), (ErrorKind::Os, Some(libc::EAGAIN)), "{error}");
    let _owner = part.options().create("r", 1).unwrap();
    pollster::block_on(options.open_async("r")).expect("what is there needs no thread");
    let error = options.open_then("r", |_| panic!("there is no thread to run this")).unwrap_err();
    assert_eq!((error.kind(), error.os_error()), (ErrorKind::Os, Some(libc::EAGAIN)), "{error}");
    part.say("done");
}

#[test]
fn without_threads_an_open_says_so() {
    let stage = Stage::new();
    let mut process = stage.start("exhaust_threads");
    process.expect("done");
    assert!(process.end().success());
}

/// Daemonizing libraries close every descriptor there is, and those that come next get the same numbers.
fn close_all_descriptors(part: &mut Part) {
    let options = part.options().timeout(Timeout::FOREVER);
    let (_open, outcome) = open_then(&options, "r");
    until("it waits", || opener_threads() == 1);
    let anonymous = |number: &i32| {
        let name = std::fs::read_link(format!("/proc/self/fd/{number}"));
        name.is_ok_and(|name| name.to_str().is_some_and(|name| name.contains("anon_inode:")))
    };
    let lost: Vec<_> = (3..100).filter(anonymous).collect();
    for number in &lost {
        // SAFETY: closing a number touches no memory; what it belongs to has to bear that, which is what is tested.
        unsafe { libc::close(*number) };
    }
    let others: Vec<_> = lost.iter().map(|_| std::fs::File::open("/dev/null").unwrap()).collect();
    part.say("closed");
    part.say(hex(heard(&outcome).unwrap().info().id));
    let (_open, outcome) = open_then(&options, "s");
    part.say("again");
    part.say(hex(heard(&outcome).unwrap().info().id));
    assert!(others.iter().all(|file| file.metadata().is_ok()), "what is somebody else's stays open");
}

#[test]
fn descriptors_that_others_close_end_no_open() {
    let stage = Stage::new();
    let mut process = stage.start("close_all_descriptors");
    process.expect("closed");
    let first = stage.options().create("r", 1).unwrap();
    process.expect(&hex(first.info().id));
    process.expect("again");
    let second = stage.options().create("s", 1).unwrap();
    process.expect(&hex(second.info().id));
    assert!(process.end().success());
}
