//! `cargo xtask torture`: builds the torture run with the core's marked places, and runs it.

use crate::project::Project;
use crate::shell::Shell;
use anyhow::{Context, Result};

/// How long a run is for people; CI's is shorter.
pub(crate) const SECONDS: u64 = 60;

/// What to run, and for how long.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How long to go on, in seconds
    #[arg(long, default_value_t = SECONDS)]
    pub(crate) seconds: u64,
    /// Go on until this many processes were killed, too
    #[arg(long, default_value_t = 0)]
    pub(crate) kills: u64,
    /// What the random choices are made from; scheduling is still the machine's
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

/// Runs it; whether everything held.
pub(crate) fn run(project: &Project, options: &Options) -> Result<bool> {
    let shell = Shell::new(project, "torture")?;
    // A folder of its own: the flag concerns every crate, and the others are to stay as they are built.
    let target = project.target().join("torture");
    let mut build = project.cargo();
    build.args(["build", "--package", "zinc-torture", "--profile", "instrumented"]);
    build.env("RUSTFLAGS", flags()).env("CARGO_TARGET_DIR", &target);
    shell.run("build it with the core's marked places", &mut build)?;
    let mut torture = project.command(target.join("instrumented/zinc-torture"));
    torture.args(["--seconds", &options.seconds.to_string(), "--kills", &options.kills.to_string()]);
    torture.args(["--seed", &options.seed.to_string()]);
    Ok(torture.status().context("run it")?.success())
}

fn flags() -> String {
    let flags = std::env::var("RUSTFLAGS").unwrap_or_default();
    format!("{flags} --cfg zinc_failpoints")
}
