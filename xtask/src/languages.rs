//! The languages: what this program must know of one, and the table of all of them.
//!
//! Adding a language is one module here, and one row of [`LANGUAGES`].

mod bun;
mod cpp;
mod csharp;
mod deno;
mod go;
mod java;
mod node;
mod python;
mod rust;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::generate::spec::Spec;
use crate::project::Project;
use crate::shell::Shell;
use crate::suites::Suite;
use anyhow::{Context, Result};

pub(crate) use python::Python;

/// All languages, in the order in which their suites run.
pub(crate) const LANGUAGES: &[&dyn Language] = &[
    &rust::Rust,
    &python::Python,
    &cpp::Cpp,
    &go::Go,
    &node::Node,
    &bun::Bun,
    &deno::Deno,
    &csharp::CSharp,
    &java::Java,
];

/// What is done for a language, each in its own way.
pub(crate) trait Language: Sync {
    /// Its name on the command line, in suites and in conformance.
    fn name(&self) -> &'static str;

    /// Its name for people.
    fn title(&self) -> &'static str;

    /// The version of its toolchain; or what is missing, and how to get it.
    fn find(&self, project: &Project) -> Result<String>;

    /// Fetches what can be fetched ahead, while suites of other languages run.
    fn prepare(&self, _shell: &Shell) -> Result<()> {
        Ok(())
    }

    /// Builds the package, as programs in the checkout use it.
    fn build(&self, shell: &Shell) -> Result<()>;

    /// Its suites of tests, in their order.
    fn suites(&self) -> &'static [Suite];

    /// Builds the conformance testee; what starts it. It must become that process itself (exec), so that signals reach it.
    fn testee(&self, shell: &Shell) -> Result<CommandLine>;

    /// Builds the demo's reader; what starts it, without the names of the regions.
    fn reader(&self, shell: &Shell) -> Result<CommandLine>;

    /// The folder of the quickstart's two programs, built, if the tests of `examples/rust` run them with the others'.
    fn quickstart(&self, _shell: &Shell) -> Result<Option<PathBuf>> {
        Ok(None)
    }

    /// The programs that measure.
    fn benches(&self, project: &Project) -> Result<Vec<Bench>>;

    /// The files that are made from the core's spec: their paths in the checkout, and their text.
    fn generated(&self, _project: &Project, _spec: &Spec) -> Result<Vec<(String, String)>> {
        Ok(Vec::new())
    }
}

/// A program, and the arguments that it always has.
#[derive(Clone)]
pub(crate) struct CommandLine(Vec<OsString>);

impl CommandLine {
    pub(crate) fn new(program: impl Into<OsString>) -> Self {
        Self(vec![program.into()])
    }

    pub(crate) fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.0.push(argument.into());
        self
    }

    pub(crate) fn args<'a>(self, arguments: impl IntoIterator<Item = &'a str>) -> Self {
        arguments.into_iter().fold(self, Self::arg)
    }

    pub(crate) fn words(&self) -> &[OsString] {
        &self.0
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.0[0]);
        command.args(&self.0[1..]);
        command
    }
}

/// A program that measures.
pub(crate) struct Bench {
    /// What it is called after its language, as in `rust/roundtrip`.
    pub(crate) name: String,
    /// Builds what is to be run.
    pub(crate) command: Box<Build>,
}

type Build = dyn Fn(&Shell) -> Result<Command>;

impl Bench {
    fn new(name: impl Into<String>, command: impl Fn(&Shell) -> Result<Command> + 'static) -> Self {
        Self { name: name.into(), command: Box::new(command) }
    }
}

/// The language of that name.
pub(crate) fn named(name: &str) -> Result<&'static dyn Language> {
    let found = LANGUAGES.iter().find(|language| language.name() == name).copied();
    found.with_context(|| {
        let names: Vec<_> = LANGUAGES.iter().map(|language| language.name()).collect();
        format!("no language {name}; there are {}", names.join(", "))
    })
}

/// The stems of the files in a folder that have this extension, sorted.
fn stems(folder: &Path, extension: &str) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == extension)
            && let Some(name) = path.file_stem()
        {
            names.push(name.to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}
