//! What belongs to the process as a whole on every Unix system: clock, identity, processors, threads and their signals.
#![expect(unsafe_code, reason = "sysconf and signal masks have no safe wrappers")]

use std::marker::PhantomData;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds on the clock that waiting is measured on, `CLOCK_MONOTONIC`.
pub(crate) fn now() -> u64 {
    read_clock(ClockId::Monotonic)
}

/// Nanoseconds on a clock of the system's.
pub(crate) fn read_clock(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

pub(crate) fn page_size() -> usize {
    rustix::param::page_size()
}

pub(crate) fn id() -> u32 {
    std::process::id()
}

/// The user whose files this process makes.
pub(crate) fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Whether this process may give its files to that group.
pub(crate) fn is_member(group: u32) -> bool {
    let others = || rustix::process::getgroups().unwrap_or_default();
    rustix::process::getegid().as_raw() == group || others().iter().any(|other| other.as_raw() == group)
}

/// Whether everybody trusts that user's regions.
pub(crate) fn is_superuser(user: u32) -> bool {
    user == 0
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

/// Signals that tell a thread of its own faults. Blocked, they would kill the process instead of reaching the handlers
/// that language runtimes rely on.
const FAULTS: [libc::c_int; 6] =
    [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGTRAP, libc::SIGSYS];

/// No signal but the thread's own faults reaches the thread until this is dropped.
pub(crate) struct SignalsBlocked {
    before: libc::sigset_t,
    /// The mask is a thread's own.
    _of_this_thread: PhantomData<*const ()>,
}

/// Keeps signals from this thread.
pub(crate) fn block_signals() -> SignalsBlocked {
    // SAFETY: both sets are initialized by the calls that fill them, and live across these calls.
    let before = unsafe {
        let mut all = std::mem::zeroed();
        let mut before = std::mem::zeroed();
        libc::sigfillset(&mut all);
        FAULTS.iter().for_each(|&signal| {
            libc::sigdelset(&mut all, signal);
        });
        libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut before);
        before
    };
    SignalsBlocked { before, _of_this_thread: PhantomData }
}

impl Drop for SignalsBlocked {
    fn drop(&mut self) {
        // SAFETY: the set was filled when this was made, on this thread.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &self.before, std::ptr::null_mut()) };
    }
}

/// Starts a thread that receives no signal but its own faults: handlers belong to the program's own threads.
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
    // A thread starts with the mask of the one that starts it.
    let _blocked = block_signals();
    builder.spawn(run).map(drop)
}
