//! This thread's last error, and the functions that tell of it.

use std::cell::RefCell;
use std::ffi::{CString, c_char, c_int};
use std::ptr;

use crate::names;

struct Last {
    error: zinc::Error,
    /// The error's text, as C has it.
    message: CString,
    operation: CString,
    region: Option<CString>,
}

thread_local! {
    static LAST: RefCell<Option<Last>> = const { RefCell::new(None) };
}

/// Makes this the thread's last error, and returns its code.
#[cold]
pub(crate) fn report(error: zinc::Error) -> c_int {
    let code = error.code();
    let message = c_string(&error.to_string());
    let operation = c_string(&error.operation());
    let region = error.region().map(c_string);
    let last = Last { error, message, operation, region };
    // A thread that is ending may have no last error any more; the code remains.
    let _ = LAST.try_with(|place| place.replace(Some(last)));
    code
}

fn c_string(text: &str) -> CString {
    let mut bytes = text.as_bytes().to_owned();
    bytes.retain(|&byte| byte != 0);
    CString::new(bytes).unwrap_or_default()
}

/// None if no call of this thread has failed yet.
fn last<T>(read: impl FnOnce(&Last) -> T) -> Option<T> {
    LAST.try_with(|last| last.borrow().as_ref().map(read)).ok().flatten()
}

/// The text of the calling thread's last error: the operation, the region, the reason, and what to do next, in UTF-8.
///
/// "" if no call of this thread has failed yet. A call that succeeds leaves it as it is, as with errno.
/// The string belongs to Zinc; it is valid until the next call of this thread fails, or the thread ends.
#[unsafe(no_mangle)]
pub extern "C" fn zinc_error_message() -> *const c_char {
    last(|last| last.message.as_ptr()).unwrap_or(c"".as_ptr())
}

/// Copies the text of the calling thread's last error to `buffer`, which has room for `size` bytes.
///
/// Returns how long the whole text is, without the NUL that ends it. Like snprintf, it writes no more than `size` bytes,
/// the last of which is the NUL, and nothing at all if `size` is 0 or `buffer` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zinc_error_copy(buffer: *mut c_char, size: usize) -> usize {
    let message = last(|last| last.message.clone()).unwrap_or_default();
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
    last(|last| last.error.code()).unwrap_or(0)
}

/// The call behind the calling thread's last error, such as "open"; NULL if no call of this thread has failed yet.
///
/// The string belongs to Zinc; it is valid until the next call of this thread fails, or the thread ends.
#[unsafe(no_mangle)]
pub extern "C" fn zinc_error_operation() -> *const c_char {
    last(|last| last.operation.as_ptr()).unwrap_or(ptr::null())
}

/// The region that the calling thread's last error is about; NULL if it is about none. Valid as zinc_error_operation is.
#[unsafe(no_mangle)]
pub extern "C" fn zinc_error_region() -> *const c_char {
    last(|last| last.region.as_ref().map(|region| region.as_ptr())).flatten().unwrap_or(ptr::null())
}

/// The operating system's error number (errno) behind the calling thread's last error; 0 if there is none.
#[unsafe(no_mangle)]
pub extern "C" fn zinc_error_os() -> c_int {
    last(|last| last.error.os_error()).flatten().unwrap_or(0)
}

/// After ZINC_ERROR_NO_SPACE: how many bytes the region needs in all, and how many were free.
///
/// Either pointer may be NULL. Returns 1; or 0, with both numbers 0, if the calling thread's last error was another one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zinc_error_space(needed: *mut u64, free: *mut u64) -> c_int {
    let space = last(|last| last.error.needed().zip(last.error.free())).flatten();
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
