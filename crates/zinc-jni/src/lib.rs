//! The native part of Zinc for Java: converts types, errors and lifetimes for the core, and decides nothing.
//!
//! Each `extern` function is the body of a native method of the Java class `dev.zinc.Native`, which says what it does.

mod failure;
mod handles;
mod host;
mod later;
mod regions;
mod views;
mod waits;

use std::ffi::c_void;

use jni::sys::{JNI_VERSION_1_8, JavaVM, jint};
use zinc::binding::{Spelling, spell_operations};

/// The JVM calls it by this name when it has loaded this library.
#[unsafe(no_mangle)]
#[expect(unsafe_code, reason = "the JVM knows it by its name")]
pub extern "system" fn JNI_OnLoad(_: *mut JavaVM, _: *mut c_void) -> jint {
    spell_operations(Spelling::Camel);
    JNI_VERSION_1_8
}
