//! Where the system starts no more threads, a callback is refused at once, or runs later; it is never forgotten.

mod common;

use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use common::sandbox::become_user;
use common::{PATIENCE, Part, Stage, is_root, until, word};
use rustix::process::{Resource, Rlimit, getpid, getrlimit, setrlimit};
use zinc::{ErrorKind, SharedRegion, Timeout, WaitCallback};

common::parts!(register_without_threads, keep_the_last_thread);

/// Nobody else's processes count towards the limit of this user.
const USER: u32 = 65_533;
/// More than a thread for callbacks stays without work.
const IDLE: Duration = Duration::from_millis(5500);

/// This process's user may have that many threads; `None` is what it was.
struct Threads(Rlimit);

impl Threads {
    fn allow(&self, most: Option<u64>) {
        let current = most.or(self.0.current);
        setrlimit(Resource::Nproc, Rlimit { current, maximum: self.0.maximum })
            .expect("below the hard limit");
    }
}

/// Root may always start threads, so this is played by somebody else.
fn as_another() -> Threads {
    become_user(USER);
    Threads(getrlimit(Resource::Nproc))
}

/// A callback that tells its outcome, or that it was dropped.
struct Tells(Sender<String>);

impl Drop for Tells {
    fn drop(&mut self) {
        let _ = self.0.send("dropped".into());
    }
}

fn register(region: &SharedRegion, say: &Sender<String>) -> zinc::Result<WaitCallback> {
    let tells = Tells(say.clone());
    region.wait_then(Timeout::FOREVER, move |outcome| tells.0.send(word(outcome)).unwrap())
}

/// How many threads of this process are there for callbacks.
fn threads() -> usize {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", getpid())).expect("one's own threads");
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.filter(|name| name.starts_with("zinc-callback")).count()
}

fn register_without_threads(part: &mut Part) {
    let owner = part.options().create("r", 1).unwrap();
    let region = part.options().open("r").unwrap();
    let limit = as_another();
    let (say, hear) = channel();

    limit.allow(Some(1));
    let error = register(&region, &say).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Os, "{error}");
    assert!(error.to_string().contains("thread"), "it says what is missing: {error}");
    assert_eq!(hear.recv_timeout(PATIENCE).unwrap(), "dropped");
    // A notification that is there already needs no wait, but a thread to run on all the same.
    owner.notify().unwrap();
    assert_eq!(word(register(&region, &say).map(|_| ())), "Os");
    assert_eq!(hear.recv_timeout(PATIENCE).unwrap(), "dropped");
    assert_eq!(word(region.wait(0)), "true", "it was not taken in");

    limit.allow(None);
    register(&region, &say).unwrap();
    limit.allow(Some(1));
    // There is one thread for callbacks, and no more to be had: they come one after the other.
    let waits: Vec<_> = (0..3).map(|_| register(&region, &say).unwrap()).collect();
    owner.notify().unwrap();
    let mut outcomes: Vec<_> = (0..8).map(|_| hear.recv_timeout(PATIENCE).unwrap()).collect();
    outcomes.sort();
    assert_eq!(outcomes, ["dropped", "dropped", "dropped", "dropped", "true", "true", "true", "true"]);
    assert!(waits.iter().all(|wait| !wait.cancel()), "all of them have run");
    assert_eq!(threads(), 1);
    part.say("done");
}

#[test]
fn a_callback_that_can_have_no_thread_is_refused_and_what_was_taken_in_is_delivered() {
    if !is_root() {
        return;
    }
    Stage::new().start("register_without_threads").expect("done");
}

fn keep_the_last_thread(part: &mut Part) {
    let owner = part.options().create("r", 1).unwrap();
    let region = part.options().open("r").unwrap();
    let limit = as_another();
    let (say, hear) = channel();
    let wait = register(&region, &say).unwrap();
    limit.allow(Some(1));
    std::thread::sleep(IDLE);
    owner.notify().unwrap();
    assert_eq!(hear.recv_timeout(PATIENCE).unwrap(), "true", "its thread was kept");
    assert!(!wait.cancel());
    until("the thread without work is gone", || threads() == 0);
    part.say("done");
}

#[test]
fn the_thread_for_callbacks_stays_while_one_is_to_come() {
    if !is_root() {
        return;
    }
    Stage::new().start("keep_the_last_thread").expect("done");
}
