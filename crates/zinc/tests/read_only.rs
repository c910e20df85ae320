//! A read-only open can wait and cannot write: not by mistake either, for the pages themselves forbid it.

mod common;

use std::os::unix::process::ExitStatusExt;

use common::sandbox::become_user;
use common::sleeper::sleeper;
use common::{Actor, PATIENCE, Part, Stage, is_root, note, word};
use zinc::{DType, RegionOptions, SharedRegion, Timeout};

common::parts!(write_all_the_same, write_after_close, be_another_reader, own);

const OWNER: u32 = 12_345;
const READER: u32 = 23_456;

fn read_only(options: RegionOptions) -> RegionOptions {
    options.read_only(true)
}

/// Writes through the pointer that it is told to take.
fn write_all_the_same(part: &mut Part) {
    let region = read_only(part.options()).open("r").unwrap();
    let view = region.view().unwrap();
    let tensor = region.tensor::<u8>().unwrap();
    assert!(region.is_read_only() && view.is_read_only() && tensor.is_read_only());
    let pointer = match part.hear().as_str() {
        "handle" => region.as_mut_ptr(),
        "clone" => region.clone().as_mut_ptr(),
        "view" => view.as_mut_ptr(),
        "last byte" => view.as_mut_ptr().wrapping_add(view.len() - 1),
        _ => tensor.as_mut_ptr(),
    };
    // SAFETY: the byte can be read; writing it ends this process, which the test is there to see.
    unsafe { pointer.write_volatile(pointer.read_volatile() + 1) };
    part.say("written");
}

#[test]
fn writing_kills_the_writer() {
    let stage = Stage::new();
    let owner = stage.options().create_tensor("r", DType::U8, &[10_000]).unwrap();
    for through in ["handle", "clone", "view", "last byte", "tensor"] {
        let mut writer = stage.start("write_all_the_same");
        writer.tell(through);
        assert_eq!(writer.end().signal(), Some(libc::SIGSEGV), "through the {through}");
    }
    // SAFETY: nobody else is left.
    assert!(unsafe { owner.as_slice() }.iter().all(|&byte| byte == 0));
    owner.notify().unwrap();
}

fn write_after_close(part: &mut Part) {
    let region = read_only(part.options()).open("r").unwrap();
    region.close().unwrap();
    // SAFETY: private zero pages are in the place of the region.
    part.say(unsafe { region.as_ptr().read_volatile() });
}

#[test]
fn after_the_close_there_are_zeroes_as_ever() {
    let stage = Stage::new();
    let owner = stage.options().create("r", 10_000).unwrap();
    // SAFETY: nobody else has the region.
    unsafe { owner.as_mut_slice() }.fill(7);
    stage.start("write_after_close").expect("0");
}

#[test]
fn it_sees_waits_and_notifies() {
    let stage = Stage::new();
    let owner = stage.options().create("r", 1).unwrap();
    let peer = read_only(stage.options()).open("r").unwrap();
    let waits = sleeper(move || {
        let answer = word(peer.wait(Timeout::FOREVER));
        // SAFETY: the owner has written before it notified, and writes no more.
        (answer, unsafe { peer.as_slice() }[0], peer)
    });
    // SAFETY: the byte is within the region, and nobody reads it before the notification.
    unsafe { owner.as_mut_ptr().write(9) };
    owner.notify().unwrap();
    let (answer, byte, peer) = waits.result();
    assert_eq!((answer.as_str(), byte), ("true", 9));
    peer.notify().unwrap();
    assert_eq!(word(owner.wait(PATIENCE)), "true");
    drop(owner);
    assert_eq!(word(peer.wait(PATIENCE)), "Closed");
}

#[test]
fn only_who_asks_for_it_gets_it() {
    let stage = Stage::new();
    let owner = stage.options().read_only(true).create("r", 1).unwrap();
    assert!(!owner.is_read_only() && !stage.options().open("r").unwrap().is_read_only());
}

/// Runs as a user who may read the region's file and no more.
fn be_another_reader(part: &mut Part) {
    become_user(READER);
    let options = part.options().accept_owner(OWNER);
    part.say(word(options.open("r").map(drop)));
    let region: SharedRegion = read_only(options).open("r").unwrap();
    part.say(word(region.notify()));
    part.say(word(region.wait(20)));
    loop {
        part.say_thread();
        let answer = word(region.wait(Timeout::FOREVER));
        // SAFETY: the owner has written before it notified, and writes no more.
        part.say(format!("{answer} {}", unsafe { region.as_slice() }[0]));
        if answer != "true" {
            break;
        }
    }
    // SAFETY: as above; writing ends this process.
    unsafe { region.as_mut_ptr().write_volatile(1) };
}

fn own(part: &mut Part) {
    become_user(OWNER);
    let owner = part.options().mode(0o644).create("r", 1).unwrap();
    part.say("created");
    loop {
        match part.hear().as_str() {
            "notify" => {
                // SAFETY: the byte is within the region, and nobody reads it before the notification.
                unsafe { owner.as_mut_ptr().write(9) };
                owner.notify().unwrap();
            }
            _ => owner.close().unwrap(),
        }
    }
}

/// An owner and a reader, each a user of its own.
fn two_users(stage: &Stage) -> (Actor, Actor) {
    stage.let_everyone_in();
    let mut owner = stage.start("own");
    owner.expect("created");
    let mut reader = stage.start("be_another_reader");
    reader.expect("PermissionDenied");
    reader.expect("PermissionDenied");
    reader.expect("false");
    reader.until_asleep();
    (owner, reader)
}

#[test]
fn who_may_only_read_the_file_waits_by_short_sleeps() {
    if !is_root() {
        return;
    }
    let stage = Stage::new();
    let (mut owner, mut reader) = two_users(&stage);
    for _ in 0..3 {
        owner.tell("notify");
        reader.expect("true 9");
        reader.until_asleep();
    }
    let before = reader.processor_time();
    // What is measured is the time itself.
    std::thread::sleep(std::time::Duration::from_millis(500));
    let used = reader.processor_time() - before;
    note(format_args!("a waiter that may only read used {used:?} of processor time in 500 ms"));
    assert!(used.as_millis() < 100, "{used:?}");
    owner.tell("close");
    reader.expect("Closed 9");
    assert_eq!(reader.end().signal(), Some(libc::SIGSEGV));
}

#[test]
fn who_may_only_read_the_file_learns_of_the_owners_death() {
    if !is_root() {
        return;
    }
    let stage = Stage::new();
    let (mut owner, mut reader) = two_users(&stage);
    owner.kill();
    reader.expect("OwnerDied 0");
    assert_eq!(stage.files(), ["zinc.r"], "it may not sweep");
}
