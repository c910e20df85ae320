//! Rust: the core itself.

use super::{Bench, CommandLine, Language, stems};
use crate::project::Project;
use crate::reports::Tally;
use crate::shell::{Shell, answer};
use crate::suites::{LOOM, Suite};
use anyhow::{Context, Result};

pub(crate) struct Rust;

impl Language for Rust {
    fn name(&self) -> &'static str {
        "rust"
    }

    fn title(&self) -> &'static str {
        "Rust"
    }

    fn find(&self, project: &Project) -> Result<String> {
        for component in ["fmt", "clippy"] {
            answer(project.cargo().args([component, "--version"])).with_context(|| {
                format!("cargo {component}: `rustup component add rustfmt clippy` installs it")
            })?;
        }
        answer(project.command("rustc").arg("--version"))
    }

    fn build(&self, shell: &Shell) -> Result<()> {
        shell.run("build the core", shell.project().cargo().args(["build", "--package", "zinc", "--release"]))
    }

    fn suites(&self) -> &'static [Suite] {
        const SUITES: &[Suite] = &[
            Suite {
                name: "core",
                about: "unit, multi-process and doc tests of the core, and tests of the Rust tools",
                needs: &["rust"],
                counted: true,
                alone: true,
                run: core,
            },
            LOOM,
        ];
        SUITES
    }

    /// Unoptimized, as the tests of the core are: the cases wait more than they compute, and building takes far longer.
    fn testee(&self, shell: &Shell) -> Result<CommandLine> {
        let project = shell.project();
        let build = ["build", "--package", "zinc-conformance", "--bin", "zinc-testee-rust"];
        shell.run("build the Rust testee", project.cargo().args(build))?;
        Ok(CommandLine::new(project.target().join("debug/zinc-testee-rust")))
    }

    fn reader(&self, shell: &Shell) -> Result<CommandLine> {
        let project = shell.project();
        let build = ["build", "--release", "--package", "zinc-example-nearest"];
        shell.run("build the Rust reader", project.cargo().args(build))?;
        Ok(CommandLine::new(project.target().join("release/zinc-example-nearest")))
    }

    fn benches(&self, project: &Project) -> Result<Vec<Bench>> {
        let bench = |name: String| {
            Bench::new(name.clone(), move |shell| {
                let mut cargo = shell.project().cargo();
                cargo.args(["bench", "--package", "zinc", "--bench", &name]);
                Ok(cargo)
            })
        };
        Ok(stems(&project.path("crates/zinc/benches"), "rs")?.into_iter().map(bench).collect())
    }
}

/// All in one build: what they have in common is compiled once, with the features that all of them want.
fn core(shell: &Shell, tally: &mut Tally) -> Result<()> {
    let mut tests = shell.project().cargo();
    tests.arg("test");
    for package in ["zinc", "xtask", "zinc-spec", "zinc-conformance"] {
        tests.args(["--package", package]);
    }
    // The output of passing tests is kept: it says what was skipped, and why.
    tests.args(["--all-features", "--", "--show-output"]);
    tally.cargo(shell, "tests of the core and of the Rust tools", &mut tests)
}
