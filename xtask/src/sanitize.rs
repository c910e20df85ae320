//! `cargo xtask sanitize`: the core's tests under AddressSanitizer and ThreadSanitizer.

use std::process::Command;

use crate::project::Project;
use crate::shell::{Shell, answer};
use anyhow::{Context, Result};
use clap::ValueEnum;

/// What to look for.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only this sanitizer
    sanitizer: Option<Sanitizer>,
    /// Arguments for cargo test, such as --test waiting
    #[arg(last = true)]
    args: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum Sanitizer {
    /// Memory that is not theirs, and memory that is leaked
    Address,
    /// Data races
    Thread,
}

/// Runs the tests; whether all passed.
pub(crate) fn run(project: &Project, options: &Options) -> Result<bool> {
    let shell = Shell::new(project, "sanitize")?;
    let mut good = true;
    for sanitizer in Sanitizer::value_variants() {
        if options.sanitizer.is_none_or(|only| only == *sanitizer) {
            good &= test(&shell, *sanitizer, &options.args).map_err(|error| println!("{error:#}")).is_ok();
        }
    }
    Ok(good)
}

fn test(shell: &Shell, sanitizer: Sanitizer, args: &[String]) -> Result<()> {
    let (name, flags) = match sanitizer {
        Sanitizer::Address => ("address", "-Zsanitizer=address"),
        // Rust's own library comes compiled without it, which is no matter: its locks and atomics are intercepted or inlined.
        Sanitizer::Thread => ("thread", "-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer"),
    };
    let mut cargo = instrumented(shell.project(), name, flags, "test")?;
    cargo.args(["--package", "zinc", "--all-features", "--lib", "--tests", "--no-fail-fast"]).args(args);
    // Tests fork beside threads on purpose.
    cargo.env("TSAN_OPTIONS", "die_after_fork=0").env("ASAN_OPTIONS", "detect_odr_violation=0");
    shell.run(&format!("tests of the core under the {name} sanitizer"), &mut cargo)
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
