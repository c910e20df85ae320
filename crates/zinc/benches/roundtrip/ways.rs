//! The ways in which two processes answer each other, and how a turn of one is timed.

use std::hint::spin_loop;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustix::thread::futex;
use zinc::{SharedRegion, Timeout};

use crate::common::ticks;

/// A cache line pair with nothing else on it.
#[repr(C, align(128))]
pub(crate) struct Line<T>(pub(crate) T);

/// The words of the bare limits. All zeroes is their start.
#[repr(C)]
pub(crate) struct Words {
    there: Line<AtomicU64>,
    back: Line<AtomicU64>,
    added: Line<AtomicU64>,
    asleep_there: Line<AtomicU32>,
    asleep_back: Line<AtomicU32>,
    /// For one process alone.
    pub(crate) alone: Line<AtomicU64>,
}

/// One process's handles.
pub(crate) struct Side {
    pub(crate) spinning: SharedRegion,
    pub(crate) sleeping: SharedRegion,
    /// Spins as it comes, too, and is used on one processor alone.
    pub(crate) crowded: SharedRegion,
}

/// What is measured; a limit may be reached in several forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Line,
    Word,
    Futex,
    Zinc,
    LineAtWork,
    ZincAtWork,
    ZincAsleep,
    FutexTogether,
    ZincTogether,
    ZincAsleepTogether,
    FutexCrowd,
    ZincCrowd,
}

/// Where the two sides run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Each on a processor of its own.
    Apart,
    /// Both on the same one.
    Together,
    /// On the same one as well, as other pairs that do the same.
    Crowd,
}

/// A way to answer each other, from both sides. The steps count from 1, and all words start at 0.
pub(crate) struct Way {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) place: Place,
    /// Trips in one turn: enough for a p99.9 where trips are short, and few enough for a turn of some milliseconds.
    pub(crate) trips: u64,
    pub(crate) begin: fn(&Side, &mut Turn),
    pub(crate) answer: fn(&Side, &mut Turn),
}

const SPINNING: u64 = 20_000;
const SLEEPING: u64 = 400;

/// The ways, the forms of one limit side by side.
pub(crate) static WAYS: [Way; 15] = [
    Way {
        name: "cache line",
        kind: Kind::Line,
        place: Place::Apart,
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
        name: "line, swapped",
        kind: Kind::Line,
        place: Place::Apart,
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
        name: "line, no pause",
        kind: Kind::Line,
        place: Place::Apart,
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
        kind: Kind::Word,
        place: Place::Apart,
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
        name: "word, no pause",
        kind: Kind::Word,
        place: Place::Apart,
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
        kind: Kind::Zinc,
        place: Place::Apart,
        trips: SPINNING,
        begin: |side, turn| turn.time(|_| ping(&side.spinning)),
        answer: |side, turn| turn.run(|_| pong(&side.spinning)),
    },
    Way {
        name: "cache line, peer at work",
        kind: Kind::LineAtWork,
        place: Place::Apart,
        trips: SLEEPING,
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
                work(n);
                back.0.store(n, Ordering::Release);
            });
        },
    },
    Way {
        name: "zinc, peer at work",
        kind: Kind::ZincAtWork,
        place: Place::Apart,
        trips: SLEEPING,
        begin: |side, turn| turn.time(|_| ping(&side.spinning)),
        answer: |side, turn| {
            turn.run(|n| {
                assert!(side.spinning.wait(Timeout::FOREVER).expect("the owner lives"));
                work(n);
                side.spinning.notify().expect("the handle is open");
            });
        },
    },
    Way {
        name: "bare futex",
        kind: Kind::Futex,
        place: Place::Apart,
        trips: SLEEPING,
        begin: begin_bare,
        answer: answer_bare,
    },
    Way {
        name: "zinc, spin off",
        kind: Kind::ZincAsleep,
        place: Place::Apart,
        trips: SLEEPING,
        begin: |side, turn| turn.time(|_| ping(&side.sleeping)),
        answer: |side, turn| turn.run(|_| pong(&side.sleeping)),
    },
    Way {
        name: "bare futex, one processor",
        kind: Kind::FutexTogether,
        place: Place::Together,
        trips: SLEEPING,
        begin: begin_bare,
        answer: answer_bare,
    },
    Way {
        name: "zinc, one processor",
        kind: Kind::ZincTogether,
        place: Place::Together,
        trips: SLEEPING,
        begin: |side, turn| turn.time(|_| ping(&side.crowded)),
        answer: |side, turn| turn.run(|_| pong(&side.crowded)),
    },
    Way {
        name: "zinc, one processor, spin off",
        kind: Kind::ZincAsleepTogether,
        place: Place::Together,
        trips: SLEEPING,
        begin: |side, turn| turn.time(|_| ping(&side.sleeping)),
        answer: |side, turn| turn.run(|_| pong(&side.sleeping)),
    },
    Way {
        name: "bare futex, three pairs on one",
        kind: Kind::FutexCrowd,
        place: Place::Crowd,
        trips: SLEEPING,
        begin: begin_bare,
        answer: answer_bare,
    },
    Way {
        name: "zinc, three pairs on one",
        kind: Kind::ZincCrowd,
        place: Place::Crowd,
        trips: SLEEPING,
        begin: |side, turn| turn.time(|_| ping(&side.crowded)),
        answer: |side, turn| turn.run(|_| pong(&side.crowded)),
    },
];

/// One turn of one way.
pub(crate) struct Turn {
    trips: u64,
    /// Trips before those that count: they fetch code and lines, and let the adaptive spin settle.
    warm_up: u64,
    pub(crate) samples: Vec<u64>,
}

impl Turn {
    pub(crate) fn new() -> Self {
        Self { trips: 0, warm_up: 0, samples: Vec::new() }
    }

    pub(crate) fn of(&mut self, way: &Way) -> &mut Self {
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

/// Runs `step` with each number of `range`; gives how long each took. One reading of the clock lies in each, whatever
/// the step.
#[inline(always)]
pub(crate) fn sample(samples: &mut Vec<u64>, range: RangeInclusive<u64>, mut step: impl FnMut(u64)) {
    let (first, last) = range.into_inner();
    samples.clear();
    samples.resize((last - first + 1) as usize, 0);
    let mut before = ticks();
    for (slot, n) in samples.iter_mut().zip(first..) {
        step(n);
        let now = ticks();
        *slot = now.wrapping_sub(before);
        before = now;
    }
}

/// What reading the clock takes, in ticks.
pub(crate) fn reading() -> f64 {
    let mut samples = Vec::new();
    sample(&mut samples, 1..=100_000, |_| ());
    let quickest = samples.chunks(1000).map(|chunk| chunk.iter().sum::<u64>()).min();
    quickest.unwrap_or(0) as f64 / 1000.0
}

impl Side {
    pub(crate) fn words(&self) -> &Words {
        // SAFETY: the data is mapped, longer than this, on a page boundary, and nothing but these atomics is in it.
        unsafe { &*self.spinning.as_ptr().cast() }
    }

    /// Puts the words back to their start. The other side has given its last answer, so it touches none of them.
    pub(crate) fn reset(&self) {
        let words = self.words();
        for word in [&words.there.0, &words.back.0, &words.added.0] {
            word.store(0, Ordering::Relaxed);
        }
        for word in [&words.asleep_there.0, &words.asleep_back.0] {
            word.store(0, Ordering::Relaxed);
        }
    }
}

/// Takes 5, 20 or 100 microseconds, in no order that could be learned.
fn work(n: u64) {
    let time = [5, 20, 100][(n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as usize % 3];
    let start = Instant::now();
    while start.elapsed() < Duration::from_micros(time) {
        spin_loop();
    }
}

fn begin_bare(side: &Side, turn: &mut Turn) {
    let Words { asleep_there, asleep_back, .. } = side.words();
    turn.time(|n| {
        wake(&asleep_there.0, n as u32);
        sleep_until(&asleep_back.0, n as u32);
    });
}

fn answer_bare(side: &Side, turn: &mut Turn) {
    let Words { asleep_there, asleep_back, .. } = side.words();
    turn.run(|n| {
        sleep_until(&asleep_there.0, n as u32);
        wake(&asleep_back.0, n as u32);
    });
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
