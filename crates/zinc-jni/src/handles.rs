//! What the numbers are that Java holds for native objects: addresses of boxes, given back once by a Java cleaner.
#![expect(unsafe_code, reason = "Java keeps an address where Rust would keep a Box")]

use jni::sys::jlong;

/// Gives an object to Java.
pub(crate) fn give<T: Send + Sync>(object: T) -> jlong {
    Box::into_raw(Box::new(object)).expose_provenance().cast_signed() as jlong
}

/// Looks at an object that Java holds.
///
/// # Safety
///
/// [`give`] gave the number for a `T`, and [`take_back`] is not called for it before the reference is gone: in Java, the
/// object that holds the number is reachable for that long.
#[inline]
pub(crate) unsafe fn borrow<'a, T>(number: jlong) -> &'a T {
    // SAFETY: the caller's promise.
    unsafe { &*pointer::<T>(number) }
}

/// Takes an object back from Java and drops it.
///
/// # Safety
///
/// [`give`] gave the number for a `T`, and nothing uses it any more.
pub(crate) unsafe fn take_back<T>(number: jlong) {
    // SAFETY: the caller's promise.
    drop(unsafe { Box::from_raw(pointer::<T>(number)) });
}

#[inline]
fn pointer<T>(number: jlong) -> *mut T {
    std::ptr::with_exposed_provenance_mut(number.cast_unsigned() as usize)
}
