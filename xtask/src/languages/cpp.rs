//! C and C++: the C ABI and the two headers, built and tested by CMake.

mod generate;

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Bench, CommandLine, Language};
use crate::debian;
use crate::generate::abi::Abi;
use crate::generate::{Files, options};
use crate::project::Project;
use crate::reports::Tally;
use crate::shell::{Shell, answer};
use crate::suites::Suite;
use anyhow::{Context, Result};
use zinc_spec::Spec;

/// The project of the library, its tests and the examples.
const LIBRARY: &str = "crates/zinc-sys";

pub(crate) struct Cpp;

impl Language for Cpp {
    fn name(&self) -> &'static str {
        "cpp"
    }

    fn title(&self) -> &'static str {
        "C++"
    }

    fn find(&self, project: &Project) -> Result<String> {
        let first = |program: &str| -> Result<String> {
            let said = answer(project.command(program).arg("--version"))
                .with_context(|| format!("{program}: install CMake and a C++ compiler"))?;
            Ok(said.lines().next().unwrap_or_default().to_owned())
        };
        Ok(format!("{}; {}", first("c++")?, first("cmake")?))
    }

    /// The packages that the C++ tests and testee are built with.
    fn prepare(&self, shell: &Shell) -> Result<()> {
        let header = |path: &str| Path::new("/usr/include").join(path).exists();
        let mut missing = Vec::new();
        if !header("nlohmann/json.hpp") {
            missing.push("nlohmann-json3-dev");
        }
        if !header("gtest/gtest.h") {
            missing.push("libgtest-dev");
        }
        for (program, package) in [("valgrind", "valgrind"), ("clang++", "clang")] {
            if answer(Command::new(program).arg("--version")).is_err() {
                missing.push(package);
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        debian::install(shell, &missing, "the C and C++ tests need more than is there")
    }

    fn build(&self, shell: &Shell) -> Result<()> {
        library(shell, &["zinc_cargo"]).map(drop)
    }

    fn suites(&self) -> &'static [Suite] {
        const SUITES: &[Suite] = &[Suite {
            name: "c-cpp",
            about: "the C ABI and zinc.hpp, as they are, under sanitizers and under valgrind",
            needs: &["rust", "cpp"],
            counted: true,
            alone: false,
            run: test,
        }];
        SUITES
    }

    fn testee(&self, shell: &Shell) -> Result<CommandLine> {
        self.prepare(shell)?;
        let build = shell.project().target().join("conformance/cpp");
        cmake(shell, "conformance/testees/cpp", &build, &[])?;
        Ok(CommandLine::new(build.join("testee")))
    }

    fn reader(&self, shell: &Shell) -> Result<CommandLine> {
        let build = library(shell, &["zinc_cpp_reader"])?;
        Ok(CommandLine::new(build.join("examples/cpp/reader")))
    }

    fn quickstart(&self, shell: &Shell) -> Result<Option<PathBuf>> {
        let build = library(shell, &["zinc_cpp_quickstart_writer", "zinc_cpp_quickstart_reader"])?;
        Ok(Some(build.join("examples/cpp")))
    }

    fn benches(&self, _: &Project) -> Result<Vec<Bench>> {
        Ok(vec![Bench::new("roundtrip", |shell| {
            let build = library(shell, &["bench_roundtrip"])?;
            Ok(shell.project().command(build.join("benches/bench_roundtrip")))
        })])
    }

    fn generate(&self, files: &mut Files<'_>, spec: &Spec) -> Result<()> {
        let fields = options::c_struct(files.project, spec)?;
        files.put("crates/zinc-sys/src/options/fields.rs", &fields)?;
        for (what, text) in generate::blocks(spec) {
            files.part("crates/zinc-sys/include/zinc.hpp", "//", what, &text)?;
        }
        Ok(())
    }

    fn generate_from_abi(&self, files: &mut Files<'_>, abi: &Abi) -> Result<()> {
        files.put("crates/zinc-sys/include/zinc.h", &abi.header)
    }
}

/// Everything of C and C++: library, headers, tests, examples and bench, built and tested by CMake.
fn test(shell: &Shell, tally: &mut Tally) -> Result<()> {
    let project = shell.project();
    let mut headers = project.cargo();
    headers.args(["test", "--package", "zinc-sys", "--", "--show-output"]);
    tally.cargo(shell, "tests of the C ABI", &mut headers)?;
    let build = library(shell, &[])?;
    let report = shell.fresh_file("ctest.xml")?;
    let mut ctest = project.command("ctest");
    ctest.arg("--test-dir").arg(&build).args(["--output-on-failure", "--parallel", "2"]);
    tally.junit(shell, "ctest", ctest.arg("--output-junit").arg(&report), &report)
}

/// Builds the library's project, or of it these targets; its build folder.
fn library(shell: &Shell, targets: &[&str]) -> Result<PathBuf> {
    let build = shell.project().target().join("cmake");
    cmake(shell, LIBRARY, &build, targets)?;
    Ok(build)
}

/// Builds a folder's CMake project, or of it some targets.
fn cmake(shell: &Shell, source: &str, build: &Path, targets: &[&str]) -> Result<()> {
    let project = shell.project();
    let mut configure = project.command("cmake");
    configure.arg("-S").arg(project.path(source)).arg("-B").arg(build);
    configure.args(["-DCMAKE_BUILD_TYPE=Release", "--log-level=WARNING"]);
    configure.arg(format!("-DZINC_CARGO_TARGET_DIR={}", project.target().display()));
    shell.run(&format!("cmake -S {source}"), &mut configure)?;
    let mut make = project.command("cmake");
    make.arg("--build").arg(build).args(["--parallel", "2"]);
    if !targets.is_empty() {
        make.arg("--target").args(targets);
    }
    shell.run(&format!("cmake --build for {source}"), &mut make)
}
