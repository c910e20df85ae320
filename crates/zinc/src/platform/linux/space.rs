//! The memory of a directory's regions: how much there is, taking it, and taking turns where it is short.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use memmap2::{Advice, MmapOptions};
use rustix::fs::{self, FallocateFlags, FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};

use super::place::Place;
use super::process;

/// How much memory one call reserves at first. On older kernels a signal undoes the call that it interrupts, so calls
/// must be shorter than the ticks of a profiling timer for the whole to get ahead.
const RESERVE_STEP: u64 = 32 << 20;
/// The size of the huge pages that the kernel may put in the place of small ones.
pub(crate) const HUGE_PAGE: u64 = 2 << 20;
/// How long a region must be for huge pages to be asked for.
pub(crate) const HUGE_FROM: u64 = 2 * HUGE_PAGE;
/// How long a process waits for its turn. A turn lasts as long as a region takes to be reserved, unless its holder is
/// stopped, or means to be a nuisance.
const TURN: Duration = Duration::from_secs(2);

/// A turn in reserving memory, until it is dropped.
pub(crate) struct Turn {
    directory: OwnedFd,
}

impl Drop for Turn {
    fn drop(&mut self) {
        // Closing would not do: a child that was forked meanwhile has a copy. Should this fail, others wait a while.
        let _ = fs::flock(&self.directory, FlockOperation::Unlock);
    }
}

/// With whom a turn is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// With all others that ask for such a turn.
    Together,
    /// With nobody: what is reserved by others is reserved for good, and what is free stays so.
    Alone,
}

impl Place {
    /// Bytes that are free for new regions.
    pub(crate) fn free(&self) -> io::Result<u64> {
        let stat = fs::fstatvfs(&self.dir)?;
        if stat.f_blocks != 0 {
            return Ok(stat.f_bavail.saturating_mul(stat.f_frsize));
        }
        // A mount without a limit shows no blocks at all: what is free is then the machine's.
        if self.page == process::page_size() { Ok(u64::MAX) } else { process::free_huge_memory(self.page) }
    }

    /// Waits for a turn in reserving memory here: processes that try at the same time take from each other what would
    /// have sufficed for some of them. `None` if there is none to be had: the directory cannot be locked by this user, or
    /// somebody keeps his turn too long. A process that dies loses its turn.
    pub(crate) fn turn(&self, sharing: Sharing) -> Option<Turn> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = fs::openat(&self.dir, ".", flags, Mode::empty()).ok()?;
        let operation = match sharing {
            Sharing::Together => FlockOperation::NonBlockingLockShared,
            Sharing::Alone => FlockOperation::NonBlockingLockExclusive,
        };
        let start = Instant::now();
        loop {
            match fs::flock(&directory, operation) {
                Ok(()) => return Some(Turn { directory }),
                Err(Errno::WOULDBLOCK | Errno::INTR) if start.elapsed() < TURN => {
                    std::thread::sleep(Duration::from_micros(500));
                }
                Err(_) => return None,
            }
        }
    }

    /// Gives the file its length and, unless it is to be sparse, all the memory that it will ever use. The length must be
    /// below the [limit of a file's size](process::file_size_limit), or the process is killed.
    pub(crate) fn reserve(&self, file: &File, len: u64, sparse: bool) -> io::Result<()> {
        file.set_len(len)?;
        if sparse {
            return Ok(());
        }
        if self.free()? < len {
            return Err(Errno::NOSPC.into());
        }
        if len >= HUGE_FROM && self.page == process::page_size() {
            reserve_by_huge_pages(file, len)?;
        }
        let mut at = 0;
        let mut step = RESERVE_STEP.max(self.page as u64);
        while at < len {
            match fs::fallocate(file, FallocateFlags::empty(), at, step.min(len - at)) {
                Ok(()) => at += step.min(len - at),
                // Undone; a shorter step gets ahead between two ticks.
                Err(Errno::INTR) => step = (step / 2).max(self.page as u64),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// Takes huge pages for a file whose file system has them for those who ask only: reserving alone does not ask. Where
/// there are none, and for what is left of the file, this does nothing.
fn reserve_by_huge_pages(file: &File, len: u64) -> io::Result<()> {
    let Ok(map) = MmapOptions::new().len(len as usize).map_raw(file) else { return Ok(()) };
    // The kernel places mappings so that huge pages fit where the file system may have some.
    if !map.as_ptr().addr().is_multiple_of(HUGE_PAGE as usize) {
        return Ok(());
    }
    // Where one comes without being asked for, all do, and reserving is quicker: the kernel clears them later.
    fs::fallocate(file, FallocateFlags::empty(), HUGE_PAGE, process::page_size() as u64)?;
    if has_a_huge_page(file)? || map.advise(Advice::HugePage).is_err() {
        return Ok(());
    }
    // The small page must not stand in the way of a huge one.
    file.set_len(0)?;
    file.set_len(len)?;
    let populate = |at: u64, len: u64| map.advise_range(Advice::PopulateWrite, at as usize, len as usize);
    if populate(0, process::page_size() as u64).is_err() || !has_a_huge_page(file)? {
        return Ok(());
    }
    let whole = len - len % HUGE_PAGE;
    let mut at = 0;
    while at < whole && populate(at, RESERVE_STEP.min(whole - at)).is_ok() {
        at += RESERVE_STEP;
    }
    Ok(())
}

fn has_a_huge_page(file: &File) -> io::Result<bool> {
    const BLOCK: u64 = 512;
    Ok(fs::fstat(file)?.st_blocks as u64 * BLOCK >= HUGE_PAGE)
}

/// The largest file that this process may make, see `RLIMIT_FSIZE` in getrlimit(2).
pub(crate) fn file_size_limit() -> u64 {
    getrlimit(Resource::Fsize).current.unwrap_or(u64::MAX)
}

/// How many more bytes the memory cgroups of this process let it take, as far as they can be read; see the kernel's
/// cgroup-v2.rst and cgroup-v1/memory.rst. What the kernel could take back from others is not counted.
pub(crate) fn memory_cgroup_room() -> Option<u64> {
    let cgroups = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    cgroups.lines().filter_map(room_of).min()
}

/// The room of one line of /proc/self/cgroup: that of the cgroup or of one above it.
fn room_of(line: &str) -> Option<u64> {
    let mut fields = line.splitn(3, ':').skip(1);
    let (controllers, path) = (fields.next()?, fields.next()?.trim_matches('/'));
    let ways: &[(&str, &str, &str)] = if controllers.is_empty() {
        &[
            ("/sys/fs/cgroup", "memory.max", "memory.current"),
            ("/sys/fs/cgroup/unified", "memory.max", "memory.current"),
        ]
    } else if controllers.split(',').any(|controller| controller == "memory") {
        &[("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes")]
    } else {
        &[]
    };
    let number = |path: String| -> Option<u64> { std::fs::read_to_string(path).ok()?.trim().parse().ok() };
    // A container may see its own cgroup as the root, whatever the path says.
    let above = |path: &str| path.rfind('/').map_or(0, |end| end);
    let mut room = None;
    for (root, limit, usage) in ways {
        let mut path = path;
        loop {
            let at = if path.is_empty() { (*root).to_owned() } else { format!("{root}/{path}") };
            let found = number(format!("{at}/{limit}")).zip(number(format!("{at}/{usage}")));
            if let Some((limit, usage)) = found {
                let left = limit.saturating_sub(usage);
                room = Some(room.map_or(left, |room: u64| room.min(left)));
            }
            if path.is_empty() {
                break;
            }
            path = &path[..above(path)];
        }
    }
    room
}
