//! The stage of the tests: a directory of their own, and other processes that play named parts in it.
//!
//! A test file names its parts in `parts!`. A part is played by this very test program, started again as another
//! process; the two talk in lines over a socket. Whoever waits for a line, a state or an end does so under a watchdog.
#![allow(dead_code, unused_imports, unused_macros, reason = "each test file uses what it needs of this")]

use std::fmt::{Debug, Display};
use std::fs::Permissions;
use std::io::{BufRead, BufReader, ErrorKind as IoErrorKind, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};
use tempfile::TempDir;
use zinc::{Error, RegionOptions};

pub(crate) mod forked;
pub(crate) mod futures;
pub(crate) mod sandbox;
pub(crate) mod sleeper;

use sleeper::{state, thread_id, until_asleep};

/// When a watchdog gives up: far beyond what anything takes, on however busy a machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

const PART: &str = "ZINC_TEST_PART";
const STAGE: &str = "ZINC_TEST_STAGE";

/// Names the functions that other processes run.
macro_rules! parts {
    ($($part:ident),* $(,)?) => {
        #[test]
        #[ignore = "the entry of the processes that the tests start"]
        fn part() {
            common::play(&[$((stringify!($part), $part as common::Play)),*]);
        }
    };
}
pub(crate) use parts;

/// A directory of regions for one test.
pub(crate) struct Stage {
    directory: TempDir,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let directory = tempfile::Builder::new().prefix("zinc-test-").tempdir_in("/dev/shm");
        Self { directory: directory.expect("a directory in /dev/shm") }
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn options(&self) -> RegionOptions {
        RegionOptions::new().directory(self.path())
    }

    /// The file that a region of this name has.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path().join(format!("zinc.{name}"))
    }

    /// All files that are there.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path()).expect("the stage's directory");
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8")).collect()
    }

    /// Lets other users in, as they are in /dev/shm: all may create, nobody may unlink what is another's.
    pub(crate) fn let_everyone_in(&self) {
        std::fs::set_permissions(self.path(), Permissions::from_mode(0o1777)).expect("the stage is ours");
    }

    /// Starts a process that plays `part`.
    pub(crate) fn start(&self, part: &'static str) -> Actor {
        let (ours, theirs) = UnixStream::pair().expect("a socket pair");
        ours.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let process = Command::new(std::env::current_exe().expect("this program's path"))
            .args(["part", "--exact", "--ignored", "--nocapture", "--test-threads=1"])
            .env(PART, part)
            .env(STAGE, self.path())
            .stdin(OwnedFd::from(theirs))
            .stdout(Stdio::null())
            .spawn()
            .expect("this program, started again");
        Actor { part, process, socket: BufReader::new(ours) }
    }
}

/// A process that plays a part, as the test sees it. It is killed when this is dropped.
pub(crate) struct Actor {
    part: &'static str,
    process: Child,
    socket: BufReader<UnixStream>,
}

impl Actor {
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.process)
    }

    pub(crate) fn tell(&mut self, line: impl Display) {
        send(&self.socket, line).expect("the other process listens");
    }

    /// The next line that it says.
    #[track_caller]
    pub(crate) fn hear(&mut self) -> String {
        match read_line(&mut self.socket) {
            Ok(Some(line)) => line,
            Ok(None) => panic!("{:?} ended, {:?}, without a word", self.part, self.process.wait()),
            Err(error) if error.kind() == IoErrorKind::WouldBlock => {
                panic!("{:?} said nothing for {PATIENCE:?}", self.part)
            }
            Err(error) => panic!("{:?} cannot be heard: {error}", self.part),
        }
    }

    #[track_caller]
    pub(crate) fn expect(&mut self, line: &str) {
        assert_eq!(self.hear(), line, "what {:?} says", self.part);
    }

    /// Reads the line of [`Part::say_thread`], and returns when that thread sleeps.
    #[track_caller]
    pub(crate) fn until_asleep(&mut self) {
        let thread = self.hear().parse().expect("a thread's number");
        until_asleep(self.pid(), thread);
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("a process that has not been waited for");
    }

    /// Kills it, and returns when it is gone.
    #[track_caller]
    pub(crate) fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.end();
    }

    /// Stops it, and returns when no thread of it runs any more.
    #[track_caller]
    pub(crate) fn stop(&self) {
        self.signal(Signal::STOP);
        until("the process stops", || state(self.pid(), self.pid()) == Some('T'));
    }

    /// How it ended.
    #[track_caller]
    pub(crate) fn end(&mut self) -> ExitStatus {
        let process =
            pidfd_open(self.pid(), PidfdFlags::empty()).expect("a process that has not been waited for");
        let patience = Timespec::try_from(PATIENCE).expect("a short time");
        let ended = poll(&mut [PollFd::new(&process, PollFlags::IN)], Some(&patience)).expect("poll");
        assert_eq!(ended, 1, "{:?} did not end for {PATIENCE:?}", self.part);
        self.process.wait().expect("its status")
    }

    /// The names of its threads.
    pub(crate) fn threads(&self) -> Vec<String> {
        threads(self.pid().as_raw_nonzero().get())
    }

    /// How often its threads have gone to sleep.
    pub(crate) fn switches(&self) -> u64 {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.pid())).expect("its threads");
        let switches = |task: PathBuf| {
            let status = std::fs::read_to_string(task.join("status")).expect("its status");
            let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
            line.and_then(|count| count.trim().parse::<u64>().ok()).expect("a number")
        };
        tasks.map(|task| switches(task.expect("a thread").path())).sum()
    }

    /// Processor time that it has used, by the scheduler's count.
    pub(crate) fn processor_time(&self) -> Duration {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.pid())).expect("its threads");
        let nanoseconds = |task: PathBuf| {
            let stat = std::fs::read_to_string(task.join("schedstat")).expect("its schedstat");
            stat.split(' ').next().and_then(|first| first.parse::<u64>().ok()).expect("a number")
        };
        Duration::from_nanos(tasks.map(|task| nanoseconds(task.expect("a thread").path())).sum())
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        // It may have ended already, which is as good.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The process's own side: what a part has to play with.
pub(crate) struct Part {
    directory: PathBuf,
    socket: BufReader<UnixStream>,
}

impl Part {
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(crate) fn options(&self) -> RegionOptions {
        RegionOptions::new().directory(&self.directory)
    }

    /// Ends the process if the test is gone.
    pub(crate) fn say(&mut self, line: impl Display) {
        if send(&self.socket, line).is_err() {
            std::process::exit(3);
        }
    }

    /// Says what thread this is, for [`Actor::until_asleep`].
    pub(crate) fn say_thread(&mut self) {
        self.say(thread_id());
    }

    /// The next line that the test tells; ends the process if the test is gone.
    pub(crate) fn hear(&mut self) -> String {
        match read_line(&mut self.socket) {
            Ok(Some(line)) => line,
            _ => std::process::exit(3),
        }
    }
}

/// What a process does that plays a part.
pub(crate) type Play = fn(&mut Part);

/// Plays the part that the environment asks for; where it asks for none, this is no process that a test has started.
pub(crate) fn play(parts: &[(&str, Play)]) {
    let Ok(wanted) = std::env::var(PART) else { return };
    let directory = std::env::var_os(STAGE).expect("the stage's directory").into();
    let socket = std::io::stdin().as_fd().try_clone_to_owned().expect("a socket");
    let mut part = Part { directory, socket: BufReader::new(UnixStream::from(socket)) };
    let (_, play) = parts.iter().find(|(name, _)| *name == wanted).expect("a part of that name in `parts!`");
    play(&mut part);
}

/// In one piece, because forked processes may speak at the same time.
fn send(socket: &BufReader<UnixStream>, line: impl Display) -> std::io::Result<()> {
    socket.get_ref().write_all(format!("{line}\n").as_bytes())
}

fn read_line(socket: &mut BufReader<UnixStream>) -> std::io::Result<Option<String>> {
    let mut line = String::new();
    match socket.read_line(&mut line) {
        Ok(0) => Ok(None),
        Ok(_) => Ok(Some(line.trim_end().to_owned())),
        // The other side was killed before it had read all.
        Err(error) if error.kind() == IoErrorKind::ConnectionReset => Ok(None),
        Err(error) => Err(error),
    }
}

/// Returns when `is_so`, which it asks again and again.
#[track_caller]
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "not so for {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_micros(200));
    }
}

/// The names of a process's threads.
pub(crate) fn threads(process: i32) -> Vec<String> {
    let tasks = std::fs::read_dir(format!("/proc/{process}/task")).expect("its threads");
    // A thread may end meanwhile.
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.map(|name| name.trim_end().to_owned()).collect()
}

/// A result in one word: the value, or the error's kind.
pub(crate) fn word<T: Debug>(result: Result<T, Error>) -> String {
    result.map_or_else(|error| error.kind().name().to_owned(), |value| format!("{value:?}"))
}

/// Tells the person who runs the tests something, past the capturing of output.
pub(crate) fn note(what: impl Display) {
    let _ = writeln!(std::io::stderr(), "note: {what}");
}

/// A region's id in hexadecimal digits.
pub(crate) fn hex(id: [u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(id))
}

/// Whether this is root; if not, says that the test is skipped.
#[track_caller]
pub(crate) fn is_root() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        note(format_args!("skipped, needs root: {}", std::panic::Location::caller()));
    }
    root
}
