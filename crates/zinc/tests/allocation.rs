//! The hot path allocates nothing: not the first call, not a wait that parks, not a notification that wakes.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;

use common::sleeper::sleeper;
use common::{PATIENCE, Stage};
use zinc::Timeout;

/// The system's allocator, which counts the calls of each thread.
struct Counting;

thread_local! {
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    CALLS.set(CALLS.get() + 1);
}

// SAFETY: every call is the system allocator's own; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: as the caller says.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: as the caller says.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: as the caller says.
        unsafe { System.realloc(memory, layout, size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count();
        // SAFETY: as the caller says.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often `act` allocates or frees on this thread.
fn calls(act: impl FnOnce()) -> u64 {
    let before = CALLS.get();
    act();
    CALLS.get() - before
}

#[test]
fn the_hot_path_allocates_nothing() {
    let stage = Stage::new();
    let options =
        [stage.options(), stage.options().read_only(true), stage.options().spin(std::time::Duration::ZERO)];
    for options in options {
        let owner = options.create("r", 100).unwrap();
        let peer = options.open("r").unwrap();
        let reader = options.open("r").unwrap();
        let waits = sleeper(move || calls(|| assert!(reader.wait(Timeout::FOREVER).unwrap())));
        let hot = calls(|| {
            black_box((owner.as_ptr(), owner.capacity()));
            // Somebody sleeps, so this one wakes.
            owner.notify().unwrap();
            black_box((peer.as_ptr(), peer.as_mut_ptr(), peer.capacity()));
            assert!(peer.wait(PATIENCE).unwrap(), "a notification is there");
            assert!(!peer.wait(0).unwrap(), "none is");
            assert!(!peer.wait(20).unwrap(), "none comes while it is parked");
            assert!(!peer.wait(700).unwrap(), "nor while it looks after the owner");
            peer.notify().unwrap();
            assert_eq!(peer.wait_past(0, PATIENCE).unwrap(), Some(peer.sequence().unwrap()));
            assert!(owner.wait(PATIENCE).unwrap());
            peer.interrupt();
        });
        assert_eq!(hot, 0, "allocations");
        assert_eq!(waits.result(), 0, "allocations of a wait that parks and is woken");
    }
    assert!(calls(|| drop(black_box(Box::new(1)))) >= 2, "the counter counts");
}
