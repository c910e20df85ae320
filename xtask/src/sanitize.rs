//! `cargo xtask sanitize`: the core's tests under the address sanitizer.
//!
//! There is none for the thread sanitizer: it wants Rust's own library built with it, too, and without that it takes what
//! `Mutex` and `Arc` order for races. Loom looks for races instead.

use std::process::Command;

use crate::project::Project;
use crate::shell::{Shell, answer};
use anyhow::{Context, Result};

/// What to run.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Arguments for cargo test, such as --test waiting
    #[arg(last = true)]
    args: Vec<String>,
}

/// Runs the tests; an error says which did not pass.
pub(crate) fn run(project: &Project, options: &Options) -> Result<()> {
    let shell = Shell::new(project, "sanitize")?;
    let mut cargo = instrumented(project, "sanitize", "-Zsanitizer=address", "test")?;
    cargo
        .args(["--package", "zinc", "--all-features", "--lib", "--tests", "--no-fail-fast"])
        .args(&options.args);
    // The sanitizer has mappings of its own, which that test counts.
    cargo.args(["--", "--skip", "thousands_of_regions_leave_no_file_no_mapping_and_no_thread"]);
    // In forked children everything counts as leaked whose thread is the parent's: valgrind looks for leaks instead, through
    // the C ABI. And tests that write where they must not want to see the signal.
    cargo.env("ASAN_OPTIONS", "detect_odr_violation=0:detect_leaks=0:handle_segv=0");
    shell.run("tests of the core under the address sanitizer", &mut cargo)
}

/// `cargo COMMAND` with compiler flags that only instrumented builds have, in a target folder of its own.
///
/// The flags are for nightly compilers; the variable makes any compiler take them. With `--target`, build scripts and
/// macros are built without.
pub(crate) fn instrumented(project: &Project, folder: &str, flags: &str, command: &str) -> Result<Command> {
    let given = std::env::var("RUSTFLAGS").unwrap_or_default();
    let mut cargo = project.cargo();
    cargo.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", format!("{given} {flags}"));
    cargo.env("CARGO_TARGET_DIR", project.target().join(folder));
    cargo.args([command, "--target", &host(project)?]);
    Ok(cargo)
}

/// The target that the compiler compiles for of its own accord.
pub(crate) fn host(project: &Project) -> Result<String> {
    let version = answer(project.command("rustc").arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc -vV names the host")?.to_owned())
}
