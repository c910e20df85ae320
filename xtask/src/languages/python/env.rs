//! The project's own Python environment: a venv with pinned tools and the zinc wheel, as a user would install it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::debian;
use crate::once::Once;
use crate::shell::{Shell, answer};
use anyhow::{Context, Result, bail, ensure};

/// What the tests and the tools of the Python package need.
const REQUIREMENTS: &str = "crates/zinc-py/tests/requirements.txt";

/// The oldest Python that the package supports, as (major, minor).
const OLDEST: (u32, u32) = (3, 11);

static WITH_TOOLS: Once<PythonEnv> = Once::new();
static WITH_ZINC: Once<PythonEnv> = Once::new();

/// A venv that is ready for use.
#[derive(Clone)]
pub(crate) struct PythonEnv {
    dir: PathBuf,
}

impl PythonEnv {
    /// The environment with the tools and the current zinc in it, made or brought up to date.
    pub(crate) fn ready(shell: &Shell) -> Result<Self> {
        WITH_ZINC.get(|| {
            let env = Self::with_tools(shell)?;
            env.install_zinc(shell)?;
            Ok(env)
        })
    }

    /// The environment with the tools in it, but zinc perhaps missing or out of date.
    pub(crate) fn with_tools(shell: &Shell) -> Result<Self> {
        WITH_TOOLS.get(|| {
            let env = Self { dir: shell.project().target().join("venv") };
            if !works(&env.interpreter()) {
                env.create(shell)?;
            }
            env.install_tools(shell)?;
            Ok(env)
        })
    }

    /// The interpreter, importing what is installed and never what lies in the current directory.
    pub(crate) fn python(&self) -> Command {
        let mut command = Command::new(self.interpreter());
        command.arg("-P").env_remove("PYTHONPATH").env_remove("PYTHONHOME");
        command
    }

    /// Installs the pinned tools, unless just those were installed before.
    fn install_tools(&self, shell: &Shell) -> Result<()> {
        let file = shell.project().path(REQUIREMENTS);
        let words = format!("pip install -r {REQUIREMENTS}");
        self.once(&file, "requirements.txt", || shell.run(&words, self.pip().arg("-r").arg(&file)))
    }

    /// Builds the wheel from the checkout and installs it, unless the one installed has the same bytes.
    fn install_zinc(&self, shell: &Shell) -> Result<()> {
        let project = shell.project();
        let out = project.target().join("xtask/wheel");
        if out.exists() {
            std::fs::remove_dir_all(&out).with_context(|| format!("empty {}", out.display()))?;
        }
        let mut maturin = project.command(self.bin().join("maturin"));
        maturin.args(["build", "--release", "--compatibility", "linux", "--interpreter"]);
        maturin.arg(self.interpreter()).arg("--out").arg(&out);
        // A wheel dated by the clock would never be the one that is installed.
        shell.run("build the zinc wheel", maturin.env("SOURCE_DATE_EPOCH", "315532800"))?;

        let wheel = only_file(&out)?;
        let mut pip = self.pip();
        pip.args(["--force-reinstall", "--no-deps"]).arg(&wheel);
        self.once(&wheel, "zinc.whl", || shell.run("install the zinc wheel", &mut pip))
    }

    /// Does `install`, unless it was done before with a `file` of the same bytes. The copy that tells is kept in the
    /// environment, so that it goes when the environment goes.
    fn once(&self, file: &Path, copy: &str, install: impl FnOnce() -> Result<()>) -> Result<()> {
        let wanted = std::fs::read(file).with_context(|| format!("read {}", file.display()))?;
        let copy = self.dir.join("installed").join(copy);
        if std::fs::read(&copy).is_ok_and(|installed| installed == wanted) {
            return Ok(());
        }
        install()?;
        std::fs::write(&copy, wanted).with_context(|| format!("write {}", copy.display()))
    }

    fn create(&self, shell: &Shell) -> Result<()> {
        let host = Host::find()?;
        if !host.can_make_venvs() {
            // Debian keeps `venv` in a package of its own, which a fresh machine may lack.
            debian::install(shell, &["python3-venv"], "this Python cannot make venvs")?;
        }
        let mut venv = Command::new(&host.executable);
        venv.args(["-m", "venv", "--clear"]).arg(&self.dir);
        shell.run(&format!("make a venv with Python {}", host.version), &mut venv)?;
        Ok(std::fs::create_dir_all(self.dir.join("installed"))?)
    }

    fn pip(&self) -> Command {
        let mut pip = self.python();
        pip.args(["-m", "pip", "install", "--disable-pip-version-check", "--no-input"]);
        pip
    }

    fn bin(&self) -> PathBuf {
        self.dir.join("bin")
    }

    /// The environment's interpreter.
    pub(crate) fn interpreter(&self) -> PathBuf {
        self.bin().join("python")
    }
}

/// A Python of the machine that is new enough.
pub(crate) struct Host {
    executable: String,
    pub(crate) version: String,
}

impl Host {
    /// The first suitable interpreter on PATH.
    pub(crate) fn find() -> Result<Self> {
        let names = ["python3".to_owned(), "python".to_owned()];
        let versioned = (OLDEST.1..OLDEST.1 + 10).rev().map(|minor| format!("python3.{minor}"));
        for name in names.into_iter().chain(versioned) {
            // `python3` may be a shim or a link: the venv is made with what stands behind it.
            let script = "import sys; print(sys.executable, *sys.version_info[:3], sep='\\n')";
            let Ok(output) = answer(Command::new(&name).args(["-c", script])) else { continue };
            let lines: Vec<_> = output.lines().collect();
            let [executable, major, minor, micro] = lines[..] else { continue };
            if (major.parse()?, minor.parse()?) >= OLDEST {
                let version = format!("{major}.{minor}.{micro}");
                return Ok(Self { executable: executable.to_owned(), version });
            }
        }
        bail!("no Python {}.{} or newer on PATH", OLDEST.0, OLDEST.1)
    }

    fn can_make_venvs(&self) -> bool {
        answer(Command::new(&self.executable).args(["-c", "import ensurepip, venv"])).is_ok()
    }
}

fn works(python: &Path) -> bool {
    answer(Command::new(python).args(["-c", "import pip"])).is_ok()
}

fn only_file(folder: &Path) -> Result<PathBuf> {
    let mut entries = std::fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))?;
    let first = entries.next().context("maturin made no wheel")??.path();
    ensure!(entries.next().is_none(), "more than one wheel in {}", folder.display());
    Ok(first)
}
