//! Sleeping on words of memory, see the man pages futex(2) and `futex_waitv(2)`.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use rustix::io::Errno;
use rustix::thread::{ClockId, futex};
use rustix::time::Timespec;

/// Whether the kernel is known to lack `futex_waitv` (before 5.16), or a sandbox to forbid it, by whatever error it
/// likes.
static NO_WAITV: AtomicBool = AtomicBool::new(false);
/// How long to rest where `futex_waitv` fails for a reason that should pass, in nanoseconds.
const REST: u64 = 1_000_000;

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
        self.0.push(entry(word, expected, futex::WaitFlags::SIZE_U32));
    }

    /// Sleeps until a word is woken or changed, or `until` has come; returns the word that was woken, if there was one.
    ///
    /// Unless `feels_all`, see [`watches_all`], it sleeps on the bell alone.
    pub(crate) fn park(&mut self, bell: (&AtomicU32, u32), until: u64, feels_all: bool) -> Option<usize> {
        let mut until = until;
        if feels_all {
            self.0[0] = entry(bell.0, bell.1, futex::WaitFlags::SIZE_U32 | futex::WaitFlags::PRIVATE);
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
                    until = until.min(super::process::now().saturating_add(REST));
                }
                Err(_) => {
                    NO_WAITV.store(true, Ordering::Relaxed);
                    return None;
                }
            }
        }
        sleep(bell.0, futex::Flags::PRIVATE, bell.1, u32::MAX, until);
        None
    }
}

/// Whether [`Words::park`] feels every one of its words. If not, it feels the bell alone.
pub(crate) fn watches_all() -> bool {
    !NO_WAITV.load(Ordering::Relaxed)
}

fn entry(word: &AtomicU32, expected: u32, flags: futex::WaitFlags) -> futex::Wait {
    let mut wait = futex::Wait::new();
    wait.val = u64::from(expected);
    wait.uaddr = futex::WaitPtr::new(word.as_ptr().cast());
    wait.flags = flags;
    wait
}

/// Sleeps until a word that processes share is woken for one of the bits, or no longer as expected, or the monotonic
/// clock shows `until` nanoseconds, or a signal comes, or for no reason at all.
pub(crate) fn park(word: &AtomicU32, expected: u32, bits: u32, until: u64) {
    sleep(word, futex::Flags::empty(), expected, bits, until);
}

fn sleep(word: &AtomicU32, flags: futex::Flags, expected: u32, bits: u32, until: u64) {
    let Some(bits) = NonZeroU32::new(bits) else { return };
    // Whatever ended the sleep, the caller looks at everything again.
    let _ = futex::wait_bitset(word, flags, expected, Some(&timespec(until)), bits);
}

/// Wakes every thread that sleeps on a word that processes share, and has one of the bits.
pub(crate) fn wake_shared(word: &AtomicU32, bits: u32) {
    let Some(bits) = NonZeroU32::new(bits) else { return };
    // The call fails only for addresses that are not mapped, which a reference rules out.
    let _ = futex::wake_bitset(word, futex::Flags::empty(), ALL, bits);
}

/// Wakes every thread of this process that sleeps on the word.
pub(crate) fn wake_private(word: &AtomicU32) {
    // As above.
    let _ = futex::wake(word, futex::Flags::PRIVATE, ALL);
}

/// As many as the kernel counts.
const ALL: u32 = i32::MAX as u32;

fn timespec(nanoseconds: u64) -> Timespec {
    Timespec { tv_sec: (nanoseconds / 1_000_000_000) as i64, tv_nsec: (nanoseconds % 1_000_000_000) as _ }
}
