//! `cargo xtask bench`: the measurements, in every language that has some.

use std::path::Path;
use std::process::Command;

use crate::csharp;
use crate::dotnet_env;
use crate::java;
use crate::java_env;
use crate::native;
use crate::node_env;
use crate::project::Project;
use crate::python_env::PythonEnv;
use crate::shell::{Shell, display};
use anyhow::{Context, Result, ensure};

/// A program that measures, as `LANGUAGE/NAME`, with what builds it.
struct Bench {
    name: String,
    /// What is missing, where the language's tools are not there.
    find: fn(&Project) -> Result<String>,
    command: Box<Build>,
}

/// Builds what is to be run.
type Build = dyn Fn(&Shell) -> Result<Command>;

/// Runs the benchmarks whose name contains `filter`, all of them without one.
pub(crate) fn run(project: &Project, filter: Option<&str>) -> Result<()> {
    let mut benches = all(project)?;
    benches.retain(|bench| filter.is_none_or(|part| bench.name.contains(part)));
    ensure!(!benches.is_empty(), "no benchmark is named like {}", filter.unwrap_or("anything"));

    let shell = Shell::new(project, "bench")?;
    for Bench { name, find, command } in benches {
        println!("\n{name}");
        if let Err(missing) = find(project) {
            println!("  skipped: {missing:#}");
            continue;
        }
        let mut command = command(&shell)?;
        let status = command.status().with_context(|| format!("run {}", display(&command)))?;
        ensure!(status.success(), "{name}: {} ({status})", display(&command));
    }
    Ok(())
}

fn all(project: &Project) -> Result<Vec<Bench>> {
    let mut benches = Vec::new();
    for name in names(&project.path("crates/zinc/benches"), "rs")? {
        benches.push(Bench {
            name: format!("rust/{name}"),
            find: |_| Ok(String::new()),
            command: Box::new(move |shell| {
                let mut cargo = shell.project().cargo();
                cargo.args(["bench", "--package", "zinc", "--bench", &name]);
                Ok(cargo)
            }),
        });
    }
    for name in names(&project.path("crates/zinc-py/benches"), "py")? {
        benches.push(Bench {
            name: format!("python/{name}"),
            find: |_| Ok(String::new()),
            command: Box::new(move |shell| {
                let script = shell.project().path("crates/zinc-py/benches").join(&name);
                let mut python = PythonEnv::ready(shell)?.python();
                python.arg(script.with_extension("py"));
                Ok(python)
            }),
        });
    }
    benches.push(Bench {
        name: "cpp/roundtrip".to_owned(),
        find: native::find_cpp,
        command: Box::new(native::bench_cpp),
    });
    benches.push(Bench {
        name: "go/roundtrip".to_owned(),
        find: native::find_go,
        command: Box::new(native::bench_go),
    });
    benches.push(Bench {
        name: "node/roundtrip".to_owned(),
        find: node_env::find_node,
        command: Box::new(node_env::bench),
    });
    benches.push(Bench {
        name: "csharp/roundtrip".to_owned(),
        find: dotnet_env::find,
        command: Box::new(|shell| csharp::build(shell, "RoundTrip").map(Command::new)),
    });
    benches.push(Bench {
        name: "java/roundtrip".to_owned(),
        find: java_env::find,
        command: Box::new(java::bench),
    });
    Ok(benches)
}

/// The programs in `folder`, by name; a folder that is not there has none.
fn names(folder: &Path, extension: &str) -> Result<Vec<String>> {
    let mut names = Vec::new();
    if folder.exists() {
        for entry in std::fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))? {
            let path = entry?.path();
            if path.extension().is_some_and(|found| found == extension)
                && let Some(name) = path.file_stem()
            {
                names.push(name.to_string_lossy().into_owned());
            }
        }
    }
    names.sort();
    Ok(names)
}
