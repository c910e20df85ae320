//! A signal ends a wait only if the language's runtime says so, and a parked waiter costs no processor time.

mod common;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use common::{Part, Stage, note, word};
use zinc::binding::{self, Host};
use zinc::{Error, Timeout};

common::parts!(wait_under_signals, wait_hosted, open_hosted, wait_long);

static SIGNALS: AtomicU32 = AtomicU32::new(0);

extern "C" fn count(_: libc::c_int) {
    SIGNALS.fetch_add(1, Ordering::SeqCst);
}

/// Has SIGUSR1 counted, without restarting the system calls that it ends, as in most language runtimes.
fn count_signals() {
    // SAFETY: all zeroes is a valid `sigaction`: no flags, an empty mask.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = count as *const () as usize;
    // SAFETY: the handler only adds to an atomic number, which is async-signal-safe.
    let done = unsafe { libc::sigaction(libc::SIGUSR1, &action, std::ptr::null_mut()) };
    assert_eq!(done, 0);
}

/// Sends a signal to this very thread each time that it is asked to, and so right into a sleep of it.
fn send(process: &common::Actor, thread: i32) {
    // SAFETY: tgkill takes three numbers and touches no memory.
    let sent = unsafe {
        libc::syscall(libc::SYS_tgkill, process.pid().as_raw_nonzero().get(), thread, libc::SIGUSR1)
    };
    assert_eq!(sent, 0, "{}", std::io::Error::last_os_error());
}

fn wait_under_signals(part: &mut Part) {
    count_signals();
    let region = part.options().open("r").unwrap();
    part.say(common::sleeper::thread_id());
    part.say(word(region.wait(Timeout::FOREVER)));
    part.say(SIGNALS.load(Ordering::SeqCst));
}

#[test]
fn without_a_host_a_wait_goes_on_after_signals() {
    let stage = Stage::new();
    let owner = stage.options().create("r", 1).unwrap();
    let mut waiter = stage.start("wait_under_signals");
    let thread = waiter.hear().parse().unwrap();
    for _ in 0..3 {
        common::sleeper::until_asleep(waiter.pid(), thread);
        send(&waiter, thread);
        common::until("the signal is delivered", || !is_pending(&waiter, thread));
    }
    common::sleeper::until_asleep(waiter.pid(), thread);
    owner.notify().unwrap();
    waiter.expect("true");
    waiter.expect("3");
}

/// Whether SIGUSR1 has still to be delivered to the thread.
fn is_pending(process: &common::Actor, thread: i32) -> bool {
    // The last signal may end the thread before it is asked about.
    let Ok(status) = std::fs::read_to_string(format!("/proc/{}/task/{thread}/status", process.pid())) else {
        return false;
    };
    let pending = status.lines().find_map(|line| line.strip_prefix("SigPnd:")).unwrap();
    u64::from_str_radix(pending.trim(), 16).unwrap() & (1 << (libc::SIGUSR1 - 1)) != 0
}

/// A runtime that lets two signals pass and ends the wait at the third; it counts the sleeps.
struct Runtime {
    parks: u32,
}

#[derive(Debug)]
enum Ended {
    ByRuntime(u32),
    ByZinc(Error),
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        Self::ByZinc(error)
    }
}

impl Host for Runtime {
    type Error = Ended;

    fn park<R: Send>(&mut self, park: impl FnOnce() -> R + Send) -> R {
        self.parks += 1;
        // Another thread may do the sleeping: that is what `Send` is for.
        park()
    }

    fn signal(&mut self) -> Result<(), Ended> {
        match SIGNALS.load(Ordering::SeqCst) {
            3.. => Err(Ended::ByRuntime(self.parks)),
            _ => Ok(()),
        }
    }
}

fn tell_end<T: std::fmt::Debug>(part: &mut Part, result: Result<T, Ended>) {
    match result.unwrap_err() {
        Ended::ByRuntime(parks) => part.say(format!("ended by the runtime after {} sleeps", parks.min(3))),
        Ended::ByZinc(error) => panic!("{error}"),
    }
}

fn wait_hosted(part: &mut Part) {
    count_signals();
    let region = part.options().open("r").unwrap();
    part.say(common::sleeper::thread_id());
    let ended = binding::wait(&region, Timeout::FOREVER, &mut Runtime { parks: 0 });
    tell_end(part, ended);
    part.say(word(region.wait(Timeout::FOREVER)));
}

fn signal_three_times(process: &mut common::Actor) {
    let thread = process.hear().parse().unwrap();
    for _ in 0..3 {
        common::sleeper::until_asleep(process.pid(), thread);
        send(process, thread);
        common::until("the signal is delivered", || !is_pending(process, thread));
    }
    process.expect("ended by the runtime after 3 sleeps");
}

#[test]
fn the_host_hears_of_signals_and_may_end_the_wait() {
    let stage = Stage::new();
    let owner = stage.options().create("r", 1).unwrap();
    let mut waiter = stage.start("wait_hosted");
    signal_three_times(&mut waiter);
    owner.notify().unwrap();
    waiter.expect("true");
}

fn open_hosted(part: &mut Part) {
    count_signals();
    part.say(common::sleeper::thread_id());
    let options = part.options().timeout(Timeout::FOREVER);
    let ended = binding::open(&options, "r", &mut Runtime { parks: 0 }, None);
    tell_end(part, ended);
}

#[test]
fn the_host_may_end_an_open_that_waits() {
    let stage = Stage::new();
    signal_three_times(&mut stage.start("open_hosted"));
}

/// Waits on one handle and, on another thread, for a region to appear.
fn wait_long(part: &mut Part) {
    let region = part.options().open("r").unwrap();
    let options = part.options().timeout(Timeout::FOREVER);
    let appears =
        common::sleeper::sleeper(move || word(options.open("later").map(|region| region.capacity())));
    part.say_thread();
    part.say(word(region.wait(Timeout::FOREVER)));
    part.say(appears.result());
    part.hear();
}

#[test]
fn who_sleeps_costs_no_processor_time() {
    const LONG: Duration = Duration::from_millis(2500);

    let stage = Stage::new();
    let owner = stage.options().create("r", 1).unwrap();
    let mut waiter = stage.start("wait_long");
    waiter.until_asleep();
    let before = waiter.processor_time();
    // What is measured is the time itself.
    std::thread::sleep(LONG);
    let used = waiter.processor_time() - before;
    note(format_args!("a wait and an open, asleep for {LONG:?}, used {used:?} of processor time"));
    assert!(used < LONG / 100, "{used:?} in {LONG:?}");
    owner.notify().unwrap();
    waiter.expect("true");
    let _later = stage.options().create("later", 5).unwrap();
    waiter.expect("5");
}
