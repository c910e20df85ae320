//! On hugetlbfs a region's header is one huge page, and all else is as ever; on a tmpfs that has huge pages for those who ask,
//! regions of some megabytes ask.

mod common;

use common::forked::fork;
use common::sandbox::mount;
use common::{PATIENCE, Part, Stage, is_root, note, word};
use memmap2::{Advice, MmapOptions};
use zinc::{ErrorKind, SharedRegion};

common::parts!(use_huge_pages, use_tmpfs, fill_tmpfs);

const HUGE: usize = 2 << 20;
const PAGES: usize = 8;
const RESERVED: &str = "/proc/sys/vm/nr_hugepages";

fn use_huge_pages(part: &mut Part) {
    if let Err(error) = mount(part.directory(), c"hugetlbfs", "pagesize=2M") {
        return part.say(format!("no hugetlbfs can be mounted: {error}"));
    }
    let options = part.options();
    let owner = options.create_tensor("r", zinc::DType::U8, &[HUGE as u64 + 100]).unwrap();
    assert_eq!(owner.capacity(), HUGE + 100);
    assert_eq!(owner.as_ptr().addr() % HUGE, 0);
    assert_eq!(
        owner.info().path.metadata().unwrap().len(),
        3 * HUGE as u64,
        "a header and two pages of data"
    );
    let reader = fork(|| {
        let peer = options.clone().read_only(true).timeout(PATIENCE).open("r").unwrap();
        assert!(peer.wait(PATIENCE).unwrap());
        let tensor = peer.tensor::<u8>().unwrap();
        // SAFETY: the owner writes no more.
        assert!(unsafe { tensor.as_slice() }.iter().all(|&byte| byte == 7));
        let view = peer.view().unwrap();
        peer.close().unwrap();
        drop((peer, tensor, view));
        0
    });
    // SAFETY: nobody reads before the notification.
    unsafe { owner.as_mut_slice() }.fill(7);
    owner.notify().unwrap();
    assert_eq!(reader.end().exit_status(), Some(0));

    let error = options.create("large", 1 << 40).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoSpace, "{error}");
    assert_eq!(error.needed(), Some((1 << 40) + HUGE as u64));
    assert_eq!(word(options.create("r", 1)), "AlreadyExists");

    owner.close().unwrap();
    // SAFETY: zero pages are in the place of the data until the handle is dropped.
    assert_eq!(unsafe { owner.as_ptr().add(HUGE).read_volatile() }, 0);
    drop(owner);
    let dying = fork(|| {
        std::mem::forget(options.create("r", 1).unwrap());
        0
    });
    assert_eq!(dying.end().exit_status(), Some(0));
    drop(options.create("r", (PAGES - 1) * HUGE).expect("all pages are free again"));
    assert_eq!(std::fs::read_dir(part.directory()).unwrap().count(), 0);
    part.say("done");
}

/// Reserves huge pages for as long as it lives.
struct Reserved {
    before: String,
}

impl Reserved {
    fn new() -> Result<Self, String> {
        let read = || std::fs::read_to_string(RESERVED).map_err(|error| error.to_string());
        let before = read()?;
        let reserved = Self { before: before.trim().to_owned() };
        let wanted = reserved.before.parse::<usize>().map_err(|error| error.to_string())? + PAGES;
        std::fs::write(RESERVED, wanted.to_string()).map_err(|error| error.to_string())?;
        if read()?.trim() == wanted.to_string() {
            Ok(reserved)
        } else {
            Err(format!("the kernel has no {PAGES} to give"))
        }
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        if let Err(error) = std::fs::write(RESERVED, &self.before) {
            note(format_args!("{RESERVED} cannot be set back to {}: {error}", self.before));
        }
    }
}

#[test]
fn a_region_lives_on_huge_pages() {
    if !is_root() {
        return;
    }
    let _reserved = match Reserved::new() {
        Ok(reserved) => reserved,
        Err(why) => return note(format_args!("skipped, huge pages: {why}")),
    };
    let stage = Stage::new();
    match stage.start("use_huge_pages").hear().as_str() {
        "done" => {}
        why => note(format_args!("skipped, huge pages: {why}")),
    }
}

/// Mounts a tmpfs of that sort over the part's directory; if there are no huge pages to be had in it, says so.
fn mount_tmpfs(part: &mut Part, huge: &str, size: usize) -> bool {
    let why = match mount(part.directory(), c"tmpfs", &format!("huge={huge},size={size}")) {
        Err(error) => format!("skipped, a tmpfs with huge={huge}: {error}"),
        Ok(()) if huge == "never" || has_huge_pages(part) => return true,
        Ok(()) => format!("skipped, a tmpfs with huge={huge}: the kernel has no huge page to give"),
    };
    part.say(why);
    false
}

/// Whether a plain mapping of a file gets a huge page when it asks.
fn has_huge_pages(part: &Part) -> bool {
    let file = tempfile::tempfile_in(part.directory()).unwrap();
    file.set_len(2 * HUGE as u64).unwrap();
    let map = MmapOptions::new().map_raw(&file).unwrap();
    let asked = map.advise(Advice::HugePage);
    let touched = asked.and_then(|()| map.advise_range(Advice::PopulateWrite, 0, 1));
    touched.is_ok() && std::os::unix::fs::MetadataExt::blocks(&file.metadata().unwrap()) * 512 >= HUGE as u64
}

/// Bytes of the region's mapping in this process that huge pages stand for.
fn huge_bytes(region: &SharedRegion) -> usize {
    let data = region.as_ptr().addr();
    let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
    let mut inside = false;
    for line in maps.lines() {
        let mut words = line.split_ascii_whitespace();
        let first = words.next().unwrap_or("");
        if let Some((from, to)) = first.split_once('-') {
            let [from, to] = [from, to].map(|end| usize::from_str_radix(end, 16).unwrap_or(0));
            inside = (from..to).contains(&data);
        } else if inside && first == "ShmemPmdMapped:" {
            return words.next().unwrap().parse::<usize>().unwrap() << 10;
        }
    }
    panic!("the region's mapping is listed")
}

const SIZE: usize = 16 << 20;

/// Creates and opens a region where huge pages are to be had for those who ask.
fn use_tmpfs(part: &mut Part) {
    let huge = part.hear();
    if !mount_tmpfs(part, &huge, 4 * SIZE) {
        return;
    }
    let options = part.options();
    let owner = options.create("r", SIZE).unwrap();
    // SAFETY: nobody else has the region.
    unsafe { owner.as_mut_slice() }.fill(7);
    let peer = options.clone().prefault(true).open("r").unwrap();
    let reader = options.clone().read_only(true).open("r").unwrap();
    let private = options.clone().copy_on_write(true).open("r").unwrap();
    for region in [&owner, &peer, &reader, &private] {
        // SAFETY: nobody writes any more.
        assert!(unsafe { region.as_slice() }.iter().all(|&byte| byte == 7));
    }
    for region in [&*owner, &peer] {
        let huge = huge_bytes(region);
        assert!(huge >= SIZE - HUGE, "{huge} bytes of {SIZE} in huge pages");
    }
    drop((owner, peer, reader, private));
    assert_eq!(std::fs::read_dir(part.directory()).unwrap().count(), 0);
    part.say("done");
}

/// Where memory is short, huge pages are no hindrance: all of it can be had, and what is missing is `NoSpace`.
fn fill_tmpfs(part: &mut Part) {
    const PAGE: usize = 4096;
    let huge = part.hear();
    if !mount_tmpfs(part, &huge, SIZE) {
        return;
    }
    let options = part.options();
    for size in [SIZE - PAGE, SIZE - PAGE - HUGE / 2, 3 * HUGE, 2 * HUGE - PAGE, 2 * HUGE] {
        let owner = options.create("r", size).unwrap();
        // SAFETY: nobody else has the region.
        unsafe { owner.as_mut_slice() }.fill(1);
    }
    let _half = options.create("half", SIZE / 2).unwrap();
    let error = options.create("r", SIZE / 2).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoSpace, "{error}");
    part.say("done");
}

#[track_caller]
fn with_tmpfs(part: &'static str) {
    if !is_root() {
        return;
    }
    for huge in ["advise", "within_size", "always", "never"] {
        if huge == "never" && part == "use_tmpfs" {
            continue;
        }
        let stage = Stage::new();
        let mut process = stage.start(part);
        process.tell(huge);
        match process.hear().as_str() {
            "done" => assert!(process.end().success(), "huge={huge}"),
            why => note(why),
        }
    }
}

#[test]
fn where_a_tmpfs_has_huge_pages_for_those_who_ask_regions_ask() {
    with_tmpfs("use_tmpfs");
}

#[test]
fn huge_pages_are_no_hindrance_where_memory_is_short() {
    with_tmpfs("fill_tmpfs");
}
