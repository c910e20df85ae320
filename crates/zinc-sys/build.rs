//! What the linker is told: a name with the ABI version, so that programs load only one that they were linked for, and
//! that the library stays loaded.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        // The number is `ABI_VERSION` in src/names.rs; a test holds them together.
        println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libzinc_core.so.1");
        // The core's threads and its handlers at fork and exit outlive a program's last use of it.
        println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
