//! The ways to be woken, and the other process, which always sleeps on a thread of its own.

use std::io::{BufRead, Write};
use std::pin::Pin;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use rustix::process::{Signal, set_parent_process_death_signal};
use rustix::thread::futex;
use zinc::{Notified, OwnedRegion, RegionOptions, SharedRegion, Timeout};

use crate::common::ticks;
use crate::pinned;

/// Trips in a turn that count, and those before them.
pub(crate) const TRIPS: u32 = 400;
const WARM_UP: u32 = 40;
/// As many regions as one thread of the hub takes.
const CROWD: usize = 127;

/// A way for this process to be woken.
pub(crate) struct Way {
    pub(crate) name: &'static str,
    /// What a wake-up may take, as a ratio to the bare futex's.
    pub(crate) at_most: f64,
    /// Takes a turn; gives how long each trip took, in ticks.
    pub(crate) begin: fn(&Side) -> Vec<u64>,
}

pub(crate) static WAYS: [Way; 6] = [
    Way { name: "bare futex", at_most: 1.0, begin: bare_futex },
    Way { name: "zinc, a thread", at_most: 1.1, begin: thread },
    Way { name: "hub, waker", at_most: 1.5, begin: |side| waker(side, 0) },
    Way { name: "hub, executor", at_most: 3.0, begin: executor },
    Way { name: "hub, callback", at_most: 4.0, begin: callback },
    Way { name: "hub, waker, 127 regions", at_most: 3.0, begin: |side| waker(side, CROWD - 1) },
];

/// This process's side.
pub(crate) struct Side {
    run: String,
    region: OwnedRegion,
    crowd: Vec<OwnedRegion>,
}

#[repr(C, align(128))]
struct Word(AtomicU32);

/// The words of the bare futex, in the region's data.
fn words(region: &SharedRegion) -> &[Word; 2] {
    // SAFETY: the data is mapped, longer than this, on a page boundary, and nothing but these atomics is in it.
    unsafe { &*region.as_ptr().cast() }
}

fn asleep() -> RegionOptions {
    RegionOptions::new().spin(Duration::ZERO)
}

impl Side {
    pub(crate) fn create() -> Self {
        let run = format!("bench-hub-{}", std::process::id());
        let region = asleep().create(&run, size_of::<[Word; 2]>()).expect("a small region fits");
        let crowd =
            (0..CROWD).map(|i| asleep().create(format!("{run}-{i}"), 1).expect("a small region fits"));
        let crowd = crowd.collect();
        Self { run, region, crowd }
    }

    pub(crate) fn run(&self) -> &str {
        &self.run
    }

    fn reset(&self) {
        words(&self.region).iter().for_each(|word| word.0.store(0, Ordering::SeqCst));
    }
}

/// Notes the time, trip after trip.
struct Trips {
    left: u32,
    before: u64,
    samples: Vec<u64>,
}

impl Trips {
    fn start() -> Self {
        Self {
            left: WARM_UP + TRIPS,
            before: ticks(),
            samples: Vec::with_capacity((WARM_UP + TRIPS) as usize),
        }
    }

    /// A trip is over; false if it was the last.
    fn over(&mut self) -> bool {
        let now = ticks();
        self.samples.push(now.wrapping_sub(self.before));
        self.before = now;
        self.left -= 1;
        self.left > 0
    }

    fn found(mut self) -> Vec<u64> {
        self.samples.split_off(WARM_UP as usize)
    }
}

fn bare_futex(side: &Side) -> Vec<u64> {
    side.reset();
    let [there, back] = words(&side.region);
    let mut trips = Trips::start();
    loop {
        let n = WARM_UP + TRIPS - trips.left + 1;
        wake(&there.0, n);
        sleep_until(&back.0, n);
        if !trips.over() {
            return trips.found();
        }
    }
}

fn thread(side: &Side) -> Vec<u64> {
    let mut trips = Trips::start();
    loop {
        side.region.notify().expect("the handle is open");
        assert!(side.region.wait(Timeout::FOREVER).expect("this process owns it"));
        if !trips.over() {
            return trips.found();
        }
    }
}

fn executor(side: &Side) -> Vec<u64> {
    let mut trips = Trips::start();
    loop {
        side.region.notify().expect("the handle is open");
        pollster::block_on(side.region.notified()).expect("this process owns it");
        if !trips.over() {
            return trips.found();
        }
    }
}

fn callback(side: &Side) -> Vec<u64> {
    fn next(region: Arc<SharedRegion>, mut trips: Trips, done: Sender<Trips>) {
        let on_it = region.clone();
        let then = move |outcome: zinc::Result<bool>| {
            assert!(outcome.expect("this process owns it"));
            if trips.over() {
                region.notify().expect("the handle is open");
                next(region, trips, done);
            } else {
                done.send(trips).expect("the bench waits");
            }
        };
        on_it.wait_then(Timeout::FOREVER, then).unwrap();
    }
    let (done, trips) = channel();
    let region = Arc::new((*side.region).clone());
    region.notify().expect("the handle is open");
    next(region, Trips::start(), done);
    let found = trips.recv().expect("the other process lives").found();
    // What the clone has seen, the handle has not.
    side.region.wait(0).expect("this process owns it");
    found
}

/// Answers on the hub's thread, from within the waker.
struct Answers {
    inner: Mutex<Inner>,
    region: SharedRegion,
}

struct Inner {
    wait: Option<Notified>,
    trips: Option<Trips>,
    done: Sender<Trips>,
}

impl Wake for Answers {
    fn wake(self: Arc<Self>) {
        let waker = Waker::from(self.clone());
        let mut inner = self.inner.lock().expect("no panics");
        let inner = &mut *inner;
        let Some(trips) = &mut inner.trips else { return };
        loop {
            let wait = inner.wait.get_or_insert_with(|| self.region.notified());
            match Pin::new(wait).poll(&mut Context::from_waker(&waker)) {
                Poll::Pending => return,
                Poll::Ready(over) => over.expect("this process owns it"),
            }
            inner.wait = None;
            if !trips.over() {
                break;
            }
            self.region.notify().expect("the handle is open");
        }
        let trips = inner.trips.take().expect("there until now");
        inner.done.send(trips).expect("the bench waits");
    }
}

fn waker(side: &Side, others: usize) -> Vec<u64> {
    let mut crowd: Vec<_> = side.crowd[..others].iter().map(|region| region.notified()).collect();
    for wait in &mut crowd {
        assert!(Pin::new(wait).poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    let (done, trips) = channel();
    let region = (*side.region).clone();
    let inner = Mutex::new(Inner { wait: None, trips: Some(Trips::start()), done });
    let answers = Arc::new(Answers { inner, region });
    answers.region.notify().expect("the handle is open");
    answers.clone().wake();
    let found = trips.recv().expect("the other process lives").found();
    // What the clone has seen, the handle has not.
    side.region.wait(0).expect("this process owns it");
    found
}

fn wake(word: &AtomicU32, n: u32) {
    word.store(n, Ordering::Release);
    futex::wake(word, futex::Flags::empty(), 1).expect("the word is mapped");
}

fn sleep_until(word: &AtomicU32, n: u32) {
    loop {
        let now = word.load(Ordering::Acquire);
        if now == n {
            return;
        }
        // Whatever ends the sleep, the word tells.
        let _ = futex::wait(word, futex::Flags::empty(), now, None);
    }
}

/// The other process: answers the turns that it is told on its standard input.
pub(crate) fn answer(run: &str, cpu: usize) {
    set_parent_process_death_signal(Some(Signal::KILL)).expect("a plain signal");
    pinned::pin(cpu);
    let region = asleep().open(run).expect("the bench has created it");
    for line in std::io::stdin().lock().lines() {
        let way: usize = line.expect("text").parse().expect("a number");
        if way == 0 {
            let [there, back] = words(&region);
            for n in 1..=WARM_UP + TRIPS {
                sleep_until(&there.0, n);
                wake(&back.0, n);
            }
        } else {
            for _ in 0..WARM_UP + TRIPS {
                assert!(region.wait(Timeout::FOREVER).expect("the owner lives"));
                region.notify().expect("the handle is open");
            }
        }
    }
}

/// The other process, as seen by the bench.
pub(crate) struct Peer {
    process: Child,
    orders: Option<ChildStdin>,
}

impl Peer {
    pub(crate) fn start(run: &str, cpu: usize) -> Self {
        let program = std::env::current_exe().expect("this program has a path");
        let mut process = Command::new(program)
            .args(["--peer", run, &cpu.to_string()])
            .stdin(Stdio::piped())
            .spawn()
            .expect("this program can be run again");
        Self { orders: process.stdin.take(), process }
    }

    pub(crate) fn order(&mut self, way: usize) {
        let orders = self.orders.as_mut().expect("closed by drop only");
        writeln!(orders, "{way}").expect("the peer reads");
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.orders = None;
        let _ = self.process.wait();
    }
}
