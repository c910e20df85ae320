//! Node, and what the npm package needs in any runtime.

mod generate;
pub(super) mod npm;

use std::path::Path;

use super::{Bench, CommandLine, Language};
use crate::generate::Files;
use crate::languages::Python;
use crate::project::Project;
use crate::reports::Tally;
use crate::shell::Shell;
use crate::suites::Suite;
use anyhow::{Context, Result};
use npm::NodeEnv;
use zinc_spec::Spec;

const TESTS: &str = "crates/zinc-node/tests";
/// The programs, which are the same for the three runtimes.
pub(super) const TESTEE: &str = "conformance/testees/node/testee.mjs";
pub(super) const READER: &str = "examples/node/reader.mjs";

pub(crate) struct Node;

impl Language for Node {
    fn name(&self) -> &'static str {
        "node"
    }

    fn title(&self) -> &'static str {
        "Node"
    }

    fn find(&self, project: &Project) -> Result<String> {
        npm::find_node(project)
    }

    fn prepare(&self, shell: &Shell) -> Result<()> {
        NodeEnv::with_tools(shell).map(drop)
    }

    fn build(&self, shell: &Shell) -> Result<()> {
        NodeEnv::ready(shell).map(drop)
    }

    fn suites(&self) -> &'static [Suite] {
        const SUITES: &[Suite] = &[
            Suite {
                name: "node-lint",
                about: "deno fmt and lint, and tsc over programs that use the types",
                needs: &["rust", "node"],
                counted: false,
                alone: false,
                run: lint,
            },
            Suite {
                name: "node",
                about: "tests of the npm package in Node",
                needs: &["rust", "python", "node"],
                counted: true,
                alone: false,
                run: |shell, tally| {
                    // Two reporters: one for people, in the log, and one for this program.
                    let words = [
                        "--expose-gc",
                        "--test",
                        "--test-reporter=spec",
                        "--test-reporter-destination=stdout",
                    ];
                    test(shell, tally, "node", &words, |report| {
                        vec![
                            "--test-reporter=junit".to_owned(),
                            format!("--test-reporter-destination={report}"),
                        ]
                    })
                },
            },
        ];
        SUITES
    }

    fn testee(&self, shell: &Shell) -> Result<CommandLine> {
        program(shell, "node", &[], TESTEE)
    }

    fn reader(&self, shell: &Shell) -> Result<CommandLine> {
        program(shell, "node", &[], READER)
    }

    /// One for the three runtimes: it starts the others itself.
    fn benches(&self, _: &Project) -> Result<Vec<Bench>> {
        Ok(vec![Bench::new("roundtrip", |shell| {
            let mut node = NodeEnv::ready(shell)?.runtime("node");
            node.arg("crates/zinc-node/benches/roundtrip.mjs");
            Ok(node)
        })])
    }

    fn generate(&self, files: &mut Files<'_>, spec: &Spec) -> Result<()> {
        files.put("crates/zinc-node/js/kinds.gen.cjs", &generate::kinds(spec))?;
        files.put("crates/zinc-node/js/dtypes.gen.cjs", &generate::dtypes(spec))?;
        files.put("crates/zinc-node/js/options.gen.cjs", &generate::options(spec))?;
        files.put("crates/zinc-node/js/generated.d.cts", &generate::types(spec))
    }
}

/// A program in one of the runtimes, with the addon built.
pub(super) fn program(shell: &Shell, runtime: &str, words: &[&str], file: &str) -> Result<CommandLine> {
    let runtime = NodeEnv::ready(shell)?.runtime(runtime);
    let line = CommandLine::new(runtime.get_program()).args(words.iter().copied());
    Ok(line.arg(shell.project().path(file)))
}

/// The tests, which are the same for the three, in a runtime's own runner; `reporter` makes it write JUnit XML to a file.
pub(super) fn test(
    shell: &Shell,
    tally: &mut Tally,
    runtime: &str,
    words: &[&str],
    reporter: impl Fn(&str) -> Vec<String>,
) -> Result<()> {
    let env = NodeEnv::ready(shell)?;
    let folder = shell.project().path(TESTS);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&folder).with_context(|| format!("list {}", folder.display()))? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(".test.mjs") {
            files.push(path);
        }
    }
    files.sort();
    let report = shell.fresh_file("tests.xml")?;
    let mut command = env.runtime(runtime);
    command.args(words).args(reporter(&report.to_string_lossy())).args(files).env("NO_COLOR", "1");
    Python::offer(shell, &mut command)?;
    tally.junit_and_words(shell, &format!("tests in {runtime}"), &mut command, &report)
}

/// Format, lint, and types: of the package, of programs that use it, and of everything else in JavaScript here.
fn lint(shell: &Shell, _: &mut Tally) -> Result<()> {
    let env = NodeEnv::with_tools(shell)?;
    let places = ["crates/zinc-node", "conformance/testees/node", "examples/node"];
    let config = ["--quiet", "--config", "crates/zinc-node/deno.json"];
    shell.run("deno fmt", env.runtime("deno").args(["fmt", "--check"]).args(config).args(places))?;
    shell.run("deno lint", env.runtime("deno").arg("lint").args(config).args(places))?;
    let mut tsc = shell.project().command("node_modules/.bin/tsc");
    shell.run("tsc", tsc.args(["--noEmit", "--project"]).arg(Path::new(TESTS).join("types")))
}
