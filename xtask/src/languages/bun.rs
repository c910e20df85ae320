//! Bun: the npm package, its tests and its programs, in the runtime that npm gets.

use super::node::{READER, TESTEE, npm, program, test};
use super::{Bench, CommandLine, Language};
use crate::project::Project;
use crate::shell::Shell;
use crate::suites::Suite;
use anyhow::Result;

pub(crate) struct Bun;

impl Language for Bun {
    fn name(&self) -> &'static str {
        "bun"
    }

    fn title(&self) -> &'static str {
        "Bun"
    }

    fn find(&self, project: &Project) -> Result<String> {
        npm::find(project, "bun")
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
            name: "bun",
            about: "the same tests in Bun",
            needs: &["rust", "python", "node", "bun"],
            counted: true,
            alone: false,
            run: |shell, tally| {
                test(shell, tally, "bun", &["test", "--timeout=120000"], |report| {
                    vec!["--reporter=junit".to_owned(), format!("--reporter-outfile={report}")]
                })
            },
        }];
        SUITES
    }

    fn testee(&self, shell: &Shell) -> Result<CommandLine> {
        program(shell, "bun", &[], TESTEE)
    }

    fn reader(&self, shell: &Shell) -> Result<CommandLine> {
        program(shell, "bun", &[], READER)
    }

    /// Node's bench measures all three runtimes.
    fn benches(&self, _: &Project) -> Result<Vec<Bench>> {
        Ok(Vec::new())
    }
}
