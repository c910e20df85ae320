//! On hugetlbfs a region's header is one huge page, and all else is as ever.

mod common;

use common::forked::fork;
use common::sandbox::mount;
use common::{PATIENCE, Part, Stage, is_root, note, word};
use zinc::ErrorKind;

common::parts!(use_huge_pages);

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
