//! The Java package: its native part, what Maven builds and tests, its documentation, its benchmark.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use crate::java_env::{self, SEGMENTS};
use crate::shell::Shell;
use anyhow::{Context, Result, ensure};

/// Everything that Maven builds for Java, under cargo's target folder.
const BUILD: &str = "java";

/// The jar, in that folder.
const JAR: &str = "library/zinc-0.1.0.jar";

/// `cargo xtask java`: the jar, with the native part for this machine in it, and the examples.
pub(crate) fn build(shell: &Shell) -> Result<()> {
    java_env::prepare(shell)?;
    stage_native(shell)?;
    maven(shell, "mvn package: the jar and the examples", &["package", "--projects", ":zinc,:zinc-examples"])
}

/// The conformance testee, where the runner looks for it; the Java that it is for.
pub(crate) fn build_testee(shell: &Shell) -> Result<PathBuf> {
    java_env::prepare(shell)?;
    stage_native(shell)?;
    let goals = ["package", "--projects", ":zinc,:zinc-testee"];
    maven(shell, "mvn package: the jar and the testee", &goals)?;
    Ok(java_env::newest()?.program("java"))
}

/// Builds everything, tests it on the oldest and on the newest JDK with the checks of `-Xcheck:jni`, plays the quickstart
/// and makes the documentation, all without a warning.
pub(crate) fn test(shell: &Shell) -> Result<()> {
    stage_native(shell)?;
    let reports = folder(shell).join("tests/surefire-reports");
    if reports.exists() {
        std::fs::remove_dir_all(&reports).with_context(|| format!("empty {}", reports.display()))?;
    }
    let base = format!("-Dzinc.base={}", java_env::base()?.program("java").display());
    maven(shell, "mvn package: tests on both JDKs", &["package", &base])?;
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
    let classes = folder(shell).join("examples/zinc-examples-0.1.0.jar");
    for jdk in [java_env::base()?, java_env::newest()?] {
        let program =
            |class: &str| format!("exec {} -cp {} {class}", jdk.program("java").display(), classes.display());
        let scripts = tempfile::tempdir()?;
        let mut run = shell.project().command("sh");
        run.arg("crates/zinc-sys/tests/quickstart.sh");
        for class in ["QuickstartWriter", "QuickstartReader"] {
            let script = scripts.path().join(class);
            std::fs::write(&script, format!("#!/bin/sh\n{}\n", program(class)))?;
            std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o700))?;
            run.arg(script);
        }
        shell.run(&format!("the quickstart on Java {}", jdk.feature), &mut run)?;
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
    let mut javadoc = Command::new(java_env::newest()?.program("javadoc"));
    javadoc.args(["-quiet", "-Xdoclint:all", "-Werror", "-encoding", "UTF-8", "--release"]);
    javadoc.arg(SEGMENTS.to_string()).arg("-d").arg(folder(shell).join("javadoc")).args(files);
    shell.run("javadoc", &mut javadoc)
}

/// The round trip between two JVMs, as a program of the newest Java.
pub(crate) fn bench(shell: &Shell) -> Result<Command> {
    build(shell)?;
    let mut java = shell.project().command(java_env::newest()?.program("java"));
    java.args(["--enable-native-access=ALL-UNNAMED", "-cp"]).arg(folder(shell).join(JAR));
    java.arg("crates/zinc-jni/benches/Roundtrip.java");
    Ok(java)
}

fn folder(shell: &Shell) -> PathBuf {
    shell.project().target().join(BUILD)
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

/// Runs Maven on the newest JDK over all that there is in Java, with the packages that it fetches in a folder of the
/// project's own.
fn maven(shell: &Shell, what: &str, arguments: &[&str]) -> Result<()> {
    let project = shell.project();
    let mut maven = project.command("mvn");
    maven.env("JAVA_HOME", java_env::newest()?.home);
    maven.args(["--batch-mode", "--no-transfer-progress", "-Dstyle.color=never"]);
    maven.args(["--file", "crates/zinc-jni/reactor.xml"]);
    maven.arg(format!("-Dzinc.build={}", folder(shell).display()));
    maven.arg(format!("-Dmaven.repo.local={}", folder(shell).join("repository").display()));
    shell.run(what, maven.args(arguments))
}
