//! Places where something is missing or forbidden: regions work there all the same, or the error says what it is.

mod common;

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr::null;

use common::forked::fork;
use common::sandbox::{become_user, deny, mount};
use common::sleeper::state;
use common::{PATIENCE, Part, Stage, is_root, note, word};
use rustix::fs::{IFlags, ioctl_getflags, ioctl_setflags};
use zinc::{Error, ErrorKind, RegionOptions};

common::parts!(
    open_read_only_mount,
    live_without_proc,
    live_without_proc_as_a_user,
    live_without_linkat,
    name_nothing,
);

/// The error's kind and text are these.
#[track_caller]
fn assert_says<T>(result: Result<T, Error>, kind: ErrorKind, told: &str) {
    let error = result.map(drop).unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(told), "{told} in: {error}");
}

/// Everything that a region is for, between two processes. Nothing is left but the names in `others`.
fn live(options: &RegionOptions) {
    let owner = options.create("r", 10_000).unwrap();
    assert_eq!(word(options.create("r", 1)), "AlreadyExists");
    assert_eq!(options.list().unwrap().len(), 1);
    let peer = fork(|| {
        let peer = options.open("r").unwrap();
        peer.notify().unwrap();
        i32::from(!peer.wait(PATIENCE).unwrap())
    });
    assert!(owner.wait(PATIENCE).unwrap());
    owner.notify().unwrap();
    assert_eq!(peer.end().exit_status(), Some(0));
    assert_eq!(word(options.clone().timeout(20).open("none").map(drop)), "NotFound");
    owner.close().unwrap();

    let died = fork(|| {
        std::mem::forget(options.create("r", 1).unwrap());
        0
    });
    assert_eq!(died.end().exit_status(), Some(0));
    drop(options.create("r", 1).expect("what the dead owner left is no hindrance"));
    drop(options.clone().persistent(true).create("r", 1).unwrap());
    options.remove("r").unwrap();
    assert!(options.list().unwrap().is_empty());
}

fn left(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Mounts the directory over itself, to be read only, for this process and its children alone.
fn mount_read_only(directory: &Path) -> io::Result<()> {
    let directory = CString::new(directory.as_os_str().as_bytes())?;
    let mount = |source: *const libc::c_char, target: *const libc::c_char, flags| {
        // SAFETY: the pointers are to C strings that live across the call, or null where mount(2) ignores them.
        match unsafe { libc::mount(source, target, null(), flags, null()) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    };
    // SAFETY: unshare takes a number.
    if unsafe { libc::unshare(libc::CLONE_NEWNS) } != 0 {
        return Err(io::Error::last_os_error());
    }
    mount(null(), c"/".as_ptr(), libc::MS_REC | libc::MS_PRIVATE)?;
    mount(directory.as_ptr(), directory.as_ptr(), libc::MS_BIND)?;
    mount(null(), directory.as_ptr(), libc::MS_BIND | libc::MS_REMOUNT | libc::MS_RDONLY)
}

fn open_read_only_mount(part: &mut Part) {
    if let Err(error) = mount_read_only(part.directory()) {
        return part.say(format!("skipped, a read-only mount: {error}"));
    }
    let options = part.options();
    assert_says(options.open("r"), ErrorKind::PermissionDenied, "mounted read-only");
    assert_says(options.create("other", 1), ErrorKind::PermissionDenied, "mounted read-only");
    let private = options.clone().copy_on_write(true).open("r").unwrap();
    // SAFETY: nobody else has this handle's private bytes.
    unsafe { private.as_mut_slice() }.fill(9);
    let reader = options.read_only(true).open("r").unwrap();
    assert_eq!(word(reader.notify()), "PermissionDenied");
    part.say("open");
    part.say(word(reader.wait(PATIENCE)));
    // SAFETY: the owner has written before it notified, and writes no more.
    part.say(unsafe { reader.as_slice() }[0]);
    part.say(word(reader.wait(PATIENCE)));
}

#[test]
fn through_a_read_only_mount_regions_are_read() {
    if !is_root() {
        return;
    }
    let stage = Stage::new();
    let owner = stage.options().create("r", 100).unwrap();
    let mut reader = stage.start("open_read_only_mount");
    match reader.hear().as_str() {
        "open" => {}
        why => return note(why),
    }
    // SAFETY: nobody reads before the notification.
    unsafe { owner.as_mut_slice() }.fill(7);
    owner.notify().unwrap();
    reader.expect("true");
    reader.expect("7");
    drop(owner);
    reader.expect("Closed");
}

#[test]
fn a_process_whose_main_thread_has_ended_uses_regions() {
    let stage = Stage::new();
    let options = stage.options();
    let process = fork(|| {
        std::thread::spawn(move || {
            let lived = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                let process = rustix::process::getpid();
                common::until("the main thread has ended", || state(process, process) == Some('Z'));
                assert!(!std::fs::exists("/proc/self/fd/0").unwrap_or(false), "this is what is gone then");
                let owner = options.create("r", 1).unwrap();
                options.open("r").unwrap().notify().unwrap();
                assert!(owner.wait(0).unwrap());
                assert_eq!(word(options.clone().timeout(20).open("none").map(drop)), "NotFound");
            }));
            // SAFETY: _exit may be called at any time.
            unsafe { libc::_exit(lived.is_err().into()) }
        });
        // SAFETY: ends this thread alone; what is on its stack stays.
        unsafe { libc::syscall(libc::SYS_exit, 0) };
        unreachable!("the thread has ended")
    });
    assert_eq!(process.end().exit_status(), Some(0));
    assert!(stage.files().is_empty(), "{:?}", stage.files());
}

/// Puts an empty directory in the place of /proc.
fn lose_proc(part: &mut Part) -> bool {
    match mount(Path::new("/proc"), c"tmpfs", "size=4k") {
        Ok(()) => true,
        Err(error) => {
            part.say(format!("skipped, a process without /proc: {error}"));
            false
        }
    }
}

fn live_without_proc(part: &mut Part) {
    if lose_proc(part) {
        live(&part.options());
        part.say("done");
    }
}

fn live_without_proc_as_a_user(part: &mut Part) {
    if lose_proc(part) {
        become_user(12_345);
        live(&part.options());
        part.say("done");
    }
}

#[test]
fn without_proc_regions_live() {
    if !is_root() {
        return;
    }
    for part in ["live_without_proc", "live_without_proc_as_a_user"] {
        let stage = Stage::new();
        stage.let_everyone_in();
        match stage.start(part).hear().as_str() {
            "done" => assert!(stage.files().is_empty(), "{:?}", stage.files()),
            why => note(why),
        }
    }
}

fn live_without_linkat(part: &mut Part) {
    deny(libc::SYS_linkat, libc::EPERM);
    live(&part.options());
    assert!(left(part.directory()).is_empty(), "{:?}", left(part.directory()));

    // What fails on its way leaves nothing, nor does what never gets its name.
    let options = part.options();
    let unlinked = options.clone().unlinked(true).create("r", 1).unwrap();
    drop(options.create("r", 1).unwrap());
    unlinked.link().unwrap();
    drop(unlinked);
    drop(options.clone().unlinked(true).create("r", 1).unwrap());
    assert_eq!(word(options.create("r", 1 << 45)), "NoSpace");
    assert!(left(part.directory()).is_empty(), "{:?}", left(part.directory()));
    part.say("done");
}

#[test]
fn without_nameless_files_hidden_ones_do() {
    let stage = Stage::new();
    let mut process = stage.start("live_without_linkat");
    process.expect("done");
    assert!(process.end().success());
    assert!(stage.files().is_empty());
}

fn name_nothing(part: &mut Part) {
    deny(libc::SYS_linkat, libc::EPERM);
    deny(libc::SYS_renameat2, libc::EPERM);
    assert_says(part.options().create("r", 1), ErrorKind::PermissionDenied, "linkat");
    assert!(left(part.directory()).is_empty(), "{:?}", left(part.directory()));
    part.say("done");
}

#[test]
fn a_sandbox_in_which_files_get_no_names_is_called_so() {
    Stage::new().start("name_nothing").expect("done");
}

#[test]
fn hidden_files_are_no_regions_and_go_once_their_maker_is_dead() {
    const HIDDEN: &str = "zinc..new-00000000000000000000000000000000";
    let stage = Stage::new();
    let path = stage.path().join(HIDDEN);
    let living = File::create_new(&path).unwrap();
    lock_as_maker(&living);
    // The first call of each process sweeps.
    let look = || {
        let options = stage.options();
        let looks = fork(|| i32::from(!options.list().unwrap().is_empty()));
        assert_eq!(looks.end().exit_status(), Some(0));
    };
    assert_eq!(word(stage.options().open(".new-00000000000000000000000000000000")), "InvalidName");
    look();
    assert_eq!(stage.files(), [HIDDEN], "its maker is alive");
    drop(living);
    look();
    assert!(stage.files().is_empty());
}

/// Takes the lock that says that a hidden file's maker is alive.
fn lock_as_maker(file: &File) {
    // SAFETY: `flock` is a plain C structure, for which all zeroes is a valid value.
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = libc::F_WRLCK as libc::c_short;
    lock.l_start = 2;
    lock.l_len = 1;
    // SAFETY: the command takes a pointer to a `flock`, which lives across the call.
    let done = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &lock) };
    assert_eq!(done, 0, "{}", io::Error::last_os_error());
}

/// Makes a file or a directory immutable until this is dropped.
struct Immutable(File);

impl Immutable {
    fn new(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let flags = ioctl_getflags(&file)?;
        ioctl_setflags(&file, flags | IFlags::IMMUTABLE)?;
        Ok(Self(file))
    }
}

impl Drop for Immutable {
    fn drop(&mut self) {
        let flags = ioctl_getflags(&self.0).expect("its flags");
        ioctl_setflags(&self.0, flags - IFlags::IMMUTABLE).expect("the right to change them back");
    }
}

#[test]
fn what_is_immutable_is_called_so() {
    if !is_root() {
        return;
    }
    let stage = Stage::new();
    let options = stage.options();
    drop(options.clone().persistent(true).create("r", 1).unwrap());
    match Immutable::new(&stage.file("r")) {
        Ok(_immutable) => {
            assert_says(options.open("r"), ErrorKind::PermissionDenied, "immutable");
            assert_says(options.create("r", 1), ErrorKind::AlreadyExists, "chattr -i");
            assert_says(options.remove("r"), ErrorKind::PermissionDenied, "chattr -i");
            assert!(options.clone().read_only(true).open("r").is_ok());
            assert!(options.clone().copy_on_write(true).open("r").is_ok());
        }
        Err(error) => return note(format_args!("skipped, what is immutable: {error}")),
    }
    let owner = options.create("owned", 1).unwrap();
    {
        let _immutable = Immutable::new(stage.path()).unwrap();
        assert_says(options.create("other", 1), ErrorKind::PermissionDenied, "immutable");
        assert!(options.open("r").is_ok());
        assert!(options.remove("r").is_err());
        assert!(owner.close().is_err());
    }
    options.remove("r").unwrap();
}
