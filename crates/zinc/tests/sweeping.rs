//! What a user's dead owners left goes with the first call of any process of that user, and before it stands in the way.

mod common;

use std::path::{Path, PathBuf};

use common::forked::fork;
use common::sandbox::mount;
use common::{Part, Stage, is_root, note, word};
use zinc::RegionOptions;

common::parts!(own, call, fill_a_cgroup, fill_a_directory);

const MB: usize = 1 << 20;

fn own(part: &mut Part) {
    let _owner = part.options().create("dead", 100).unwrap();
    part.say("created");
    part.hear();
}

/// Makes the call that it hears, as the first of its process.
fn call(part: &mut Part) {
    let options = part.options();
    let answer = match part.hear().as_str() {
        "open" => word(options.open("other").map(drop)),
        "open with a timeout" => word(options.timeout(1).open("other").map(drop)),
        "open the dead" => word(options.open("dead").map(drop)),
        "list" => word(options.list().map(|regions| regions.len())),
        "create" => word(options.create("other", 1).map(drop)),
        "open or create" => word(options.open_or_create("other", 1).map(drop)),
        "remove" => word(options.remove("other")),
        call => panic!("no call: {call}"),
    };
    part.say(answer);
}

#[test]
fn any_first_call_sweeps() {
    for (name, answer) in [
        ("open", "NotFound"),
        ("open with a timeout", "NotFound"),
        ("open the dead", "NotFound"),
        ("list", "1"),
        ("create", "()"),
        ("open or create", "()"),
        ("remove", "NotFound"),
    ] {
        let stage = Stage::new();
        let mut owner = stage.start("own");
        owner.expect("created");
        owner.kill();
        let mut other = stage.start("call");
        other.tell(name);
        other.expect(answer);
        assert!(other.end().success());
        assert!(stage.files().is_empty(), "{name}: {:?}", stage.files());
    }
}

#[test]
fn what_lives_and_what_persists_is_not_swept() {
    let stage = Stage::new();
    let mut owner = stage.start("own");
    owner.expect("created");
    drop(stage.options().persistent(true).create("persistent", 1).unwrap());
    std::fs::write(stage.file("garbage"), "no region").unwrap();
    let mut other = stage.start("call");
    other.tell("list");
    other.expect("2");
    assert!(other.end().success());
    assert_eq!(stage.files().len(), 3);
}

/// A region whose owner dies, and the size of the memory that it leaves.
fn leave(options: &RegionOptions, name: &str, size: usize) {
    let died = fork(|| {
        std::mem::forget(options.create(name, size).unwrap());
        0
    });
    assert_eq!(died.end().exit_status(), Some(0));
}

/// A memory cgroup of its own, removed when it is dropped.
struct Cgroup(PathBuf);

impl Cgroup {
    /// With a limit of so many bytes.
    fn new(limit: usize) -> Result<Self, String> {
        let name = format!("zinc-test-{}", std::process::id());
        let mut why = "no hierarchy with a memory controller is mounted".to_owned();
        for (root, file) in [
            ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
            ("/sys/fs/cgroup", "memory.max"),
            ("/sys/fs/cgroup/unified", "memory.max"),
        ] {
            if !Path::new(root).join("cgroup.procs").exists() {
                continue;
            }
            let cgroup = Self(Path::new(root).join(&name));
            let made = std::fs::create_dir(&cgroup.0)
                .and_then(|()| std::fs::write(cgroup.0.join(file), limit.to_string()));
            match made {
                Ok(()) => return Ok(cgroup),
                Err(error) => why = format!("{}: {error}", cgroup.0.display()),
            }
        }
        Err(why)
    }

    fn add(&self, process: i32) -> std::io::Result<()> {
        std::fs::write(self.0.join("cgroup.procs"), process.to_string())
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        // It can be that it was never made.
        let _ = std::fs::remove_dir(&self.0);
    }
}

fn fill_a_cgroup(part: &mut Part) {
    let options = part.options();
    // The first call of the process sweeps, and shall not be what makes room.
    drop(options.create("first", 1).unwrap());
    part.say("ready");
    part.hear();
    for round in 0..4 {
        leave(&options, &format!("dead-{round}"), 40 * MB);
        let owner = options.create("r", 40 * MB).unwrap();
        // SAFETY: nobody else has the region.
        unsafe { owner.as_mut_slice() }.fill(1);
    }
    part.say("done");
}

#[test]
fn in_a_memory_cgroup_the_dead_make_room_before_the_kernel_kills() {
    if !is_root() {
        return;
    }
    let cgroup = match Cgroup::new(64 * MB) {
        Ok(cgroup) => cgroup,
        Err(why) => return note(format_args!("skipped, a memory cgroup: {why}")),
    };
    let stage = Stage::new();
    let mut process = stage.start("fill_a_cgroup");
    process.expect("ready");
    if let Err(error) = cgroup.add(process.pid().as_raw_nonzero().get()) {
        return note(format_args!("skipped, a process in a memory cgroup: {error}"));
    }
    process.tell("go on");
    process.expect("done");
    assert!(process.end().success());
}

fn fill_a_directory(part: &mut Part) {
    if let Err(error) = mount(part.directory(), c"tmpfs", "size=64m") {
        return part.say(format!("no tmpfs can be mounted: {error}"));
    }
    let options = part.options();
    drop(options.create("first", 1).unwrap());
    leave(&options, "dead", 4 * MB);
    let _small = options.create("small", MB).unwrap();
    assert_eq!(options.list().unwrap().len(), 2, "a small region makes nobody look");
    let _large = options.create("large", 20 * MB).unwrap();
    let names: Vec<_> = options.list().unwrap().into_iter().map(|region| region.name).collect();
    assert_eq!(names, ["large", "small"]);
    part.say("done");
}

#[test]
fn a_region_that_is_large_for_what_is_free_makes_room() {
    if !is_root() {
        return;
    }
    match Stage::new().start("fill_a_directory").hear().as_str() {
        "done" => {}
        why => note(format_args!("skipped, a small directory: {why}")),
    }
}
