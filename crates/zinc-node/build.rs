//! What the linker is told: the runtime gives the symbols of Node-API, and the addon stays loaded.

fn main() {
    napi_build::setup();
    // Node unloads an addon with the last worker that used it; the core's thread and exit handlers run on.
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
