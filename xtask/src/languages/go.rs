//! Go: the package over the core's static library.

mod generate;

use std::path::PathBuf;
use std::process::Command;

use super::{Bench, CommandLine, Language};
use crate::generate::Files;
use crate::generate::abi::Abi;
use crate::once::Once;
use crate::project::Project;
use crate::reports::Tally;
use crate::shell::{Shell, answer};
use crate::suites::Suite;
use anyhow::{Context, Result, ensure};
use zinc_spec::Spec;

static LIBRARY: Once<()> = Once::new();

pub(crate) struct Go;

impl Language for Go {
    fn name(&self) -> &'static str {
        "go"
    }

    fn title(&self) -> &'static str {
        "Go"
    }

    fn find(&self, project: &Project) -> Result<String> {
        answer(project.command("cc").arg("--version")).context("cgo needs a C compiler")?;
        answer(project.command("go").arg("version")).context("install Go 1.24 or newer")
    }

    fn build(&self, shell: &Shell) -> Result<()> {
        LIBRARY.get(|| put_library(shell))
    }

    fn suites(&self) -> &'static [Suite] {
        const SUITES: &[Suite] = &[Suite {
            name: "go",
            about: "gofmt, vet, and the Go package's tests under the race detector",
            needs: &["rust", "go"],
            counted: true,
            alone: false,
            run: |shell, tally| Go.test(shell, tally),
        }];
        SUITES
    }

    fn testee(&self, shell: &Shell) -> Result<CommandLine> {
        let testee = shell.project().target().join("conformance/go/testee");
        self.compile(shell, "conformance/testees/go", &testee, &["."])?;
        Ok(CommandLine::new(testee))
    }

    fn reader(&self, shell: &Shell) -> Result<CommandLine> {
        Ok(CommandLine::new(self.examples(shell, &["./reader"])?.join("reader")))
    }

    fn quickstart(&self, shell: &Shell) -> Result<Option<PathBuf>> {
        self.examples(shell, &["./quickstart_writer", "./quickstart_reader"]).map(Some)
    }

    fn benches(&self, _: &Project) -> Result<Vec<Bench>> {
        Ok(vec![Bench::new("roundtrip", |shell| {
            Go.build(shell)?;
            let mut go = Command::new("go");
            go.current_dir(shell.project().path("go")).args(["run", "./internal/bench", "-json"]);
            Ok(go)
        })])
    }

    fn generate(&self, files: &mut Files<'_>, spec: &Spec) -> Result<()> {
        files.put("go/codes.gen.go", &generate::codes(spec))?;
        files.put("go/dtypes.gen.go", &generate::dtypes(spec))?;
        files.put("go/options.gen.go", &generate::options(spec))
    }

    fn generate_from_abi(&self, files: &mut Files<'_>, abi: &Abi) -> Result<()> {
        files.put("go/zinc.h", &abi.header)?;
        files.put("go/shim.gen.h", &generate::shim(abi))
    }
}

impl Go {
    /// Format, vet, tests under the race detector.
    fn test(&self, shell: &Shell, tally: &mut Tally) -> Result<()> {
        self.build(shell)?;
        let project = shell.project();
        let folders = ["go", "conformance/testees/go", "examples/go"];
        let unformatted = answer(project.command("gofmt").arg("-l").args(folders))?;
        ensure!(unformatted.is_empty(), "not formatted, run gofmt -w: {}", unformatted.replace('\n', ", "));
        let go = |folder: &str, arguments: &[&str]| {
            let mut command = Command::new("go");
            command.current_dir(project.path(folder)).args(arguments);
            (format!("go {} in {folder}", arguments.join(" ")), command)
        };
        for folder in folders {
            let (what, mut command) = go(folder, &["vet", "./..."]);
            shell.run(&what, &mut command)?;
        }
        for (folder, arguments) in
            [("go", &["test", "-race", "-json", "./..."][..]), ("examples/go", &["test", "-json", "./..."])]
        {
            let (what, mut command) = go(folder, arguments);
            tally.go(shell, &what, &mut command)?;
        }
        Ok(())
    }

    /// Builds some of the examples; the folder that they are in.
    fn examples(&self, shell: &Shell, programs: &[&str]) -> Result<PathBuf> {
        let folder = shell.project().target().join("examples/go");
        std::fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
        self.compile(shell, "examples/go", &folder, programs)?;
        Ok(folder)
    }

    fn compile(&self, shell: &Shell, folder: &str, out: &std::path::Path, programs: &[&str]) -> Result<()> {
        self.build(shell)?;
        let mut build = Command::new("go");
        build.current_dir(shell.project().path(folder)).args(["build", "-o"]).arg(out).args(programs);
        shell.run(&format!("go build in {folder}"), &mut build)
    }
}

/// Puts the core's static library where the Go package looks for it.
///
/// The go command does not look at such a file when it decides what to build anew; the checksum beside it makes it.
fn put_library(shell: &Shell) -> Result<()> {
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
        "// Code generated by cargo xtask build go. DO NOT EDIT.\n\npackage lib\n\n\
         // SHA256 is the checksum of the archive.\nconst SHA256 = {sum:?}\n"
    );
    Ok(std::fs::write(folder.join(format!("sum_linux_{arch}.go")), text)?)
}
