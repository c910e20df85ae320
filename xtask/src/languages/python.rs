//! Python: the package, installed from its wheel into the project's own environment.

mod env;
mod generate;

use super::{Bench, CommandLine, Language, stems};
use crate::generate::Files;
use crate::project::Project;
use crate::reports::Tally;
use crate::shell::Shell;
use crate::suites::Suite;
use anyhow::Result;
use env::{Host, PythonEnv};
use std::process::Command;
use zinc_spec::Spec;

/// Where the measurements are.
const BENCHES: &str = "crates/zinc-py/benches";

pub(crate) struct Python;

impl Python {
    /// The environment's interpreter, importing what is installed and never what lies in the current directory; zinc may
    /// be missing or out of date in it.
    pub(crate) fn tools(shell: &Shell) -> Result<Command> {
        PythonEnv::with_tools(shell).map(|env| env.python())
    }

    /// The same, with the current zinc in it.
    pub(crate) fn with_zinc(shell: &Shell) -> Result<Command> {
        PythonEnv::ready(shell).map(|env| env.python())
    }

    /// Whether there is a Python new enough for the tools.
    pub(crate) fn host() -> Result<String> {
        Host::find().map(|host| format!("Python {}", host.version))
    }

    /// Tells `command` where a Python with zinc in it is.
    pub(crate) fn offer(shell: &Shell, command: &mut Command) -> Result<()> {
        let env = PythonEnv::ready(shell)?;
        command.env("ZINC_PYTHON", env.interpreter()).env_remove("PYTHONPATH").env_remove("PYTHONHOME");
        Ok(())
    }
}

impl Language for Python {
    fn name(&self) -> &'static str {
        "python"
    }

    fn title(&self) -> &'static str {
        "Python"
    }

    fn find(&self, _: &Project) -> Result<String> {
        Self::host()
    }

    fn prepare(&self, shell: &Shell) -> Result<()> {
        PythonEnv::with_tools(shell).map(drop)
    }

    fn build(&self, shell: &Shell) -> Result<()> {
        PythonEnv::ready(shell).map(drop)
    }

    fn suites(&self) -> &'static [Suite] {
        const SUITES: &[Suite] = &[
            Suite {
                name: "python-lint",
                about: "ruff, mypy, and the stubs against the installed extension",
                needs: &["rust", "python"],
                counted: false,
                alone: false,
                run: lint,
            },
            Suite {
                name: "python",
                about: "tests of the Python package, installed from its wheel",
                needs: &["rust", "python"],
                counted: true,
                alone: false,
                run: test,
            },
        ];
        SUITES
    }

    fn testee(&self, shell: &Shell) -> Result<CommandLine> {
        let python = PythonEnv::ready(shell)?.interpreter();
        Ok(CommandLine::new(python).arg(shell.project().path("conformance/testees/python/testee.py")))
    }

    fn reader(&self, shell: &Shell) -> Result<CommandLine> {
        let python = PythonEnv::ready(shell)?.interpreter();
        Ok(CommandLine::new(python).arg("-P").arg(shell.project().path("examples/python/reader.py")))
    }

    fn benches(&self, project: &Project) -> Result<Vec<Bench>> {
        let bench = |name: String| {
            Bench::new(name.clone(), move |shell| {
                let mut python = PythonEnv::ready(shell)?.python();
                python.arg(shell.project().path(BENCHES).join(&name).with_extension("py"));
                Ok(python)
            })
        };
        Ok(stems(&project.path(BENCHES), "py")?.into_iter().map(bench).collect())
    }

    fn generate(&self, files: &mut Files<'_>, spec: &Spec) -> Result<()> {
        files.put("crates/zinc-py/python/zinc/__init__.py", &generate::package(spec))?;
        files.put("crates/zinc-py/python/zinc/_errors.py", &generate::errors(spec))?;
        let calls = generate::calls(files.project, spec)?;
        files.put("crates/zinc-py/src/calls.rs", &calls)?;
        let (project, stubs) = (files.project, generate::stubs(spec));
        files.part_and("crates/zinc-py/python/zinc/_zinc.pyi", "    #", "calls", &stubs, |stub| {
            generate::document(project, &calls, &stub)
        })
    }
}

/// A Python module with its arguments, in the root of the checkout: pyproject.toml says the rest.
fn module(shell: &Shell, words: &str) -> Result<Command> {
    let mut command = PythonEnv::ready(shell)?.python();
    command.current_dir(shell.project().path("")).arg("-m").args(words.split(' '));
    Ok(command)
}

fn lint(shell: &Shell, _: &mut Tally) -> Result<()> {
    for tool in ["ruff check", "ruff format --check", "mypy", "mypy.stubtest zinc"] {
        shell.run(tool, &mut module(shell, tool)?)?;
    }
    Ok(())
}

fn test(shell: &Shell, tally: &mut Tally) -> Result<()> {
    let report = shell.fresh_file("pytest.xml")?;
    let mut pytest = module(shell, "pytest")?;
    tally.junit(shell, "pytest", pytest.arg("--junitxml").arg(&report), &report)
}
