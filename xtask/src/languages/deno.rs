//! Deno: the npm package, its tests and its programs, in the runtime that npm gets.

use super::node::{READER, TESTEE, npm, program, test};
use super::{Bench, CommandLine, Language};
use crate::project::Project;
use crate::shell::Shell;
use crate::suites::Suite;
use anyhow::Result;

/// What runs a program.
const RUN: &[&str] = &["run", "--quiet", "--allow-all"];

pub(crate) struct Deno;

impl Language for Deno {
    fn name(&self) -> &'static str {
        "deno"
    }

    fn title(&self) -> &'static str {
        "Deno"
    }

    fn find(&self, project: &Project) -> Result<String> {
        npm::find(project, "deno")
    }

    /// npm gets it with all that package.json names.
    fn prepare(&self, shell: &Shell) -> Result<()> {
        npm::NodeEnv::with_tools(shell).map(drop)
    }

    fn build(&self, shell: &Shell) -> Result<()> {
        npm::NodeEnv::ready(shell).map(drop)
    }

    fn suites(&self) -> &'static [Suite] {
        const SUITES: &[Suite] = &[Suite {
            name: "deno",
            about: "the same tests in Deno",
            needs: &["rust", "python", "node", "deno"],
            counted: true,
            alone: false,
            run: |shell, tally| {
                let words = ["test", "--no-check", "--allow-all", "--v8-flags=--expose-gc"];
                test(shell, tally, "deno", &words, |report| vec![format!("--junit-path={report}")])
            },
        }];
        SUITES
    }

    fn testee(&self, shell: &Shell) -> Result<CommandLine> {
        program(shell, "deno", RUN, TESTEE)
    }

    fn reader(&self, shell: &Shell) -> Result<CommandLine> {
        program(shell, "deno", RUN, READER)
    }

    /// Node's bench measures all three runtimes.
    fn benches(&self, _: &Project) -> Result<Vec<Bench>> {
        Ok(Vec::new())
    }
}
