//! C#: the programs that are built with the package, and its suite.

use std::path::PathBuf;
use std::process::Command;

use crate::dotnet_env::{DotnetEnv, Program};
use crate::shell::Shell;
use anyhow::{Context, Result};

const TESTS: Program = Program {
    name: "Zinc.Tests",
    folder: "dotnet/tests/Zinc.Tests",
    also: &["dotnet/tests/Standin"],
    output: "dotnet/tests",
};

/// Every other program in C#.
pub(crate) const PROGRAMS: &[Program] = &[
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

/// `cargo xtask csharp NAME`: builds the package and one of the programs; the script that starts it.
pub(crate) fn build(shell: &Shell, name: &str) -> Result<PathBuf> {
    let program = PROGRAMS.iter().find(|program| program.name == name);
    let program = program.with_context(|| {
        let names: Vec<_> = PROGRAMS.iter().map(|program| program.name).collect();
        format!("no C# program {name}; there are {}", names.join(", "))
    })?;
    DotnetEnv::ready(shell)?.build(shell, program)
}

/// The package and all programs without a warning; the tests; the quickstart.
pub(crate) fn test(shell: &Shell) -> Result<()> {
    let project = shell.project();
    let env = DotnetEnv::ready(shell)?;
    for program in PROGRAMS {
        env.build(shell, program)?;
    }
    match &env {
        DotnetEnv::Sdk => {
            let mut test = env.sdk_command(project, "test");
            shell.run("dotnet test", test.arg(project.path(TESTS.folder)))?;
        }
        DotnetEnv::Assembled(_) => {
            let tests = env.build(shell, &TESTS)?;
            shell.say("skipped: xunit's runner: without a .NET SDK a stand-in runs the same tests")?;
            shell.run("tests of the package", &mut Command::new(tests))?;
        }
    }
    let mut quickstart = project.command("sh");
    quickstart.arg("crates/zinc-sys/tests/quickstart.sh");
    for program in ["quickstart_writer", "quickstart_reader"] {
        quickstart.arg(project.target().join("examples/csharp").join(program).join(program));
    }
    shell.run("the quickstart, the reader first and last", &mut quickstart)
}
