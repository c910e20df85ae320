//! What the kernel tells of another process: the handshakes that need no word from the process itself.

use anyhow::{Context, Result, bail};
use std::collections::HashSet;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// Between two looks at the same thing.
const LOOK_AGAIN: Duration = Duration::from_micros(500);

/// A file as the kernel knows it: device and inode.
pub(crate) type FileId = (u64, u64);

#[cfg(target_arch = "x86_64")]
const FUTEX: i64 = 202;
#[cfg(not(target_arch = "x86_64"))]
const FUTEX: i64 = 98;
const FUTEX_WAITV: i64 = 449;
/// `struct futex_waitv` of linux/futex.h: value, address, flags, reserved.
const WAITV_LEN: usize = 24;

/// Looks until there is something; the time it may take is a watchdog and nothing that a case relies on.
pub(crate) fn poll<T>(until: Instant, what: &str, mut look: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if Instant::now() > until {
            bail!("waited in vain for {what}");
        }
        thread::sleep(LOOK_AGAIN);
    }
}

/// The identity of a file.
pub(crate) fn file_id(path: &Path) -> Result<FileId> {
    let metadata = fs::symlink_metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

/// Whether some thread of the process sleeps on a futex that lies in a mapping of one of these files.
pub(crate) fn is_parked(pid: u32, files: &HashSet<FileId>) -> Result<bool> {
    let ranges = mappings(pid, files)?;
    let inside = |address: u64| ranges.iter().any(|(start, end)| (*start..*end).contains(&address));
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        let Some(call) = read_if_there(&thread?.path().join("syscall"))? else { continue };
        let mut words = call.split_whitespace();
        // "running" stands where the number of the system call would.
        let Some(Ok(number)) = words.next().map(str::parse::<i64>) else { continue };
        let args: Vec<u64> =
            words.map_while(|word| u64::from_str_radix(word.trim_start_matches("0x"), 16).ok()).collect();
        let sleeps = match number {
            FUTEX => inside(args[0]),
            FUTEX_WAITV => waitv_addresses(pid, args[0], args[1])?.into_iter().any(inside),
            _ => false,
        };
        if sleeps {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The addresses in an array that a thread has handed to `futex_waitv`; none if the thread has moved on.
fn waitv_addresses(pid: u32, array: u64, count: u64) -> Result<Vec<u64>> {
    let mut bytes = vec![0; WAITV_LEN * usize::try_from(count.min(128))?];
    let memory = fs::File::open(format!("/proc/{pid}/mem")).context("read another process's memory")?;
    if memory.read_exact_at(&mut bytes, array).is_err() {
        return Ok(Vec::new());
    }
    let address = |entry: &[u8]| u64::from_le_bytes(std::array::from_fn(|i| entry[8 + i]));
    Ok(bytes.chunks_exact(WAITV_LEN).map(address).collect())
}

/// The address ranges at which the process has mapped one of these files.
fn mappings(pid: u32, files: &HashSet<FileId>) -> Result<Vec<(u64, u64)>> {
    let mut ranges = Vec::new();
    for line in fs::read_to_string(format!("/proc/{pid}/maps"))?.lines() {
        // address range, permissions, offset, major:minor, inode
        let words: Vec<_> = line.split_whitespace().collect();
        let hex = |text: &str| u64::from_str_radix(text, 16).with_context(|| line.to_owned());
        let (start, end) = words[0].split_once('-').with_context(|| line.to_owned())?;
        let (major, minor) = words[3].split_once(':').with_context(|| line.to_owned())?;
        let device = rustix::fs::makedev(hex(major)? as u32, hex(minor)? as u32);
        if files.contains(&(device, words[4].parse()?)) {
            ranges.push((hex(start)?, hex(end)?));
        }
    }
    Ok(ranges)
}

/// Whether the process has an inotify watch on this directory.
pub(crate) fn watches(pid: u32, directory: FileId) -> Result<bool> {
    for entry in fs::read_dir(format!("/proc/{pid}/fdinfo"))? {
        let Some(info) = read_if_there(&entry?.path())? else { continue };
        let inode = format!("ino:{:x}", directory.1);
        let watched =
            |line: &str| line.starts_with("inotify ") && line.split_whitespace().any(|word| word == inode);
        if info.lines().any(watched) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a signal has stopped every thread of the process.
pub(crate) fn stopped(pid: u32) -> Result<bool> {
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        let Some(stat) = read_if_there(&thread?.path().join("stat"))? else { continue };
        // The name, in parentheses, may hold anything; the state follows it.
        let state = stat.rsplit_once(") ").map(|(_, rest)| rest.starts_with('T'));
        if state != Some(true) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// How many open files of the process lie in this directory.
pub(crate) fn open_files_in(pid: u32, directory: &Path) -> Result<usize> {
    let mut count = 0;
    for entry in fs::read_dir(format!("/proc/{pid}/fd"))? {
        match fs::read_link(entry?.path()) {
            Ok(path) => count += usize::from(path.starts_with(directory)),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(count)
}

/// The text of a file under /proc, unless what it tells of is gone.
fn read_if_there(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        // ESRCH: the thread ended between opening and reading.
        Err(error) if error.kind() == ErrorKind::NotFound || error.raw_os_error() == Some(libc::ESRCH) => {
            Ok(None)
        }
        Err(error) => Err(error).with_context(|| format!("read {}", path.display())),
    }
}
