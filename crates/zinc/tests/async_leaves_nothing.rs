//! Waits that are begun and given up leave nothing behind: no thread, no open file, no mapping, no memory.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicI64, Ordering};

use common::futures::poll;
use common::{Part, Stage, note, until};
use zinc::{RegionOptions, SharedRegion, Timeout};

common::parts!(begin_and_cancel, open_and_close);

/// The system's allocator, which counts the bytes that are in use.
struct Counting;

static BYTES: AtomicI64 = AtomicI64::new(0);

// SAFETY: every call is the system allocator's own; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.fetch_add(layout.size() as i64, Ordering::Relaxed);
        // SAFETY: as the caller says.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        BYTES.fetch_sub(layout.size() as i64, Ordering::Relaxed);
        // SAFETY: as the caller says.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What the process has, counted.
#[derive(Debug, PartialEq, Eq)]
struct Belongings {
    threads: usize,
    files: usize,
    regions: usize,
    bytes: i64,
}

fn belongings(directory: &std::path::Path) -> Belongings {
    let mappings = std::fs::read_to_string("/proc/self/maps").unwrap();
    let directory = directory.to_str().unwrap();
    Belongings {
        threads: common::threads(std::process::id() as i32).len(),
        files: std::fs::read_dir("/proc/self/fd").unwrap().count(),
        regions: mappings.lines().filter(|line| line.contains(directory)).count(),
        bytes: BYTES.load(Ordering::Relaxed),
    }
}

/// Runs `cycle` some times, so that all is there that is needed once, and then that often; it must not have more then.
fn leaves_nothing(part: &mut Part, what: &str, cycles: u32, mut cycle: impl FnMut(u32)) {
    (0..2000).for_each(&mut cycle);
    let before = belongings(part.directory());
    let start = std::time::Instant::now();
    (0..cycles).for_each(&mut cycle);
    note(format_args!("{what}: {:?} a cycle", start.elapsed() / cycles));
    // A thread may be in the middle of something that it gives back in a moment.
    let mut after = belongings(part.directory());
    until(&format!("{what} leaves nothing: {before:?}, then {after:?}"), || {
        after = belongings(part.directory());
        after.threads <= before.threads
            && after.files <= before.files
            && after.regions <= before.regions
            && after.bytes <= before.bytes + 4096
    });
    part.say(what);
}

fn begin_and_cancel(part: &mut Part) {
    let region = part.options().open("r").unwrap();
    leaves_nothing(part, "waits that are dropped", 500_000, |_| {
        assert!(poll(&mut region.notified()).is_pending());
    });
    leaves_nothing(part, "waits with a timeout that are dropped", 300_000, |i| {
        assert!(poll(&mut region.wait_async(1000 + u64::from(i % 7))).is_pending());
    });
    leaves_nothing(part, "callbacks that are cancelled", 200_000, |_| {
        let on_it = region.clone();
        let wait = region.wait_then(Timeout::FOREVER, move |_| drop(on_it)).unwrap();
        assert!(wait.cancel());
    });
    leaves_nothing(part, "waits of clones that are dropped", 100_000, |_| {
        assert!(poll(&mut region.clone().notified()).is_pending());
    });
}

#[test]
fn a_million_waits_that_are_given_up_leave_nothing() {
    let stage = Stage::new();
    let _owner = stage.options().create("r", 1).unwrap();
    let mut process = stage.start("begin_and_cancel");
    process.expect("waits that are dropped");
    process.expect("waits with a timeout that are dropped");
    process.expect("callbacks that are cancelled");
    process.expect("waits of clones that are dropped");
}

fn open_and_close(part: &mut Part) {
    let options: RegionOptions = part.options();
    let open = |i: u32| options.open(format!("r{}", i % 10)).unwrap();
    let pending = |region: &SharedRegion| {
        let mut wait = region.notified();
        assert!(poll(&mut wait).is_pending());
        wait
    };
    leaves_nothing(part, "handles that are closed before their waits", 3000, |i| {
        let region = open(i);
        let wait = pending(&region);
        drop(region);
        assert!(pollster::block_on(wait).is_err());
    });
    leaves_nothing(part, "handles that are closed after their waits", 3000, |i| {
        let region = open(i);
        drop(pending(&region));
    });
    leaves_nothing(part, "views that outlive handles and waits", 3000, |i| {
        let region = open(i);
        let view = region.view().unwrap();
        drop(pending(&region));
        drop(region);
        drop(view);
    });
    leaves_nothing(part, "callbacks of handles that are closed", 3000, |i| {
        let region = open(i);
        let (say, over) = std::sync::mpsc::channel();
        region.wait_then(Timeout::FOREVER, move |outcome| say.send(outcome.is_err()).unwrap()).unwrap();
        drop(region);
        assert!(over.recv().unwrap());
    });
}

#[test]
fn regions_that_were_waited_on_and_closed_leave_nothing() {
    let stage = Stage::new();
    let owners: Vec<_> = (0..10).map(|i| stage.options().create(format!("r{i}"), 1).unwrap()).collect();
    let mut process = stage.start("open_and_close");
    process.expect("handles that are closed before their waits");
    process.expect("handles that are closed after their waits");
    process.expect("views that outlive handles and waits");
    process.expect("callbacks of handles that are closed");
    drop(owners);
}
