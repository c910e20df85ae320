//! The tables of `cargo xtask test`: the toolchains it knows and the suites it runs. A new language is an entry in each.

use std::process::Command;

use crate::csharp;
use crate::dotnet_env;
use crate::java;
use crate::java_env;
use crate::native;
use crate::node_env;
use crate::project::Project;
use crate::python_env::{Host, PythonEnv};
use crate::shell::{Shell, answer};
use anyhow::{Context, Result};

/// What a language needs on the machine before its suites can run.
pub(crate) struct Toolchain {
    pub(crate) name: &'static str,
    /// Its version, or what is missing and how to get it.
    pub(crate) find: fn(&Project) -> Result<String>,
    /// What can be fetched or built ahead, while suites of other languages run.
    pub(crate) prepare: Option<fn(&Shell) -> Result<()>>,
}

/// One row of the summary.
pub(crate) struct Suite {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// Toolchains by name; the suite is skipped where one is missing.
    pub(crate) needs: &'static [&'static str],
    /// Whether it runs counted tests. Such a suite fails when it ran none, say because a filter matched nothing.
    pub(crate) counted: bool,
    pub(crate) run: fn(&Shell) -> Result<()>,
}

/// Every toolchain that some suite needs.
pub(crate) const TOOLCHAINS: &[Toolchain] = &[
    Toolchain { name: "rust", find: rust, prepare: None },
    Toolchain { name: "cpp", find: native::find_cpp, prepare: Some(native::prepare_cpp) },
    Toolchain { name: "go", find: native::find_go, prepare: None },
    Toolchain {
        name: "node",
        find: node_env::find_node,
        prepare: Some(|shell| node_env::NodeEnv::with_tools(shell).map(drop)),
    },
    // npm gets these two, as it does all that package.json names.
    Toolchain { name: "bun", find: node_env::find_bun, prepare: None },
    Toolchain { name: "deno", find: node_env::find_deno, prepare: None },
    Toolchain { name: "csharp", find: dotnet_env::find, prepare: None },
    Toolchain { name: "java", find: java_env::find, prepare: Some(java_env::prepare) },
    Toolchain { name: "python", find: python, prepare: Some(|shell| PythonEnv::with_tools(shell).map(drop)) },
];

/// Every suite, in the order in which they run: what fails fast first, the whole story last.
pub(crate) const SUITES: &[Suite] = &[
    Suite {
        name: "format",
        about: "Rust sources are formatted",
        needs: &["rust"],
        counted: false,
        run: format,
    },
    Suite {
        name: "generated",
        about: "generated files match the spec",
        needs: &["rust"],
        counted: false,
        run: |shell| shell.run("cargo xtask generate --check", own()?.args(["generate", "--check"])),
    },
    Suite {
        name: "lint",
        about: "clippy and rustdoc without a warning",
        needs: &["rust"],
        counted: false,
        run: lint,
    },
    Suite {
        name: "core",
        about: "unit, multi-process and doc tests of the core, and tests of the Rust tools",
        needs: &["rust"],
        counted: true,
        run: core,
    },
    Suite {
        name: "loom",
        about: "every interleaving of the wait protocol and of the C ABI's handles, within bounds",
        needs: &["rust"],
        counted: true,
        run: loom,
    },
    Suite {
        name: "python-lint",
        about: "ruff, mypy, and the stubs against the installed extension",
        needs: &["rust", "python"],
        counted: false,
        run: |shell| {
            python_tools(shell, &["ruff check", "ruff format --check", "mypy", "mypy.stubtest zinc"])
        },
    },
    Suite {
        name: "python",
        about: "tests of the Python package, installed from its wheel",
        needs: &["rust", "python"],
        counted: true,
        run: |shell| python_tools(shell, &["pytest"]),
    },
    Suite {
        name: "c-cpp",
        about: "the C ABI and zinc.hpp, as they are, under sanitizers and under valgrind",
        needs: &["rust", "cpp"],
        counted: true,
        run: native::test_cpp,
    },
    Suite {
        name: "go",
        about: "gofmt, vet, and the Go package's tests under the race detector",
        needs: &["rust", "go"],
        counted: true,
        run: native::test_go,
    },
    Suite {
        name: "node-lint",
        about: "deno fmt and lint, and tsc over programs that use the types",
        needs: &["rust", "node"],
        counted: false,
        run: node_env::lint,
    },
    Suite {
        name: "node",
        about: "tests of the npm package in Node",
        needs: &["rust", "python", "node"],
        counted: true,
        run: node_env::test_node,
    },
    Suite {
        name: "bun",
        about: "the same tests in Bun",
        needs: &["rust", "python", "node", "bun"],
        counted: true,
        run: node_env::test_bun,
    },
    Suite {
        name: "deno",
        about: "the same tests in Deno",
        needs: &["rust", "python", "node", "deno"],
        counted: true,
        run: node_env::test_deno,
    },
    // Without an SDK, Python's tools get one.
    Suite {
        name: "csharp",
        about: "the C# package for both of its targets, its tests, and the programs that use it",
        needs: &["rust", "csharp", "python"],
        counted: true,
        run: csharp::test,
    },
    Suite {
        name: "java",
        about: "the jar's tests on the oldest and the newest JDK under -Xcheck:jni, the quickstart, Javadoc",
        needs: &["rust", "java"],
        counted: true,
        run: java::test,
    },
    Suite {
        name: "examples",
        about: "the quickstart programs of Rust, Python, C++ and Go, each with each, in either order",
        needs: &["rust", "python"],
        counted: true,
        run: examples,
    },
    Suite {
        name: "conformance",
        about: "one behaviour over every ordered pair of languages",
        needs: &["rust", "python"],
        counted: true,
        run: |shell| {
            shell.run("golden images", own()?.args(["conformance", "images", "--check"]))?;
            // Every language whose tools are here must take part.
            let here = TOOLCHAINS.iter().filter(|toolchain| (toolchain.find)(shell.project()).is_ok());
            let names: Vec<_> = here.map(|toolchain| toolchain.name).collect();
            shell.run("every pair", own()?.args(["conformance", "--require", &names.join(",")]))
        },
    },
    Suite {
        name: "torture",
        about: "processes that are killed and stopped at random, a short run with a fixed seed",
        needs: &["rust"],
        counted: false,
        run: |shell| shell.run("20 s of it", own()?.args(["torture", "--seconds", "20", "--seed", "9"])),
    },
    Suite {
        name: "fuzz",
        about: "arbitrary bytes and calls for everything that takes them, a short run of each target",
        needs: &["rust", "cpp"],
        counted: false,
        run: |shell| shell.run("5 s of each target", own()?.args(["fuzz", "--seconds", "5"])),
    },
    Suite {
        name: "demo",
        about: "a model's weights shared between a Python loader and readers in every language",
        needs: &["rust", "python"],
        counted: false,
        run: |shell| shell.run("cargo xtask demo", own()?.arg("demo")),
    },
];

fn rust(project: &Project) -> Result<String> {
    for component in ["fmt", "clippy"] {
        answer(project.cargo().args([component, "--version"])).with_context(|| {
            format!("cargo {component}: `rustup component add rustfmt clippy` installs it")
        })?;
    }
    answer(project.command("rustc").arg("--version"))
}

fn python(_: &Project) -> Result<String> {
    Host::find().map(|host| format!("Python {}", host.version))
}

fn format(shell: &Shell) -> Result<()> {
    // The fuzz targets are a workspace of their own.
    for scope in [&["--all"][..], &["--manifest-path", "fuzz/Cargo.toml"]] {
        let mut fmt = shell.project().cargo();
        fmt.arg("fmt").args(scope).args(["--check", "--", "--color=never"]);
        shell.run(&format!("cargo fmt --check {}", scope.join(" ")), &mut fmt)?;
    }
    Ok(())
}

fn lint(shell: &Shell) -> Result<()> {
    let cargo = |command: &str| {
        let mut cargo = shell.project().cargo();
        // The Python extension is for the stable ABI: checking it needs no interpreter, and no library to link with.
        cargo.env("PYO3_NO_PYTHON", "1").env("PYO3_BUILD_EXTENSION_MODULE", "1");
        cargo.args([command, "--workspace", "--all-features"]);
        cargo
    };
    shell.run("cargo clippy", cargo("clippy").args(["--all-targets", "--", "-D", "warnings"]))?;
    shell.run("cargo doc", cargo("doc").arg("--no-deps").env("RUSTDOCFLAGS", "-Dwarnings"))
}

fn core(shell: &Shell) -> Result<()> {
    // The output of passing tests is kept: it says what was skipped, and why.
    let shown = ["--", "--show-output"];
    let mut zinc = shell.project().cargo();
    shell.run("tests of the core", zinc.args(["test", "--package", "zinc", "--all-features"]).args(shown))?;
    let mut tools = shell.project().cargo();
    tools.args(["test", "--package", "xtask", "--package", "zinc-conformance"]).args(shown);
    shell.run("tests of the Rust tools", &mut tools)
}

fn loom(shell: &Shell) -> Result<()> {
    let flags = std::env::var("RUSTFLAGS").unwrap_or_default();
    for (package, target) in [("zinc", &["--lib"][..]), ("zinc-sys", &["--test", "slab_model"])] {
        let mut models = shell.project().cargo();
        models.env("RUSTFLAGS", format!("{flags} --cfg loom"));
        models.args(["test", "--package", package, "--release"]).args(target).args(["--", "loom"]);
        shell.run(&format!("models of {package} under loom"), &mut models)?;
    }
    Ok(())
}

/// Runs Python modules, each with its arguments, in the root of the checkout: pyproject.toml says the rest.
fn python_tools(shell: &Shell, tools: &[&str]) -> Result<()> {
    let env = PythonEnv::ready(shell)?;
    for tool in tools {
        let mut command = env.python();
        command.current_dir(shell.project().path("")).arg("-m").args(tool.split(' '));
        shell.run(tool, &mut command)?;
    }
    Ok(())
}

fn examples(shell: &Shell) -> Result<()> {
    let env = PythonEnv::ready(shell)?;
    let mut quickstart = shell.project().cargo();
    quickstart.args(["test", "--package", "zinc-example-nearest", "--", "--show-output"]);
    env.offer(&mut quickstart);
    native::offer_quickstarts(shell, &mut quickstart)?;
    shell.run("quickstart and reader", &mut quickstart)
}

/// This program again, so that what it prints can be logged.
fn own() -> Result<Command> {
    Ok(Command::new(std::env::current_exe().context("find this program")?))
}
