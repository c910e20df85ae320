//! How long to wait: milliseconds, a duration, or for ever.

use std::fmt;
use std::time::Duration;

/// How long a call may wait. A number is milliseconds.
///
/// ```
/// use std::time::Duration;
/// use zinc::Timeout;
///
/// assert_eq!(Timeout::from(1000), Timeout::from(Duration::from_secs(1)));
/// assert_eq!(Timeout::from(0), Timeout::POLL);
/// assert_eq!(Timeout::from(None), Timeout::FOREVER);
/// assert_eq!(Timeout::from(-1), Timeout::FOREVER); // as in C and Go
/// ```
///
/// Time is measured on a monotonic clock that does not count while the machine sleeps (`CLOCK_MONOTONIC` on Linux).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeout(Option<Duration>);

impl Timeout {
    /// Waits until the end of the region or the handle.
    pub const FOREVER: Self = Self(None);

    /// Looks once and does not wait.
    pub const POLL: Self = Self(Some(Duration::ZERO));

    /// Waits for this many milliseconds.
    pub const fn from_millis(milliseconds: u64) -> Self {
        Self(Some(Duration::from_millis(milliseconds)))
    }

    /// Waits for this many nanoseconds; a negative number is for ever.
    pub(crate) fn from_nanos(nanoseconds: i64) -> Self {
        Self(u64::try_from(nanoseconds).ok().map(Duration::from_nanos))
    }

    /// The nanoseconds; a negative number is for ever.
    pub(crate) fn nanoseconds(self) -> i64 {
        self.0.map_or(-1, |time| i64::try_from(time.as_nanos()).unwrap_or(i64::MAX))
    }

    /// When the time is up, on the clock that reads `now` nanoseconds. Far times count as never.
    pub(crate) fn deadline(self, now: u64) -> u64 {
        match self.0 {
            None => u64::MAX,
            Some(time) => now.saturating_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)),
        }
    }
}

/// The default is to look once: [`Timeout::POLL`].
impl Default for Timeout {
    fn default() -> Self {
        Self::POLL
    }
}

/// As people read it: `50 ms`.
impl fmt::Display for Timeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("for ever"),
            Some(time) if time < Duration::from_secs(10) => write!(f, "{} ms", time.as_secs_f64() * 1e3),
            Some(time) => write!(f, "{} s", time.as_secs_f64()),
        }
    }
}

impl From<Duration> for Timeout {
    fn from(time: Duration) -> Self {
        Self(Some(time))
    }
}

impl From<Option<Duration>> for Timeout {
    fn from(time: Option<Duration>) -> Self {
        Self(time)
    }
}

impl From<u64> for Timeout {
    fn from(milliseconds: u64) -> Self {
        Self::from_millis(milliseconds)
    }
}

impl From<u32> for Timeout {
    fn from(milliseconds: u32) -> Self {
        Self::from_millis(u64::from(milliseconds))
    }
}

impl From<i64> for Timeout {
    /// Milliseconds; negative is for ever.
    fn from(milliseconds: i64) -> Self {
        u64::try_from(milliseconds).map_or(Self::FOREVER, Self::from_millis)
    }
}

impl From<i32> for Timeout {
    /// Milliseconds; negative is for ever.
    fn from(milliseconds: i32) -> Self {
        Self::from(i64::from(milliseconds))
    }
}
