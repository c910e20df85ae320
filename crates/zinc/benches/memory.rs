//! What a region's memory costs: to create, to open, and to read, beside memory of one's own.
//!
//! - *Open and first byte*, 1 MB against 1 GB: opening maps and copies nothing, so it must not grow with the size. Both
//!   regions are created before, with their memory reserved.
//! - *Reading 100 MB* from a region, through a peer's mapping, against private memory from the allocator as it comes, by
//!   one function that sums up all words. Both are filled before and read once before it counts. Pages of 4096 bytes
//!   and huge ones read differently: the kernel's settings for both kinds of memory are printed with the result.
//! - *Creating*, by size, reserved and sparse; the time is the kernel's, which clears the pages.
//!
//! What is compared is taken by turns, and ratios within rounds, as in the other bench.
//!
//! `cargo bench -p zinc --bench memory -- [--json]`. Needs about 1.2 GB of free shared memory; without, it says what
//! it leaves out.
#![expect(unsafe_code, reason = "a region's bytes are shared memory")]

mod common;

use std::hint::black_box;
use std::slice;

use common::{Clock, PERCENTILES, Report, load, median, percentiles, reading, sample, ticks};
use zinc::{OwnedRegion, RegionOptions, SharedRegion};

const MB: usize = 1 << 20;
const SMALL: usize = MB;
const LARGE: usize = 1 << 30;
const READ: usize = 100 * MB;

fn main() {
    let clock = Clock::start();
    let mut report = Report::default();
    report.note(load());
    opening(&clock, &mut report);
    reading_all(&clock, &mut report);
    creating(&clock, &mut report);
    report.print();
}

/// A region of this run; where it does not fit, says so.
fn create(report: &mut Report, options: &RegionOptions, what: &str, capacity: usize) -> Option<OwnedRegion> {
    let name = format!("bench-{}-{what}", std::process::id());
    options.create(name, capacity).map_err(|error| report.note(format!("skipped {what}: {error}"))).ok()
}

fn opening(clock: &Clock, report: &mut Report) {
    const ROUNDS: usize = 100;
    const OPENS: u64 = 20;
    let options = RegionOptions::new();
    let Some(small) = create(report, &options, "open-1MB", SMALL) else { return };
    let Some(large) = create(report, &options, "open-1GB", LARGE) else { return };

    let reading = reading();
    let mut samples = Vec::new();
    let mut turn = |region: &SharedRegion| {
        let mut took = Vec::new();
        for _ in 0..OPENS {
            let mut opened = None;
            // Only the opening is timed: closing gives the memory back, which is another matter.
            sample(&mut samples, 1..=1, |_| {
                let region = SharedRegion::open(region.name()).expect("the region exists");
                // SAFETY: the region is open and has at least one byte.
                black_box(unsafe { region.as_ptr().read_volatile() });
                opened = Some(region);
            });
            took.push(samples[0]);
        }
        (percentiles(&took, reading)[0], took)
    };
    let (mut p50, mut all) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    for round in 0..=ROUNDS {
        for (index, region) in [&small, &large].into_iter().enumerate() {
            let (median, took) = turn(region);
            // The first round fetches the code.
            if round > 0 {
                p50[index].push(median);
                all[index].extend(took);
            }
        }
    }
    for (name, all) in ["open + first byte, 1 MB", "open + first byte, 1 GB"].into_iter().zip(&all) {
        let found = percentiles(all, reading);
        let columns = ["p50 (us)", "p90 (us)", "p99 (us)", "p99.9 (us)"];
        report.row(name, (0..PERCENTILES.len()).map(|i| (columns[i], found[i] * clock.tick() / 1000.0)).collect());
    }
    let ratio = median(p50[1].iter().zip(&p50[0]).map(|(large, small)| large / small));
    report.at_most("open + first byte, p50 of 1 GB to 1 MB", ratio, 1.1);
}

fn reading_all(clock: &Clock, report: &mut Report) {
    const ROUNDS: usize = 60;
    for file in ["enabled", "shmem_enabled"] {
        let path = format!("/sys/kernel/mm/transparent_hugepage/{file}");
        let setting = std::fs::read_to_string(&path).unwrap_or_else(|_| "not there".into());
        report.note(format!("{path}: {}", setting.trim()));
    }
    let Some(owner) = create(report, &RegionOptions::new(), "read-100MB", READ) else { return };
    let private: Vec<u64> = (0..READ as u64 / 8).map(|n| n.wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect();
    // SAFETY: the region is as long, aligned to a page, and nobody else knows its name.
    unsafe { owner.as_mut_ptr().cast::<u64>().copy_from_nonoverlapping(private.as_ptr(), private.len()) };

    let open = |prefault: bool| RegionOptions::new().prefault(prefault).open(owner.name()).expect("the owner lives");
    let expected = sum(&private);
    let timed = |words: &[u64]| {
        let start = ticks();
        let found = black_box(sum(black_box(words)));
        let took = ticks() - start;
        assert_eq!(found, expected, "the region holds what was written to it");
        took as f64
    };
    let first = median((0..5).map(|_| timed(words(&open(false)))));
    let prefaulted = median((0..5).map(|_| timed(words(&open(true)))));

    let region = open(false);
    timed(words(&region));
    let mut found: [Vec<f64>; 2] = Default::default();
    for round in 0..ROUNDS {
        for nth in 0..2 {
            let index = (round + nth) % 2;
            found[index].push(timed([words(&region), &private][index]));
        }
    }
    let [shared, private] = found;
    let ratio = median(shared.iter().zip(&private).map(|(shared, private)| private / shared));
    let rate = |took: f64| READ as f64 / (took * clock.tick());
    let quickest = |took: &[f64]| took.iter().copied().fold(f64::INFINITY, f64::min);
    let row = |usual: f64, best: f64| vec![("GB/s", rate(usual)), ("GB/s, best", rate(best))];
    report.row("reading 100 MB, private", row(median(private.iter().copied()), quickest(&private)));
    report.row("reading 100 MB, region", row(median(shared.iter().copied()), quickest(&shared)));
    report.row("first reading after open", vec![("GB/s", rate(first))]);
    report.row("first reading, prefaulted", vec![("GB/s", rate(prefaulted))]);
    report.at_least("speed of reading 100 MB, region to private", ratio, 0.98);
}

fn words(region: &SharedRegion) -> &[u64] {
    // SAFETY: the region is aligned to a page and has READ bytes; it was written once, before, and not since.
    unsafe { slice::from_raw_parts(region.as_ptr().cast(), READ / 8) }
}

/// One function for both kinds of memory, so that both run the same instructions, which the compiler makes wide.
#[inline(never)]
fn sum(words: &[u64]) -> u64 {
    words.iter().fold(0, |sum, word| sum.wrapping_add(*word))
}

fn creating(clock: &Clock, report: &mut Report) {
    const SIZE: usize = 64 * MB;
    let (reserved, sparse) = (RegionOptions::new(), RegionOptions::new().reserve(false));
    for (what, name, options, size) in [
        ("create-4096B", "creating 4096 bytes", &reserved, 4096),
        ("create-64MB", "creating 64 MB", &reserved, SIZE),
        ("create-64MB-sparse", "creating 64 MB, sparse", &sparse, SIZE),
    ] {
        let (mut made, mut closed) = (Vec::new(), Vec::new());
        for _ in 0..20 {
            let start = ticks();
            let Some(owner) = create(report, options, what, size) else { return };
            made.push((ticks() - start) as f64);
            let start = ticks();
            drop(owner);
            closed.push((ticks() - start) as f64);
        }
        let (made, closed) = (median(made) * clock.tick() / 1000.0, median(closed) * clock.tick() / 1000.0);
        let megabytes = size as f64 / MB as f64;
        let each = |took: f64| if size < MB { f64::NAN } else { took / megabytes };
        report.row(name, vec![("us", made), ("us a MB", each(made)), ("close, us", closed), ("close, us a MB", each(closed))]);
    }
}
