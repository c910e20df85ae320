//! At the limits of the system and of Zinc itself there is the right answer, or an error that names the limit and the way out.

mod common;

use std::fmt::Debug;
use std::future::Future;
use std::os::unix::fs::MetadataExt;
use std::pin::pin;
use std::task::{Context, Waker};
use std::thread::{Builder, JoinHandle};

use common::sandbox::become_user;
use common::sleeper::{thread_id, until_asleep};
use common::{Part, Stage, note, word};
use rustix::process::{Resource, Rlimit, getpid, getrlimit, setrlimit};
use zinc::{DType, Error, ErrorKind, SharedRegion, Timeout};

common::parts!(many_regions, exhaust_files, lock_no_memory, address_little, make_no_large_file);

const PAGE: u64 = 4096;

/// Sets the soft limit; gives the one before.
fn limit(resource: Resource, soft: u64) -> u64 {
    let before = getrlimit(resource);
    setrlimit(resource, Rlimit { current: Some(soft), ..before }).expect("a limit below the hard one");
    before.current.unwrap_or(u64::MAX)
}

fn is_pending<T>(future: &mut (impl Future<Output = T> + Unpin)) -> bool {
    pin!(future).poll(&mut Context::from_waker(Waker::noop())).is_pending()
}

/// The error is that of the limit, and says what to do.
#[track_caller]
fn assert_limit(error: &Error, number: i32, way_out: &str) {
    assert_eq!((error.kind(), error.os_error()), (ErrorKind::Os, Some(number)), "{error}");
    assert!(error.to_string().contains(way_out), "{way_out} in: {error}");
}

/// The right answer, or the error of too many open files.
#[track_caller]
fn answer<T: Debug>(result: Result<T, Error>) -> Option<T> {
    result.map_err(|error| assert_limit(&error, libc::EMFILE, "ulimit -n")).ok()
}

const REGIONS: usize = 10_000;
/// The soft limit that most systems start programs with.
const USUAL_FILES: u64 = 1024;
/// An owner has two descriptors, and a handle of a persistent region one. Half of each, and some to spare.
const FILES_NEEDED: u64 = REGIONS as u64 * 3 / 2 + 500;

fn many_regions(part: &mut Part) {
    let options = part.options();
    limit(Resource::Nofile, USUAL_FILES);
    let mut owners = Vec::new();
    let error = loop {
        match options.create(format!("{}", owners.len()), 1) {
            Ok(owner) => owners.push(owner),
            Err(error) => break error,
        }
    };
    assert_limit(&error, libc::EMFILE, "ulimit -n");
    assert!(owners.len() > 400, "{} owners with {USUAL_FILES} descriptors", owners.len());
    part.say(owners.len());

    let hard = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
    if hard < FILES_NEEDED {
        part.say(format!(
            "skipped, {REGIONS} regions in one process: the hard limit of descriptors is {hard}"
        ));
        return;
    }
    limit(Resource::Nofile, FILES_NEEDED.max(hard.min(1 << 20)));
    let persistent = options.clone().persistent(true);
    while owners.len() < REGIONS {
        let options = if owners.len() % 2 == 0 { &options } else { &persistent };
        owners.push(options.create(format!("{}", owners.len()), 1).unwrap());
    }
    let mut waits: Vec<_> = owners.iter().map(|owner| owner.notified()).collect();
    assert!(waits.iter_mut().all(is_pending));
    owners.iter().for_each(|owner| SharedRegion::clone(owner).notify().unwrap());
    waits.into_iter().for_each(|wait| pollster::block_on(wait).unwrap());
    let listed = options.list().unwrap();
    assert_eq!(listed.len(), REGIONS);
    for owner in &owners {
        owner.unlink().unwrap();
        owner.close().unwrap();
    }
    part.say("all of them");
}

#[test]
fn ten_thousand_regions_in_one_process() {
    let stage = Stage::new();
    let mut process = stage.start("many_regions");
    let at_first = process.hear();
    let outcome = process.hear();
    note(format_args!("{USUAL_FILES} descriptors are enough for {at_first} owners; then: {outcome}"));
    assert!(process.end().success());
    assert!(stage.files().is_empty() || outcome != "all of them");
}

#[test]
fn a_sparse_region_of_64_gib_takes_what_is_written() {
    const CAPACITY: u64 = 64 << 30;
    let stage = Stage::new();
    let options = stage.options().sparse(true);
    let owner = options.create_tensor("r", DType::F32, &[CAPACITY / 4]).unwrap();
    let peer = options.open("r").unwrap();
    assert_eq!(peer.capacity() as u64, CAPACITY);
    for at in [0, CAPACITY / 2, CAPACITY - 1] {
        // SAFETY: the byte is within the region, and nobody else uses it.
        unsafe {
            owner.as_mut_ptr().add(at as usize).write_volatile(7);
            assert_eq!(peer.as_ptr().add(at as usize).read_volatile(), 7);
        }
    }
    assert_eq!(peer.tensor::<f32>().unwrap().shape(), [CAPACITY / 4]);
    owner.notify().unwrap();
    assert!(peer.wait(0).unwrap());
    let taken = stage.file("r").metadata().unwrap().blocks() * 512;
    // Where the kernel backs shared memory by huge pages, each byte takes one of them.
    assert!(taken <= 4 * (2 << 20), "{taken} bytes for three of them and the header");
}

fn waiter(region: SharedRegion) -> (i32, JoinHandle<String>) {
    let (say, hear) = std::sync::mpsc::channel();
    let wait = move || {
        say.send(thread_id()).unwrap();
        word(region.wait(Timeout::FOREVER))
    };
    let thread = Builder::new().stack_size(64 << 10).spawn(wait).unwrap();
    (hear.recv().unwrap(), thread)
}

#[test]
fn a_thousand_waiters_on_one_region_all_hear_of_it() {
    const WAITERS: usize = 1000;
    let stage = Stage::new();
    let owner = stage.options().create("r", 1).unwrap();
    let region = stage.options().open("r").unwrap();
    for end in ["true", "Closed"] {
        let sleeping: Vec<_> = (0..WAITERS).map(|_| waiter(region.clone())).collect();
        let mut futures: Vec<_> = (0..WAITERS).map(|_| region.clone().notified_kept()).collect();
        assert!(futures.iter_mut().all(|(_, wait)| is_pending(wait)));
        sleeping.iter().for_each(|(thread, _)| until_asleep(getpid(), *thread));
        if end == "true" {
            owner.notify().unwrap();
        } else {
            owner.close().unwrap();
        }
        assert!(sleeping.into_iter().all(|(_, thread)| thread.join().unwrap() == end));
        for (handle, wait) in futures {
            assert_eq!(word(pollster::block_on(wait).map(|()| true)), end);
            drop(handle);
        }
        // What was notified is taken in before the next round, by the handle that the next clones are made of.
        assert_eq!(word(region.wait(0)), end);
    }
}

/// A future together with its handle, whose drop would end it.
trait Kept: Sized {
    fn notified_kept(self) -> (Self, zinc::Notified);
}

impl Kept for SharedRegion {
    fn notified_kept(self) -> (Self, zinc::Notified) {
        let wait = self.notified();
        (self, wait)
    }
}

#[test]
fn names_at_their_limits_are_names_in_every_call() {
    let stage = Stage::new();
    let options = stage.options();
    let allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.";
    let single = allowed.chars().filter(|&character| character != '.').map(String::from);
    let longest = [format!("{allowed}{}", &allowed[..63]), "-".repeat(128), format!("x{}", ".".repeat(127))];
    for name in single.chain(longest) {
        let owner = options.clone().persistent(true).create(&name, 1).unwrap();
        assert_eq!(stage.files(), [format!("zinc.{name}")]);
        let peer = options.open(&name).unwrap();
        assert_eq!((peer.name(), options.list().unwrap()[0].name.as_str()), (name.as_str(), name.as_str()));
        owner.notify().unwrap();
        assert!(peer.wait(0).unwrap());
        options.remove(&name).unwrap();
        let error = peer.wait(0).unwrap_err();
        assert!(error.kind() == ErrorKind::Closed && error.to_string().contains(&name), "{error}");
    }
    let deep = stage.path().join("x/".repeat(3000));
    let error = options.clone().directory(deep).create("r", 1).unwrap_err();
    assert_eq!(error.os_error(), Some(libc::ENAMETOOLONG), "{error}");
}

/// Makes every call with only so many descriptors left, from none to enough; closes what it got while there are none.
fn exhaust_files(part: &mut Part) {
    let options = part.options();
    let kept = options.create("kept", 1).unwrap();
    let peer = options.open("kept").unwrap();
    let hard = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    // The next descriptor is the lowest that is free, so that a limit of this much leaves none.
    let lowest =
        std::fs::File::open("/dev/null").map(|file| std::os::fd::AsRawFd::as_raw_fd(&file)).unwrap() as u64;
    let mut all = 0;
    for left in 0..20 {
        limit(Resource::Nofile, lowest + left);
        let created = answer(options.create("new", 1));
        let opened = answer(options.open("kept"));
        let either = answer(options.open_or_create("kept", 1));
        let listed = answer(options.list());
        assert!(listed.as_ref().is_none_or(|regions| regions.len() == 1 + usize::from(created.is_some())));
        let waited = options.clone().timeout(20).open("missing").unwrap_err();
        assert!(waited.kind() == ErrorKind::NotFound || waited.os_error() == Some(libc::EMFILE), "{waited}");

        assert!(!peer.wait(1).unwrap(), "a wait needs no descriptor");
        let mut wait = peer.notified();
        assert!(is_pending(&mut wait), "nor does one without a thread");
        kept.notify().unwrap();
        pollster::block_on(wait).unwrap();

        let removed = options.remove("kept").unwrap_err();
        assert!(
            removed.kind() == ErrorKind::PermissionDenied || removed.os_error() == Some(libc::EMFILE),
            "{removed}"
        );
        all += u32::from(created.is_some() && opened.is_some() && either.is_some() && listed.is_some());

        limit(Resource::Nofile, 0);
        if let Some(owner) = created {
            owner.close().unwrap();
            assert_eq!(
                std::fs::exists(part.directory().join("zinc.new")).ok(),
                Some(false),
                "its name is gone"
            );
        }
        limit(Resource::Nofile, hard);
    }
    assert!(all > 0, "twenty descriptors are enough for every call");
    kept.close().unwrap();
    part.say("done");
}

#[test]
fn without_descriptors_calls_say_so_and_waits_go_on() {
    let stage = Stage::new();
    let mut process = stage.start("exhaust_files");
    process.expect("done");
    assert!(process.end().success());
    assert!(stage.files().is_empty(), "{:?}", stage.files());
}

/// Everything that a region is for.
fn live(part: &Part) {
    let options = part.options().prefault(true);
    let owner = options.create("r", 1 << 20).unwrap();
    let peer = options.open("r").unwrap();
    let mut wait = peer.notified();
    assert!(is_pending(&mut wait));
    owner.notify().unwrap();
    pollster::block_on(wait).unwrap();
    assert!(!peer.wait(1).unwrap());
}

fn lock_no_memory(part: &mut Part) {
    if rustix::process::geteuid().is_root() {
        // Root may lock memory whatever the limit is.
        become_user(65534);
    }
    limit(Resource::Memlock, 0);
    live(part);
    part.say("done");
}

#[test]
fn no_locked_memory_is_needed() {
    let stage = Stage::new();
    stage.let_everyone_in();
    let mut process = stage.start("lock_no_memory");
    process.expect("done");
    assert!(process.end().success());
}

fn address_little(part: &mut Part) {
    // What is made once for a process, such as its threads' stacks, is there before.
    live(part);
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = pages.split(' ').next().unwrap().parse().unwrap();
    limit(Resource::As, pages * PAGE + (64 << 20));
    let options = part.options().sparse(true);
    for _ in 0..3 {
        let error = options.create("large", 1 << 30).unwrap_err();
        assert_limit(&error, libc::ENOMEM, "ulimit -v");
        live(part);
    }
    part.say("done");
}

#[test]
fn a_limit_of_addresses_is_named() {
    let stage = Stage::new();
    let mut process = stage.start("address_little");
    process.expect("done");
    assert!(process.end().success());
    assert!(stage.files().is_empty());
}

/// Past the limit the kernel would not only refuse: its signal ends the process.
fn make_no_large_file(part: &mut Part) {
    const LIMIT: u64 = 64 * PAGE;
    limit(Resource::Fsize, LIMIT);
    for options in [part.options(), part.options().sparse(true), part.options().persistent(true)] {
        for capacity in [LIMIT - PAGE + 1, LIMIT, LIMIT << 20] {
            let needed = capacity.next_multiple_of(PAGE) + PAGE;
            for made in
                [options.create("r", capacity as usize), options.create_tensor("r", DType::U8, &[capacity])]
            {
                let error = made.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::NoSpace);
                assert_eq!((error.needed(), error.free()), (Some(needed), Some(LIMIT)));
                assert!(error.to_string().contains("ulimit -f"), "{error}");
            }
            assert_eq!(word(options.open_or_create("r", capacity as usize)), "NoSpace");
        }
        drop(options.create("r", (LIMIT - PAGE) as usize).expect("as large as the limit lets it be"));
        let _ = options.remove("r");
    }
    part.say("done");
}

#[test]
fn a_limit_of_file_sizes_is_named_and_kills_nobody() {
    let stage = Stage::new();
    let mut process = stage.start("make_no_large_file");
    process.expect("done");
    assert!(process.end().success());
    assert!(stage.files().is_empty());
}
