//! Sleeping on words of memory, see the man pages futex(2) and `futex_waitv(2)`.

use std::sync::atomic::{AtomicBool, Ordering};

use rustix::io::Errno;
use rustix::thread::{ClockId, futex};
use rustix::time::Timespec;

use std::sync::atomic::AtomicU32;

/// The longest sleep where the kernel cannot watch several words at once: a wake-up of another word than the first,
/// sent in the instant before the sleep, is noticed after this many nanoseconds.
const SLICE: u64 = 50_000_000;

/// Whether the kernel is known to lack `futex_waitv` (before 5.16), or a sandbox to forbid it.
static NO_WAITV: AtomicBool = AtomicBool::new(false);

/// Who may wake a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Every process that has mapped it.
    Shared,
    /// This process.
    Private,
}

/// A word, the value that lets a thread sleep on it, and who may wake it.
pub(crate) type Word<'a> = (&'a AtomicU32, u32, Reach);

/// Sleeps until a word is woken or changed, or the monotonic clock shows `until` nanoseconds, or a signal comes, or for
/// no reason at all.
pub(crate) fn park(words: &[Word<'_>; 3], until: u64) {
    if !NO_WAITV.load(Ordering::Relaxed) {
        match park_on_all(words, until) {
            Ok(()) | Err(Errno::AGAIN | Errno::TIMEDOUT | Errno::INTR) => return,
            // A kernel before 5.16, or a sandbox that forbids the call, by whatever error it likes.
            Err(_) => NO_WAITV.store(true, Ordering::Relaxed),
        }
    }
    park_on_first(words, until);
}

fn park_on_all(words: &[Word<'_>; 3], until: u64) -> Result<(), Errno> {
    let waits = words.map(|(word, expected, reach)| {
        let mut wait = futex::Wait::new();
        wait.val = u64::from(expected);
        wait.uaddr = futex::WaitPtr::new(word.as_ptr().cast());
        wait.flags = match reach {
            Reach::Shared => futex::WaitFlags::SIZE_U32,
            Reach::Private => futex::WaitFlags::SIZE_U32 | futex::WaitFlags::PRIVATE,
        };
        wait
    });
    futex::waitv(&waits, futex::WaitvFlags::empty(), Some(&timespec(until)), ClockId::Monotonic).map(drop)
}

fn park_on_first(words: &[Word<'_>; 3], until: u64) {
    if words[1..].iter().any(|(word, expected, _)| word.load(Ordering::SeqCst) != *expected) {
        return;
    }
    let (word, expected, reach) = words[0];
    let slice = super::process::now().saturating_add(SLICE);
    let every = std::num::NonZeroU32::MAX;
    // Whatever ended the sleep, the caller looks at everything again.
    let _ = futex::wait_bitset(word, flags(reach), expected, Some(&timespec(until.min(slice))), every);
}

/// Wakes every thread that sleeps on the word.
pub(crate) fn wake(word: &AtomicU32, reach: Reach) {
    // The call fails only for addresses that are not mapped, which a reference rules out.
    let _ = futex::wake(word, flags(reach), i32::MAX as u32);
}

/// Whether waking the first word of a sleep is needed for changes of the others, too.
pub(crate) fn wakes_first_only() -> bool {
    NO_WAITV.load(Ordering::Relaxed)
}

fn flags(reach: Reach) -> futex::Flags {
    match reach {
        Reach::Shared => futex::Flags::empty(),
        Reach::Private => futex::Flags::PRIVATE,
    }
}

fn timespec(nanoseconds: u64) -> Timespec {
    Timespec { tv_sec: (nanoseconds / 1_000_000_000) as i64, tv_nsec: (nanoseconds % 1_000_000_000) as _ }
}
