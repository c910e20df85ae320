//! This thread's last error, and the functions that tell of it.

use std::any::Any;
use std::cell::RefCell;
use std::ffi::{CString, c_char, c_int};
use std::ptr;

use zinc::ErrorKind;

use crate::names;

pub(crate) type Result<T> = std::result::Result<T, Failure>;

/// Why a call failed, of the core's errors and this layer's own.
pub(crate) struct Failure {
    kind: ErrorKind,
    message: String,
    os: i32,
    space: Option<(u64, u64)>,
}

impl Failure {
    #[cold]
    pub(crate) fn new(operation: &str, kind: ErrorKind, why: impl AsRef<str>) -> Self {
        Self { kind, message: format!("{operation}: {}", why.as_ref()), os: 0, space: None }
    }

    #[cold]
    pub(crate) fn null(operation: &str, argument: &str) -> Self {
        const EINVAL: i32 = 22;
        let why = format!("the argument {argument} is NULL; give it a place in memory");
        Self { os: EINVAL, ..Self::new(operation, ErrorKind::Os, why) }
    }

    #[cold]
    pub(crate) fn panic(operation: &str, panic: &(dyn Any + Send)) -> Self {
        let what = panic.downcast_ref::<&str>().copied();
        let what =
            what.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
        Self::new(operation, ErrorKind::Os, format!("a bug in Zinc, please report it: {what}"))
    }
}

impl From<zinc::Error> for Failure {
    #[cold]
    fn from(error: zinc::Error) -> Self {
        Self {
            kind: error.kind(),
            message: error.to_string(),
            os: error.os_error().unwrap_or(0),
            space: error.needed().zip(error.free()),
        }
    }
}

struct Last {
    message: Option<CString>,
    code: c_int,
    os: c_int,
    space: Option<(u64, u64)>,
}

thread_local! {
    static LAST: RefCell<Last> = const { RefCell::new(Last { message: None, code: 0, os: 0, space: None }) };
}

/// Makes this the thread's last error, and gives its code.
#[cold]
pub(crate) fn report(failure: Failure) -> c_int {
    let code = failure.kind.code();
    let mut bytes = failure.message.into_bytes();
    bytes.retain(|&byte| byte != 0);
    let last = Last { message: CString::new(bytes).ok(), code, os: failure.os, space: failure.space };
    // A thread that is ending may have no last error any more; the code remains.
    let _ = LAST.try_with(|place| place.replace(last));
    code
}

fn last<T>(read: impl FnOnce(&Last) -> T) -> Option<T> {
    LAST.try_with(|last| read(&last.borrow())).ok()
}

/// The text of the calling thread's last error: the operation, the region, the reason, and what to do next, in UTF-8.
///
/// "" if no call of this thread has failed yet. A call that succeeds leaves it as it is, as with errno.
/// The string belongs to Zinc; it is valid until the next call of this thread fails, or the thread ends.
#[unsafe(no_mangle)]
pub extern "C" fn zinc_error_message() -> *const c_char {
    last(|last| last.message.as_deref().unwrap_or_default().as_ptr()).unwrap_or(c"".as_ptr())
}

/// Copies the text of the calling thread's last error to `buffer`, which has room for `size` bytes.
///
/// Returns how long the whole text is, without the NUL that ends it. Like snprintf, it writes no more than `size` bytes,
/// the last of which is the NUL, and nothing at all if `size` is 0 or `buffer` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zinc_error_copy(buffer: *mut c_char, size: usize) -> usize {
    let message = last(|last| last.message.clone()).flatten().unwrap_or_default();
    let length = message.count_bytes();
    if size > 0 && !buffer.is_null() {
        // What is cut off is not cut within a character.
        let room = message.to_str().map_or(0, |text| {
            (0..=length.min(size - 1)).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0)
        });
        // SAFETY: the caller's buffer has more than `room` bytes, and the message has no fewer.
        unsafe {
            ptr::copy_nonoverlapping(message.as_ptr(), buffer, room);
            buffer.add(room).write(0);
        }
    }
    length
}

/// The code of the calling thread's last error, one of enum zinc_error; 0 if no call of this thread has failed yet.
#[unsafe(no_mangle)]
pub extern "C" fn zinc_error_code() -> c_int {
    last(|last| last.code).unwrap_or(0)
}

/// The operating system's error number (errno) behind the calling thread's last error; 0 if there is none.
#[unsafe(no_mangle)]
pub extern "C" fn zinc_error_os() -> c_int {
    last(|last| last.os).unwrap_or(0)
}

/// After ZINC_ERROR_NO_SPACE: how many bytes the region needs in all, and how many were free.
///
/// Either pointer may be NULL. Returns 1; or 0, with both numbers 0, if the calling thread's last error was another one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zinc_error_space(needed: *mut u64, free: *mut u64) -> c_int {
    let space = last(|last| last.space).flatten();
    let (needs, has) = space.unwrap_or((0, 0));
    for (place, value) in [(needed, needs), (free, has)] {
        if !place.is_null() {
            // SAFETY: what is not null can be written.
            unsafe { place.write(value) };
        }
    }
    space.is_some().into()
}

/// The name of an error code as all languages have it, such as "NotFound"; "Unknown" for any other number.
///
/// The string is constant.
#[unsafe(no_mangle)]
pub extern "C" fn zinc_error_name(code: c_int) -> *const c_char {
    names::error(code).as_ptr()
}
