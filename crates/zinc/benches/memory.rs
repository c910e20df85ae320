//! What a region's memory costs: to create, to open, and to read, beside memory of one's own.
//!
//! - *Open and first byte*, 1 MB against 1 GB: opening maps and copies nothing, so it must not grow with the size. Both
//!   regions are created before, with their memory reserved. Beside it the same of the bare system calls: what a
//!   thousandfold size costs there (the first byte of a wide mapping wants one or two more page-table pages, whatever
//!   the size) it costs in Zinc, too, so the target leaves room for it and for nothing that grows.
//! - *Reading 100 MB* from a region, through a peer's mapping, against private memory from the allocator as it comes, by
//!   one function that sums up all words. Both are filled before and read once before it counts. Pages of 4096 bytes
//!   and huge ones read differently (about a sixth), and creating is much quicker with huge ones, so the kernel's settings
//!   for both kinds of memory are printed with the result. `ZINC_DIR` on a tmpfs mounted with `huge=always` shows it.
//! - *Creating*, by size, reserved and sparse; the time is the kernel's, which finds the pages one by one.
//! - *Huge pages*: 100 MB created, filled, read for the first time, and opened prefaulted, on a tmpfs mounted with each
//!   setting of `huge=`. Root only, because of the mounts; they are the bench's own, and gone with it.
//!
//! What is compared is taken by turns, and ratios within rounds, as in the other bench.
//!
//! `cargo bench -p zinc --bench memory -- [--json]`. Needs about 1.2 GB of free shared memory; without, it says what
//! it leaves out.

mod common;

use std::ffi::CString;
use std::fs::OpenOptions;
use std::hint::black_box;
use std::os::unix::ffi::OsStrExt;
use std::{io, slice};

use common::{Clock, Report, load, median, percentiles, ticks};
use memmap2::MmapOptions;
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
    huge_pages(&clock, &mut report);
    report.print();
}

/// A region of this run; where it does not fit, says so.
fn create(report: &mut Report, options: &RegionOptions, what: &str, capacity: usize) -> Option<OwnedRegion> {
    let name = format!("bench-{}-{what}", std::process::id());
    options.create(name, capacity).map_err(|error| report.note(format!("skipped {what}: {error}"))).ok()
}

fn opening(clock: &Clock, report: &mut Report) {
    const ROUNDS: usize = 200;
    const OPENS: usize = 20;
    let Some(small) = create(report, &RegionOptions::new(), "open-1MB", SMALL) else { return };
    let Some(large) = create(report, &RegionOptions::new(), "open-1GB", LARGE) else { return };

    // What is opened is given back by the caller, whose time is not counted: closing is another matter.
    let by_zinc = |region: &SharedRegion| {
        timed(|| {
            let opened = SharedRegion::open(region.name()).expect("the region exists");
            // SAFETY: the region is open and has at least one byte.
            black_box(unsafe { opened.as_ptr().read_volatile() });
            opened
        })
        .0
    };
    let bare = |region: &SharedRegion| {
        timed(|| {
            let file =
                OpenOptions::new().read(true).write(true).open(&region.info().path).expect("the file exists");
            let map = MmapOptions::new().map_raw(&file).expect("the file can be mapped");
            // SAFETY: the first byte of the header is mapped.
            black_box(unsafe { map.as_ptr().read_volatile() });
            (file, map)
        })
        .0
    };
    let cases: [(&str, &dyn Fn() -> f64); 4] = [
        ("open + first byte, 1 MB", &|| by_zinc(&small)),
        ("open + first byte, 1 GB", &|| by_zinc(&large)),
        ("bare open, mmap + first byte, 1 MB", &|| bare(&small)),
        ("bare open, mmap + first byte, 1 GB", &|| bare(&large)),
    ];
    let mut rounds: [Vec<f64>; 4] = Default::default();
    let mut all: [Vec<u64>; 4] = Default::default();
    for round in 0..=ROUNDS {
        for (index, (_, open)) in cases.iter().enumerate() {
            let took: Vec<f64> = (0..OPENS).map(|_| open()).collect();
            // The first round fetches the code.
            if round > 0 {
                all[index].extend(took.iter().map(|took| *took as u64));
                rounds[index].push(median(took));
            }
        }
    }
    for ((name, _), all) in cases.iter().zip(&all) {
        let found = percentiles(all, 0.0).map(|ticks| ticks * clock.tick() / 1000.0);
        report.row(name, ["p50 us", "p90 us", "p99 us", "p99.9 us"].into_iter().zip(found).collect());
    }
    let ratio = median(rounds[1].iter().zip(&rounds[0]).map(|(large, small)| large / small));
    report.target("open + first byte, p50 of 1 GB to 1 MB", ratio, ..=1.25);
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

    let open =
        |prefault: bool| RegionOptions::new().prefault(prefault).open(owner.name()).expect("the owner lives");
    let expected = sum(&private);
    let read = |words: &[u64]| {
        let (took, found) = timed(|| sum(black_box(words)));
        assert_eq!(found, expected, "the region holds what was written to it");
        took
    };
    let first = median((0..5).map(|_| read(words(&open(false)))));
    let prefaulted = median((0..5).map(|_| read(words(&open(true)))));

    let region = open(false);
    read(words(&region));
    let mut found: [Vec<f64>; 2] = Default::default();
    for round in 0..ROUNDS {
        for nth in 0..2 {
            let index = (round + nth) % 2;
            found[index].push(read([words(&region), &private][index]));
        }
    }
    let [shared, private] = found;
    let ratio = median(shared.iter().zip(&private).map(|(shared, private)| private / shared));
    let rate = |took: f64| READ as f64 / (took * clock.tick());
    let quickest = |took: &[f64]| took.iter().copied().fold(f64::INFINITY, f64::min);
    let row = |took: &[f64]| {
        vec![("GB/s", rate(median(took.iter().copied()))), ("GB/s, best", rate(quickest(took)))]
    };
    report.row("reading 100 MB, private", row(&private));
    report.row("reading 100 MB, region", row(&shared));
    report.row("first reading after open", vec![("GB/s", rate(first))]);
    report.row("first reading, prefaulted", vec![("GB/s", rate(prefaulted))]);
    report.target("speed of reading 100 MB, region to private", ratio, 0.98..);
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
    let (reserved, sparse) = (RegionOptions::new(), RegionOptions::new().sparse(true));
    for (what, name, options, size) in [
        ("create-4KB", "creating 4 KB", &reserved, 4096),
        ("create-64MB-sparse", "creating 64 MB, sparse", &sparse, 64 * MB),
        ("create-64MB", "creating 64 MB", &reserved, 64 * MB),
    ] {
        let (mut made, mut closed) = (Vec::new(), Vec::new());
        for _ in 0..20 {
            let (took, owner) = timed(|| create(report, options, what, size));
            let Some(owner) = owner else { return };
            made.push(took);
            closed.push(timed(|| drop(owner)).0);
        }
        let [made, closed] = [made, closed].map(|took| median(took) * clock.tick() / 1000.0);
        let megabytes = size as f64 / MB as f64;
        let mut row = vec![("us", made), ("close us", closed)];
        if what == "create-64MB" {
            row.extend([("us a MB", made / megabytes), ("close us a MB", closed / megabytes)]);
        }
        report.row(name, row);
    }
}

fn huge_pages(clock: &Clock, report: &mut Report) {
    const ROUNDS: usize = 7;
    let settings = ["never", "advise", "within_size", "always"];
    let mounts: Vec<_> = settings.iter().map(|huge| Mount::new(huge)).collect();
    let mut found: Vec<[Vec<f64>; 4]> = settings.iter().map(|_| Default::default()).collect();
    for (mount, setting) in mounts.iter().zip(settings) {
        if let Err(error) = mount {
            return report.note(format!("skipped, a tmpfs with huge={setting}: {error}"));
        }
    }
    for _ in 0..ROUNDS {
        for (mount, took) in mounts.iter().flatten().zip(&mut found) {
            let options = RegionOptions::new().directory(mount.directory.path());
            let (created, owner) = timed(|| create(report, &options, "huge-100MB", READ));
            let Some(owner) = owner else { return };
            // SAFETY: the region is as long, aligned to a page, and nobody else knows its name.
            let all = unsafe { slice::from_raw_parts_mut(owner.as_mut_ptr().cast::<u64>(), READ / 8) };
            let (filled, ()) = timed(|| all.fill(1));
            let peer = options.open(owner.name()).expect("the owner lives");
            let (read, total) = timed(|| sum(words(&peer)));
            assert_eq!(total, READ as u64 / 8, "the region holds what was written to it");
            let (opened, _peer) = timed(|| options.clone().prefault(true).open(owner.name()));
            for (all, one) in took.iter_mut().zip([created, filled, read, opened]) {
                all.push(one * clock.tick() / 1e6);
            }
        }
    }
    let columns = ["create ms", "fill ms", "first read ms", "open prefaulted ms"];
    for (setting, took) in settings.iter().zip(found) {
        let name = format!("100 MB on tmpfs, huge={setting}");
        report.row(&name, columns.into_iter().zip(took.map(median)).collect());
    }
}

/// A tmpfs in a directory of its own, until it is dropped.
struct Mount {
    directory: tempfile::TempDir,
}

impl Mount {
    fn new(huge: &str) -> io::Result<Self> {
        let directory = tempfile::tempdir()?;
        let path = CString::new(directory.path().as_os_str().as_bytes())?;
        let options = CString::new(format!("size={},huge={huge}", READ + 8 * MB))?;
        let kind = c"tmpfs".as_ptr();
        // SAFETY: all pointers are to C strings that live across the call.
        match unsafe { libc::mount(kind, path.as_ptr(), kind, 0, options.as_ptr().cast()) } {
            0 => Ok(Self { directory }),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        if let Ok(path) = CString::new(self.directory.path().as_os_str().as_bytes()) {
            // SAFETY: the pointer is to a C string that lives across the call.
            unsafe { libc::umount2(path.as_ptr(), libc::MNT_DETACH) };
        }
    }
}

/// Ticks that `step` takes, and what it gives.
fn timed<T>(step: impl FnOnce() -> T) -> (f64, T) {
    let start = ticks();
    let made = black_box(step());
    ((ticks() - start) as f64, made)
}
