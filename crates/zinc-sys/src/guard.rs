//! What every function does with its arguments, its outcome and a panic.

use std::ffi::{CStr, OsStr, c_char, c_int};
use std::os::unix::ffi::OsStrExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use zinc::{DType, Error, ErrorKind, Result, Timeout, binding};

use crate::failure;
use crate::waits::ZINC_FOREVER;

/// Runs a function's body: an error becomes its code and this thread's last error, and so does a panic.
#[inline]
pub(crate) fn guard(operation: &'static str, body: impl FnOnce() -> Result<c_int>) -> c_int {
    // After a panic nothing of the body's is looked at again; what it shares with other calls guards itself.
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(status)) => status,
        Ok(Err(failure)) => failure::report(failure),
        Err(panic) => failure::report(binding::panicked(operation, panic.as_ref())),
    }
}

/// The same for functions that give a value, and `wrong` instead of an error.
#[inline]
pub(crate) fn guard_or<T>(operation: &'static str, wrong: T, body: impl FnOnce() -> Result<T>) -> T {
    let mut value = wrong;
    guard(operation, || {
        value = body()?;
        Ok(0)
    });
    value
}

/// Where to store a result: an error if there is no such place, else it holds `nothing` until there is one.
///
/// # Safety
///
/// `out` is null or valid for writing.
pub(crate) unsafe fn place<'a, T>(
    operation: &'static str,
    name: &str,
    out: *mut T,
    nothing: T,
) -> Result<&'a mut T> {
    if out.is_null() {
        return Err(binding::null_argument(operation, name));
    }
    // SAFETY: not null, and then it is valid for writing.
    unsafe {
        out.write(nothing);
        Ok(&mut *out)
    }
}

/// A region's name.
///
/// # Safety
///
/// `name` is null or a string that ends with NUL and stays as it is during the call.
pub(crate) unsafe fn name<'a>(operation: &'static str, name: *const c_char) -> Result<&'a str> {
    if name.is_null() {
        return Err(binding::null_argument(operation, "name"));
    }
    // SAFETY: not null, so it is a string.
    let name = unsafe { CStr::from_ptr(name) };
    name.to_str().map_err(|_| {
        let why = "the name is not UTF-8; use 1 to 128 of A-Z a-z 0-9 . _ -";
        binding::error(ErrorKind::InvalidName, operation, None, why)
    })
}

/// A path, which may be any bytes; none if it is null.
///
/// # Safety
///
/// As for [`name`].
pub(crate) unsafe fn path<'a>(path: *const c_char) -> Option<&'a Path> {
    if path.is_null() {
        return None;
    }
    // SAFETY: not null, so it is a string.
    let path = unsafe { CStr::from_ptr(path) };
    Some(Path::new(OsStr::from_bytes(path.to_bytes())))
}

/// A tensor's shape.
///
/// # Safety
///
/// `shape` is null or has `ndim` numbers.
pub(crate) unsafe fn shape<'a>(operation: &'static str, ndim: usize, shape: *const u64) -> Result<&'a [u64]> {
    if ndim == 0 {
        return Ok(&[]);
    }
    if shape.is_null() {
        return Err(binding::null_argument(operation, "shape"));
    }
    // A slice may not have more bytes than this; a shape of more lengths than 8 is refused by the core in any case.
    if ndim > isize::MAX as usize / size_of::<u64>() {
        return Err(binding::error(
            ErrorKind::Descriptor,
            operation,
            None,
            format!("the shape has {} dimensions, too many to be described", ndim as isize),
        ));
    }
    // SAFETY: not null, so it has that many.
    Ok(unsafe { std::slice::from_raw_parts(shape, ndim) })
}

pub(crate) fn dtype(operation: &'static str, code: u32) -> Result<DType> {
    DType::from_code(code).ok_or_else(|| {
        let why = format!("the argument dtype is {}, which stands for no element type", code as i32);
        binding::error(ErrorKind::InvalidArgument, operation, None, why)
    })
}

/// A time to wait in nanoseconds. One number below zero is for ever, and the others mean nothing.
#[inline]
pub(crate) fn nanoseconds(operation: &'static str, timeout: i64) -> Result<Timeout> {
    match u64::try_from(timeout) {
        Ok(timeout) => Ok(Duration::from_nanos(timeout).into()),
        Err(_) if timeout == ZINC_FOREVER => Ok(Timeout::FOREVER),
        Err(_) => Err(below_zero(operation, timeout as f64 / 1e6)),
    }
}

/// A time to wait in milliseconds.
#[inline]
pub(crate) fn milliseconds(operation: &'static str, timeout: i64) -> Result<Timeout> {
    if timeout < 0 && timeout != ZINC_FOREVER {
        return Err(below_zero(operation, timeout as f64));
    }
    Ok(Timeout::from(timeout))
}

#[cold]
fn below_zero(operation: &'static str, milliseconds: f64) -> Error {
    let why =
        format!("the timeout is {milliseconds} ms; a time is 0 or more, and for ever has a word of its own");
    binding::error(ErrorKind::InvalidArgument, operation, None, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ptr;

    fn message() -> String {
        // SAFETY: the string is valid until the next call of this thread fails.
        unsafe { CStr::from_ptr(crate::zinc_error_message()) }.to_str().unwrap().to_owned()
    }

    #[test]
    fn a_panic_is_an_error_in_the_words_of_the_core() {
        let code = guard("open", || panic!("it broke"));
        assert_eq!(code, ErrorKind::Internal.code());
        assert_eq!(message(), binding::panicked("open", &"it broke").to_string());
        assert_eq!(guard_or("ptr", 7, || panic!("it broke")), 7);
        assert_eq!(message(), binding::panicked("ptr", &"it broke").to_string());
    }

    #[test]
    fn a_null_argument_is_an_error_in_the_words_of_the_core() {
        // SAFETY: null is allowed.
        let code = guard("list", || unsafe { place("list", "count", ptr::null_mut(), 0) }.copied());
        assert_eq!(code, ErrorKind::InvalidArgument.code());
        let expected = binding::null_argument("list", "count");
        assert_eq!(message(), expected.to_string());
        assert_eq!(Some(crate::zinc_error_os()), expected.os_error());
    }

    #[test]
    fn an_error_of_the_core_arrives_with_all_its_parts() {
        let name = "no-such-region-of-the-guard";
        let code = guard("open", || zinc::SharedRegion::open(name).map(|_| 0));
        assert_eq!(code, ErrorKind::NotFound.code());
        assert_eq!(message(), zinc::SharedRegion::open(name).unwrap_err().to_string());
        assert_eq!(crate::zinc_error_code(), code);
    }
}
