//! C#: the programs that are built with the package, and its suite.

mod dotnet;
mod generate;

use std::path::PathBuf;
use std::process::Command;

use super::{Bench, CommandLine, Language};
use crate::generate::Files;
use crate::generate::abi::Abi;
use crate::project::Project;
use crate::reports::Tally;
use crate::shell::Shell;
use crate::suites::Suite;
use anyhow::{Context, Result};
use dotnet::{DotnetEnv, Program};
use zinc_spec::Spec;

const TESTS: Program = Program {
    name: "Zinc.Tests",
    folder: "dotnet/tests/Zinc.Tests",
    also: &["dotnet/tests/Standin"],
    output: "dotnet/tests",
};

/// Every other program in C#.
const PROGRAMS: &[Program] = &[
    Program { name: "testee", folder: "conformance/testees/csharp", also: &[], output: "conformance/csharp" },
    Program { name: "reader", folder: "examples/csharp/reader", also: &[], output: "examples/csharp/reader" },
    Program {
        name: "quickstart_writer",
        folder: "examples/csharp/quickstart_writer",
        also: &[],
        output: "examples/csharp/quickstart_writer",
    },
    Program {
        name: "quickstart_reader",
        folder: "examples/csharp/quickstart_reader",
        also: &[],
        output: "examples/csharp/quickstart_reader",
    },
    Program { name: "RoundTrip", folder: "dotnet/bench/RoundTrip", also: &[], output: "dotnet/bench" },
];

pub(crate) struct CSharp;

impl Language for CSharp {
    fn name(&self) -> &'static str {
        "csharp"
    }

    fn title(&self) -> &'static str {
        "C#"
    }

    fn find(&self, project: &Project) -> Result<String> {
        dotnet::find(project)
    }

    fn build(&self, shell: &Shell) -> Result<()> {
        DotnetEnv::ready(shell).map(drop)
    }

    fn suites(&self) -> &'static [Suite] {
        const SUITES: &[Suite] = &[Suite {
            name: "csharp",
            about: "the C# package for both of its targets, its tests, and the programs that use it",
            // Without an SDK, Python's tools get one.
            needs: &["rust", "csharp", "python"],
            counted: true,
            alone: false,
            run: test,
        }];
        SUITES
    }

    fn testee(&self, shell: &Shell) -> Result<CommandLine> {
        program(shell, "testee").map(CommandLine::new)
    }

    fn reader(&self, shell: &Shell) -> Result<CommandLine> {
        program(shell, "reader").map(CommandLine::new)
    }

    fn benches(&self, _: &Project) -> Result<Vec<Bench>> {
        Ok(vec![Bench::new("roundtrip", |shell| program(shell, "RoundTrip").map(Command::new))])
    }

    fn generate(&self, files: &mut Files<'_>, spec: &Spec) -> Result<()> {
        files.put("dotnet/src/Zinc/Errors.g.cs", &generate::errors(spec))?;
        files.put("dotnet/src/Zinc/DTypes.g.cs", &generate::dtypes(spec))?;
        files.put("dotnet/src/Zinc/RegionOptions.g.cs", &generate::options(spec))
    }

    fn generate_from_abi(&self, files: &mut Files<'_>, abi: &Abi) -> Result<()> {
        files.put("dotnet/src/Zinc/Native.g.cs", &generate::native(abi))
    }
}

/// Builds the package and one of the programs; the script that starts it.
fn program(shell: &Shell, name: &str) -> Result<PathBuf> {
    let program = PROGRAMS.iter().find(|program| program.name == name);
    DotnetEnv::ready(shell)?.build(shell, program.with_context(|| format!("no C# program {name}"))?)
}

/// The package and all programs without a warning; the tests; the quickstart.
fn test(shell: &Shell, tally: &mut Tally) -> Result<()> {
    let project = shell.project();
    let env = DotnetEnv::ready(shell)?;
    for program in PROGRAMS {
        env.build(shell, program)?;
    }
    match &env {
        DotnetEnv::Sdk => {
            let report = shell.fresh_file("tests.trx")?;
            let mut test = env.sdk_command(project, "test");
            test.arg(project.path(TESTS.folder));
            test.arg(format!("--logger:trx;LogFileName={}", report.display()));
            tally.trx(shell, "dotnet test", &mut test, &report)?;
        }
        DotnetEnv::Assembled(_) => {
            let mut tests = Command::new(env.build(shell, &TESTS)?);
            let why = "skipped: xunit's runner: without a .NET SDK a stand-in runs the same tests";
            shell.say(why)?;
            tally.left_out(why);
            let report = shell.fresh_file("tests.xml")?;
            tally.junit(shell, "tests of the package", tests.arg("--junit").arg(&report), &report)?;
        }
    }
    let mut quickstart = project.command("sh");
    quickstart.arg("crates/zinc-sys/tests/quickstart.sh");
    for program in ["quickstart_writer", "quickstart_reader"] {
        quickstart.arg(project.target().join("examples/csharp").join(program).join(program));
    }
    shell.run("the quickstart, the reader first and last", &mut quickstart)
}
