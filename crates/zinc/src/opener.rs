//! Opens that wait for their regions without threads of their own: one thread of this process waits for all of them.
//!
//! The thread opens nothing. It notices that a file of the name is there, or that the time is up, and wakes the task that
//! opens, which looks by itself. So an open that is dropped in between has opened nothing.
//!
//! After a fork the child has none of the parent's threads. It leaves the parent's opener as it is, lock and all, and makes
//! its own; [`generation`](crate::generation) tells the two apart.

use std::collections::BTreeMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use crate::generation::{generation, is_current, on_new_process};
use crate::platform::arrivals::{Arrivals, News, Watched};
use crate::platform::{Identity, Meaning, Place, process};

/// How often the thread looks into a directory that is watched, in nanoseconds: a guard against a watch that tells nothing.
const GUARD: u64 = 1_000_000_000;
/// How often it looks into a directory that cannot be watched, as the user has too many watches.
const UNWATCHED: u64 = 10_000_000;
/// Looking takes no more than this part of the time of a processor.
const SHARE: u64 = 20;
/// Bytes of stack for a thread that runs nothing but this and wakers.
const STACK: usize = 256 << 10;

/// An open that is pending; dropping it cancels it.
pub(crate) struct PendingOpen {
    opener: &'static Opener,
    directory: PathBuf,
    name: String,
    waiting: Arc<Waiting>,
}

impl PendingOpen {
    /// Has `waker` woken whenever the name may have appeared in the directory since this call, and at the `deadline` on
    /// the monotonic clock.
    ///
    /// It fails where the system starts no thread, or the process has as many files open as it may.
    pub(crate) fn new(place: &Place, name: &str, deadline: u64, waker: &Waker) -> io::Result<Self> {
        let opener = Opener::current()?;
        let waiting = Arc::new(Waiting {
            deadline,
            notice: Mutex::new(Notice { is_due: false, waker: waker.clone() }),
        });
        opener.add(place, name, &waiting)?;
        Ok(Self { opener, directory: place.path().to_owned(), name: name.to_owned(), waiting })
    }

    /// Whether it is time to look; if it is not, has `waker` woken when it is.
    pub(crate) fn is_due(&self, waker: &Waker) -> bool {
        let mut notice = lock(&self.waiting.notice);
        let is_due = std::mem::take(&mut notice.is_due);
        let before =
            (!notice.waker.will_wake(waker)).then(|| std::mem::replace(&mut notice.waker, waker.clone()));
        // The last waker of a task drops the task, and with it perhaps another open, which takes locks.
        drop(notice);
        drop(before);
        is_due
    }

    /// Whether it was begun before a fork, in a process that is not this one.
    pub(crate) fn is_the_parents(&self) -> bool {
        !is_current(self.opener.generation)
    }
}

impl Drop for PendingOpen {
    fn drop(&mut self) {
        // A thread of the parent's may have held the lock at the fork.
        if !self.is_the_parents() {
            self.opener.remove(&self.directory, &self.name, &self.waiting);
        }
    }
}

/// What the thread knows of a pending open.
struct Waiting {
    deadline: u64,
    notice: Mutex<Notice>,
}

struct Notice {
    is_due: bool,
    waker: Waker,
}

impl Waiting {
    /// Makes it due; returns whom to wake.
    fn notice(&self) -> Waker {
        let mut notice = lock(&self.notice);
        notice.is_due = true;
        notice.waker.clone()
    }
}

/// All that is pending in this process.
struct Opener {
    generation: u32,
    arrivals: Arrivals,
    state: Mutex<State>,
    /// Something is pending again.
    more: Condvar,
}

#[derive(Default)]
struct State {
    has_thread: bool,
    directories: BTreeMap<PathBuf, Directory>,
    /// No pending open has an earlier deadline, but for those that were woken for it.
    earliest: u64,
    /// When the thread looks again by itself.
    until: u64,
}

/// The opens that are pending in one directory.
#[derive(Default)]
struct Directory {
    waiting: BTreeMap<String, Vec<Arc<Waiting>>>,
    /// Which directory the path led to at the last look.
    identity: Option<Identity>,
    watched: Option<Watched>,
    /// When to look into it.
    due: u64,
}

/// The opener of this process, once there is one.
static OPENER: AtomicPtr<Opener> = AtomicPtr::new(std::ptr::null_mut());

process::at_load!(register);

extern "C" fn register() {
    on_new_process(leave_to_parent);
}

/// In a forked child. The opener's memory stays: the parent's opens that were copied still point to it.
fn leave_to_parent() {
    let opener = OPENER.swap(std::ptr::null_mut(), Ordering::SeqCst);
    #[expect(unsafe_code, reason = "see `Opener::get`")]
    // SAFETY: as in `Opener::get`.
    if let Some(opener) = unsafe { opener.as_ref() } {
        opener.arrivals.close_in_child();
    }
}

impl Opener {
    #[expect(unsafe_code, reason = "an opener is never freed, and a fork may replace it at any time")]
    fn get() -> Option<&'static Self> {
        // A child that no handler has told of finds out here, and leaves the parent's opener.
        generation();
        // SAFETY: the pointer is null or comes from `Box::into_raw`, and an opener that `OPENER` has held is never freed.
        unsafe { OPENER.load(Ordering::Acquire).as_ref() }
    }

    /// The opener, made now if need be.
    fn current() -> io::Result<&'static Self> {
        std::hint::black_box(&AT_LOAD);
        if let Some(opener) = Self::get() {
            return Ok(opener);
        }
        let new = Box::into_raw(Box::new(Self {
            generation: generation(),
            arrivals: Arrivals::new()?,
            state: Mutex::default(),
            more: Condvar::new(),
        }));
        let set = OPENER.compare_exchange(std::ptr::null_mut(), new, Ordering::AcqRel, Ordering::Acquire);
        if set.is_err() {
            #[expect(unsafe_code, reason = "another thread was quicker")]
            // SAFETY: nobody else has seen this pointer.
            drop(unsafe { Box::from_raw(new) });
        }
        Ok(Self::get().expect("it is set, and forks are not in the middle of functions"))
    }

    fn add(&'static self, place: &Place, name: &str, waiting: &Arc<Waiting>) -> io::Result<()> {
        let mut state = lock(&self.state);
        if !state.has_thread {
            process::start_thread("zinc-open", Some(STACK), || self.run())?;
            state.has_thread = true;
        }
        let State { directories, earliest, until, .. } = &mut *state;
        let directory = directories.entry(place.path().to_owned()).or_default();
        let is_new = directory.waiting.is_empty();
        // Before the caller looks once more: from now on no name appears unnoticed.
        let is_other = directory.follow(&self.arrivals, place);
        if is_new {
            directory.due = process::now() + directory.interval(0);
        } else if is_other {
            directory.due = 0;
        }
        directory.waiting.entry(name.to_owned()).or_default().push(waiting.clone());
        *earliest = waiting.deadline.min(*earliest);
        if is_new || directory.due.min(waiting.deadline) < *until {
            self.arrivals.ring();
        }
        self.more.notify_one();
        Ok(())
    }

    fn remove(&self, path: &Path, name: &str, waiting: &Arc<Waiting>) {
        let mut state = lock(&self.state);
        let Some(directory) = state.directories.get_mut(path) else { return };
        if let Some(same) = directory.waiting.get_mut(name) {
            same.retain(|other| !Arc::ptr_eq(other, waiting));
            if same.is_empty() {
                directory.waiting.remove(name);
            }
        }
        if directory.waiting.is_empty() {
            let watched = state.directories.remove(path).and_then(|directory| directory.watched);
            // Two paths may lead to one directory, which has one watch.
            let is_shared = state.directories.values().any(|directory| directory.watched == watched);
            if let Some(watched) = watched
                && !is_shared
            {
                self.arrivals.forget(watched);
            }
        }
    }

    /// What the thread does, for ever, but not in a child that a waker has forked. It rests while nothing is pending.
    fn run(&self) {
        let mut has_news = false;
        while is_current(self.generation) {
            let mut state = lock(&self.state);
            while state.directories.is_empty() {
                state = self.more.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            let now = process::now();
            let wakers = state.turn(&self.arrivals, has_news, now);
            let until = state.until;
            drop(state);
            wakers.into_iter().for_each(|waker| {
                // The program's own hook has reported a panic already.
                let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
            });
            if is_current(self.generation) {
                let time = until.saturating_sub(process::now());
                has_news = self.arrivals.sleep(Duration::from_nanos(time));
            }
        }
    }
}

impl State {
    /// Looks where it is time to; returns whom to wake.
    fn turn(&mut self, arrivals: &Arrivals, has_news: bool, now: u64) -> Vec<Waker> {
        let mut wakers = Vec::new();
        if has_news {
            arrivals.read(|news| self.hear(&news, &mut wakers));
        }
        for (path, directory) in &mut self.directories {
            if directory.due <= now {
                directory.look(arrivals, path, &mut wakers);
            }
        }
        if self.earliest <= now {
            self.earliest = u64::MAX;
            for waiting in
                self.directories.values().flat_map(|directory| directory.waiting.values()).flatten()
            {
                // Once only: whoever was woken at the deadline looks for the last time.
                if waiting.deadline > now {
                    self.earliest = self.earliest.min(waiting.deadline);
                } else if !lock(&waiting.notice).is_due {
                    wakers.push(waiting.notice());
                }
            }
        }
        let due = self.directories.values().map(|directory| directory.due).min();
        self.until = due.map_or(self.earliest, |due| due.min(self.earliest));
        wakers
    }

    fn hear(&mut self, news: &News<'_>, wakers: &mut Vec<Waker>) {
        let is_about = |directory: &Directory| match news {
            News::Appeared(watched, _) | News::Gone(watched) => directory.watched == Some(*watched),
            News::Lost | News::AllEnded => true,
        };
        for directory in self.directories.values_mut().filter(|directory| is_about(directory)) {
            if let News::Appeared(_, name) = news {
                directory.wake(name, wakers);
            } else {
                directory.due = 0;
            }
            if let News::Gone(_) | News::AllEnded = news {
                directory.watched = None;
            }
        }
    }
}

impl Directory {
    /// Watches the directory that the path leads to now. True if it led to another one before.
    fn follow(&mut self, arrivals: &Arrivals, place: &Place) -> bool {
        let identity = place.identity().ok();
        let is_other = self.identity != identity;
        if is_other || self.watched.is_none() {
            let before = std::mem::replace(&mut self.watched, arrivals.watch(place).ok());
            if let Some(before) = before.filter(|_| is_other) {
                arrivals.forget(before);
            }
        }
        let was_known = self.identity.is_some();
        self.identity = identity;
        is_other && was_known
    }

    /// How long to wait until the next look, where the last one took so long.
    fn interval(&self, took: u64) -> u64 {
        if self.watched.is_some() { GUARD } else { UNWATCHED.max(took * SHARE) }
    }

    fn look(&mut self, arrivals: &Arrivals, path: &Path, wakers: &mut Vec<Waker>) {
        let start = process::now();
        match Place::open(path) {
            Ok(place) => {
                let is_other = self.follow(arrivals, &place);
                for (name, same) in &self.waiting {
                    if is_other || place.facts_of(name).is_ok() {
                        wakers.extend(same.iter().map(|waiting| waiting.notice()));
                    }
                }
            }
            // They cannot be told of it here: that is for the next look.
            Err(error) if Meaning::of(&error) == Meaning::Limit => {}
            // They look by themselves, and say why there is nothing to wait for.
            Err(_) => wakers.extend(self.waiting.values().flatten().map(|waiting| waiting.notice())),
        }
        let now = process::now();
        self.due = now + self.interval(now - start);
    }

    fn wake(&self, name: &str, wakers: &mut Vec<Waker>) {
        let same = self.waiting.get(name).into_iter().flatten();
        wakers.extend(same.map(|waiting| waiting.notice()));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
