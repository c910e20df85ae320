//! The project's own commands: `cargo xtask --help` lists them.

mod bench;
mod conformance;
mod csharp;
mod debian;
mod demo;
mod dotnet_env;
mod fuzz;
mod generate;
mod java;
mod java_env;
mod languages;
mod native;
mod node_env;
mod project;
mod python_env;
mod sanitize;
mod shell;
mod suites;
mod tally;
mod test;
mod torture;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use project::Project;
use python_env::PythonEnv;
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
    Bench {
        /// Only those whose name, such as rust/roundtrip, contains this
        name: Option<String>,
    },
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
    /// Build the core's static library and put it where the Go package looks for it
    Go,
    /// Build the C# package and one of the programs in C#, with an SDK or with what there is in packages
    Csharp {
        /// Its name, such as reader
        program: String,
    },
    /// Build the Java package's jar, and the examples in Java
    Java,
    /// Get Bun and Deno, and build the addon for the three runtimes beside its wrapper
    Node,
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
        Task::Demo => run_demo(&project).map(|()| true),
        Task::Bench { name } => bench::run(&project, name.as_deref()).map(|()| true),
        Task::Conformance { args } => conformance::run(&project, &args),
        Task::Torture(options) => torture::run(&project, &options),
        Task::Fuzz(options) => fuzz::run(&project, &options),
        Task::Sanitize(options) => sanitize::run(&project, &options).map(|()| true),
        Task::Go => native::put_go_library(&Shell::new(&project, "go")?).map(|()| true),
        Task::Csharp { program } => csharp::build(&Shell::new(&project, "csharp")?, &program).map(|_| true),
        Task::Node => node_env::NodeEnv::ready(&Shell::new(&project, "node")?).map(|_| true),
        Task::Java => java::build(&Shell::new(&project, "java")?).map(|()| true),
        Task::Generate { check } => generate::run(&project, check).map(|()| true),
    }
}

fn run_demo(project: &Project) -> Result<()> {
    let python = PythonEnv::ready(&Shell::new(project, "demo-setup")?)?;
    demo::run(&project.path(""), &python.interpreter())
}
