//! `cargo xtask conformance`: makes the languages' testees ready, then hands over to the conformance runner.

use std::path::PathBuf;
use std::process::Command;

use crate::languages::{LANGUAGES, Language};
use crate::project::Project;
use crate::reports::Tally;
use crate::shell::Shell;
use anyhow::{Context, Result};
use serde::Serialize;

/// A row of the table that the runner reads.
#[derive(Serialize)]
#[serde(untagged)]
enum Row {
    There { name: &'static str, command: Vec<String> },
    Missing { name: &'static str, missing: String },
}

/// Runs the runner with `arguments`; whether it was content.
pub(crate) fn run(project: &Project, arguments: &[String]) -> Result<bool> {
    let shell = Shell::new(project, "conformance")?;
    build_runner(&shell)?;
    let only = only(arguments);
    build_testees(&shell, |language| only.is_empty() || only.contains(&language.name()))?;
    let status = runner(&shell).args(arguments).status();
    Ok(status.context("run the conformance runner")?.success())
}

/// The suite: every case over every pair of the languages whose tools are here, all of which must take part.
pub(crate) fn test(shell: &Shell, tally: &mut Tally) -> Result<()> {
    build_runner(shell)?;
    shell.run("golden images", runner(shell).args(["images", "--check"]))?;
    let there = build_testees(shell, |_| true)?;
    let mut every_pair = runner(shell);
    every_pair.args(["--require", &there.join(",")]);
    let report = folder(shell).join("conformance.xml");
    crate::shell::remove_if_there(&report)?;
    tally.junit(shell, "every pair", &mut every_pair, &report)
}

fn build_runner(shell: &Shell) -> Result<()> {
    let build = ["build", "--package", "zinc-conformance", "--bins"];
    shell.run("build the runner", shell.project().cargo().args(build))
}

/// Builds the testees that are wanted, and tells the runner how each is started or why it is not there; the names of those
/// that are.
fn build_testees(shell: &Shell, wanted: impl Fn(&dyn Language) -> bool) -> Result<Vec<&'static str>> {
    let mut rows = Vec::new();
    for &language in LANGUAGES {
        let name = language.name();
        rows.push(match language.find(shell.project()) {
            Err(missing) => Row::Missing { name, missing: format!("{missing:#}") },
            Ok(_) if !wanted(language) => Row::Missing { name, missing: "it was not asked for".to_owned() },
            Ok(_) => {
                let testee = language.testee(shell).with_context(|| format!("the testee of {name}"))?;
                let words = testee.words().iter().map(|word| word.to_string_lossy().into_owned());
                Row::There { name, command: words.collect() }
            }
        });
    }
    std::fs::create_dir_all(folder(shell))?;
    let table = toml::to_string(&std::collections::BTreeMap::from([("language", &rows)]))?;
    let path = folder(shell).join("languages.toml");
    std::fs::write(&path, table).with_context(|| format!("write {}", path.display()))?;
    let there = rows.iter().filter_map(|row| match row {
        Row::There { name, .. } => Some(*name),
        Row::Missing { .. } => None,
    });
    Ok(there.collect())
}

/// Where the runner looks for that table, and puts its reports.
fn folder(shell: &Shell) -> PathBuf {
    shell.project().target().join("conformance")
}

fn runner(shell: &Shell) -> Command {
    let mut runner = shell.project().command(shell.project().target().join("debug/zinc-conformance"));
    // The Python testee imports what is installed in its own environment.
    runner.env_remove("PYTHONPATH").env_remove("PYTHONHOME");
    runner
}

/// The languages that `--only` names.
fn only(arguments: &[String]) -> Vec<&str> {
    let mut named = Vec::new();
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let list = match word.strip_prefix("--only") {
            Some("") => words.next().map(String::as_str),
            Some(rest) => rest.strip_prefix('='),
            None => None,
        };
        named.extend(list.unwrap_or_default().split(',').filter(|name| !name.is_empty()));
    }
    named
}

#[cfg(test)]
mod tests {
    use super::only;

    #[test]
    fn only_is_found_in_either_form_among_the_runners_arguments() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(only(&words("--case x --only rust,python --list")), ["rust", "python"]);
        assert_eq!(only(&words("--only=go --only java")), ["go", "java"]);
        assert!(only(&words("--case only --list")).is_empty());
        assert!(only(&words("--only")).is_empty());
    }
}
