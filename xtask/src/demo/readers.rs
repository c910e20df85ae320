//! The readers: a language is one entry here. What a reader does is in `examples/README.md`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

/// How a language's reader is built and started.
pub(crate) struct Reader {
    pub(crate) language: &'static str,
    /// The programs that it cannot be built without, "one or another" too; where one is not there, the reader is left
    /// out.
    needs: &'static [&'static str],
    /// The commands that build it, in the checkout's folder; none if there is nothing to build. In these and in
    /// `run`, `{python}`, `{root}`, `{target}` and `{release}` (where cargo puts release binaries) are filled in.
    build: &'static [&'static [&'static str]],
    /// Its command line, without what the demo adds: the names of the regions.
    run: &'static [&'static str],
    /// Whether it also knows `--socket PATH`: one compiled reader is enough for the comparison.
    pub(crate) takes_socket: bool,
}

pub(crate) const READERS: &[Reader] = &[
    Reader {
        language: "Rust",
        needs: &[],
        build: &[&["cargo", "build", "--quiet", "--release", "--package", "zinc-example-nearest"]],
        run: &["{release}/zinc-example-nearest"],
        takes_socket: true,
    },
    Reader {
        language: "Python",
        needs: &[],
        build: &[],
        run: &["{python}", "-P", "{root}/examples/python/reader.py"],
        takes_socket: false,
    },
    Reader {
        language: "C++",
        needs: &["c++"],
        build: &[
            &["cargo", "build", "--quiet", "--release", "--package", "zinc-sys"],
            &["mkdir", "-p", "{target}/examples/cpp"],
            &[
                "c++",
                "-std=c++17",
                "-O2",
                "-I",
                "crates/zinc-sys/include",
                "examples/cpp/reader.cpp",
                "{release}/libzinc_core.a",
                "-lgcc_s",
                "-lutil",
                "-lrt",
                "-lpthread",
                "-lm",
                "-ldl",
                "-o",
                "{target}/examples/cpp/reader",
            ],
        ],
        run: &["{target}/examples/cpp/reader"],
        takes_socket: false,
    },
    Reader {
        language: "Go",
        needs: &["go", "cc"],
        build: &[
            &["cargo", "--quiet", "xtask", "go"],
            &["go", "build", "-C", "examples/go", "-o", "{target}/examples/go/reader", "./reader"],
        ],
        run: &["{target}/examples/go/reader"],
        takes_socket: false,
    },
    Reader {
        language: "Node",
        needs: &["node", "npm"],
        build: &[&["cargo", "--quiet", "xtask", "node"]],
        run: &["node", "{root}/examples/node/reader.mjs"],
        takes_socket: false,
    },
    Reader {
        language: "Bun",
        needs: &["node", "npm"],
        build: &[&["cargo", "--quiet", "xtask", "node"]],
        run: &["{target}/runtimes/bun", "{root}/examples/node/reader.mjs"],
        takes_socket: false,
    },
    Reader {
        language: "Deno",
        needs: &["node", "npm"],
        build: &[&["cargo", "--quiet", "xtask", "node"]],
        run: &["{target}/runtimes/deno", "run", "--quiet", "--allow-all", "{root}/examples/node/reader.mjs"],
        takes_socket: false,
    },
    Reader {
        language: "C#",
        needs: &["dotnet or npm"],
        build: &[&["cargo", "--quiet", "xtask", "csharp", "reader"]],
        run: &["{target}/examples/csharp/reader/reader"],
        takes_socket: false,
    },
    Reader {
        language: "Java",
        needs: &["java", "javac", "mvn"],
        build: &[&["cargo", "--quiet", "xtask", "java"]],
        run: &["java", "-jar", "{target}/java/examples/zinc-examples-0.1.0.jar"],
        takes_socket: false,
    },
];

impl Reader {
    /// The first program that it needs and that is not there.
    pub(crate) fn missing(&self) -> Option<&'static str> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let there = |program: &str| std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
        self.needs.iter().copied().find(|programs| !programs.split(" or ").any(there))
    }

    /// What builds it, one after the other.
    pub(crate) fn build(&self, python: &Path, root: &Path) -> Result<Vec<Command>> {
        let commands = self.build.iter().map(|words| {
            let mut command = command(words, python, root)?;
            command.current_dir(root);
            Ok(command)
        });
        commands.collect()
    }

    pub(crate) fn command(&self, python: &Path, root: &Path) -> Result<Command> {
        command(self.run, python, root)
    }
}

fn command(words: &[&str], python: &Path, root: &Path) -> Result<Command> {
    let target = target_folder()?;
    let mut words = words.iter().map(|word| {
        word.replace("{python}", &python.to_string_lossy())
            .replace("{root}", &root.to_string_lossy())
            .replace("{target}", &target.to_string_lossy())
            .replace("{release}", &target.join("release").to_string_lossy())
    });
    let program = words.next().context("a reader without a command line")?;
    let mut command = Command::new(program);
    command.args(words);
    Ok(command)
}

/// The one that this very program was built into: the readers are built with the same settings but for the profile.
fn target_folder() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let target = own.parent().and_then(Path::parent);
    Ok(target.with_context(|| format!("{} is not where cargo builds", own.display()))?.to_owned())
}
