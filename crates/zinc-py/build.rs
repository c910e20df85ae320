//! What the linker is told: the library stays loaded.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // The core's threads and its handlers at fork and exit outlive a program's last use of it.
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
