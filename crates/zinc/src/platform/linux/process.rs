//! What belongs to the process as a whole: clock, identity, processors, and hooks at fork and exit.
#![expect(unsafe_code, reason = "sysconf, atexit and pthread_atfork have no safe wrappers")]

use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds on the clock that waiting is measured on, `CLOCK_MONOTONIC`.
pub(crate) fn now() -> u64 {
    read(ClockId::Monotonic)
}

/// The same clock to a few milliseconds, and much cheaper to read.
pub(crate) fn now_coarse() -> u64 {
    read(ClockId::MonotonicCoarse)
}

fn read(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

pub(crate) fn page_size() -> usize {
    rustix::param::page_size()
}

/// Bytes in huge pages of that size which nobody has taken or been promised, see the kernel's hugetlbpage.rst.
pub(crate) fn free_huge_memory(page: usize) -> std::io::Result<u64> {
    let count = |what: &str| -> std::io::Result<u64> {
        let path = format!("/sys/kernel/mm/hugepages/hugepages-{}kB/{what}", page >> 10);
        Ok(std::fs::read_to_string(path)?.trim().parse().unwrap_or(0))
    };
    Ok(count("free_hugepages")?.saturating_sub(count("resv_hugepages")?).saturating_mul(page as u64))
}

pub(crate) fn id() -> u32 {
    std::process::id()
}

/// The user whose files this process makes.
pub(crate) fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Processors of the machine that are running, whether or not this process may use them all: the other side of a
/// region is pinned elsewhere. Asked of the system once, which reads a file for it.
pub(crate) fn processors() -> usize {
    static KNOWN: AtomicUsize = AtomicUsize::new(0);
    let known = KNOWN.load(Ordering::Relaxed);
    if known != 0 {
        return known;
    }
    // SAFETY: sysconf takes any name and touches no memory of ours.
    let there = usize::try_from(unsafe { libc::sysconf(libc::_SC_NPROCESSORS_ONLN) }).unwrap_or(1);
    KNOWN.store(there, Ordering::Relaxed);
    there
}

/// Sixteen bytes that nobody else has.
pub(crate) fn random_id() -> std::io::Result<[u8; 16]> {
    let mut id = [0; 16];
    let mut filled = 0;
    while filled < id.len() {
        match rustix::rand::getrandom(&mut id[filled..], rustix::rand::GetRandomFlags::empty()) {
            Ok(count) => filled += count,
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(id)
}

/// Has a function called when the program or the library with this code is loaded, before anything else of the program
/// can have registered hooks of its own. `AT_LOAD` must be mentioned by code that is used, or linkers leave it out.
macro_rules! at_load {
    ($function:path) => {
        #[expect(unsafe_code, reason = "the loader calls what stands in this section")]
        // SAFETY: the section is an array of functions of this type, see the ELF specification's special sections.
        #[used]
        #[unsafe(link_section = ".init_array")]
        static AT_LOAD: extern "C" fn() = $function;
    };
}
pub(crate) use at_load;

/// Has the functions called around each fork of the process (before; after, in the parent; after, in the child) and
/// at its exit. They must be quick, and the one for the child async-signal-safe.
pub(crate) fn on_fork_and_exit(
    before: extern "C" fn(),
    parent: extern "C" fn(),
    child: extern "C" fn(),
    exit: extern "C" fn(),
) {
    // SAFETY: the functions are of the right type and live as long as the code that registers them; both registries
    // drop them when a shared library with this code is unloaded.
    let results = unsafe {
        let forks = libc::pthread_atfork(Some(before), Some(parent), Some(child));
        // Some runtimes end by quick_exit(3), which passes the functions of atexit(3) over. Bun is one.
        [forks, libc::atexit(exit), at_quick_exit(exit)]
    };
    assert_eq!(results, [0; 3], "out of memory while registering fork and exit handlers");
}

unsafe extern "C" {
    fn at_quick_exit(function: extern "C" fn()) -> libc::c_int;
}

/// Has the function called in the child after each fork. It must be async-signal-safe.
pub(crate) fn on_fork(child: extern "C" fn()) {
    // SAFETY: as in `on_fork_and_exit`.
    let result = unsafe { libc::pthread_atfork(None, None, Some(child)) };
    assert_eq!(result, 0, "out of memory while registering a fork handler");
}

/// Signals that tell a thread of its own faults. Blocked, they would kill the process instead of reaching the handlers
/// that language runtimes rely on.
const FAULTS: [libc::c_int; 6] =
    [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGTRAP, libc::SIGSYS];

/// Starts a thread that no signal but its own faults is delivered to: handlers belong to the program's own threads.
/// Its stack has `stack` bytes, or as many as any thread's.
pub(crate) fn start_thread(
    name: &str,
    stack: Option<usize>,
    run: impl FnOnce() + Send + 'static,
) -> std::io::Result<()> {
    let mut builder = std::thread::Builder::new().name(name.to_owned());
    if let Some(stack) = stack {
        builder = builder.stack_size(stack);
    }
    // SAFETY: both sets are initialized by the calls that fill them, and live across these calls.
    unsafe {
        let mut all = std::mem::zeroed();
        let mut before = std::mem::zeroed();
        libc::sigfillset(&mut all);
        FAULTS.iter().for_each(|&signal| {
            libc::sigdelset(&mut all, signal);
        });
        // A thread starts with the mask of the one that starts it.
        libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut before);
        let started = builder.spawn(run);
        libc::pthread_sigmask(libc::SIG_SETMASK, &before, std::ptr::null_mut());
        started.map(drop)
    }
}
