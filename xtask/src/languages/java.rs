//! The Java package: its native part, what Maven builds and tests, its documentation, its benchmark.

mod generate;
mod jdk;

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use super::{Bench, CommandLine, Language};
use crate::generate::Files;
use crate::once::Once;
use crate::project::Project;
use crate::reports::Tally;
use crate::shell::{Shell, remove_if_there};
use crate::suites::Suite;
use anyhow::{Context, Result, ensure};
use zinc_spec::Spec;

/// Everything that Maven builds for Java, under cargo's target folder.
const BUILD: &str = "java";

/// The release that Maven's files name, too.
const VERSION: &str = env!("CARGO_PKG_VERSION");

static NATIVE: Once<()> = Once::new();

pub(crate) struct Java;

impl Language for Java {
    fn name(&self) -> &'static str {
        "java"
    }

    fn title(&self) -> &'static str {
        "Java"
    }

    fn find(&self, _: &Project) -> Result<String> {
        jdk::find()
    }

    fn prepare(&self, shell: &Shell) -> Result<()> {
        jdk::prepare(shell)
    }

    /// The jar, with the native part for this machine in it, and the examples.
    fn build(&self, shell: &Shell) -> Result<()> {
        package(shell, "the jar and the examples", ":zinc,:zinc-examples")
    }

    fn suites(&self) -> &'static [Suite] {
        const SUITES: &[Suite] = &[Suite {
            name: "java",
            about: "the jar's tests on the oldest and the newest JDK under -Xcheck:jni, the quickstart, Javadoc",
            needs: &["rust", "java"],
            counted: true,
            alone: false,
            run: test,
        }];
        SUITES
    }

    /// It starts and compiles faster than it would run best: its cases are short.
    fn testee(&self, shell: &Shell) -> Result<CommandLine> {
        package(shell, "the jar and the testee", ":zinc,:zinc-testee")?;
        let java = CommandLine::new(jdk::newest()?.program("java"));
        let flags = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-jar"];
        Ok(java.args(flags).arg(jar(shell, "testee", "zinc-testee")))
    }

    fn reader(&self, shell: &Shell) -> Result<CommandLine> {
        self.build(shell)?;
        let java = CommandLine::new(jdk::newest()?.program("java"));
        Ok(java.arg("-jar").arg(jar(shell, "examples", "zinc-examples")))
    }

    /// The round trip between two JVMs, as a program of the newest Java.
    fn benches(&self, _: &Project) -> Result<Vec<Bench>> {
        Ok(vec![Bench::new("roundtrip", |shell| {
            Java.build(shell)?;
            let mut java = shell.project().command(jdk::newest()?.program("java"));
            java.args(["--enable-native-access=ALL-UNNAMED", "-cp"]).arg(jar(shell, "library", "zinc"));
            java.arg("crates/zinc-jni/benches/Roundtrip.java");
            Ok(java)
        })])
    }

    fn generate(&self, files: &mut Files<'_>, spec: &Spec) -> Result<()> {
        generate::files(spec).iter().try_for_each(|(name, text)| files.put(name, text))?;
        let base = format!("{}/ZincException.java", generate::FOLDER);
        files.part(&base, "        //", "kinds", &generate::permitted(spec))
    }
}

/// Builds some of Maven's modules.
fn package(shell: &Shell, what: &str, modules: &str) -> Result<()> {
    jdk::prepare(shell)?;
    NATIVE.get(|| stage_native(shell))?;
    shell.run(&format!("mvn package: {what}"), &mut maven(shell, &["package", "--projects", modules])?)
}

/// Builds everything, tests it on the oldest and on the newest JDK with the checks of `-Xcheck:jni`, plays the quickstart
/// and makes the documentation, all without a warning.
fn test(shell: &Shell, tally: &mut Tally) -> Result<()> {
    NATIVE.get(|| stage_native(shell))?;
    let reports = folder(shell).join("tests/surefire-reports");
    remove_if_there(&reports)?;
    let base = format!("-Dzinc.base={}", jdk::base()?.program("java").display());
    let mut tests = maven(shell, &["package", &base])?;
    tally.junit(shell, "mvn package: tests on both JDKs", &mut tests, &reports)?;
    // What the JVM itself has to say does not reach the tests' output, but these files.
    for report in std::fs::read_dir(&reports)? {
        let path = report?.path();
        if path.extension().is_some_and(|extension| extension == "dumpstream") {
            let said = std::fs::read_to_string(&path)?;
            ensure!(!said.contains("in native method"), "-Xcheck:jni complains: {}\n{said}", path.display());
        }
    }
    quickstart(shell)?;
    document(shell)
}

/// The lines of the quickstart, in two processes, on either Java.
fn quickstart(shell: &Shell) -> Result<()> {
    let classes = jar(shell, "examples", "zinc-examples");
    for java in [jdk::base()?, jdk::newest()?] {
        let program = |class: &str| {
            format!("exec {} -cp {} {class}", java.program("java").display(), classes.display())
        };
        let scripts = tempfile::tempdir()?;
        let mut run = shell.project().command("sh");
        run.arg("crates/zinc-sys/tests/quickstart.sh");
        for class in ["QuickstartWriter", "QuickstartReader"] {
            let script = scripts.path().join(class);
            std::fs::write(&script, format!("#!/bin/sh\n{}\n", program(class)))?;
            std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o700))?;
            run.arg(script);
        }
        shell.run(&format!("the quickstart on Java {}", java.feature), &mut run)?;
    }
    Ok(())
}

/// The documentation, as the newest JDK makes it: with what Java 22 adds.
fn document(shell: &Shell) -> Result<()> {
    let sources = shell.project().path("crates/zinc-jni/src/main");
    let mut files = Vec::new();
    for (folder, left_out) in
        [("java22/dev/zinc", None), ("java/dev/zinc", Some("Mapped.java")), ("java", None)]
    {
        for file in std::fs::read_dir(sources.join(folder))? {
            let path = file?.path();
            let named = |name| path.file_name().is_some_and(|file| file == name);
            if path.extension().is_some_and(|extension| extension == "java") && !left_out.is_some_and(named) {
                files.push(path);
            }
        }
    }
    let mut javadoc = Command::new(jdk::newest()?.program("javadoc"));
    javadoc.args(["-quiet", "-Xdoclint:all", "-Werror", "-encoding", "UTF-8", "--release"]);
    javadoc.arg(jdk::SEGMENTS.to_string()).arg("-d").arg(folder(shell).join("javadoc")).args(files);
    shell.run("javadoc", &mut javadoc)
}

fn folder(shell: &Shell) -> PathBuf {
    shell.project().target().join(BUILD)
}

/// A jar that Maven has built.
fn jar(shell: &Shell, module: &str, name: &str) -> PathBuf {
    folder(shell).join(module).join(format!("{name}-{VERSION}.jar"))
}

/// Builds the native part and puts it where Maven takes it into the jar.
fn stage_native(shell: &Shell) -> Result<()> {
    let project = shell.project();
    let build = ["build", "--package", "zinc-jni", "--release"];
    shell.run("build the native part for Java", project.cargo().args(build))?;
    let platform = format!("linux-{}-gnu", std::env::consts::ARCH);
    let place = folder(shell).join("natives/dev/zinc/native").join(platform);
    std::fs::create_dir_all(&place).with_context(|| format!("create {}", place.display()))?;
    let library = "libzinc_jni.so";
    std::fs::copy(project.target().join("release").join(library), place.join(library))
        .context("copy the native part")?;
    Ok(())
}

/// Maven on the newest JDK, for all that there is in Java, with the packages that it fetches in a folder of the
/// project's own.
fn maven(shell: &Shell, arguments: &[&str]) -> Result<Command> {
    let mut maven = shell.project().command("mvn");
    maven.env("JAVA_HOME", jdk::newest()?.home);
    maven.args(["--batch-mode", "--no-transfer-progress", "-Dstyle.color=never"]);
    maven.args(["--file", "crates/zinc-jni/reactor.xml"]);
    maven.arg(format!("-Dzinc.build={}", folder(shell).display()));
    maven.arg(format!("-Dmaven.repo.local={}", folder(shell).join("repository").display()));
    maven.args(arguments);
    Ok(maven)
}
