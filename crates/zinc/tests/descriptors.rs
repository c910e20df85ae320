//! How many descriptors each thing needs: an owner two, an opened handle and all its clones one, a view none.

mod common;

use common::{Part, Stage, word};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use zinc::{DType, OwnedRegion, SharedRegion, View};

common::parts!(count, keep_views);

/// The soft limit that most systems start programs with.
const USUAL_FILES: u64 = 1024;
/// Several times more.
const VIEWS: usize = 5000;

fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// What `make` makes, and how many descriptors that took.
fn cost<T>(make: impl FnOnce() -> T) -> (T, isize) {
    let before = open_files();
    let made = make();
    (made, open_files() as isize - before as isize)
}

fn count(part: &mut Part) {
    let options = part.options();
    // What is made once for a process is there before.
    drop(options.create("first", 1).unwrap());

    let (owner, owners): (OwnedRegion, _) = cost(|| options.create_tensor("r", DType::U8, &[100]).unwrap());
    let (persistent, persistents) = cost(|| options.clone().persistent(true).create("p", 1).unwrap());
    let (handle, handles): (SharedRegion, _) = cost(|| options.open("r").unwrap());
    let (clones, of_clones) = cost(|| [handle.clone(), handle.clone()]);
    let (views, of_views) =
        cost(|| (handle.view().unwrap(), clones[0].tensor::<u8>().unwrap(), owner.view().unwrap()));
    part.say(format!("{owners} {persistents} {handles} {of_clones} {of_views}"));

    let ((), closed) = cost(|| {
        handle.close().unwrap();
        clones[0].close().unwrap();
    });
    let ((), last_closed) = cost(|| clones[1].close().unwrap());
    let ((), owner_closed) = cost(|| owner.close().unwrap());
    part.say(format!("{closed} {last_closed} {owner_closed}"));

    // SAFETY: nobody writes to the region.
    assert!(unsafe { views.0.as_slice() }.iter().all(|&byte| byte == 0), "the views are there all the same");
    assert_eq!((word(handle.view()), word(clones[1].wait(0))), ("Closed".to_owned(), "Closed".to_owned()));
    let (view, of_view) = cost(|| views.0.clone());
    let ((), dropped) = cost(|| drop((views, view)));
    part.say(format!("{of_view} {dropped}"));
    drop(persistent);
}

#[test]
fn each_thing_has_the_descriptors_that_the_book_says() {
    let stage = Stage::new();
    let mut process = stage.start("count");
    process.expect("2 1 1 0 0");
    process.expect("0 -1 -2");
    process.expect("0 0");
    assert!(process.end().success());
}

fn keep_views(part: &mut Part) {
    let before = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(USUAL_FILES), ..before }).unwrap();
    let options = part.options();
    let owner = options.create("r", 1).unwrap();
    // SAFETY: nobody else has the region.
    unsafe { owner.as_mut_ptr().write(7) };
    let keep = |nth: usize| {
        let options = options.clone().read_only(nth % 3 == 1).copy_on_write(nth % 3 == 2);
        let handle = options.open("r").unwrap();
        let view = handle.view().unwrap();
        handle.close().unwrap();
        view
    };
    let views: Vec<View> = (0..VIEWS).map(keep).collect();
    // SAFETY: nobody writes any more.
    assert!(views.iter().all(|view| unsafe { view.as_slice() } == [7]));
    part.say("all of them");
}

#[test]
fn views_are_not_limited_by_descriptors() {
    let stage = Stage::new();
    let mut process = stage.start("keep_views");
    process.expect("all of them");
    assert!(process.end().success());
}
