//! Callbacks of waits run once or never, on threads that may take their time, and may do whatever any thread may.

mod common;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use common::forked::fork;
use common::sleeper::promptly;
use common::{PATIENCE, Part, Stage, note, until, word};
use zinc::{SharedRegion, Timeout, WaitCallback};

common::parts!(fork_in_a_callback, read_masks);

#[track_caller]
fn heard<T>(from: &Receiver<T>) -> T {
    from.recv_timeout(PATIENCE).expect("a callback that tells of it")
}

/// Waits with a callback that says its outcome in a word.
fn wait_then(region: &SharedRegion, timeout: impl Into<Timeout>) -> (WaitCallback, Receiver<String>) {
    let (say, outcome) = channel();
    let wait = region.wait_then(timeout, move |result| say.send(word(result)).unwrap()).unwrap();
    (wait, outcome)
}

#[test]
fn a_callback_runs_for_all_that_ends_a_wait() {
    let stage = Stage::new();
    let owner = stage.options().create("r", 1).unwrap();
    let region = stage.options().open("r").unwrap();
    let outcome_of = |act: &dyn Fn()| {
        let (wait, outcome) = wait_then(&region, Timeout::FOREVER);
        assert!(outcome.try_recv().is_err(), "it ran for nothing");
        act();
        let word = heard(&outcome);
        assert!(!wait.cancel(), "it ran");
        word
    };
    assert_eq!(outcome_of(&|| owner.notify().unwrap()), "true");
    assert_eq!(outcome_of(&|| region.interrupt()), "Interrupted");
    assert_eq!(heard(&wait_then(&region, 0).1), "false");
    assert_eq!(heard(&wait_then(&region, 20).1), "false");
    owner.notify().unwrap();
    assert_eq!(heard(&wait_then(&region, 0).1), "true", "it was there before");
    assert_eq!(outcome_of(&|| owner.close().unwrap()), "Closed");
    region.close().unwrap();
    assert_eq!(heard(&wait_then(&region, Timeout::FOREVER).1), "Closed");
}

/// As many callbacks as there may be threads are stuck, less one.
#[test]
fn slow_callbacks_delay_nobody_elses() {
    let stage = Stage::new();
    let owner = stage.options().create("r", 1).unwrap();
    let region = stage.options().open("r").unwrap();
    let (go, gate) = channel::<()>();
    let gate = Arc::new(Mutex::new(gate));
    let (say, stuck) = channel();
    for _ in 0..63 {
        let (gate, say) = (gate.clone(), say.clone());
        region
            .wait_then(Timeout::FOREVER, move |_| {
                say.send(()).unwrap();
                let _ = gate.lock().unwrap().recv();
            })
            .unwrap();
    }
    owner.notify().unwrap();
    for _ in 0..63 {
        heard(&stuck);
    }
    for _ in 0..100 {
        let (_wait, outcome) = wait_then(&region, Timeout::FOREVER);
        owner.notify().unwrap();
        assert_eq!(heard(&outcome), "true");
    }
    drop(go);
}

#[test]
fn more_callbacks_than_threads_run_one_after_the_other() {
    let stage = Stage::new();
    let owner = stage.options().create("r", 1).unwrap();
    let region = stage.options().open("r").unwrap();
    let (say, ran) = channel();
    for i in 0..5000 {
        let say = say.clone();
        region.wait_then(Timeout::FOREVER, move |outcome| say.send((i, outcome.unwrap())).unwrap()).unwrap();
    }
    owner.notify().unwrap();
    let mut all: Vec<_> = (0..5000).map(|_| heard(&ran)).collect();
    all.sort_unstable();
    assert!(all.into_iter().eq((0..5000).map(|i| (i, true))), "each once");
}

/// Waits again from within each callback, `left` more times.
fn again(region: Arc<SharedRegion>, owner: Arc<SharedRegion>, left: u32, done: Sender<u32>) {
    region
        .clone()
        .wait_then(Timeout::FOREVER, move |outcome| {
            assert!(outcome.unwrap());
            match left {
                0 => done.send(region.sequence().unwrap() as u32).unwrap(),
                _ => {
                    again(region, owner.clone(), left - 1, done);
                    owner.notify().unwrap();
                }
            }
        })
        .unwrap();
}

#[test]
fn callbacks_may_wait_again_cancel_and_close() {
    let stage = Stage::new();
    let owner = stage.options().create("r", 1).unwrap();
    let notifier = Arc::new(owner.clone());
    let (done, rounds) = channel();
    again(Arc::new(stage.options().open("r").unwrap()), notifier, 100, done);
    owner.notify().unwrap();
    assert_eq!(heard(&rounds), 101);

    // One cancels another, closes the handle that both wait on, and drops the last reference to it.
    let region = Arc::new(stage.options().open("r").unwrap());
    region.wait(0).unwrap();
    let (never, outcome) = wait_then(&region.clone(), Timeout::FOREVER);
    let clone = region.clone();
    let (say, closed) = channel();
    let other = Arc::new((*region).clone());
    other
        .clone()
        .wait_then(Timeout::FOREVER, move |_| {
            let cancelled = never.cancel();
            clone.close().unwrap();
            drop(clone);
            other.close().unwrap();
            say.send((cancelled, word(other.wait(0)))).unwrap();
        })
        .unwrap();
    drop(region);
    owner.notify().unwrap();
    let (cancelled, after) = heard(&closed);
    assert_eq!(after, "Closed");
    assert_eq!(outcome.recv_timeout(PATIENCE).is_err(), cancelled, "it ran, or else was cancelled");
}

#[test]
fn a_callback_that_panics_takes_nobody_with_it() {
    let stage = Stage::new();
    let owner = stage.options().create("r", 1).unwrap();
    let region = stage.options().open("r").unwrap();
    for _ in 0..100 {
        // Unlike `panic!` it says nothing.
        region.wait_then(Timeout::FOREVER, |_| std::panic::resume_unwind(Box::new("on purpose"))).unwrap();
    }
    let (_wait, outcome) = wait_then(&region, Timeout::FOREVER);
    owner.notify().unwrap();
    assert_eq!(heard(&outcome), "true");
    let (_wait, outcome) = wait_then(&region, Timeout::FOREVER);
    owner.notify().unwrap();
    assert_eq!(heard(&outcome), "true");
}

#[test]
fn each_callback_either_runs_or_is_cancelled() {
    const WAITS: u32 = 20_000;
    let stage = Stage::new();
    let owner = stage.options().create("r", 1).unwrap();
    let region = stage.options().open("r").unwrap();
    let ran = Arc::new(AtomicU32::new(0));
    let mut cancelled = 0;
    for i in 0..WAITS {
        let ran = ran.clone();
        let wait = region
            .wait_then(Timeout::FOREVER, move |_| {
                ran.fetch_add(1, Ordering::Relaxed);
            })
            .unwrap();
        owner.notify().unwrap();
        // From at once to long after.
        (0..i % 64 * 32).for_each(|_| std::hint::spin_loop());
        cancelled += u32::from(wait.cancel());
        assert!(!wait.cancel(), "a second time");
        region.wait(0).unwrap();
    }
    note(format_args!("{cancelled} of {WAITS} callbacks were cancelled"));
    until("the rest have run", || ran.load(Ordering::Relaxed) + cancelled >= WAITS);
    // Whoever ran after it was cancelled did so by now.
    let (_wait, outcome) = wait_then(&region, 0);
    heard(&outcome);
    assert_eq!(ran.load(Ordering::Relaxed) + cancelled, WAITS);
}

#[test]
fn a_notification_ends_a_callback_or_is_there_after_its_cancel() {
    let stage = Stage::new();
    let owner = stage.options().create("r", 1).unwrap();
    let region = stage.options().open("r").unwrap();
    let mut cancelled = 0;
    for i in 0..4000 {
        let before = i % 2 == 0;
        if before {
            owner.notify().unwrap();
        }
        let (wait, outcome) = wait_then(&region, Timeout::FOREVER);
        if !before {
            owner.notify().unwrap();
            // From at once to long after.
            (0..i % 64 * 32).for_each(|_| std::hint::spin_loop());
        }
        if wait.cancel() {
            cancelled += 1;
            assert!(region.wait(0).unwrap(), "round {i}: it was lost");
        } else {
            assert_eq!(heard(&outcome), "true", "round {i}");
        }
    }
    note(format_args!("{cancelled} of 4000 callbacks were cancelled"));
}

#[test]
fn cancelling_takes_effect_at_once() {
    let stage = Stage::new();
    let owner = stage.options().create("r", 1).unwrap();
    let region = stage.options().open("r").unwrap();
    let mut times: Vec<Duration> = (0..2000)
        .map(|_| {
            let (wait, outcome) = wait_then(&region, Timeout::FOREVER);
            let start = Instant::now();
            assert!(wait.cancel());
            let time = start.elapsed();
            owner.notify().unwrap();
            assert!(
                outcome.recv_timeout(PATIENCE).is_err(),
                "what it has captured is dropped, and it never runs"
            );
            assert!(region.wait(0).unwrap(), "it has taken nothing in");
            time
        })
        .collect();
    times.sort_unstable();
    note(format_args!(
        "cancelling takes {:?}, at p99 {:?}, at most {:?}",
        times[1000], times[1980], times[1999]
    ));
}

/// What signals the calling thread blocks, as a mask.
fn blocked() -> u64 {
    let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("SigBlk:")).unwrap();
    u64::from_str_radix(line.trim(), 16).unwrap()
}

fn read_masks(part: &mut Part) {
    let region = part.options().open("r").unwrap();
    let (say, masks) = channel();
    for _ in 0..2 {
        let say = say.clone();
        region.wait_then(Timeout::FOREVER, move |_| say.send(blocked()).unwrap()).unwrap();
    }
    part.say(blocked());
    part.say("pending");
    part.say(heard(&masks));
    part.hear();
}

/// A program's handlers run on its own threads; a fault in a callback reaches the handlers of its language's runtime.
#[test]
fn threads_of_callbacks_get_no_signals_but_their_own_faults() {
    let stage = Stage::new();
    let owner = stage.options().create("r", 1).unwrap();
    let mut process = stage.start("read_masks");
    let own: u64 = process.hear().parse().unwrap();
    process.expect("pending");
    owner.notify().unwrap();
    let mask: u64 = process.hear().parse().unwrap();
    let blocks = |mask: u64, signal: i32| mask >> (signal - 1) & 1 == 1;
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGCHLD, libc::SIGALRM, libc::SIGUSR1, libc::SIGPROF] {
        assert!(blocks(mask, signal) && !blocks(own, signal), "signal {signal}");
    }
    for signal in [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGTRAP] {
        assert!(!blocks(mask, signal), "signal {signal}");
    }
}

/// All threads for callbacks are busy; one of the callbacks forks while another waits for a thread.
fn fork_in_a_callback(part: &mut Part) {
    const BUSY: usize = 64;
    let owner = part.options().create("r", 1).unwrap();
    let region = owner.clone();
    let (go, gate) = channel::<()>();
    let gate = Arc::new(Mutex::new(gate));
    let (say_started, started) = channel();
    let (say_child, child) = channel();
    for i in 0..BUSY {
        let (gate, say_started, say_child) = (gate.clone(), say_started.clone(), say_child.clone());
        region
            .wait_then(Timeout::FOREVER, move |_| {
                say_started.send(()).unwrap();
                let _ = gate.lock().unwrap().recv();
                if i == 0 {
                    // SAFETY: the child goes back to where callbacks come from, which is what is to be seen.
                    match unsafe { libc::fork() } {
                        0 => {}
                        pid => say_child.send(pid).unwrap(),
                    }
                }
            })
            .unwrap();
    }
    owner.notify().unwrap();
    (0..BUSY).for_each(|_| heard(&started));
    // The rest comes after the one that forks.
    let (say_pid, pid) = channel();
    let (reader, writer) = std::io::pipe().unwrap();
    owner.notify().unwrap();
    region
        .wait_then(Timeout::FOREVER, move |_| {
            use std::io::Write;
            writeln!(&writer, "{}", std::process::id()).unwrap();
            say_pid.send(()).unwrap();
        })
        .unwrap();
    drop(go);
    let child = rustix::process::Pid::from_raw(heard(&child)).unwrap();
    let ended = rustix::process::waitpid(Some(child), rustix::process::WaitOptions::empty()).unwrap();
    part.say(ended.is_some());
    heard(&pid);
    let lines = std::io::read_to_string(reader).unwrap();
    part.say(lines.trim() == std::process::id().to_string());
}

#[test]
fn a_callback_that_forks_takes_no_work_of_the_parents_with_it() {
    let stage = Stage::new();
    let mut process = stage.start("fork_in_a_callback");
    process.expect("true");
    process.expect("true");
}

/// In a forked child, the parent's callbacks never run, and can be cancelled.
#[test]
fn callbacks_of_the_parents_never_run_in_a_child() {
    let stage = Stage::new();
    let owner = stage.options().create("r", 1).unwrap();
    let region = stage.options().open("r").unwrap();
    let (cancelled, outcome) = wait_then(&region, Timeout::FOREVER);
    let (_kept, other) = wait_then(&region, Timeout::FOREVER);
    let child = fork(|| {
        owner.notify().unwrap();
        let (_wait, own) = wait_then(&region, Timeout::FOREVER);
        assert_eq!(heard(&own), "true", "the child's own");
        assert!(cancelled.cancel());
        region.close().unwrap();
        assert!(outcome.try_recv().is_err() && other.try_recv().is_err());
        0
    });
    assert_eq!(child.end().exit_status(), Some(0));
    assert_eq!(heard(&outcome), "true");
    assert_eq!(heard(&other), "true");
}

/// The old waker is dropped where the new one takes its place, and with it another wait of the same region.
#[test]
fn wakers_may_hold_waits_of_their_own() {
    use std::pin::Pin;
    use std::task::{Context, Wake, Waker};

    struct Holds {
        _wait: zinc::Notified,
    }
    impl Wake for Holds {
        fn wake(self: Arc<Self>) {}
    }
    let stage = Stage::new();
    let owner = stage.options().create("r", 1).unwrap();
    let region = stage.options().open("r").unwrap();
    let notifier = owner.clone();
    let stop = Arc::new(AtomicU32::new(0));
    let stopped = stop.clone();
    let stream = std::thread::spawn(move || {
        while stopped.load(Ordering::Relaxed) == 0 {
            notifier.notify().unwrap();
            std::thread::yield_now();
        }
    });
    promptly(move || {
        for _ in 0..20_000 {
            let mut inner = region.notified();
            let _ = common::futures::poll(&mut inner);
            let waker = Waker::from(Arc::new(Holds { _wait: inner }));
            let mut outer = region.notified();
            let pending = Pin::new(&mut outer).poll(&mut Context::from_waker(&waker)).is_pending();
            drop(waker);
            if pending {
                let _ = common::futures::poll(&mut outer);
            }
        }
    });
    stop.store(1, Ordering::Relaxed);
    stream.join().unwrap();
}
