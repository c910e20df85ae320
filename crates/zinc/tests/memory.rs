//! Views keep the memory, handles without views give it back, and nothing is left over.

mod common;

use std::path::Path;

use common::sleeper::sleeper;
use common::{Actor, PATIENCE, Part, Stage, word};
use zinc::{DType, ErrorKind, SharedRegion, Timeout};

common::parts!(write_and_exit, count_what_is_left, stay_inside);

const SIZE: usize = 1 << 20;

/// How many mappings and open files of this process belong to the directory.
fn uses(directory: &Path) -> usize {
    let directory = directory.to_str().unwrap();
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let open = std::fs::read_dir("/proc/self/fd").unwrap();
    let files = open.filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok());
    maps.lines().filter(|line| line.contains(directory)).count()
        + files.filter(|file| file.to_string_lossy().contains(directory)).count()
}

fn write_and_exit(part: &mut Part) {
    let owner = part.options().create_tensor("r", DType::U32, &[SIZE as u64 / 4]).unwrap();
    // SAFETY: nobody else has looked yet.
    unsafe { owner.as_mut_slice() }.fill(7);
    part.say("written");
    part.hear();
}

fn written() -> (Stage, Actor) {
    let stage = Stage::new();
    let mut owner = stage.start("write_and_exit");
    owner.expect("written");
    (stage, owner)
}

#[test]
fn views_outlive_the_handle_and_the_owner() {
    let (stage, mut owner) = written();
    let peer = stage.options().open("r").unwrap();
    let (view, tensor) = (peer.view().unwrap(), peer.tensor::<u32>().unwrap());
    peer.close().unwrap();
    let second = view.clone();
    drop((peer, view));
    owner.tell("exit");
    assert!(owner.end().success());
    // SAFETY: nobody else is left.
    assert!(unsafe { second.as_slice() }.iter().all(|&byte| byte == 7));
    drop(second);
    // SAFETY: as above.
    assert!(unsafe { tensor.as_slice() }.iter().all(|&number| number == 0x0707_0707));
    assert_eq!(tensor.shape(), [SIZE as u64 / 4]);
    drop(tensor);
    assert_eq!(uses(stage.path()), 0);
}

#[test]
fn views_of_two_processes_are_the_same_memory() {
    let (stage, _owner) = written();
    let (a, b) = (stage.options().open("r").unwrap(), stage.options().open("r").unwrap());
    assert_ne!(a.as_ptr(), b.as_ptr());
    // SAFETY: the other process has written all it will.
    unsafe { a.as_mut_slice()[SIZE - 1] = 9 };
    // SAFETY: as above.
    assert_eq!(unsafe { b.as_slice()[SIZE - 1] }, 9);
    assert_eq!(a.as_ptr().addr() % 4096, 0);
}

#[test]
fn close_without_views_gives_the_memory_back_and_keeps_the_address() {
    let stage = Stage::new();
    let owner = stage.options().create("r", SIZE).unwrap();
    let peer = stage.options().open("r").unwrap();
    let clone = peer.clone();
    // SAFETY: nobody else has the region.
    unsafe { owner.as_mut_slice() }.fill(7);
    for handle in [&peer, &clone, &owner] {
        assert!(uses(stage.path()) > 0, "the clone keeps the mapping");
        handle.close().unwrap();
    }
    assert_eq!(uses(stage.path()), 0, "no mapping and no open file: the kernel has the memory back");
    for handle in [&peer, &*owner] {
        for at in [0, SIZE / 2, SIZE - 1] {
            // SAFETY: zero pages are in the place of the data until the handle is dropped.
            assert_eq!(unsafe { handle.as_ptr().add(at).read_volatile() }, 0);
        }
    }
}

#[test]
fn a_view_keeps_the_memory_over_close_and_its_end_gives_it_back() {
    let stage = Stage::new();
    let owner = stage.options().create("r", SIZE).unwrap();
    let view = owner.view().unwrap();
    owner.close().unwrap();
    assert_eq!(owner.view().unwrap_err().kind(), ErrorKind::Closed);
    assert!(uses(stage.path()) > 0);
    // SAFETY: nobody else has the region.
    unsafe { view.as_mut_ptr().add(SIZE - 1).write(1) };
    drop(view);
    assert_eq!(uses(stage.path()), 0);
    // SAFETY: zero pages are in the place of the data until the handle is dropped.
    assert_eq!(unsafe { owner.as_ptr().add(SIZE - 1).read_volatile() }, 0);
}

#[test]
fn a_thread_inside_a_wait_survives_the_close_of_its_handle() {
    let stage = Stage::new();
    let owner = stage.options().create("r", SIZE).unwrap();
    for _ in 0..50 {
        let peer = std::sync::Arc::new(stage.options().open("r").unwrap());
        let waiting = peer.clone();
        let waits = sleeper(move || word(waiting.wait(Timeout::FOREVER)));
        peer.close().unwrap();
        assert_eq!(waits.result(), "Closed");
    }
    assert!(!owner.is_closed());
}

/// The first lines of each directory in /proc that grow with a leak: open files, mappings, threads.
fn holdings() -> [usize; 3] {
    let entries = |path| std::fs::read_dir(path).unwrap().count();
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap().lines().count();
    [entries("/proc/self/fd"), maps, entries("/proc/self/task")]
}

fn cycle(part: &Part, round: u32) {
    let options = part.options().timeout(PATIENCE);
    let owner = options.create("r", 10_000).unwrap();
    let peer = options.open("r").unwrap();
    let clone = peer.clone();
    let view = clone.view().unwrap();
    owner.notify().unwrap();
    assert!(peer.wait(PATIENCE).unwrap());
    if round.is_multiple_of(2) {
        owner.close().unwrap();
        peer.close().unwrap();
    }
    drop((owner, view));
    assert!(peer.wait(0).is_err());
    let missing = part.options().timeout(Timeout::from_millis(u64::from(round.is_multiple_of(16))));
    assert_eq!(word(missing.open("r")), "NotFound");
}

fn count_what_is_left(part: &mut Part) {
    cycle(part, 0);
    let before = holdings();
    (1..=1000).for_each(|round| cycle(part, round));
    part.say(format!("{before:?}"));
    part.say(format!("{:?}", holdings()));
}

#[test]
fn thousands_of_regions_leave_no_file_no_mapping_and_no_thread() {
    let stage = Stage::new();
    let mut process = stage.start("count_what_is_left");
    let before = process.hear();
    process.expect(&before);
    assert!(process.end().success());
    assert!(stage.files().is_empty());
}

fn stay_inside(part: &mut Part) {
    let region = part.options().open("r").unwrap();
    part.say("inside");
    part.hear();
    // SAFETY: nobody else writes any more.
    part.say(unsafe { region.as_slice() }.iter().all(|&byte| byte == 7));
}

#[test]
fn the_bytes_stay_for_those_inside_when_the_owner_is_killed() {
    let (stage, mut owner) = written();
    let mut peer = stage.start("stay_inside");
    peer.expect("inside");
    owner.kill();
    let _next = stage.options().create("r", SIZE).unwrap();
    peer.tell("look");
    peer.expect("true");
}

#[test]
fn handles_views_and_tensors_may_go_to_other_threads() {
    fn may_go<T: Send + Sync + 'static>() {}
    may_go::<SharedRegion>();
    may_go::<zinc::OwnedRegion>();
    may_go::<zinc::View>();
    may_go::<zinc::Tensor<f32>>();
    may_go::<zinc::Error>();
}
