//! How long a notification takes to another process and back, beside the least that the machine allows.
//!
//! Two processes, pinned to two processors, answer each other in several ways. Each way gets a short turn in every round,
//! and ratios are taken within rounds, so that what else the machine does hits all alike; medians over the rounds are
//! reported. The ways:
//!
//! - *cache line*: each side stores to a line of its own, on which the other spins. Or swaps, so that the value does not
//!   rest in the store buffer.
//! - *added word*: both sides atomically add to one word and spin on it, which is what a sequence needs.
//! - *bare futex*: each side stores to a word, wakes it, and sleeps on the other's (`FUTEX_WAIT`, `FUTEX_WAKE`, shared).
//! - *zinc* as it comes, and *zinc, spin off*, which sleeps each time.
//! - *peer at work*: the other side answers after 5, 20 or 100 microseconds, by chance. It is to be found by spinning, up
//!   to the bound.
//! - *one processor*: both sides share one, and *three pairs on one* do. Nothing is to be found by spinning there. What
//!   learning that costs is part of it, so the mean of a turn is compared.
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

mod common;
#[path = "roundtrip/peer.rs"]
mod peer;
#[path = "common/pinned.rs"]
mod pinned;
#[path = "roundtrip/ways.rs"]
mod ways;

use std::hint::black_box;
use std::sync::atomic::Ordering;

use common::{Clock, Report, load, median, percentiles};
use peer::Peer;
use ways::{Kind, Place, Side, Turn, WAYS, Way, reading, sample};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, role, run, here, there] = &arguments[..] {
        let [here, there] = [here, there].map(|cpu| cpu.parse().expect("the bench gives a number"));
        match &role[..] {
            "--answer" => return peer::answer(run, here, there),
            "--begin" => return peer::begin(run, here, there),
            _ => {}
        }
    }
    let rounds = arguments.iter().skip_while(|argument| *argument != "--rounds").nth(1);
    let rounds: usize = rounds.map_or(60, |rounds| rounds.parse().expect("--rounds takes a number"));
    let Some((here, there)) = pinned::two_processors() else {
        println!("skipped: a round trip between two processors needs two, and this process may use one");
        return;
    };
    pinned::pin(here);

    let clock = Clock::start();
    let mut report = Report::default();
    let apart = if pinned::share_a_core(here, there) { "two threads of one core" } else { "two cores" };
    report.note(format!(
        "two processes on processors {here} and {there} ({apart}), {rounds} rounds; {}",
        load()
    ));

    let run = format!("bench-{}", std::process::id());
    let (side, _owners) = peer::create(&run);
    let mut peer = Peer::start("--answer", &run, here, there);
    let mut crowd = [2, 3].map(|pair| Peer::start("--begin", &format!("{run}-{pair}"), here, there));
    crowd.iter_mut().for_each(Peer::hear);

    let reading = reading();
    let mut turn = Turn::new();
    let mut found = vec![Vec::new(); WAYS.len()];
    for round in 0..rounds {
        for nth in 0..WAYS.len() {
            // To and fro, so that nobody always comes after a way that let the processors fall asleep.
            let index = if round % 2 == 0 { nth } else { WAYS.len() - 1 - nth };
            let way = &WAYS[index];
            side.reset();
            let others = if way.place == Place::Crowd { &mut crowd[..] } else { &mut [] };
            others.iter_mut().for_each(|pair| pair.order(way));
            peer.order(way);
            (way.begin)(&side, turn.of(way));
            others.iter_mut().for_each(Peer::hear);
            let mean = turn.samples.iter().sum::<u64>() as f64 / turn.samples.len() as f64 - reading;
            let [p50, p90, p99, p999] = percentiles(&turn.samples, reading);
            found[index].push([p50, p90, p99, p999, mean]);
        }
    }
    drop((peer, crowd));
    let (notify, xadd) = alone(&side, rounds);

    let tick = clock.tick();
    report.note(format!("reading the clock: {:.1} ns, taken off every trip", reading * tick));
    let median_of = |way: usize, percentile: usize| median(found[way].iter().map(|round| round[percentile]));
    for (way, Way { name, .. }) in WAYS.iter().enumerate() {
        let found = std::array::from_fn::<_, 5, _>(|percentile| tick * median_of(way, percentile));
        report.row(
            name,
            ["p50 ns", "p90 ns", "p99 ns", "p99.9 ns", "mean ns"].into_iter().zip(found).collect(),
        );
    }
    report.row("notify, nobody waiting", vec![("ns each", tick * median(notify.iter().copied()))]);
    report.row("lock xadd", vec![("ns each", tick * median(xadd.iter().copied()))]);

    let quickest = |kind: Kind| {
        let forms = (0..WAYS.len()).filter(|&way| WAYS[way].kind == kind);
        forms.min_by(|&a, &b| median_of(a, 0).total_cmp(&median_of(b, 0))).expect("every kind has a form")
    };
    let mut compare = |mine: Kind, limit: Kind, (percentile, named): (usize, &str), at_most: f64| {
        let (mine, limit) = (quickest(mine), quickest(limit));
        let rounds = found[mine].iter().zip(&found[limit]);
        let ratio = median(rounds.map(|(mine, limit)| mine[percentile] / limit[percentile]));
        let (mine, limit) = (WAYS[mine].name, WAYS[limit].name);
        report.target(format!("{named} of {mine} to {limit}"), ratio, ..=at_most);
    };
    let (p50, p99) = ((0, "p50"), (2, "p99"));
    compare(Kind::Zinc, Kind::Line, p50, 1.3);
    compare(Kind::Zinc, Kind::Word, p50, 1.1);
    compare(Kind::Zinc, Kind::Line, p99, 1.5);
    compare(Kind::Zinc, Kind::Word, p99, 1.5);
    compare(Kind::ZincAtWork, Kind::LineAtWork, p50, 1.1);
    compare(Kind::ZincAsleep, Kind::Futex, p50, 1.1);
    compare(Kind::ZincTogether, Kind::FutexTogether, (4, "mean"), 1.3);
    compare(Kind::ZincCrowd, Kind::FutexCrowd, (4, "mean"), 1.3);
    let ratio = median(notify.iter().zip(&xadd).map(|(notify, xadd)| notify / xadd));
    report.target("notify, nobody waiting, to lock xadd", ratio, ..=1.5);
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
