//! The handler of a signal may fork, whatever this library is in the middle of: it neither hangs nor hides a death.
//!
//! No test harness, which has threads: beside them fork(3) itself waits for the allocator's locks, and the thread that the
//! handler has interrupted may hold them.

mod common;

use std::sync::atomic::{AtomicU32, Ordering};

use common::{PATIENCE, Part, Stage, word};
use rustix::process::{Signal, kill_process_group, setpgid};

fn main() {
    // In a process that a test has started this plays the part.
    if std::env::args().any(|argument| argument == "part") {
        return common::play(&[
            ("fork_by_a_timer", fork_by_a_timer),
            ("fork_by_a_timer_and_be_killed", fork_by_a_timer_and_be_killed),
        ]);
    }
    a_handler_may_fork_in_the_middle_of_create_and_close();
    children_that_a_handler_has_made_hide_no_death();
}

static FORKS: AtomicU32 = AtomicU32::new(0);
static KEEP_CHILDREN: AtomicU32 = AtomicU32::new(0);

extern "C" fn fork_now(_: libc::c_int) {
    // SAFETY: the process has one thread, so the C library's fork takes no lock that this thread may hold already, and the
    // child calls nothing but async-signal-safe functions.
    unsafe {
        let error = *libc::__errno_location();
        let child = libc::fork();
        if child == 0 {
            if KEEP_CHILDREN.load(Ordering::SeqCst) != 0 {
                // The test ends it; should the test be gone, this does.
                libc::signal(libc::SIGALRM, libc::SIG_DFL);
                let mut none = std::mem::zeroed();
                libc::sigemptyset(&mut none);
                libc::alarm(60);
                loop {
                    libc::sigsuspend(&none);
                }
            }
            libc::_exit(0);
        }
        if KEEP_CHILDREN.load(Ordering::SeqCst) == 0 {
            libc::waitpid(child, std::ptr::null_mut(), 0);
        }
        *libc::__errno_location() = error;
    }
    FORKS.fetch_add(1, Ordering::SeqCst);
}

/// Forks in a handler, so many times a second, at whatever the thread is doing.
fn begin_forking(times: i64) {
    // SAFETY: all zeroes is a valid `sigaction`: an empty mask.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = fork_now as *const () as usize;
    action.sa_flags = libc::SA_RESTART;
    let interval = libc::timeval { tv_sec: 0, tv_usec: 1_000_000 / times };
    let timer = libc::itimerval { it_interval: interval, it_value: interval };
    // SAFETY: both structures live across the calls; the handler is fit for this process, see there.
    let done = unsafe {
        [
            libc::sigaction(libc::SIGALRM, &action, std::ptr::null_mut()),
            libc::setitimer(libc::ITIMER_REAL, &timer, std::ptr::null_mut()),
        ]
    };
    assert_eq!(done, [0; 2]);
}

fn end_forking() {
    // SAFETY: all zeroes stop the timer, and the structure lives across the call.
    let done = unsafe { libc::setitimer(libc::ITIMER_REAL, &std::mem::zeroed(), std::ptr::null_mut()) };
    assert_eq!(done, 0);
}

const FORKED: u32 = 500;

fn fork_by_a_timer(part: &mut Part) {
    assert_eq!(common::threads(std::process::id() as i32).len(), 1, "the part is alone in its process");
    let options = part.options();
    begin_forking(1000);
    while FORKS.load(Ordering::SeqCst) < FORKED {
        let owner = options.create("r", 1).unwrap();
        let peer = options.open("r").unwrap();
        owner.notify().unwrap();
        assert!(peer.wait(0).unwrap());
        owner.persist().unwrap();
        drop(owner);
        options.remove("r").unwrap();
    }
    end_forking();
    part.say("done");
}

fn a_handler_may_fork_in_the_middle_of_create_and_close() {
    let stage = Stage::new();
    let mut process = stage.start("fork_by_a_timer");
    process.expect("done");
    assert!(process.end().success());
    assert!(stage.files().is_empty());
}

const KEPT: u32 = 60;

/// The children live on.
fn fork_by_a_timer_and_be_killed(part: &mut Part) {
    KEEP_CHILDREN.store(1, Ordering::SeqCst);
    setpgid(None, None).unwrap();
    let options = part.options();
    begin_forking(1000);
    let mut owners = Vec::new();
    while FORKS.load(Ordering::SeqCst) < KEPT {
        let name = format!("r{}", owners.len());
        owners.push(options.create(name, 1).unwrap());
    }
    end_forking();
    part.say(owners.len());
    part.hear();
}

fn children_that_a_handler_has_made_hide_no_death() {
    let stage = Stage::new();
    let mut process = stage.start("fork_by_a_timer_and_be_killed");
    let owners: usize = process.hear().parse().unwrap();
    let peers: Vec<_> = (0..owners).map(|i| stage.options().open(format!("r{i}")).unwrap()).collect();
    let group = process.pid();
    process.kill();
    let outcomes: Vec<_> = peers.iter().map(|peer| word(peer.wait(PATIENCE))).collect();
    kill_process_group(group, Signal::KILL).expect("the children live");
    assert!(outcomes.iter().all(|outcome| outcome == "OwnerDied"), "{outcomes:?}");
}
