//! `cargo xtask bench`: the measurements, in Rust and in Python.

use std::path::Path;
use std::process::Command;

use crate::project::Project;
use crate::python_env::PythonEnv;
use crate::shell::{Shell, display};
use anyhow::{Context, Result, ensure};

/// Runs the benchmarks whose `LANGUAGE/NAME` contains `filter`, all of them without one.
pub(crate) fn run(project: &Project, filter: Option<&str>) -> Result<()> {
    let rust = names(&project.path("crates/zinc/benches"), "rs")?;
    let python = names(&project.path("crates/zinc-py/benches"), "py")?;
    let wanted =
        |language: &str, name: &str| filter.is_none_or(|part| format!("{language}/{name}").contains(part));

    let rust: Vec<_> = rust.into_iter().filter(|name| wanted("rust", name)).collect();
    let python: Vec<_> = python.into_iter().filter(|name| wanted("python", name)).collect();
    ensure!(
        !rust.is_empty() || !python.is_empty(),
        "no benchmark is named like {}",
        filter.unwrap_or("anything")
    );

    for name in rust {
        show(
            &format!("rust/{name}"),
            project.cargo().args(["bench", "--package", "zinc", "--bench", &name]),
        )?;
    }
    if !python.is_empty() {
        let env = PythonEnv::ready(&Shell::new(project, "bench")?)?;
        for name in python {
            let script = project.path("crates/zinc-py/benches").join(&name).with_extension("py");
            show(&format!("python/{name}"), env.python().arg(script))?;
        }
    }
    Ok(())
}

/// Runs `command` with its output on the terminal.
fn show(name: &str, command: &mut Command) -> Result<()> {
    println!("\n{name}");
    let status = command.status().with_context(|| format!("run {}", display(command)))?;
    ensure!(status.success(), "{name}: {} ({status})", display(command));
    Ok(())
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
