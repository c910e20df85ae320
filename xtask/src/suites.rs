//! The suites of `cargo xtask test`: what one is, those that are no language's, and all of them in their order.

use std::process::Command;

use crate::conformance;
use crate::languages::{LANGUAGES, Python};
use crate::reports::Tally;
use crate::shell::Shell;
use anyhow::{Context, Result};

/// One row of the summary.
pub(crate) struct Suite {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// Languages by name; the suite is skipped where the tools of one are missing.
    pub(crate) needs: &'static [&'static str],
    /// Whether it runs counted tests. Such a suite fails when it ran none, say because a filter matched nothing.
    pub(crate) counted: bool,
    /// Whether nothing may run beside it: its tests watch the clock, or it keeps all processors busy itself.
    pub(crate) alone: bool,
    pub(crate) run: fn(&Shell, &mut Tally) -> Result<()>,
}

/// Every suite, in the order in which they run: what fails fast first, the whole story last.
pub(crate) fn all() -> Vec<&'static Suite> {
    let languages = LANGUAGES.iter().flat_map(|language| language.suites());
    CHECKS.iter().chain(languages).chain(TOGETHER).collect()
}

/// What looks at sources only.
const CHECKS: &[Suite] = &[
    Suite {
        name: "format",
        about: "Rust sources are formatted",
        needs: &["rust"],
        counted: false,
        alone: false,
        run: format,
    },
    Suite {
        name: "generated",
        about: "generated files match the spec",
        needs: &["rust"],
        counted: false,
        alone: false,
        run: |shell, _| shell.run("cargo xtask generate --check", own()?.args(["generate", "--check"])),
    },
    Suite {
        name: "lint",
        about: "clippy and rustdoc without a warning",
        needs: &["rust"],
        counted: false,
        alone: false,
        run: lint,
    },
];

/// Models of what the core and the C ABI share; it runs after the core's own tests.
pub(crate) const LOOM: Suite = Suite {
    name: "loom",
    about: "every interleaving of the wait protocol and of the C ABI's handles, within bounds",
    needs: &["rust"],
    counted: true,
    alone: false,
    run: loom,
};

/// What several languages do together, and what disturbs them.
const TOGETHER: &[Suite] = &[
    Suite {
        name: "examples",
        about: "the quickstart programs of Rust, Python, C++ and Go, each with each, in either order",
        needs: &["rust", "python"],
        counted: true,
        alone: true,
        run: examples,
    },
    Suite {
        name: "conformance",
        about: "one behaviour over every ordered pair of languages",
        needs: &["rust"],
        counted: true,
        alone: true,
        run: conformance::test,
    },
    Suite {
        name: "torture",
        about: "processes that are killed and stopped at random, a short run with a fixed seed",
        needs: &["rust"],
        counted: false,
        alone: true,
        run: |shell, _| shell.run("20 s of it", own()?.args(["torture", "--seconds", "20", "--seed", "9"])),
    },
    Suite {
        name: "fuzz",
        about: "arbitrary bytes and calls for everything that takes them, a short run of each target",
        needs: &["rust", "cpp"],
        counted: false,
        alone: true,
        run: |shell, _| shell.run("5 s of each target", own()?.args(["fuzz", "--seconds", "5"])),
    },
    Suite {
        name: "demo",
        about: "a model's weights shared between a Python loader and readers in every language",
        needs: &["rust", "python"],
        counted: false,
        alone: true,
        run: |shell, _| shell.run("cargo xtask demo", own()?.arg("demo")),
    },
];

fn format(shell: &Shell, _: &mut Tally) -> Result<()> {
    // The fuzz targets are a workspace of their own.
    for scope in [&["--all"][..], &["--manifest-path", "fuzz/Cargo.toml"]] {
        let mut fmt = shell.project().cargo();
        fmt.arg("fmt").args(scope).args(["--check", "--", "--color=never"]);
        shell.run(&format!("cargo fmt --check {}", scope.join(" ")), &mut fmt)?;
    }
    Ok(())
}

fn lint(shell: &Shell, _: &mut Tally) -> Result<()> {
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

fn loom(shell: &Shell, tally: &mut Tally) -> Result<()> {
    let flags = std::env::var("RUSTFLAGS").unwrap_or_default();
    let mut models = shell.project().cargo();
    models.env("RUSTFLAGS", format!("{flags} --cfg loom"));
    models.args(["test", "--package", "zinc", "--package", "zinc-sys", "--lib", "--test", "slab_model"]);
    models.args(["--profile", "instrumented", "--", "loom"]);
    tally.cargo(shell, "models of the core and of the C ABI under loom", &mut models)
}

/// The quickstarts of the languages whose tools are here; the tests say which are left out.
fn examples(shell: &Shell, tally: &mut Tally) -> Result<()> {
    let mut quickstart = shell.project().cargo();
    quickstart.args(["test", "--package", "zinc-example-nearest", "--", "--show-output"]);
    Python::offer(shell, &mut quickstart)?;
    for language in LANGUAGES.iter().filter(|language| language.find(shell.project()).is_ok()) {
        if let Some(folder) = language.quickstart(shell)? {
            quickstart.env(format!("ZINC_QUICKSTART_{}", language.name().to_uppercase()), folder);
        }
    }
    tally.cargo(shell, "quickstart and reader", &mut quickstart)
}

/// This program again, so that what it prints can be logged.
fn own() -> Result<Command> {
    Ok(Command::new(std::env::current_exe().context("find this program")?))
}
