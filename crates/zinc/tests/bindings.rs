//! What bindings have of the core: errors in its words, nudges of sleeping waits, and opens that can be cancelled.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use common::sleeper::{promptly, sleeper};
use common::{PATIENCE, Part, Stage, word};
use zinc::binding::{self, Cancel, Host};
use zinc::{DType, Error, ErrorKind, OwnedRegion, Region, SharedRegion, Timeout};

common::parts!(open_unwatched, nudged_without_waitv);

#[test]
fn an_error_of_a_binding_reads_like_the_cores_own() {
    let stage = Stage::new();
    let why = "this runtime has no shared buffers; use another";
    let error = binding::error(ErrorKind::Unsupported, "buffer", Some("r"), why);
    assert_eq!(error.to_string(), format!("buffer \"r\": {why}"));
    assert_eq!(
        (error.kind(), &*error.operation(), error.region()),
        (ErrorKind::Unsupported, "buffer", Some("r"))
    );
    assert_eq!((error.os_error(), error.needed(), error.free()), (None, None, None));

    let owner = stage.options().create("r", 1).unwrap();
    let peer = owner.clone();
    peer.close().unwrap();
    assert_eq!(binding::handle_closed("notify", "r").to_string(), peer.notify().unwrap_err().to_string());
}

#[test]
fn a_null_argument_is_told_with_its_name_and_number() {
    let error = binding::null_argument("open", "out");
    assert_eq!(error.to_string(), "open: the argument out is null; give it a value");
    assert_eq!((error.kind(), error.region()), (ErrorKind::InvalidArgument, None));
    assert_eq!(error.os_error(), Some(libc::EINVAL));
}

#[test]
fn a_panic_at_a_border_is_told_with_its_message_whatever_was_thrown() {
    for (thrown, shown) in [
        (std::panic::catch_unwind(|| panic!("it broke")), "it broke"),
        (std::panic::catch_unwind(|| panic!("it broke {} times", 2)), "it broke 2 times"),
        (std::panic::catch_unwind(|| std::panic::panic_any(7)), "no message"),
    ] {
        let payload: Box<dyn std::any::Any + Send> = thrown.map(|never: ()| never).unwrap_err();
        let error = binding::panicked("notify", &*payload);
        assert_eq!(error.to_string(), format!("notify: a bug in Zinc, please report it: {shown}"));
        assert_eq!(error.kind(), ErrorKind::Internal);
    }
}

#[test]
fn only_an_owner_passes_for_one() {
    let stage = Stage::new();
    let owner: Region = stage.options().create("r", 1).unwrap().into();
    let peer: Region = stage.options().open("r").unwrap().into();
    assert!(binding::owner(&owner, "unlink").is_ok());
    let error = binding::owner(&peer, "unlink").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert!(error.to_string().starts_with("unlink \"r\": this handle opened the region"), "{error}");
}

#[test]
fn a_tensor_by_its_runtime_type_is_that_of_the_static_type() {
    let stage = Stage::new();
    let owner = stage.options().create_tensor("r", DType::F32, &[2, 3]).unwrap();
    let (view, descriptor) = binding::tensor(&owner, DType::F32).unwrap();
    let tensor = owner.tensor::<f32>().unwrap();
    assert_eq!(view.as_ptr(), tensor.as_ptr().cast());
    assert_eq!(descriptor.shape(), tensor.shape());
    let wrong = binding::tensor(&owner, DType::F64).unwrap_err();
    assert_eq!(wrong.to_string(), owner.tensor::<f64>().unwrap_err().to_string());
}

/// A runtime that reports each time that it is asked, and ends the wait once `news` is there.
struct Runtime {
    asked: Sender<()>,
    news: Arc<AtomicU32>,
}

#[derive(Debug)]
struct ByRuntime;

impl From<Error> for ByRuntime {
    fn from(error: Error) -> Self {
        panic!("{error}")
    }
}

impl Host for Runtime {
    type Error = ByRuntime;

    fn park<R: Send>(&mut self, park: impl FnOnce() -> R + Send) -> R {
        park()
    }

    fn signal(&mut self) -> Result<(), ByRuntime> {
        let _ = self.asked.send(());
        if self.news.load(Ordering::SeqCst) == 0 { Ok(()) } else { Err(ByRuntime) }
    }
}

impl Runtime {
    fn new() -> (Self, Receiver<()>, Arc<AtomicU32>) {
        let (asked, hear) = channel();
        let news = Arc::new(AtomicU32::new(0));
        (Self { asked, news: news.clone() }, hear, news)
    }
}

/// Throws away what was heard before: without nudges a sleep ends twice a second by itself.
fn forget(asked: &Receiver<()>) {
    while asked.try_recv().is_ok() {}
}

type Wait = fn(&OwnedRegion, &mut Runtime) -> Result<bool, ByRuntime>;

/// The ways to wait: with its own count of what it has seen, or its caller's.
fn waits() -> [Wait; 2] {
    [
        |region, host| binding::wait(region, Timeout::FOREVER, host),
        |region, host| {
            let before = region.sequence().unwrap();
            binding::wait_past(region, before, Timeout::FOREVER, host).map(|reached| reached.is_some())
        },
    ]
}

/// As many nudges as would take the watchdog's patience and more if it were not they that wake: a sleep ends by itself
/// twice a second.
const NUDGES: usize = 1000;

#[test]
fn a_nudge_wakes_a_sleep_which_asks_its_host_and_sleeps_on() {
    for wait in waits() {
        promptly(move || {
            let stage = Stage::new();
            let region = Arc::new(stage.options().create("r", 1).unwrap());
            let (mut host, asked, _) = Runtime::new();
            let waiting = sleeper({
                let region = region.clone();
                move || wait(&region, &mut host).unwrap()
            });
            for _ in 0..NUDGES {
                forget(&asked);
                binding::nudge(&region);
                asked.recv_timeout(PATIENCE).expect("the host is asked");
                assert!(waiting.is_still_waiting());
            }
            another(&region).notify().unwrap();
            assert!(waiting.result(), "the notification ends it");
        });
    }
}

/// Another handle: a handle is not woken by its own notifications.
fn another(region: &SharedRegion) -> SharedRegion {
    region.clone()
}

#[test]
fn a_nudge_concerns_no_other_handle() {
    let stage = Stage::new();
    let owner = stage.options().create("r", 1).unwrap();
    let nudged = Arc::new(another(&owner));
    let other = another(&owner);
    let (mut host, asked, _) = Runtime::new();
    let (mut others_host, other_asked, _) = Runtime::new();
    let waiting = sleeper({
        let nudged = nudged.clone();
        move || binding::wait(&nudged, Timeout::FOREVER, &mut host).unwrap()
    });
    let other_waiting = sleeper(move || binding::wait(&other, Timeout::FOREVER, &mut others_host).unwrap());
    for _ in 0..NUDGES {
        forget(&asked);
        binding::nudge(&nudged);
        asked.recv_timeout(PATIENCE).expect("the host is asked");
    }
    owner.notify().unwrap();
    assert!(waiting.result() && other_waiting.result());
    // Its sleeps end by themselves now and then, and with the notification.
    assert!(other_asked.try_iter().count() < NUDGES / 2);
}

#[test]
fn a_nudge_ends_no_wait_without_a_host_and_hides_no_interrupt() {
    let stage = Stage::new();
    let region = Arc::new(stage.options().create("r", 1).unwrap());
    let waiting = sleeper({
        let region = region.clone();
        move || word(region.wait(Timeout::FOREVER))
    });
    for _ in 0..100 {
        binding::nudge(&region);
    }
    assert!(waiting.is_still_waiting());
    region.interrupt();
    assert_eq!(waiting.result(), "Interrupted");
}

#[test]
fn a_nudge_ends_no_wait_without_a_thread() {
    let stage = Stage::new();
    let region = stage.options().create("r", 1).unwrap();
    let (say, outcome) = channel();
    let _waiting = region.wait_then(Timeout::FOREVER, move |result| say.send(word(result)).unwrap());
    for _ in 0..100 {
        binding::nudge(&region);
    }
    assert!(outcome.try_recv().is_err());
    another(&region).notify().unwrap();
    assert_eq!(outcome.recv_timeout(PATIENCE).unwrap(), "true");
}

/// A process whose kernel cannot sleep on several words: see `old_kernel.rs`.
fn nudged_without_waitv(part: &mut Part) {
    common::sandbox::deny(libc::SYS_futex_waitv, libc::ENOSYS);
    let region = Arc::new(part.options().open("r").unwrap());
    let (mut host, asked, news) = Runtime::new();
    let waiting = sleeper({
        let region = region.clone();
        move || binding::wait(&region, Timeout::FOREVER, &mut host).is_err()
    });
    forget(&asked);
    news.store(1, Ordering::SeqCst);
    binding::nudge(&region);
    asked.recv_timeout(PATIENCE).expect("the host is asked");
    part.say(waiting.result());
}

#[test]
fn where_one_word_is_all_that_the_kernel_sleeps_on_a_nudge_arrives_all_the_same() {
    let stage = Stage::new();
    let _owner = stage.options().create("r", 1).unwrap();
    stage.start("nudged_without_waitv").expect("true");
}

/// A runtime to which nothing happens.
struct Quiet;

impl Host for Quiet {
    type Error = Error;

    fn park<R: Send>(&mut self, park: impl FnOnce() -> R + Send) -> R {
        park()
    }

    fn signal(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

#[test]
fn firing_a_cancel_ends_the_opens_that_sleep_on_it() {
    let stage = Stage::new();
    let cancel = Arc::new(Cancel::new().unwrap());
    let opens: Vec<_> = (0..3)
        .map(|_| {
            let (options, cancel) = (stage.options().timeout(Timeout::FOREVER), cancel.clone());
            sleeper(move || binding::open(&options, "r", &mut Quiet, Some(&cancel)).unwrap_err().to_string())
        })
        .collect();
    assert!(opens.iter().all(common::sleeper::Sleeper::is_still_waiting));
    cancel.fire();
    cancel.fire();
    for open in opens {
        let why = open.result();
        assert!(why.starts_with("open \"r\": it was cancelled before the region appeared"), "{why}");
    }
    assert!(cancel.is_fired());
}

#[test]
fn a_cancel_that_has_fired_ends_an_open_before_it_sleeps_but_hides_no_region() {
    let stage = Stage::new();
    let cancel = Cancel::new().unwrap();
    cancel.fire();
    let options = stage.options().timeout(Timeout::FOREVER);
    assert_eq!(word(binding::open(&options, "r", &mut Quiet, Some(&cancel))), "Interrupted");
    let _owner = stage.options().create("r", 1).unwrap();
    assert!(binding::open(&options, "r", &mut Quiet, Some(&cancel)).is_ok());
}

#[test]
fn a_cancel_that_nobody_fires_changes_nothing() {
    let stage = Stage::new();
    let cancel = Cancel::new().unwrap();
    let missing = binding::open(&stage.options().timeout(30), "r", &mut Quiet, Some(&cancel));
    assert_eq!(word(missing), "NotFound");
    let options = stage.options().timeout(Timeout::FOREVER);
    let opens = sleeper(move || binding::open(&options, "r", &mut Quiet, Some(&cancel)).map(|_| ()).is_ok());
    let _owner = stage.options().create("r", 1).unwrap();
    assert!(opens.result());
}

/// The host's own reason comes first: it may know better why.
#[test]
fn where_the_runtime_fires_the_cancel_its_error_ends_the_open() {
    let stage = Stage::new();
    let cancel = Arc::new(Cancel::new().unwrap());
    let (mut host, _asked, news) = Runtime::new();
    let opens = sleeper({
        let (options, cancel) = (stage.options().timeout(Timeout::FOREVER), cancel.clone());
        move || binding::open(&options, "r", &mut host, Some(&cancel)).is_err()
    });
    news.store(1, Ordering::SeqCst);
    cancel.fire();
    assert!(opens.result());
}

/// Opens in a process that may have no more watches, and so looks from time to time.
fn open_unwatched(part: &mut Part) {
    common::sandbox::deny(libc::SYS_inotify_init1, libc::EMFILE);
    let cancel = Arc::new(Cancel::new().unwrap());
    let opens = sleeper({
        let (options, cancel) = (part.options().timeout(Timeout::FOREVER), cancel.clone());
        move || word(binding::open(&options, "r", &mut Quiet, Some(&cancel)))
    });
    cancel.fire();
    part.say(opens.result());
}

#[test]
fn where_the_directory_cannot_be_watched_a_cancel_ends_an_open_all_the_same() {
    Stage::new().start("open_unwatched").expect("Interrupted");
}
