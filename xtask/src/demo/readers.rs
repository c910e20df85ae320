//! The readers: a language is one entry here. What a reader does is in `examples/README.md`.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// How a language's reader is built and started.
pub(crate) struct Reader {
    pub(crate) language: &'static str,
    /// The command that builds it, in the checkout's folder; empty if there is nothing to build.
    build: &'static [&'static str],
    /// Its command line, without what the demo adds: the names of the regions. `{python}`, `{root}` and
    /// `{release}` (where cargo puts release binaries) are filled in.
    run: &'static [&'static str],
    /// Whether it also knows `--socket PATH`: one compiled reader is enough for the comparison.
    pub(crate) takes_socket: bool,
}

pub(crate) const READERS: &[Reader] = &[
    Reader {
        language: "Rust",
        build: &["cargo", "build", "--quiet", "--release", "--package", "zinc-example-nearest"],
        run: &["{release}/zinc-example-nearest"],
        takes_socket: true,
    },
    Reader {
        language: "Python",
        build: &[],
        run: &["{python}", "-P", "{root}/examples/python/reader.py"],
        takes_socket: false,
    },
];

impl Reader {
    pub(crate) fn build(&self, root: &Path) -> Option<Command> {
        let (program, arguments) = self.build.split_first()?;
        let mut command = Command::new(program);
        command.args(arguments).current_dir(root);
        Some(command)
    }

    pub(crate) fn command(&self, python: &Path, root: &Path) -> Result<Command> {
        let release = release_folder()?;
        let mut words = self.run.iter().map(|word| {
            word.replace("{python}", &python.to_string_lossy())
                .replace("{root}", &root.to_string_lossy())
                .replace("{release}", &release)
        });
        let program = words.next().context("a reader without a command line")?;
        let mut command = Command::new(program);
        command.args(words);
        Ok(command)
    }
}

/// Beside the folder of this very program: both are built with the same settings but for the profile.
fn release_folder() -> Result<String> {
    let own = std::env::current_exe()?;
    let profiles = own.parent().and_then(Path::parent);
    ensure!(profiles.is_some(), "{} is not where cargo builds", own.display());
    Ok(profiles.map(|folder| folder.join("release").to_string_lossy().into_owned()).unwrap_or_default())
}
