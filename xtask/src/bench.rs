//! `cargo xtask bench`: the measurements, in every language that has some.

use crate::languages::LANGUAGES;
use crate::project::Project;
use crate::shell::{Shell, display};
use anyhow::{Context, Result, ensure};

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only those whose name, such as rust/roundtrip, contains this
    name: Option<String>,
    /// List them, and run nothing
    #[arg(long)]
    list: bool,
}

/// Runs the benchmarks that are asked for, one after the other.
pub(crate) fn run(project: &Project, options: &Options) -> Result<()> {
    let mut benches = Vec::new();
    for language in LANGUAGES {
        for bench in language.benches(project)? {
            benches.push((format!("{}/{}", language.name(), bench.name), *language, bench));
        }
    }
    benches.retain(|(name, ..)| options.name.as_ref().is_none_or(|part| name.contains(part)));
    let named = options.name.as_deref().unwrap_or("anything");
    ensure!(!benches.is_empty(), "no benchmark is named like {named}");
    if options.list {
        benches.iter().for_each(|(name, ..)| println!("{name}"));
        return Ok(());
    }

    let shell = Shell::new(project, "bench")?;
    for (name, language, bench) in benches {
        println!("\n{name}");
        if let Err(missing) = language.find(project) {
            println!("  skipped: {missing:#}");
            continue;
        }
        let mut command = (bench.command)(&shell)?;
        let status = command.status().with_context(|| format!("run {}", display(&command)))?;
        ensure!(status.success(), "{name}: {} ({status})", display(&command));
    }
    Ok(())
}
