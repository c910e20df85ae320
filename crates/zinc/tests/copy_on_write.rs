//! What is written through a copy-on-write handle stays in its process, and all else is as ever.

mod common;

use common::forked::fork;
use common::sandbox::become_user;
use common::sleeper::sleeper;
use common::{PATIENCE, Part, Stage, is_root, word};
use zinc::{DType, ErrorKind, SharedRegion, Timeout};

common::parts!(be_another_reader);

const SIZE: usize = 3 * 4096 + 100;
const READER: u32 = 23_456;

fn bytes(region: &SharedRegion) -> &[u8] {
    // SAFETY: nothing writes to the region while these tests look.
    unsafe { region.as_slice() }
}

fn filled(stage: &Stage) -> zinc::OwnedRegion {
    let owner = stage.options().create_tensor("r", DType::U8, &[SIZE as u64]).unwrap();
    // SAFETY: nobody else has the region.
    unsafe { owner.as_mut_slice() }.fill(7);
    owner
}

#[test]
fn what_is_written_stays_in_the_process_and_in_the_handle() {
    let stage = Stage::new();
    let owner = filled(&stage);
    for prefault in [false, true] {
        let private = stage.options().copy_on_write(true).prefault(prefault).open("r").unwrap();
        let other = stage.options().copy_on_write(true).open("r").unwrap();
        let (view, tensor) = (private.view().unwrap(), private.tensor::<u8>().unwrap());
        assert!(private.is_copy_on_write() && view.is_copy_on_write() && tensor.is_copy_on_write());
        assert!(!private.is_read_only() && !view.is_read_only() && !tensor.is_read_only());
        assert!(!owner.is_copy_on_write() && !owner.view().unwrap().is_copy_on_write());
        // SAFETY: nobody else has this handle's private bytes.
        unsafe { tensor.as_mut_slice()[SIZE - 1] = 9 };
        // SAFETY: as above.
        unsafe { view.as_mut_ptr().write(8) };
        assert_eq!((bytes(&private)[0], bytes(&private)[SIZE - 1]), (8, 9));
        assert!(bytes(&owner).iter().chain(bytes(&other)).all(|&byte| byte == 7));
        let clone = private.clone();
        private.close().unwrap();
        assert_eq!(bytes(&clone)[0], 8, "clones share the handle's memory");
    }
}

#[test]
fn pages_that_are_not_written_go_on_showing_the_region() {
    let stage = Stage::new();
    let owner = filled(&stage);
    let private = stage.options().copy_on_write(true).prefault(true).open("r").unwrap();
    // SAFETY: nobody else has this handle's private bytes.
    unsafe { private.as_mut_ptr().write(8) };
    // SAFETY: nobody reads meanwhile.
    unsafe { owner.as_mut_slice() }.fill(1);
    assert_eq!(bytes(&private)[..2], [8, 7], "a page that was written is the handle's own");
    assert!(bytes(&private)[4096..].iter().all(|&byte| byte == 1));
}

#[test]
fn it_waits_notifies_and_hears_of_the_end() {
    let stage = Stage::new();
    let owner = filled(&stage);
    let private = stage.options().copy_on_write(true).open("r").unwrap();
    let waits = sleeper(move || (word(private.wait(Timeout::FOREVER)), private));
    owner.notify().unwrap();
    let (answer, private) = waits.result();
    assert_eq!(answer, "true");
    private.notify().unwrap();
    assert_eq!(word(owner.wait(PATIENCE)), "true");
    drop(owner);
    assert_eq!(word(private.wait(PATIENCE)), "Closed");
}

#[test]
fn a_view_outlives_its_handle() {
    let stage = Stage::new();
    let owner = filled(&stage);
    let private = stage.options().copy_on_write(true).open("r").unwrap();
    let view = private.view().unwrap();
    // SAFETY: nobody else has this handle's private bytes.
    unsafe { view.as_mut_ptr().write(8) };
    drop((private, owner));
    // SAFETY: nobody writes any more.
    assert_eq!(unsafe { view.as_slice() }[..2], [8, 7]);
}

#[test]
fn a_forked_child_has_a_copy_of_its_own() {
    let stage = Stage::new();
    let _owner = filled(&stage);
    let private = stage.options().copy_on_write(true).open("r").unwrap();
    let child = fork(|| {
        // SAFETY: the child's copy is its own.
        unsafe { private.as_mut_ptr().write(8) };
        i32::from(bytes(&private)[0] != 8)
    });
    assert_eq!(child.end().exit_status(), Some(0));
    assert_eq!(bytes(&private)[0], 7);
}

#[test]
fn it_excludes_read_only_and_means_nothing_to_an_owner() {
    let stage = Stage::new();
    let both = stage.options().copy_on_write(true).read_only(true);
    let owner = both.create("r", 1).unwrap();
    assert!(!owner.is_copy_on_write());
    let error = both.open("r").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(error.to_string().contains("exclude"), "{error}");
    let error = both.clone().timeout(Timeout::FOREVER).open("none").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument, "before any wait");
}

/// Runs as a user who may read the region's file and no more.
fn be_another_reader(part: &mut Part) {
    become_user(READER);
    let private = part.options().copy_on_write(true).open("r").unwrap();
    // SAFETY: nobody else has this handle's private bytes.
    unsafe { private.as_mut_slice() }.fill(8);
    part.say(word(private.notify()));
    part.say(word(private.wait(20)));
    part.say_thread();
    part.say(word(private.wait(Timeout::FOREVER)));
    part.say(bytes(&private)[SIZE - 1]);
    part.say(word(private.wait(Timeout::FOREVER)));
}

#[test]
fn a_file_that_may_only_be_read_is_enough() {
    if !is_root() {
        return;
    }
    let stage = Stage::new();
    stage.let_everyone_in();
    let owner = stage.options().mode(0o644).create("r", SIZE).unwrap();
    let mut reader = stage.start("be_another_reader");
    reader.expect("PermissionDenied");
    reader.expect("false");
    reader.until_asleep();
    owner.notify().unwrap();
    reader.expect("true");
    reader.expect("8");
    assert!(bytes(&owner).iter().all(|&byte| byte == 0));
    drop(owner);
    reader.expect("Closed");
}
