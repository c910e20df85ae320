//! `cargo xtask conformance`: makes every language's testee ready, then hands over to the conformance runner.

use crate::csharp;
use crate::dotnet_env;
use crate::java;
use crate::java_env;
use crate::native;
use crate::node_env;
use crate::project::Project;
use crate::python_env::PythonEnv;
use crate::shell::Shell;
use anyhow::{Context, Result};

/// Unoptimized, as the tests of the core are: its cases wait more than they compute, and building takes far longer.
const PACKAGE: [&str; 2] = ["--package", "zinc-conformance"];

/// Runs the runner with `args`; whether it was content.
pub(crate) fn run(project: &Project, args: &[String]) -> Result<bool> {
    let shell = Shell::new(project, "conformance")?;
    let env = PythonEnv::ready(&shell)?;
    // The Rust testee is a program beside the runner, which `cargo run` alone would not build.
    shell.run("build the runner and the Rust testee", project.cargo().arg("build").args(PACKAGE))?;
    // The other languages take part where their tools are.
    if native::find_cpp(project).is_ok() {
        native::build_cpp_testee(&shell)?;
    }
    if native::find_go(project).is_ok() {
        native::build_go_testee(&shell)?;
    }
    if node_env::find_node(project).is_ok() {
        node_env::prepare_testees(&shell)?;
    }
    if dotnet_env::find(project).is_ok() {
        csharp::build(&shell, "testee")?;
    }
    let mut runner = project.cargo();
    runner.args(["run", "--quiet"]).args(PACKAGE).args(["--bin", "zinc-conformance", "--"]).args(args);
    env.offer(&mut runner);
    if java_env::find(project).is_ok() {
        runner.env("ZINC_JAVA", java::build_testee(&shell)?);
    }
    Ok(runner.status().context("run the conformance runner")?.success())
}
