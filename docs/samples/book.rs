//! The Rust code of the book: chapters include the parts between anchors, and every part is run here.

use std::cell::Cell;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Release};
use std::thread;
use std::time::{Duration, Instant};

use zinc::{DType, Descriptor, ErrorKind, OwnedRegion, Region, RegionOptions, SharedRegion};

// ANCHOR: follow
/// Looks each time there is something new, until the owner closes the region.
fn follow(region: &SharedRegion, mut look: impl FnMut()) -> zinc::Result<()> {
    loop {
        match region.wait(Duration::from_secs(5)) {
            Ok(true) => look(),
            Ok(false) => eprintln!("nothing new for five seconds"),
            Err(error) if error.kind() == ErrorKind::Closed => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}
// ANCHOR_END: follow

// ANCHOR: ask
/// The number of the last question and of the last answer, at the start of the region.
fn numbers(region: &SharedRegion) -> [&AtomicU64; 2] {
    let numbers: *mut u64 = region.as_mut_ptr().cast();
    // SAFETY: the data starts on a page boundary and has room for both, and is mapped as long as the handle is open. All
    // sides use these bytes as atomics only.
    unsafe { [AtomicU64::from_ptr(numbers), AtomicU64::from_ptr(numbers.add(1))] }
}

/// Asks the other side, and returns its answer; `None` if none came in time. Until it comes, it is the other side's turn:
/// wait on, or give up the region.
fn ask(region: &SharedRegion, question: u64, timeout: Duration) -> zinc::Result<Option<u64>> {
    let [asked, answered] = numbers(region);
    assert_eq!(asked.load(Acquire), answered.load(Acquire), "it is the other side's turn");
    // SAFETY: it is this side's turn, so the other side does not touch these bytes.
    unsafe { region.as_mut_slice()[16..24].copy_from_slice(&question.to_ne_bytes()) };
    let number = asked.fetch_add(1, Release) + 1;
    region.notify()?;
    let deadline = Instant::now() + timeout;
    // The notification may be an older one.
    while answered.load(Acquire) != number {
        if !region.wait(deadline.saturating_duration_since(Instant::now()))? {
            return Ok(None);
        }
    }
    // SAFETY: it is this side's turn again.
    let answer = unsafe { &region.as_slice()[24..32] };
    Ok(Some(u64::from_ne_bytes(answer.try_into().expect("it has 8 bytes"))))
}

/// Answers each question, until the owner closes the region. After a restart, answers only what has no answer yet.
fn answer_all(region: &SharedRegion, mut reply: impl FnMut(u64) -> u64) -> zinc::Result<()> {
    let [asked, answered] = numbers(region);
    loop {
        match region.wait(None) {
            Err(error) if error.kind() == ErrorKind::Closed => return Ok(()),
            waited => waited?,
        };
        let number = asked.load(Acquire);
        if number != answered.load(Acquire) {
            // SAFETY: it is this side's turn, so the other side does not touch these bytes.
            let bytes = unsafe { region.as_mut_slice() };
            let question = u64::from_ne_bytes(bytes[16..24].try_into().expect("it has 8 bytes"));
            bytes[24..32].copy_from_slice(&reply(question).to_ne_bytes());
            answered.store(number, Release);
            region.notify()?;
        }
    }
}
// ANCHOR_END: ask

// ANCHOR: count
/// Looks each time there is something new, and is told how many notifications that was.
fn count(region: &SharedRegion, timeout: Duration, mut look: impl FnMut(u64)) -> zinc::Result<()> {
    let mut reached = 0; // counts from the region's beginning; `region.sequence()?` would count from now
    while let Some(sequence) = region.wait_past(reached, timeout)? {
        look(sequence - reached);
        reached = sequence;
    }
    Ok(())
}
// ANCHOR_END: count

// ANCHOR: async
/// Looks each time there is something new, without a thread of its own, until the owner closes the region.
async fn follow_async(region: &SharedRegion, mut look: impl FnMut()) -> zinc::Result<()> {
    loop {
        match region.notified().await {
            Ok(()) => look(),
            Err(error) if error.kind() == ErrorKind::Closed => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}
// ANCHOR_END: async

// ANCHOR: serve
/// Looks at the regions of one owner of the name after another; `NotFound` when none comes in time.
fn serve(options: &RegionOptions, mut look: impl FnMut(&SharedRegion)) -> zinc::Result<()> {
    let patient = options.clone().timeout(Duration::from_secs(1));
    loop {
        let region = patient.open("pipeline")?;
        loop {
            match region.wait(None) {
                Ok(_) => look(&region),
                Err(error) if matches!(error.kind(), ErrorKind::Closed | ErrorKind::OwnerDied) => break,
                Err(error) => return Err(error),
            }
        }
    }
}
// ANCHOR_END: serve

// ANCHOR: first_come
/// Returns the region, filled: by this call if it is the first, else by the process that was.
fn first_come(options: &RegionOptions) -> zinc::Result<Region> {
    let region = options.open_or_create("board", 4096)?;
    if region.is_owner() {
        // SAFETY: the others wait for the notification before they look.
        unsafe { region.as_mut_slice() }.fill(7);
        region.notify()?;
    } else if !region.wait(Duration::from_secs(30))? {
        panic!("the owner has not filled the region in 30 seconds");
    }
    Ok(region)
}
// ANCHOR_END: first_come

// ANCHOR: link
/// Shares a table that no reader ever sees unfilled.
fn link(options: &RegionOptions) -> zinc::Result<OwnedRegion> {
    let owner = options.clone().unlinked(true).create("table", 4096)?;
    // SAFETY: without a name nobody else has it open.
    unsafe { owner.as_mut_slice() }.fill(7);
    owner.link()?;
    Ok(owner)
}

/// A reader may be started first. It waits for the name, and for nothing else.
fn look(options: &RegionOptions) -> zinc::Result<u8> {
    let region = options.clone().timeout(Duration::from_secs(30)).open("table")?;
    // SAFETY: its owner writes to it no more.
    Ok(unsafe { region.as_slice() }[4095])
}
// ANCHOR_END: link

// ANCHOR: persist
/// Leaves a region behind, and takes it away by its name.
fn persist(options: &RegionOptions) -> zinc::Result<()> {
    let owner = options.create("cache", 4096)?;
    owner.persist()?;
    drop(owner);

    let region = options.open("cache")?; // still there; nobody owns it
    options.remove("cache")?;
    assert_eq!(region.wait(None).unwrap_err().kind(), ErrorKind::Closed);
    Ok(())
}
// ANCHOR_END: persist

// ANCHOR: tensor
/// Shares a matrix; whoever opens it learns its type and shape from the region.
fn tensor(options: &RegionOptions) -> zinc::Result<()> {
    let owner = options.create_tensor("weights", DType::F32, &[3, 4])?;
    let weights = owner.tensor::<f32>()?;
    // SAFETY: the others wait for the notification before they look.
    unsafe { weights.as_mut_slice() }.fill(0.5);
    owner.notify()?;

    // In another process, written in whatever language:
    let region = options.clone().read_only(true).open("weights")?;
    assert!(region.wait(1000)?, "nobody has filled the region in a second");
    let weights = region.tensor::<f32>()?;
    assert_eq!(weights.shape(), [3, 4]);
    // SAFETY: the owner writes no more after it has notified.
    assert_eq!(unsafe { weights.as_slice() }.iter().sum::<f32>(), 6.0);
    Ok(())
}
// ANCHOR_END: tensor

// ANCHOR: describe
/// Describes what is in the region now; the next content may have another shape, up to the capacity.
fn describe(options: &RegionOptions) -> zinc::Result<()> {
    let owner = options.create("batch", 1 << 20)?;
    owner.describe(&Descriptor::new(DType::I64, &[16, 128])?)?;
    assert_eq!(owner.tensor::<i64>()?.shape(), [16, 128]);
    owner.describe(&Descriptor::new(DType::I64, &[9, 128])?)?;
    assert_eq!(owner.tensor::<i64>()?.shape(), [9, 128]);
    Ok(())
}
// ANCHOR_END: describe

// ANCHOR: group
/// Shares a region within a group: whoever opens it need not know which member owns it.
fn board(options: &RegionOptions, group: u32) -> zinc::Result<()> {
    let owner = options.clone().group(group).mode(0o660).create("board", 4096)?;

    // In a process of any other member:
    let region = options.clone().accept_group(group).open("board")?;
    region.notify()?;
    assert!(owner.wait(1000)?);
    Ok(())
}
// ANCHOR_END: group

/// A directory of regions for one test, gone with it.
fn place() -> (tempfile::TempDir, RegionOptions) {
    let directory = tempfile::Builder::new().prefix("zinc-book-").tempdir_in("/dev/shm").unwrap();
    let options = RegionOptions::new().directory(directory.path());
    (directory, options)
}

#[test]
fn a_board_is_shared_within_a_group() {
    let (directory, options) = place();
    let group = std::os::unix::fs::MetadataExt::gid(&directory.path().metadata().unwrap());
    board(&options, group).unwrap();
}

#[test]
fn follow_looks_until_the_owner_closes() {
    let (_directory, options) = place();
    let owner = options.create("r", 1).unwrap();
    let region = options.open("r").unwrap();
    owner.notify().unwrap();
    let looks = Cell::new(0);
    let look = || {
        looks.set(looks.get() + 1);
        if looks.get() < 3 { owner.notify().unwrap() } else { owner.close().unwrap() }
    };
    follow(&region, look).unwrap();
    assert_eq!(looks.get(), 3);
}

#[test]
fn follow_async_looks_until_the_owner_closes() {
    let (_directory, options) = place();
    let owner = options.create("r", 1).unwrap();
    let region = options.open("r").unwrap();
    owner.notify().unwrap();
    let looks = Cell::new(0);
    let look = || {
        looks.set(looks.get() + 1);
        if looks.get() < 3 { owner.notify().unwrap() } else { owner.close().unwrap() }
    };
    pollster::block_on(follow_async(&region, look)).unwrap();
    assert_eq!(looks.get(), 3);
}

#[test]
fn ask_gets_an_answer_and_never_that_to_another_question() {
    let (_directory, options) = place();
    let owner = options.create("r", 32).unwrap();
    assert_eq!(ask(&owner, 1, Duration::from_millis(10)).unwrap(), None, "nobody answers");
    let seen = Mutex::new(Vec::new());
    let serve = |region: SharedRegion| {
        answer_all(&region, |question| {
            seen.lock().unwrap().push(question);
            question * 100
        })
    };
    thread::scope(|scope| {
        let first = options.open("r").unwrap();
        scope.spawn(|| serve(first).unwrap());
        owner.wait(None).unwrap();
        assert_eq!(ask(&owner, 2, Duration::from_secs(60)).unwrap(), Some(200));
        // A server that starts anew hears of all that was notified before.
        let second = options.open("r").unwrap();
        let late = scope.spawn(|| serve(second).unwrap());
        owner.close().unwrap();
        late.join().unwrap();
    });
    assert_eq!(*seen.lock().unwrap(), [1, 2]);
}

#[test]
fn count_tells_how_many_there_were() {
    let (_directory, options) = place();
    let owner = options.create("r", 1).unwrap();
    let region = options.open("r").unwrap();
    let notify = |times| (0..times).for_each(|_| owner.notify().unwrap());
    notify(3);
    let mut counted = Vec::new();
    let look = |new| {
        counted.push(new);
        notify(new - 1);
    };
    count(&region, Duration::ZERO, look).unwrap();
    assert_eq!(counted, [3, 2, 1]);
}

#[test]
fn serve_goes_from_owner_to_owner() {
    let (_directory, options) = place();
    let owner = |value: u8| {
        let owner = options.create("pipeline", 1).unwrap();
        // SAFETY: nobody looks before the notification.
        unsafe { owner.as_mut_slice() }.fill(value);
        owner.notify().unwrap();
        owner
    };
    let current = Cell::new(Some(owner(1)));
    let mut seen = Vec::new();
    let look = |region: &SharedRegion| {
        // SAFETY: the owner is in this thread, and writes only before it notifies.
        seen.push(unsafe { region.as_slice() }[0]);
        drop(current.take());
        if seen.len() < 3 {
            current.set(Some(owner(seen.len() as u8 + 1)));
        }
    };
    assert_eq!(serve(&options, look).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(seen, [1, 2, 3]);
}

#[test]
fn first_come_is_filled_once() {
    let (_directory, options) = place();
    thread::scope(|scope| {
        let both = [(); 2].map(|()| scope.spawn(|| first_come(&options).unwrap()));
        let both = both.map(|thread| thread.join().unwrap());
        assert_eq!(both.iter().filter(|region| region.is_owner()).count(), 1);
        // SAFETY: the owner has filled it and writes no more.
        assert!(both.iter().all(|region| unsafe { region.as_slice() } == [7; 4096]));
    });
}

#[test]
fn a_reader_that_waits_for_the_name_finds_it_filled() {
    let (_directory, options) = place();
    thread::scope(|scope| {
        let reader = scope.spawn(|| look(&options).unwrap());
        let _owner = link(&options).unwrap();
        assert_eq!(reader.join().unwrap(), 7);
    });
}

#[test]
fn what_needs_no_second_side() {
    let (directory, options) = place();
    persist(&options).unwrap();
    tensor(&options).unwrap();
    describe(&options).unwrap();
    assert_eq!(directory.path().read_dir().unwrap().count(), 0);
}
