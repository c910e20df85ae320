//! Which process this is, among those that were forked from one another, by whatever call.
//!
//! A child runs no handler of ours if `_Fork` or a bare `clone` has made it. So everybody asks [`generation`] before
//! touching what a child must leave alone, and the first who asks in a child gives up what was the parent's.

use crate::sync::{AtomicU32, Ordering, yield_now};

/// How many processes there were on the way to this one, itself included, and what a new one does first.
struct Generations {
    count: AtomicU32,
}

/// What a new process finds in its mark.
const NEW: u32 = 0;
/// Some thread is giving up what was the parent's. No process has this number.
const TURNING: u32 = u32::MAX;

impl Generations {
    /// The process with this mark and number. If it is new, `begin` runs, once, and before any thread returns from here.
    fn turn(&self, mark: &AtomicU32, me: u32, is_cleared: bool, begin: impl FnOnce()) -> u32 {
        loop {
            let found = mark.load(Ordering::SeqCst);
            if is_known(found, me, is_cleared) {
                break;
            }
            if found == TURNING {
                yield_now();
            } else if mark.compare_exchange(found, TURNING, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
                self.count.fetch_add(1, Ordering::SeqCst);
                begin();
                mark.store(me, Ordering::SeqCst);
                break;
            }
        }
        self.count.load(Ordering::SeqCst)
    }
}

/// Whether the mark is this process's. Where a fork copies it, it has to have this process's number.
fn is_known(mark: u32, me: u32, is_cleared: bool) -> bool {
    if is_cleared { mark != NEW && mark != TURNING } else { mark == me }
}

#[cfg(not(loom))]
mod process {
    use std::sync::OnceLock;

    use super::{Generations, NEW, is_known};
    use crate::platform::{fork_mark, process};
    use crate::sync::{AtomicU32, Ordering};

    static GENERATIONS: Generations = Generations { count: AtomicU32::new(0) };

    /// What a new process does first.
    static LEAVING: [OnceLock<fn()>; 3] = [const { OnceLock::new() }; 3];

    /// Which process this is. Two processes of which one was forked from the other have different numbers.
    pub(crate) fn generation() -> u32 {
        let (mark, is_cleared) = fork_mark::get();
        let me = if is_cleared { NEW } else { process::id() };
        if is_known(mark.load(Ordering::Acquire), me, is_cleared) {
            return GENERATIONS.count.load(Ordering::SeqCst);
        }
        // The handler of a signal that asked would wait for the thread that it has interrupted.
        let _undisturbed = process::block_signals();
        GENERATIONS.turn(mark, process::id(), is_cleared, || {
            LEAVING.iter().filter_map(OnceLock::get).for_each(|leave| leave());
        })
    }

    /// The same as far as anybody has asked for it in this process, at the price of one look. Never 0.
    #[inline]
    pub(crate) fn last_known() -> u32 {
        GENERATIONS.count.load(Ordering::Relaxed).max(1)
    }

    /// Whether that is this process, and not one that this one was forked from.
    pub(crate) fn is_current(generation: u32) -> bool {
        self::generation() == generation
    }

    /// Has `leave` called once in each new process before anything else there: it gives up what was the parent's. It is
    /// async-signal-safe, and asks for no generation.
    pub(crate) fn on_new_process(leave: fn()) {
        let mut leave = Some(leave);
        LEAVING.iter().for_each(|place| {
            if let Some(leave) = leave.take_if(|_| place.get().is_none()) {
                place.set(leave).expect("loading is done by one thread");
            }
        });
        assert!(leave.is_none(), "more rooms leave something to the parent than there are places for");
    }

    /// In a forked child, of which a handler tells. Async-signal-safe.
    pub(crate) fn begin_next() {
        fork_mark::get().0.store(NEW, Ordering::SeqCst);
        generation();
    }

    /// Whether this code runs in a child that borrows its parent's memory, as vfork(2) makes it.
    pub(crate) fn is_borrowed() -> bool {
        generation();
        fork_mark::get().0.load(Ordering::SeqCst) != process::id()
    }
}

#[cfg(not(loom))]
pub(crate) use process::{begin_next, generation, is_borrowed, is_current, last_known, on_new_process};

#[cfg(all(test, loom))]
mod model {
    use loom::sync::Arc;
    use loom::sync::atomic::AtomicBool;
    use loom::thread;

    use super::*;

    /// A child that no handler has told of: its first calls come from two threads at once.
    fn first_calls(mark: u32, is_cleared: bool) {
        loom::model(move || {
            let generations = Arc::new(Generations { count: AtomicU32::new(1) });
            let mark = Arc::new(AtomicU32::new(mark));
            let left = Arc::new(AtomicBool::new(false));
            let call = {
                let (mark, left) = (mark.clone(), left.clone());
                move || {
                    let generation = generations.turn(&mark, 7, is_cleared, || {
                        assert!(!left.swap(true, Ordering::Relaxed), "what is the parent's is left once");
                    });
                    assert_eq!(generation, 2);
                    assert!(left.load(Ordering::Relaxed), "and before anybody goes on");
                }
            };
            let other = thread::spawn(call.clone());
            call();
            other.join().unwrap();
            assert!(is_known(mark.load(Ordering::SeqCst), 7, is_cleared));
        });
    }

    #[test]
    fn loom_a_child_leaves_what_is_the_parents_once_and_before_anything_else() {
        first_calls(NEW, true);
    }

    #[test]
    fn loom_a_child_is_noticed_by_its_number_where_the_kernel_clears_nothing() {
        first_calls(6, false);
    }
}
