//! How long a notification takes to another process and back, beside the least that the machine allows.
//!
//! Two processes, pinned to two cores, answer each other in several ways. Each way gets a short turn in every round,
//! and ratios are taken within rounds, so that what else the machine does hits all alike; medians over the rounds are
//! reported. The ways:
//!
//! - *cache line*: each side writes a line of its own, on which the other spins. Stored plainly, or swapped, which does
//!   not let the value rest in the store buffer.
//! - *added word*: both sides atomically add to one word and spin on it, which is what a sequence needs.
//! - *bare futex*: each side stores to a word, wakes it, and sleeps on the other's (`FUTEX_WAIT`, `FUTEX_WAKE`, shared).
//! - *zinc* as it comes, and *zinc, spin off*, which sleeps each time.
//!
//! The limits lie in the data of a region, so in the same kind of memory. They pause between two looks as Zinc does
//! (`std::hint::spin_loop`), or not; Zinc is compared with whichever form of a limit was quickest in the run.
//!
//! A trip is timed from the reading of the clock that ends the one before, so each contains one reading, and what a
//! reading takes is subtracted from all of them: that can only make ratios worse.
//!
//! The last part times one process alone: `notify` with nobody waiting, beside one `lock xadd` on such memory, in
//! batches.
//!
//! `cargo bench -p zinc --bench roundtrip -- [--rounds N] [--json]`. Timing is printed and never asserted: see the load
//! that is printed with it, and run it on a machine at rest.
#![expect(unsafe_code, reason = "the bare limits are words in the region's bytes")]

mod common;

use std::hint::{black_box, spin_loop};
use std::io::{BufRead, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use common::{Clock, PERCENTILES, Report, load, median, percentiles, reading, sample};
use rustix::process::{Signal, set_parent_process_death_signal};
use rustix::thread::{CpuSet, futex, sched_getaffinity, sched_setaffinity};
use zinc::{RegionOptions, SharedRegion, Timeout};

/// A cache line pair with nothing else on it.
#[repr(C, align(128))]
struct Line<T>(T);

/// The words of the bare limits. All zeroes is their start.
#[repr(C)]
struct Words {
    there: Line<AtomicU64>,
    back: Line<AtomicU64>,
    added: Line<AtomicU64>,
    asleep_there: Line<AtomicU32>,
    asleep_back: Line<AtomicU32>,
    alone: Line<AtomicU64>,
}

/// One process's handles.
struct Side {
    spinning: SharedRegion,
    sleeping: SharedRegion,
}

/// A way to answer each other, from both sides. The steps count from 1, and all words start at 0.
struct Way {
    name: &'static str,
    /// Trips in one turn: enough for a p99.9 where trips are short, and few enough for a turn of some milliseconds.
    trips: u64,
    begin: fn(&Side, &mut Turn),
    answer: fn(&Side, &mut Turn),
}

const SPINNING: u64 = 20_000;
const SLEEPING: u64 = 400;

/// The ways, the forms of one limit side by side.
static WAYS: [Way; 8] = [
    Way {
        name: "cache line, stored",
        trips: SPINNING,
        begin: |side, turn| {
            let Words { there, back, .. } = side.words();
            turn.time(|n| {
                there.0.store(n, Ordering::Release);
                until(spin_loop, || back.0.load(Ordering::Acquire) == n);
            });
        },
        answer: |side, turn| {
            let Words { there, back, .. } = side.words();
            turn.run(|n| {
                until(spin_loop, || there.0.load(Ordering::Acquire) == n);
                back.0.store(n, Ordering::Release);
            });
        },
    },
    Way {
        name: "cache line, swapped",
        trips: SPINNING,
        begin: |side, turn| {
            let Words { there, back, .. } = side.words();
            turn.time(|n| {
                there.0.swap(n, Ordering::AcqRel);
                until(spin_loop, || back.0.load(Ordering::Acquire) == n);
            });
        },
        answer: |side, turn| {
            let Words { there, back, .. } = side.words();
            turn.run(|n| {
                until(spin_loop, || there.0.load(Ordering::Acquire) == n);
                back.0.swap(n, Ordering::AcqRel);
            });
        },
    },
    Way {
        name: "cache line, no pause",
        trips: SPINNING,
        begin: |side, turn| {
            let Words { there, back, .. } = side.words();
            turn.time(|n| {
                there.0.store(n, Ordering::Release);
                until(|| (), || back.0.load(Ordering::Acquire) == n);
            });
        },
        answer: |side, turn| {
            let Words { there, back, .. } = side.words();
            turn.run(|n| {
                until(|| (), || there.0.load(Ordering::Acquire) == n);
                back.0.store(n, Ordering::Release);
            });
        },
    },
    Way {
        name: "added word",
        trips: SPINNING,
        begin: |side, turn| {
            let added = &side.words().added.0;
            turn.time(|n| {
                added.fetch_add(1, Ordering::AcqRel);
                until(spin_loop, || added.load(Ordering::Acquire) == 2 * n);
            });
        },
        answer: |side, turn| {
            let added = &side.words().added.0;
            turn.run(|n| {
                until(spin_loop, || added.load(Ordering::Acquire) == 2 * n - 1);
                added.fetch_add(1, Ordering::AcqRel);
            });
        },
    },
    Way {
        name: "added word, no pause",
        trips: SPINNING,
        begin: |side, turn| {
            let added = &side.words().added.0;
            turn.time(|n| {
                added.fetch_add(1, Ordering::AcqRel);
                until(|| (), || added.load(Ordering::Acquire) == 2 * n);
            });
        },
        answer: |side, turn| {
            let added = &side.words().added.0;
            turn.run(|n| {
                until(|| (), || added.load(Ordering::Acquire) == 2 * n - 1);
                added.fetch_add(1, Ordering::AcqRel);
            });
        },
    },
    Way {
        name: "zinc",
        trips: SPINNING,
        begin: |side, turn| turn.time(|_| ping(&side.spinning)),
        answer: |side, turn| turn.run(|_| pong(&side.spinning)),
    },
    Way {
        name: "bare futex",
        trips: SLEEPING,
        begin: |side, turn| {
            let Words { asleep_there, asleep_back, .. } = side.words();
            turn.time(|n| {
                wake(&asleep_there.0, n as u32);
                sleep_until(&asleep_back.0, n as u32);
            });
        },
        answer: |side, turn| {
            let Words { asleep_there, asleep_back, .. } = side.words();
            turn.run(|n| {
                sleep_until(&asleep_there.0, n as u32);
                wake(&asleep_back.0, n as u32);
            });
        },
    },
    Way {
        name: "zinc, spin off",
        trips: SLEEPING,
        begin: |side, turn| turn.time(|_| ping(&side.sleeping)),
        answer: |side, turn| turn.run(|_| pong(&side.sleeping)),
    },
];

/// Where in [`WAYS`] the ways are whose names start like this.
fn forms(name: &str) -> Vec<usize> {
    (0..WAYS.len()).filter(|&way| WAYS[way].name.starts_with(name)).collect()
}

/// One turn of one way.
struct Turn {
    trips: u64,
    /// Trips before those that count: they fetch code and lines, and let the adaptive spin settle.
    warm_up: u64,
    samples: Vec<u64>,
}

impl Turn {
    fn new() -> Self {
        Self { trips: 0, warm_up: 0, samples: Vec::new() }
    }

    fn of(&mut self, way: &Way) -> &mut Self {
        self.trips = way.trips;
        self.warm_up = way.trips / 20;
        self
    }

    #[inline(always)]
    fn time(&mut self, mut step: impl FnMut(u64)) {
        (1..=self.warm_up).for_each(&mut step);
        sample(&mut self.samples, self.warm_up + 1..=self.warm_up + self.trips, step);
    }

    #[inline(always)]
    fn run(&mut self, step: impl FnMut(u64)) {
        (1..=self.warm_up + self.trips).for_each(step);
    }
}

impl Side {
    fn words(&self) -> &Words {
        // SAFETY: the data is mapped, longer than this, on a page boundary, and nothing but these atomics is in it.
        unsafe { &*self.spinning.as_ptr().cast() }
    }

    /// Puts the words back to their start. The other side has given its last answer, so it touches none of them.
    fn reset(&self) {
        let words = self.words();
        for word in [&words.there.0, &words.back.0, &words.added.0] {
            word.store(0, Ordering::Relaxed);
        }
        for word in [&words.asleep_there.0, &words.asleep_back.0] {
            word.store(0, Ordering::Relaxed);
        }
    }
}

#[inline(always)]
fn until(pause: impl Fn(), done: impl Fn() -> bool) {
    while !done() {
        pause();
    }
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

#[inline(always)]
fn ping(region: &SharedRegion) {
    region.notify().expect("the handle is open");
    assert!(region.wait(Timeout::FOREVER).expect("the peer lives"));
}

#[inline(always)]
fn pong(region: &SharedRegion) {
    assert!(region.wait(Timeout::FOREVER).expect("the owner lives"));
    region.notify().expect("the handle is open");
}

/// The first processor that this process may use, and the first on another core: two threads of one core would share
/// their caches.
fn two_cores() -> Option<(usize, usize)> {
    let allowed = sched_getaffinity(None).expect("one's own processors can be asked for");
    let core = |cpu: usize| {
        let path = format!("/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list");
        std::fs::read_to_string(path).unwrap_or_else(|_| cpu.to_string())
    };
    let mut cpus = (0..CpuSet::MAX_CPU).filter(|&cpu| allowed.is_set(cpu));
    let first = cpus.next()?;
    let second = cpus.find(|&cpu| core(cpu) != core(first))?;
    Some((first, second))
}

fn pin(cpu: usize) {
    let mut only = CpuSet::new();
    only.set(cpu);
    sched_setaffinity(None, &only).expect("the processor is one of the allowed ones");
}

/// The names of the two regions of a run.
fn names(run: &str) -> [String; 2] {
    [format!("{run}-spinning"), format!("{run}-sleeping")]
}

fn sleeping() -> RegionOptions {
    RegionOptions::new().spin(Duration::ZERO)
}

/// The other process: does the turns that it is told on its standard input.
fn peer(run: &str, cpu: usize) {
    // It may be spinning when the bench is stopped, and would for ever.
    set_parent_process_death_signal(Some(Signal::KILL)).expect("a plain signal");
    pin(cpu);
    let [spinning, asleep] = names(run);
    let spinning = SharedRegion::open(spinning).expect("the bench has created it");
    let sleeping = sleeping().open(asleep).expect("the bench has created it");
    let side = Side { spinning, sleeping };
    let mut turn = Turn::new();
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("the bench writes text");
        let way = WAYS.iter().find(|way| way.name == line).expect("the bench names a way");
        (way.answer)(&side, turn.of(way));
    }
}

/// The other process, as seen by the bench.
struct Peer {
    orders: Option<ChildStdin>,
    watch: Option<std::thread::JoinHandle<()>>,
}

impl Peer {
    fn start(run: &str, cpu: usize) -> Self {
        let program = std::env::current_exe().expect("this program has a path");
        let mut child: Child = Command::new(program)
            .args(["--peer", run, &cpu.to_string()])
            .stdin(Stdio::piped())
            .spawn()
            .expect("this program can be run again");
        let orders = child.stdin.take();
        // Without the other side the bench would spin for ever.
        let watch = std::thread::spawn(move || {
            let status = child.wait().expect("the peer is a child");
            if !status.success() {
                eprintln!("the peer process failed: {status}");
                std::process::exit(1);
            }
        });
        Self { orders, watch: Some(watch) }
    }

    fn order(&mut self, way: &Way) {
        let orders = self.orders.as_mut().expect("closed by drop only");
        writeln!(orders, "{}", way.name).expect("the peer reads");
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.orders = None;
        let _ = self.watch.take().map(std::thread::JoinHandle::join);
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, flag, run, cpu] = &arguments[..]
        && flag == "--peer"
    {
        return peer(run, cpu.parse().expect("the bench gives a number"));
    }
    let rounds = arguments.iter().skip_while(|argument| *argument != "--rounds").nth(1);
    let rounds: usize = rounds.map_or(60, |rounds| rounds.parse().expect("--rounds takes a number"));
    let Some((here, there)) = two_cores() else {
        println!("skipped: a round trip between two cores needs two cores, and this process may use one");
        return;
    };
    pin(here);

    let clock = Clock::start();
    let mut report = Report::default();
    report.note(format!("two processes on processors {here} and {there}, {rounds} rounds; {}", load()));

    let run = format!("bench-{}", std::process::id());
    let [spinning, asleep] = names(&run);
    let spinning = SharedRegion::create(&spinning, size_of::<Words>()).expect("a small region fits");
    let asleep = sleeping().create(&asleep, 1).expect("a small region fits");
    let side = Side { spinning: spinning.clone(), sleeping: asleep.clone() };
    let mut peer = Peer::start(&run, there);

    let reading = reading();
    let mut turn = Turn::new();
    let mut found = vec![Vec::new(); WAYS.len()];
    for round in 0..rounds {
        for nth in 0..WAYS.len() {
            // Nobody always comes after a way that let the processors fall asleep.
            let index = (round + nth) % WAYS.len();
            let way = &WAYS[index];
            side.reset();
            peer.order(way);
            (way.begin)(&side, turn.of(way));
            found[index].push(percentiles(&turn.samples, reading));
        }
    }
    drop(peer);
    let (notify, xadd) = alone(&side, rounds);

    let tick = clock.tick();
    report.note(format!("reading the clock: {:.1} ns, taken off every trip", reading * tick));
    let median_of = |way: usize, percentile: usize| median(found[way].iter().map(|round| round[percentile]));
    for (way, Way { name, .. }) in WAYS.iter().enumerate() {
        let row = PERCENTILES.iter().enumerate().map(|(i, (_, name))| (*name, tick * median_of(way, i)));
        report.row(name, row.collect());
    }
    report.row("notify, nobody waiting", vec![("ns each", tick * median(notify.iter().copied()))]);
    report.row("lock xadd", vec![("ns each", tick * median(xadd.iter().copied()))]);

    let mut compare = |mine: usize, limit: &str, percentile: usize, at_most: f64| {
        let quickest = forms(limit).into_iter().min_by(|&a, &b| median_of(a, 0).total_cmp(&median_of(b, 0)));
        let limit = quickest.expect("every limit has a form");
        let rounds = found[mine].iter().zip(&found[limit]);
        let ratio = median(rounds.map(|(mine, limit)| mine[percentile] / limit[percentile]));
        let (mine, limit) = (WAYS[mine].name, WAYS[limit].name);
        report.at_most(format!("{} of {mine} to {limit}", PERCENTILES[percentile].1), ratio, at_most);
    };
    let zinc = forms("zinc");
    compare(zinc[0], "cache line", 0, 1.3);
    compare(zinc[0], "added word", 0, 1.1);
    compare(zinc[0], "cache line", 2, 1.5);
    compare(zinc[0], "added word", 2, 1.5);
    compare(zinc[1], "bare futex", 0, 1.1);
    let ratio = median(notify.iter().zip(&xadd).map(|(notify, xadd)| notify / xadd));
    report.at_most("notify, nobody waiting, to lock xadd", ratio, 1.5);
    report.print();
}

/// Ticks that one `notify` and one `lock xadd` take, in batches by turns.
fn alone(side: &Side, rounds: usize) -> (Vec<f64>, Vec<f64>) {
    const BATCH: u64 = 2000;
    const BATCHES: u64 = 20;
    let word = &side.words().alone.0;
    let mut samples = Vec::new();
    let mut each = |batch: &dyn Fn()| {
        sample(&mut samples, 1..=BATCHES, |_| batch());
        percentiles(&samples, 0.0)[0] / BATCH as f64
    };
    let notify = || (0..BATCH).for_each(|_| black_box(side.spinning.notify()).expect("the handle is open"));
    // The result is used: otherwise it would be an addition that gives none.
    let xadd = || (0..BATCH).for_each(|_| _ = black_box(word.fetch_add(1, Ordering::SeqCst)));
    (0..rounds).map(|_| (each(&notify), each(&xadd))).unzip()
}
