//! How long a notification takes to a wait that no thread sits in, beside the wake-up of a bare futex in the same run.
//!
//! Two processes, pinned to two cores, answer each other, and both sleep each time. One trip is two wake-ups. The other
//! process always waits on a thread of its own (for the bare futex on that, else on Zinc with the spin off), so what
//! this process does differently shows in one of the two wake-ups of a trip: the ratio of a wake-up is
//! `2 * trip / futex trip - 1`. The ways:
//!
//! - *bare futex*: each side stores to a word, wakes it, and sleeps on the other's.
//! - *zinc, a thread*: `wait` with the spin off.
//! - *hub, waker*: the waker itself answers, on the hub's thread: the wake-up through the hub and nothing else.
//! - *hub, executor*: a thread awaits `notified()`, as `pollster::block_on` does: the hub's thread wakes that thread,
//!   which is a second wake-up by nature.
//! - *hub, callback*: `wait_then`, on a thread for callbacks; a second wake-up, too.
//! - *hub, waker, 127 regions*: as the waker, with all the regions pending that one thread takes.
//!
//! `cargo bench -p zinc --bench hub -- [--rounds N] [--json]`. Timing is printed and never asserted: see the load that is
//! printed with it, and run it on a machine at rest.

mod common;
#[path = "common/pinned.rs"]
mod pinned;
#[path = "hub/ways.rs"]
mod ways;

use common::{Clock, Report, load, median, percentiles};
use ways::{Side, WAYS};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, flag, run, cpu] = &arguments[..]
        && flag == "--peer"
    {
        return ways::answer(run, cpu.parse().expect("the bench gives a number"));
    }
    let rounds = arguments.iter().skip_while(|argument| *argument != "--rounds").nth(1);
    let rounds: usize = rounds.map_or(30, |rounds| rounds.parse().expect("--rounds takes a number"));
    let Some((here, there)) = pinned::two_processors() else {
        println!("skipped: a wake-up of another processor needs two, and this process may use one");
        return;
    };
    // Before the hub's threads start, which go where this one is.
    pinned::pin(here);
    let clock = Clock::start();
    let mut report = Report::default();
    let side = Side::create();
    report.note(format!(
        "two processes on processors {here} and {there}, {rounds} rounds of {} trips; {}",
        ways::TRIPS,
        load()
    ));

    let mut found = vec![Vec::new(); WAYS.len()];
    let mut peer = ways::Peer::start(side.run(), there);
    for round in 0..rounds {
        for nth in 0..WAYS.len() {
            // To and fro, so that nobody always comes after the same way.
            let index = if round % 2 == 0 { nth } else { WAYS.len() - 1 - nth };
            peer.order(index);
            found[index].push(percentiles(&(WAYS[index].begin)(&side), 0.0));
        }
    }
    drop(peer);

    let tick = clock.tick();
    let futex = &found[0];
    for (way, found) in WAYS.iter().zip(&found) {
        let median_of = |percentile: usize| tick * median(found.iter().map(|round| round[percentile]));
        let names = ["trip p50 ns", "p90 ns", "p99 ns", "p99.9 ns"];
        report.row(way.name, names.into_iter().enumerate().map(|(i, name)| (name, median_of(i))).collect());
    }
    for (way, found) in WAYS.iter().zip(&found).skip(1) {
        let ratios = found.iter().zip(futex).map(|(mine, futex)| 2.0 * mine[0] / futex[0] - 1.0);
        report.target(
            format!("p50 of a wake-up, {} to bare futex", way.name),
            median(ratios),
            ..=way.at_most,
        );
    }
    report.print();
}
