//! One opaque error for every call: what failed, on which region, why, and what to do next.

use std::borrow::Cow;
use std::fmt;
use std::io;

mod kind;
mod spelling;

pub use kind::ErrorKind;
pub(crate) use spelling::spelt;
#[cfg(not(loom))]
pub use spelling::{Spelling, spell_operations};

/// The result of every fallible call of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed.
///
/// The kind, [`kind`](Error::kind), is what programs decide by; it is the same in every language that Zinc speaks,
/// with the same stable [`code`](Error::code). The text, by [`Display`](fmt::Display), is for people: it names the
/// operation, the region and the way out.
///
/// ```
/// use zinc::{ErrorKind, SharedRegion};
///
/// let error = SharedRegion::open("no-such-region").unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::NotFound);
/// assert_eq!(error.region(), Some("no-such-region"));
/// println!("{error}"); // open "no-such-region": no region of that name in /dev/shm; ...
/// ```
pub struct Error(Box<Details>);

struct Details {
    kind: ErrorKind,
    operation: &'static str,
    region: Option<String>,
    message: String,
    os: Option<i32>,
    space: Option<(u64, u64)>,
}

impl Error {
    /// What went wrong, as programs tell it apart.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The kind as the stable negative number that the C ABI and every language use.
    pub fn code(&self) -> i32 {
        self.0.kind.code()
    }

    /// The call that failed, such as `"open"`.
    pub fn operation(&self) -> Cow<'static, str> {
        spelt(self.0.operation)
    }

    /// The name of the region that the call was about, if it was about one.
    pub fn region(&self) -> Option<&str> {
        self.0.region.as_deref()
    }

    /// The operating system's error number (`errno` on Unix), where one is behind this error.
    pub fn os_error(&self) -> Option<i32> {
        self.0.os
    }

    /// For [`ErrorKind::NoSpace`]: how many bytes the region needs in all, its header included.
    pub fn needed(&self) -> Option<u64> {
        self.0.space.map(|(needed, _)| needed)
    }

    /// For [`ErrorKind::NoSpace`]: how many bytes were free when the reservation failed.
    pub fn free(&self) -> Option<u64> {
        self.0.space.map(|(_, free)| free)
    }

    pub(crate) fn with_space(mut self, needed: u64, free: u64) -> Self {
        self.0.space = Some((needed, free));
        self
    }

    pub(crate) fn with_os(mut self, error: &io::Error) -> Self {
        self.0.os = error.raw_os_error();
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.region {
            Some(region) => write!(f, "{} {:?}: {}", self.operation(), region, self.0.message),
            None => write!(f, "{}: {}", self.operation(), self.0.message),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}({self})", self.0.kind)
    }
}

impl std::error::Error for Error {}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        io::Error::new(error.kind().io(), error)
    }
}

/// A number as the error text shows it: one that is too large for a signed number was most likely a negative one.
pub(crate) fn perhaps_negative(number: u64) -> String {
    if number > i64::MAX as u64 { format!("{} (or {number})", number as i64) } else { number.to_string() }
}

/// The call in progress: what every error made during it names.
#[derive(Clone, Copy)]
pub(crate) struct Operation<'a> {
    pub(crate) name: &'static str,
    pub(crate) region: Option<&'a str>,
}

impl<'a> Operation<'a> {
    pub(crate) fn on(name: &'static str, region: &'a str) -> Self {
        Self { name, region: Some(region) }
    }

    #[cold]
    pub(crate) fn error(&self, kind: ErrorKind, message: impl Into<String>) -> Error {
        Error(Box::new(Details {
            kind,
            operation: self.name,
            region: self.region.map(str::to_owned),
            message: message.into(),
            os: None,
            space: None,
        }))
    }

    /// An error of the operating system, of which only the kinds that every call may meet are told apart.
    #[cold]
    pub(crate) fn os(&self, doing: &str, error: &io::Error) -> Error {
        let kind = match error.kind() {
            io::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
            io::ErrorKind::Unsupported => ErrorKind::Unsupported,
            _ => ErrorKind::Os,
        };
        self.error(kind, format!("{doing}: {error}{}", way_out(error))).with_os(error)
    }
}

/// What to do about limits that every call may meet, by the numbers that Unix systems give to the errors.
fn way_out(error: &io::Error) -> &'static str {
    match error.raw_os_error() {
        Some(12) => {
            "; the process has as much memory or as many mappings as it may: close regions, or raise the limit (ulimit -v, \
             vm.max_map_count)"
        }
        Some(23) => {
            "; the system has as many files open as it may: close some, or raise the limit (fs.file-max)"
        }
        Some(24) => {
            "; the process has as many files open as it may (an owner has two, an opened handle and its clones one, a view \
             none): raise the limit (ulimit -n, RLIMIT_NOFILE), or have fewer open"
        }
        _ => "",
    }
}
