//! Sleeping on words of memory, see the man pages futex(2) and `futex_waitv(2)`.

use std::sync::atomic::{AtomicBool, Ordering};

use rustix::io::Errno;
use rustix::thread::{ClockId, futex};
use rustix::time::Timespec;

use std::sync::atomic::{AtomicU32, AtomicU64};

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

/// The half of the word that changes with every notification, which is first in memory on little-endian systems.
#[expect(unsafe_code, reason = "the kernel compares half of a word")]
pub(crate) fn low_half(word: &AtomicU64) -> &AtomicU32 {
    // SAFETY: it is within the word and aligned, and nothing but the kernel reads or writes through it.
    unsafe { AtomicU32::from_ptr(word.as_ptr().cast()) }
}

/// How many words the kernel watches at once, see `FUTEX_WAITV_MAX` in its futex.h.
pub(crate) const MOST_WORDS: usize = 128;

/// Many words to sleep on: first a bell of this process's, then words that other processes change.
#[derive(Default)]
pub(crate) struct Words(Vec<futex::Wait>);

impl Words {
    pub(crate) fn clear(&mut self) {
        self.0.truncate(0);
        self.0.push(futex::Wait::new());
    }

    /// Adds a word. It may be unmapped before the sleep, which then ends at once.
    pub(crate) fn push(&mut self, word: &AtomicU32, expected: u32) {
        self.0.push(entry(&(word, expected, Reach::Shared)));
    }

    /// Sleeps until a word is woken or changed, or `until` has come; gives the word that was woken, if there was one.
    ///
    /// Unless `feels_all`, see [`watches_all`], it sleeps on the bell alone.
    pub(crate) fn park(&mut self, bell: (&AtomicU32, u32), until: u64, feels_all: bool) -> Option<usize> {
        let bell = (bell.0, bell.1, Reach::Private);
        let mut until = until;
        if feels_all {
            self.0[0] = entry(&bell);
            match futex::waitv(
                &self.0,
                futex::WaitvFlags::empty(),
                Some(&timespec(until)),
                ClockId::Monotonic,
            ) {
                Ok(woken) => return woken.checked_sub(1),
                Err(Errno::AGAIN | Errno::TIMEDOUT | Errno::INTR) => return None,
                // A region that was unmapped a moment ago, or no memory for the call. Were it to last, this would not be
                // a loop without a rest.
                Err(Errno::FAULT | Errno::NOMEM) => {
                    until = until.min(super::process::now().saturating_add(SLICE / 50));
                }
                Err(_) => {
                    NO_WAITV.store(true, Ordering::Relaxed);
                    return None;
                }
            }
        }
        let every = std::num::NonZeroU32::MAX;
        // Whatever ended the sleep, the caller looks at everything again.
        let _ = futex::wait_bitset(bell.0, flags(bell.2), bell.1, Some(&timespec(until)), every);
        None
    }
}

/// Whether a sleep feels every one of its words. If not, one on three words feels the first, and [`Words::park`] the bell.
pub(crate) fn watches_all() -> bool {
    !NO_WAITV.load(Ordering::Relaxed)
}

/// Sleeps until a word is woken or changed, or the monotonic clock shows `until` nanoseconds, or a signal comes, or for
/// no reason at all.
pub(crate) fn park(words: &[Word<'_>; 3], until: u64) {
    if !NO_WAITV.load(Ordering::Relaxed) {
        match park_on_all(words, until) {
            Ok(()) | Err(Errno::AGAIN | Errno::TIMEDOUT | Errno::INTR) => return,
            // Want of memory passes, and so does a region that was unmapped a moment ago.
            Err(Errno::NOMEM | Errno::FAULT) => {}
            // A kernel before 5.16, or a sandbox that forbids the call, by whatever error it likes.
            Err(_) => NO_WAITV.store(true, Ordering::Relaxed),
        }
    }
    park_on_first(words, until);
}

fn park_on_all(words: &[Word<'_>; 3], until: u64) -> Result<(), Errno> {
    let waits = words.each_ref().map(entry);
    futex::waitv(&waits, futex::WaitvFlags::empty(), Some(&timespec(until)), ClockId::Monotonic).map(drop)
}

fn entry((word, expected, reach): &Word<'_>) -> futex::Wait {
    let mut wait = futex::Wait::new();
    wait.val = u64::from(*expected);
    wait.uaddr = futex::WaitPtr::new(word.as_ptr().cast());
    wait.flags = match reach {
        Reach::Shared => futex::WaitFlags::SIZE_U32,
        Reach::Private => futex::WaitFlags::SIZE_U32 | futex::WaitFlags::PRIVATE,
    };
    wait
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

fn flags(reach: Reach) -> futex::Flags {
    match reach {
        Reach::Shared => futex::Flags::empty(),
        Reach::Private => futex::Flags::PRIVATE,
    }
}

fn timespec(nanoseconds: u64) -> Timespec {
    Timespec { tv_sec: (nanoseconds / 1_000_000_000) as i64, tv_nsec: (nanoseconds % 1_000_000_000) as _ }
}
