//! The project's own commands: `cargo xtask --help` lists them.

mod bench;
mod conformance;
mod debian;
mod demo;
mod fuzz;
mod generate;
mod languages;
mod once;
mod project;
mod reports;
mod sanitize;
mod shell;
mod suites;
mod test;
mod torture;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use project::Project;
use shell::Shell;

/// The project's own commands.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Args {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Set up and run every test suite there is
    Test(test::Options),
    /// Share a real model's weights between a Python loader and readers in every language, and show what it cost
    Demo,
    /// Run the benchmarks
    Bench(bench::Options),
    /// Run the conformance cases over every ordered pair of languages
    Conformance {
        /// Arguments for the conformance runner
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Kill, stop and disturb processes that share regions, and check that everything holds
    Torture(torture::Options),
    /// Give arbitrary bytes and arbitrary calls to all of Zinc that takes them
    Fuzz(fuzz::Options),
    /// Run the core's tests under the address sanitizer
    Sanitize(sanitize::Options),
    /// Build a language's package where programs in this checkout use it
    Build {
        /// Its name, such as go
        language: String,
    },
    /// Write the files that are made from the core's spec files
    Generate {
        /// Write nothing; fail if a file is not as it would be written
        #[arg(long)]
        check: bool,
    },
}

fn main() -> ExitCode {
    match run(Args::parse().command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Does the task; whether what it tried passed.
fn run(task: Task) -> Result<bool> {
    let project = Project::locate();
    match task {
        Task::Test(options) => test::run(&project, &options),
        Task::Demo => demo::run(&project).map(|()| true),
        Task::Bench(options) => bench::run(&project, &options).map(|()| true),
        Task::Conformance { args } => conformance::run(&project, &args),
        Task::Torture(options) => torture::run(&project, &options),
        Task::Fuzz(options) => fuzz::run(&project, &options),
        Task::Sanitize(options) => sanitize::run(&project, &options).map(|()| true),
        Task::Build { language } => {
            let language = languages::named(&language)?;
            language.build(&Shell::new(&project, "build")?).map(|()| true)
        }
        Task::Generate { check } => generate::run(&project, check).map(|()| true),
    }
}
