//! A process that closes all descriptors it does not know, as daemonizing libraries do, loses Zinc's with them: no file of
//! its own that gets one of their numbers is touched, and the owner hears of its loss.

mod common;

use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;

use common::{PATIENCE, Part, Stage, word};
use zinc::{DType, Descriptor};

common::parts!(lose_an_owner, lose_and_exit, lose_while_others_wait, lose_and_wait_for_a_name, own);

/// The numbers that the next files of this process get. The test speaks through one below.
struct Numbers(i32);

impl Numbers {
    fn next() -> Self {
        Self(File::open("/dev/null").unwrap().as_raw_fd())
    }

    /// Closes all that have come since, and opens other files of the process's own, which get their numbers.
    fn replace(&self, part: &Part) -> OwnFiles {
        // SAFETY: nothing of the test's own is closed: what has come since is Zinc's.
        let closed = unsafe { libc::syscall(libc::SYS_close_range, self.0, u32::MAX, 0) };
        assert_eq!(closed, 0, "{}", std::io::Error::last_os_error());
        let open = |number| {
            let path = part.directory().join(format!("own{number}"));
            let file = File::create_new(path).unwrap();
            let inode = file.metadata().unwrap().ino();
            (file, inode)
        };
        let files: Vec<_> = (0..64).map(open).collect();
        assert_eq!(files[0].0.as_raw_fd(), self.0);
        OwnFiles(files)
    }
}

/// Files of the process's own, by the numbers that Zinc's had; each with what it is.
struct OwnFiles(Vec<(File, u64)>);

impl OwnFiles {
    fn untouched(&self) -> bool {
        self.0
            .iter()
            .all(|(file, inode)| file.metadata().is_ok_and(|now| now.ino() == *inode && now.len() == 0))
    }
}

fn lose_an_owner(part: &mut Part) {
    let numbers = Numbers::next();
    let owner = part.options().create("r", 100).unwrap();
    let reader = part.options().open("r").unwrap();
    let unlinked = part.options().unlinked(true).create("s", 1).unwrap();
    // The hub has a descriptor, too.
    let pending = reader.wait_async(PATIENCE);
    pollster_once(pending);
    let files = numbers.replace(part);
    part.say("lost");

    part.hear();
    owner.notify().unwrap();
    part.say(word(reader.wait(PATIENCE)));
    part.say(word(owner.wait(PATIENCE)));
    let describe = owner.describe(&Descriptor::new(DType::U8, &[3]).unwrap());
    for result in [owner.is_named().map(drop), owner.persist(), owner.unlink(), describe, unlinked.link()] {
        let error = result.unwrap_err();
        assert!(error.to_string().contains("daemonizing"), "{error}");
        part.say(error.kind().name());
    }
    part.say(word(owner.close()));
    part.say(word(owner.close()));
    drop((owner, reader, unlinked));
    assert!(files.untouched());

    let again = part.options().create("t", 1).unwrap();
    part.say(word(again.is_named()));
    drop(again);
    assert!(files.untouched());
    part.say("untouched");
}

/// Begins the wait, and gives it up.
fn pollster_once(wait: impl Future) {
    let mut wait = std::pin::pin!(wait);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(wait.as_mut().poll(&mut context).is_pending());
}

#[test]
fn an_owner_that_lost_its_lock_hears_of_it_and_touches_no_file_that_is_not_its_own() {
    let stage = Stage::new();
    let mut process = stage.start("lose_an_owner");
    process.expect("lost");
    let peer = stage.options().create("r", 1).expect("the lock is gone, so others take the name");
    process.tell("go on");
    process.expect("true");
    (0..7).for_each(|_| process.expect("OwnerDied"));
    process.expect("()");
    process.expect("true");
    process.expect("untouched");
    assert!(process.end().success());
    assert_eq!(word(peer.is_named()), "true", "another's name stays");
}

fn lose_and_exit(part: &mut Part) {
    let numbers = Numbers::next();
    let owner = part.options().create("r", 100).unwrap();
    let copy = owner.clone();
    let files = numbers.replace(part);
    std::mem::forget(owner);
    part.say(word(copy.sequence()));
    std::mem::forget(files);
}

#[test]
fn the_exit_of_a_process_that_lost_its_lock_ends_its_region_all_the_same() {
    let stage = Stage::new();
    let mut process = stage.start("lose_and_exit");
    process.expect("0");
    assert!(process.end().success());
    assert!(!stage.files().contains(&"zinc.r".to_owned()));
}

fn own(part: &mut Part) {
    let _owner = part.options().create("r", 1).unwrap();
    part.say("owns");
    part.hear();
}

fn lose_while_others_wait(part: &mut Part) {
    let numbers = Numbers::next();
    let reader = part.options().open("r").unwrap();
    let (sender, outcome) = std::sync::mpsc::channel();
    let _callback = reader.wait_then(PATIENCE, move |outcome| sender.send(word(outcome)).unwrap());
    let files = numbers.replace(part);
    part.say("lost");
    part.say(outcome.recv().unwrap());
    assert!(files.untouched());
    drop(reader);
    assert!(files.untouched());
    part.say("untouched");
}

#[test]
fn a_peer_that_lost_its_descriptors_still_hears_of_the_owners_end() {
    let stage = Stage::new();
    let mut owner = stage.start("own");
    owner.expect("owns");
    let mut peer = stage.start("lose_while_others_wait");
    peer.expect("lost");
    owner.kill();
    peer.expect("OwnerDied");
    peer.expect("untouched");
}

fn lose_and_wait_for_a_name(part: &mut Part) {
    let numbers = Numbers::next();
    let options = part.options().timeout(PATIENCE);
    let opener = std::thread::spawn(move || word(options.open("r").map(|region| region.capacity())));
    common::until("the opener watches the directory", || {
        std::fs::read_dir("/proc/self/fd").unwrap().flatten().any(|entry| {
            std::fs::read_link(entry.path()).is_ok_and(|link| link.to_string_lossy().contains("inotify"))
        })
    });
    let files = numbers.replace(part);
    part.say("lost");
    part.say(opener.join().unwrap());
    assert!(files.untouched());
    part.say("untouched");
}

#[test]
fn an_open_that_lost_its_descriptor_still_finds_the_name() {
    let stage = Stage::new();
    let mut process = stage.start("lose_and_wait_for_a_name");
    process.expect("lost");
    let _owner = stage.options().create("r", 7).unwrap();
    process.expect("7");
    process.expect("untouched");
}
