//! A process that scribbles over the header makes calls fail, and never crash, hang past their time, or leave bounds:
//! neither calls that wait on a thread nor those that wait without one.

mod common;

use std::fs::File;
use std::future::Future;
use std::os::unix::fs::FileExt;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::task::{Context, Waker};
use std::thread;

use common::{Actor, PATIENCE, Part, Stage, note, word};
use zinc::{DType, ErrorKind, SharedRegion};

common::parts!(scribble, scribble_through_the_mapping, use_all_the_same);

const ROUNDS: u32 = 400;
const PAGE: usize = 4096;
const CAPACITY: usize = 10_000;

/// Marsaglia's xorshift: garbage that is the same in every run.
struct Garbage(u64);

impl Garbage {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// Writes garbage over the header without end, words mostly, and now and then all of it. In between it writes the fixed
/// part back, or nobody would get in.
fn scribble(part: &mut Part) {
    let file = File::options().read(true).write(true).open(part.directory().join("zinc.r")).unwrap();
    let mut fixed = [0; 64];
    file.read_exact_at(&mut fixed, 0).unwrap();
    let mut garbage = Garbage(0x9E37_79B9_7F4A_7C15);
    part.say("ready");
    part.hear();
    part.say("scribbling");
    loop {
        match garbage.next() % 100 {
            0..=2 => {
                let page: Vec<u8> = (0..PAGE / 8).flat_map(|_| garbage.next().to_ne_bytes()).collect();
                file.write_all_at(&page, 0).unwrap();
            }
            3..=50 => file.write_all_at(&fixed, 0).unwrap(),
            choice => {
                // The words that are looked at lie in the first 640 bytes.
                let range = if choice % 4 == 0 { PAGE } else { 640 };
                let at = garbage.next() as usize % (range / 4) * 4;
                let word = garbage.next();
                let word = [word, word % 20, u64::MAX, 0, 1 << (word % 64)][garbage.next() as usize % 5];
                file.write_all_at(&word.to_le_bytes(), at.min(PAGE - 8) as u64).unwrap();
            }
        }
    }
}

/// The same through the mapping, as fast as memory takes it: all words of the header, over and over. The magic, the version
/// and the lengths are garbage half of the time.
fn scribble_through_the_mapping(part: &mut Part) {
    let region = part.options().open("r").unwrap();
    // The header lies on the page before the data.
    let header = region.as_mut_ptr().wrapping_sub(PAGE).cast::<AtomicU64>();
    // SAFETY: the page is mapped while the handle is open, and everybody looks at it by atomics only.
    let header = unsafe { std::slice::from_raw_parts(header, PAGE / 8) };
    let fixed: [u64; 8] = std::array::from_fn(|word| header[word].load(Ordering::Relaxed));
    let mut garbage = Garbage(0x2545_F491_4F6C_DD1D);
    part.say("ready");
    part.hear();
    part.say("scribbling");
    loop {
        for word in header {
            word.store(garbage.next(), Ordering::Relaxed);
        }
        for _ in 0..20 {
            for (word, fixed) in header.iter().zip(fixed) {
                word.store(fixed, Ordering::Relaxed);
            }
            for word in &header[8..] {
                let choice = garbage.next();
                word.store(
                    [choice, choice % 20, u64::MAX, 0, 1 << (choice % 64)][choice as usize % 5],
                    Ordering::Relaxed,
                );
            }
        }
    }
}

fn use_region(region: &SharedRegion) {
    assert_eq!(region.capacity(), CAPACITY, "what was checked is kept");
    for at in [0, CAPACITY - 1] {
        // SAFETY: the byte is within the region.
        unsafe { region.as_ptr().add(at).read_volatile() };
    }
    if let Ok(Some(descriptor)) = region.descriptor() {
        assert!(descriptor.byte_len() <= CAPACITY as u64);
    }
    if let Ok(tensor) = region.tensor::<u8>() {
        assert!(tensor.len() <= CAPACITY);
        // SAFETY: nobody writes to the data.
        assert!(unsafe { tensor.as_slice() }.iter().all(|&byte| byte == 0));
    }
    let _ = (region.wait(0), region.wait(2), region.notify(), region.sequence());
    let _ = (region.wait_past(u64::MAX, 2), region.clone().wait(1));
    wait_without_a_thread(region);
}

/// Waits that nobody sits in end when their time is up, or before, whatever the words say; so do those whose handle goes.
fn wait_without_a_thread(region: &SharedRegion) {
    let clone = region.clone();
    let (say, hear) = channel();
    let callbacks = [0, 1, 3].map(|timeout| {
        let say = say.clone();
        region.wait_then(timeout, move |outcome| say.send(outcome.is_ok()).unwrap()).unwrap()
    });
    let endless = [clone.notified(), clone.notified()];
    let mut dropped = region.notified();
    let _ = pin!(&mut dropped).poll(&mut Context::from_waker(Waker::noop()));
    let _ = (pollster::block_on(region.wait_async(0)), pollster::block_on(region.wait_async(2)));
    drop(dropped);
    let closes = thread::spawn(move || {
        clone.interrupt();
        clone.close().unwrap();
    });
    endless.into_iter().for_each(|wait| drop(pollster::block_on(wait)));
    closes.join().unwrap();
    let cancelled = callbacks.iter().filter(|wait| wait.cancel()).count();
    for _ in cancelled..callbacks.len() {
        hear.recv_timeout(PATIENCE).expect("called, or cancelled");
    }
}

/// Makes all sorts of calls, round after round; says how far it is and how often it got in.
fn use_all_the_same(part: &mut Part) {
    let options = part.options();
    let mut kept = None;
    let mut opened = 0;
    for round in 1..=ROUNDS {
        match options.clone().read_only(round % 3 == 0).open("r") {
            // A header whose capacity was changed to a smaller one is as good as any.
            Ok(region) if region.capacity() != CAPACITY => {}
            Ok(region) => {
                use_region(&region);
                opened += 1;
                kept = Some(region);
            }
            Err(_) => {}
        }
        if let Some(region) = &kept {
            use_region(region);
        }
        let taken = [word(options.create("r", 1)), word(options.remove("r"))];
        let refused = taken.iter().all(|answer| ErrorKind::ALL.iter().any(|kind| kind.name() == answer));
        assert!(refused, "the owner lives, and its lock is no part of the header: {taken:?}");
        let _ = (options.open_or_create("r", 1), options.list());
        if round % 100 == 0 {
            part.say(format!("round {round}"));
        }
    }
    part.say(opened);
}

#[test]
fn everybody_else_goes_on() {
    let stage = Stage::new();
    let owner = stage.options().create_tensor("r", DType::U8, &[CAPACITY as u64]).unwrap();
    let inside = stage.options().open("r").unwrap();
    let mut scribblers = [stage.start("scribble"), stage.start("scribble_through_the_mapping")];
    // Each must have read the header while it was whole.
    scribblers.iter_mut().for_each(|scribbler| scribbler.expect("ready"));
    scribblers.iter_mut().for_each(|scribbler| scribbler.tell("go"));
    scribblers.iter_mut().for_each(|scribbler| scribbler.expect("scribbling"));
    let mut users = [stage.start("use_all_the_same"), stage.start("use_all_the_same")];
    for round in (100..=ROUNDS).step_by(100) {
        for user in &mut users {
            user.expect(&format!("round {round}"));
        }
        use_region(&inside);
        use_region(&owner);
    }
    let opened: u32 = users.iter_mut().map(|user| user.hear().parse::<u32>().unwrap()).sum();
    note(format_args!("of {} opens of a region under scribble {opened} got in", 2 * ROUNDS));
    assert!(opened > 0, "the test reaches what it is for");
    owner.close().unwrap();
    assert!(stage.files().is_empty(), "the owner's close does not depend on the header");
    scribblers.iter_mut().for_each(Actor::kill);
    assert_eq!(word(stage.options().create("r", 5).map(|owner| owner.capacity())), "5");
}
