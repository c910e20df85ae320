//! Threads that are known to sleep, so that a test can act just then.

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;

use rustix::process::{Pid, getpid};

use super::{PATIENCE, until};

/// A thread that was seen asleep in the kernel.
pub(crate) struct Sleeper<T> {
    result: Receiver<T>,
}

/// Runs `wait` on a thread of its own, and returns when that thread sleeps.
#[track_caller]
pub(crate) fn sleeper<T: Send + 'static>(wait: impl FnOnce() -> T + Send + 'static) -> Sleeper<T> {
    let (say_thread, hear_thread) = channel();
    let (say_result, result) = channel();
    thread::spawn(move || {
        let _ = say_thread.send(thread_id());
        let _ = say_result.send(wait());
    });
    until_asleep(getpid(), hear_thread.recv().expect("the thread's number"));
    Sleeper { result }
}

impl<T> Sleeper<T> {
    /// For a result that comes from elsewhere.
    pub(crate) fn of(result: Receiver<T>) -> Self {
        Self { result }
    }

    /// What `wait` gives in the end.
    #[track_caller]
    pub(crate) fn result(&self) -> T {
        match self.result.recv_timeout(PATIENCE) {
            Ok(result) => result,
            Err(RecvTimeoutError::Timeout) => panic!("no result after {PATIENCE:?}"),
            Err(RecvTimeoutError::Disconnected) => panic!("the thread panicked"),
        }
    }

    pub(crate) fn is_still_waiting(&self) -> bool {
        self.result.try_recv().is_err()
    }
}

/// This thread's number.
pub(crate) fn thread_id() -> i32 {
    rustix::thread::gettid().as_raw_nonzero().get()
}

/// Returns when the thread sleeps in the kernel.
#[track_caller]
pub(crate) fn until_asleep(process: Pid, thread: i32) {
    let thread = Pid::from_raw(thread).expect("a thread's number");
    until("the thread sleeps", || state(process, thread) == Some('S'));
}

/// Returns when all threads of the process sleep in the kernel.
#[track_caller]
pub(crate) fn until_all_asleep(process: Pid) {
    let threads = || {
        let tasks = std::fs::read_dir(format!("/proc/{process}/task")).expect("its threads");
        tasks.map(|task| task.expect("a thread").file_name().into_string().expect("a number"))
    };
    let sleeps =
        |thread: String| state(process, Pid::from_raw(thread.parse().expect("a number")).expect("one"));
    until("all threads sleep", || threads().all(|thread| sleeps(thread) == Some('S')));
}

/// The state of a thread, as in ps(1); `None` if there is no such thread.
pub(crate) fn state(process: Pid, thread: Pid) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/task/{thread}/stat")).ok()?;
    // The second field is a name in parentheses that may contain anything.
    stat.rsplit_once(") ")?.1.chars().next()
}

/// What `act` gives, which must not take long: it runs on a thread of its own, under the watchdog.
#[track_caller]
pub(crate) fn promptly<T: Send + 'static>(act: impl FnOnce() -> T + Send + 'static) -> T {
    let (say_result, result) = channel();
    thread::spawn(move || {
        let _ = say_result.send(act());
    });
    Sleeper { result }.result()
}
