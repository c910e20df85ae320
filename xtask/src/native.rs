//! C, C++ and Go: CMake's builds, the core's static library where Go looks for it, and their suites.

use std::path::Path;
use std::process::Command;

use crate::debian;
use crate::project::Project;
use crate::shell::{Shell, answer};
use anyhow::{Context, Result, ensure};

/// The version of CMake and of the C++ compiler, or what is missing.
pub(crate) fn find_cpp(project: &Project) -> Result<String> {
    let first = |program: &str| -> Result<String> {
        let said = answer(project.command(program).arg("--version"))
            .with_context(|| format!("{program}: install CMake and a C++ compiler"))?;
        Ok(said.lines().next().unwrap_or_default().to_owned())
    };
    Ok(format!("{}; {}", first("c++")?, first("cmake")?))
}

/// The version of Go, or what is missing.
pub(crate) fn find_go(project: &Project) -> Result<String> {
    answer(project.command("cc").arg("--version")).context("cgo needs a C compiler")?;
    answer(project.command("go").arg("version")).context("install Go 1.24 or newer")
}

/// The packages that the C++ tests and testee are built with.
pub(crate) fn prepare_cpp(shell: &Shell) -> Result<()> {
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

/// Everything of C and C++: library, headers, tests, examples and bench, built and tested by CMake.
pub(crate) fn test_cpp(shell: &Shell) -> Result<()> {
    let project = shell.project();
    let headers = ["test", "--package", "zinc-sys"];
    shell.run("tests of the C ABI", project.cargo().args(headers).args(["--", "--show-output"]))?;
    let build = project.target().join("cmake");
    cmake(shell, "crates/zinc-sys", &build, &[])?;
    let mut ctest = project.command("ctest");
    ctest.arg("--test-dir").arg(&build).args(["--output-on-failure", "--parallel", "2"]);
    shell.run("ctest", &mut ctest)
}

/// Builds the quickstart's programs in C++ and Go, where the tools are there, and tells a test of them.
pub(crate) fn offer_quickstarts(shell: &Shell, test: &mut Command) -> Result<()> {
    let project = shell.project();
    if find_cpp(project).is_ok() {
        let build = project.target().join("cmake");
        let programs = ["zinc_cpp_quickstart_writer", "zinc_cpp_quickstart_reader"];
        cmake(shell, "crates/zinc-sys", &build, &[&["--target"], &programs[..]].concat())?;
        test.env("ZINC_QUICKSTART_CPP", build.join("examples/cpp"));
    }
    if find_go(project).is_ok() {
        put_go_library(shell)?;
        let folder = project.target().join("examples/go");
        std::fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
        let mut build = Command::new("go");
        build.current_dir(project.path("examples/go")).args(["build", "-o"]).arg(&folder);
        shell.run("go build in examples/go", build.args(["./quickstart_writer", "./quickstart_reader"]))?;
        test.env("ZINC_QUICKSTART_GO", folder);
    }
    Ok(())
}

/// The round trip in C++.
pub(crate) fn bench_cpp(shell: &Shell) -> Result<Command> {
    let build = shell.project().target().join("cmake");
    cmake(shell, "crates/zinc-sys", &build, &["--target", "bench_roundtrip"])?;
    Ok(shell.project().command(build.join("benches/bench_roundtrip")))
}

/// The C++ testee, where the conformance runner looks for it.
pub(crate) fn build_cpp_testee(shell: &Shell) -> Result<()> {
    prepare_cpp(shell)?;
    cmake(shell, "conformance/testees/cpp", &shell.project().target().join("conformance/cpp"), &[])
}

/// Builds a folder's CMake project, or of it what `only` says.
fn cmake(shell: &Shell, source: &str, build: &Path, only: &[&str]) -> Result<()> {
    let project = shell.project();
    let mut configure = project.command("cmake");
    configure.arg("-S").arg(project.path(source)).arg("-B").arg(build);
    configure.args(["-DCMAKE_BUILD_TYPE=Release", "--log-level=WARNING"]);
    configure.arg(format!("-DZINC_CARGO_TARGET_DIR={}", project.target().display()));
    shell.run(&format!("cmake -S {source}"), &mut configure)?;
    let mut make = project.command("cmake");
    make.arg("--build").arg(build).args(["--parallel", "2"]).args(only);
    shell.run(&format!("cmake --build for {source}"), &mut make)
}

/// `cargo xtask go`: puts the core's static library where the Go package looks for it.
///
/// The go command does not look at such a file when it decides what to build anew; the checksum beside it makes it.
pub(crate) fn put_go_library(shell: &Shell) -> Result<()> {
    let project = shell.project();
    let build = ["build", "--package", "zinc-sys", "--release", "--locked"];
    shell.run("build the core for Go", project.cargo().args(build))?;
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let archive = project.target().join("release/libzinc_core.a");
    let folder = project.path("go/internal/lib");
    let copy = folder.join(format!("libzinc_core_linux_{arch}.a"));
    // A go command that links meanwhile sees the old archive or the new one, whole.
    let half = folder.join(format!("{}.a", std::process::id()));
    // Of Rust's own library, debug information and the compiler's intermediate form are three quarters.
    let mut strip = Command::new("objcopy");
    strip.args(["--strip-debug", "-R", ".llvmbc", "-R", ".llvmcmd"]).args([&archive, &half]);
    shell.run("strip it", &mut strip)?;
    std::fs::rename(&half, &copy).with_context(|| format!("put {}", copy.display()))?;
    let sum = answer(Command::new("sha256sum").arg(&copy))?;
    let sum = sum.split_whitespace().next().context("sha256sum prints a sum")?;
    let text = format!(
        "// Code generated by cargo xtask go. DO NOT EDIT.\n\npackage lib\n\n\
         // SHA256 is the checksum of the archive.\nconst SHA256 = {sum:?}\n"
    );
    Ok(std::fs::write(folder.join(format!("sum_linux_{arch}.go")), text)?)
}

/// The Go package: format, vet, tests under the race detector.
pub(crate) fn test_go(shell: &Shell) -> Result<()> {
    put_go_library(shell)?;
    let project = shell.project();
    let folders = ["go", "conformance/testees/go", "examples/go"];
    let unformatted = answer(project.command("gofmt").arg("-l").args(folders))?;
    ensure!(unformatted.is_empty(), "not formatted, run gofmt -w: {}", unformatted.replace('\n', ", "));
    let go = |folder: &str, arguments: &[&str]| {
        let mut command = Command::new("go");
        command.current_dir(project.path(folder)).args(arguments);
        shell.run(&format!("go {} in {folder}", arguments.join(" ")), &mut command)
    };
    for folder in folders {
        go(folder, &["vet", "./..."])?;
    }
    go("go", &["test", "-race", "-v", "./..."])?;
    go("examples/go", &["test", "-v", "./..."])
}

/// The round trip in Go.
pub(crate) fn bench_go(shell: &Shell) -> Result<Command> {
    put_go_library(shell)?;
    let mut go = Command::new("go");
    go.current_dir(shell.project().path("go")).args(["run", "./internal/bench", "-json"]);
    Ok(go)
}

/// The Go testee, where the conformance runner looks for it.
pub(crate) fn build_go_testee(shell: &Shell) -> Result<()> {
    put_go_library(shell)?;
    let project = shell.project();
    let mut build = Command::new("go");
    build.current_dir(project.path("conformance/testees/go")).args(["build", "-o"]);
    build.arg(project.target().join("conformance/go/testee")).arg(".");
    shell.run("build the Go testee", &mut build)
}
