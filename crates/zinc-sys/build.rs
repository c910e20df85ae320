//! Names the shared library after its ABI version, so that programs load only one that they were linked for.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        // The number is `ABI_VERSION` in src/names.rs; a test holds them together.
        println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libzinc_core.so.1");
    }
}
