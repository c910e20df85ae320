//! What it takes to tell a hundred processes at once, beside a bare futex in the same run.
//!
//! A hundred processes sleep, each on a handle of its own. One notification wakes them all, and each says that it has
//! heard. Two numbers count: the time from before the notification to the last of them, and the processor time that the
//! hundred used, from one sleep to the next. The processes may run on all processors, and there are far more of them.
//! The ways:
//!
//! - *bare futex*: they sleep on one word (`FUTEX_WAIT`, shared), and are woken by one call.
//! - *zinc* as it comes, and *zinc, spin off*.
//!
//! Each way gets a short turn in every round, and ratios are taken within rounds, so that what else the machine does
//! hits all alike; medians over the rounds are reported.
//!
//! `cargo bench -p zinc --bench herd -- [--rounds N] [--json]`. Timing is printed and never asserted: see the load that
//! is printed with it, and run it on a machine at rest.

#[allow(dead_code, reason = "it is for benches that count in the processor's own ticks, too")]
mod common;

use std::process::{Child, Command};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use common::{Report, load, median};
use rustix::process::{Signal, set_parent_process_death_signal};
use rustix::thread::futex;
use zinc::{OwnedRegion, RegionOptions, SharedRegion, Timeout};

/// How many processes are told.
const HERD: u32 = 100;
/// Notifications in a turn, and those before them that are not timed: the spin learns from these.
const TOLD: usize = 20;
const WARM_UP: usize = 10;

const WAYS: [&str; 3] = ["bare futex", "zinc", "zinc, spin off"];

/// A cache line pair with nothing else on it.
#[repr(C, align(128))]
struct Line<T>(T);

/// What the processes share beside the regions' own words. All zeroes is its start.
#[repr(C)]
struct Words {
    /// What the bare futex is about.
    told: Line<AtomicU32>,
    /// How many have heard, in all.
    heard: Line<AtomicU32>,
}

fn names(run: &str) -> [String; 2] {
    [format!("{run}-spinning"), format!("{run}-sleeping")]
}

fn sleeping() -> RegionOptions {
    RegionOptions::new().spin(Duration::ZERO)
}

fn words(region: &SharedRegion) -> &Words {
    // SAFETY: the data is mapped, longer than this, on a page boundary, and nothing but these atomics is in it.
    unsafe { &*region.as_ptr().cast() }
}

fn sleep_while(word: &AtomicU32, value: u32) {
    while word.load(Ordering::Acquire) == value {
        // Whatever ends the sleep, the word tells.
        let _ = futex::wait(word, futex::Flags::empty(), value, None);
    }
}

fn wake(word: &AtomicU32) {
    futex::wake(word, futex::Flags::empty(), i32::MAX as u32).expect("the word is mapped");
}

/// One of the hundred: is told in the same order as the bench tells.
fn hear(run: &str, rounds: usize) {
    set_parent_process_death_signal(Some(Signal::KILL)).expect("a plain signal");
    let [spinning, asleep] = names(run);
    let spinning = SharedRegion::open(spinning).expect("the bench has created it");
    let sleeping = sleeping().open(asleep).expect("the bench has created it");
    let Words { told, heard } = words(&spinning);
    let mut told_before = 0;
    let mut heard_before = 0;
    // The first says that it is there.
    for turn in 0..=rounds * WAYS.len() {
        for _ in 0..if turn == 0 { 1 } else { WARM_UP + TOLD } {
            match turn.checked_sub(1).map(|turn| turn % WAYS.len()) {
                None => {}
                Some(0) => {
                    sleep_while(&told.0, told_before);
                    told_before += 1;
                }
                Some(1) => assert!(spinning.wait(Timeout::FOREVER).expect("the owner lives")),
                Some(_) => assert!(sleeping.wait(Timeout::FOREVER).expect("the owner lives")),
            }
            heard_before += HERD;
            if heard.0.fetch_add(1, Ordering::AcqRel) + 1 == heard_before {
                wake(&heard.0);
            }
        }
    }
}

struct Herd {
    processes: Vec<Child>,
    spinning: OwnedRegion,
    sleeping: OwnedRegion,
    heard: u32,
}

impl Herd {
    fn start(rounds: usize) -> Self {
        let run = format!("herd-{}", std::process::id());
        let [spinning, asleep] = names(&run);
        let spinning = SharedRegion::create(&spinning, size_of::<Words>()).expect("a small region fits");
        let sleeping = sleeping().create(&asleep, 1).expect("a small region fits");
        let program = std::env::current_exe().expect("this program has a path");
        let one = || {
            let mut command = Command::new(&program);
            command
                .args(["--hear", &run, &rounds.to_string()])
                .spawn()
                .expect("this program can be run again")
        };
        let mut herd = Self { processes: (0..HERD).map(|_| one()).collect(), spinning, sleeping, heard: 0 };
        herd.until_heard();
        herd
    }

    /// Returns when everybody has heard of one thing more.
    fn until_heard(&mut self) {
        self.heard += HERD;
        let word = &words(&self.spinning).heard.0;
        loop {
            let now = word.load(Ordering::Acquire);
            if now == self.heard {
                return;
            }
            // Ten seconds without news: somebody has died.
            let patience = rustix::time::Timespec { tv_sec: 10, tv_nsec: 0 };
            if futex::wait(word, futex::Flags::empty(), now, Some(&patience))
                == Err(rustix::io::Errno::TIMEDOUT)
            {
                assert!(word.load(Ordering::Acquire) > now, "only {now} have heard");
            }
        }
    }

    /// Returns when everybody sleeps again.
    fn until_asleep(&self) {
        for process in &self.processes {
            while state(process.id()) != Some('S') {
                std::thread::sleep(Duration::from_micros(200));
            }
        }
    }

    /// Processor time that the processes have used, in nanoseconds.
    fn used(&self) -> f64 {
        let of = |process: &Child| {
            let text =
                std::fs::read_to_string(format!("/proc/{}/schedstat", process.id())).unwrap_or_default();
            text.split(' ').next().and_then(|used| used.parse::<f64>().ok()).expect("a process that runs")
        };
        self.processes.iter().map(of).sum()
    }

    /// Tells everybody, in the way of that number; how long it took, and what the processes used, in nanoseconds.
    fn turn(&mut self, way: usize) -> [f64; 2] {
        let mut times = Vec::new();
        let mut used = 0.0;
        for told in 0..WARM_UP + TOLD {
            self.until_asleep();
            if told == WARM_UP {
                used = self.used();
            }
            let start = Instant::now();
            match way {
                0 => {
                    let told = &words(&self.spinning).told.0;
                    told.fetch_add(1, Ordering::Release);
                    wake(told);
                }
                1 => self.spinning.notify().expect("the handle is open"),
                _ => self.sleeping.notify().expect("the handle is open"),
            }
            self.until_heard();
            times.push(start.elapsed().as_nanos() as f64);
        }
        self.until_asleep();
        let each = |used: f64| used / TOLD as f64 / f64::from(HERD);
        [median(times.into_iter().skip(WARM_UP)), each(self.used() - used)]
    }
}

fn state(process: u32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The second field is a name in parentheses that may contain anything.
    stat.rsplit_once(") ")?.1.chars().next()
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, role, run, rounds] = &arguments[..]
        && role == "--hear"
    {
        return hear(run, rounds.parse().expect("the bench gives a number"));
    }
    let rounds = arguments.iter().skip_while(|argument| *argument != "--rounds").nth(1);
    let rounds: usize = rounds.map_or(15, |rounds| rounds.parse().expect("--rounds takes a number"));
    let mut report = Report::default();
    report.note(format!(
        "{HERD} processes on {} processors, {rounds} rounds of {TOLD} notifications; {}",
        std::thread::available_parallelism().map_or(1, usize::from),
        load()
    ));
    let mut herd = Herd::start(rounds + 1);
    let mut found = vec![Vec::new(); WAYS.len()];
    for _ in 0..rounds {
        for (way, found) in found.iter_mut().enumerate() {
            found.push(herd.turn(way));
        }
    }
    // They wait for a round that does not come.
    for process in &mut herd.processes {
        let _ = process.kill();
        let _ = process.wait();
    }

    for (way, found) in WAYS.iter().zip(&found) {
        let of = |number: usize| median(found.iter().map(|round| round[number]));
        report.row(way, vec![("to the last, us", of(0) / 1e3), ("CPU of each, us", of(1) / 1e3)]);
    }
    for way in 1..WAYS.len() {
        for (number, what) in ["time to the last", "processor time"].into_iter().enumerate() {
            let rounds = found[way].iter().zip(&found[0]);
            let ratio = median(rounds.map(|(mine, bare)| mine[number] / bare[number]));
            report.target(format!("{what}, {} to {}", WAYS[way], WAYS[0]), ratio, ..=1.2);
        }
    }
    report.print();
}
