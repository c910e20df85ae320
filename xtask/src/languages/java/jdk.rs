//! The JDKs of the machine: the newest, which builds everything, and the oldest that Zinc supports, to test on; and Maven.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::debian;
use crate::shell::{Shell, answer};
use anyhow::{Context, Result, ensure};

/// The oldest Java that the package supports.
const OLDEST: u32 = 17;

/// The Java from which on it has memory segments.
pub(crate) const SEGMENTS: u32 = 22;

/// Where Debian and others put JDKs.
const FOLDER: &str = "/usr/lib/jvm";

/// A JDK.
#[derive(Clone)]
pub(crate) struct Jdk {
    pub(crate) home: PathBuf,
    /// The first number of its version.
    pub(crate) feature: u32,
    version: String,
}

impl Jdk {
    /// What lies in this folder, if that is a JDK and not too old.
    fn at(home: &Path) -> Option<Self> {
        let home = home.canonicalize().ok()?;
        let release = std::fs::read_to_string(home.join("release")).ok()?;
        let version = release.lines().find_map(|line| line.strip_prefix("JAVA_VERSION="))?.trim_matches('"');
        let feature = version.split(['.', '-', '+']).next()?.parse().ok()?;
        (feature >= OLDEST && home.join("bin/javac").is_file()).then(|| Self {
            home: home.clone(),
            feature,
            version: version.to_owned(),
        })
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.home.join("bin").join(name)
    }
}

/// The JDKs that there are, the oldest first: the environment's, the one on PATH, those in their usual place.
fn all() -> Vec<Jdk> {
    let named = std::env::var_os("JAVA_HOME").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).find_map(|folder| folder.join("javac").canonicalize().ok());
    let on_path = on_path.and_then(|javac| Some(javac.parent()?.parent()?.to_owned()));
    let usual = std::fs::read_dir(FOLDER).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut found: Vec<_> =
        named.into_iter().chain(on_path).chain(usual).filter_map(|home| Jdk::at(&home)).collect();
    found.sort_by_key(|jdk| jdk.feature);
    found
}

/// The newest JDK.
pub(crate) fn newest() -> Result<Jdk> {
    all().pop().with_context(|| format!("no JDK {OLDEST} or newer in JAVA_HOME, on PATH or in {FOLDER}"))
}

/// The oldest JDK that will do.
pub(crate) fn base() -> Result<Jdk> {
    all().into_iter().next().context("no JDK")
}

/// The versions that are there, or what is missing.
pub(crate) fn find() -> Result<String> {
    let newest = newest()?;
    ensure!(
        newest.feature >= SEGMENTS,
        "the newest JDK is {}; the testee and some tests want {SEGMENTS} or newer",
        newest.version
    );
    ensure!(maven() || debian::can_install(), "install Maven");
    Ok(format!("JDK {} and {}", base()?.version, newest.version))
}

/// Maven, and the oldest JDK to test on.
pub(crate) fn prepare(shell: &Shell) -> Result<()> {
    let mut missing = Vec::new();
    if !maven() {
        missing.push("maven");
    }
    if base()?.feature != OLDEST {
        missing.push("openjdk-17-jdk-headless");
    }
    if missing.is_empty() {
        return Ok(());
    }
    debian::install(shell, &missing, "the Java package is built by Maven and tested on two JDKs")
}

/// Whether Maven is there.
fn maven() -> bool {
    answer(Command::new("mvn").arg("--version")).is_ok()
}
