//! Node, Bun and Deno, ready for use: the tools from npm, and the addon where its wrapper looks for it.

use std::path::PathBuf;
use std::process::Command;

use crate::once::Once;
use crate::project::Project;
use crate::shell::{Shell, answer};
use anyhow::{Context, Result, bail, ensure};

/// The oldest Node that the package supports.
const OLDEST: u32 = 20;

/// The version of Node, or what is missing.
pub(crate) fn find_node(project: &Project) -> Result<String> {
    let version = answer(project.command("node").arg("--version")).context("install Node 20 or newer")?;
    let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    ensure!(major.is_some_and(|major| major >= OLDEST), "Node {version} is older than {OLDEST}");
    let npm =
        answer(project.command("npm").arg("--version")).context("npm comes with Node, but is not there")?;
    Ok(format!("Node {version}, npm {npm}"))
}

/// The version of a tool that npm gets, or what is missing.
pub(crate) fn find(project: &Project, tool: &str) -> Result<String> {
    find_node(project)?;
    let path = project.path("package.json");
    let text = std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
    let package: serde_json::Value = serde_json::from_str(&text)?;
    let version =
        package["devDependencies"][tool].as_str().with_context(|| format!("no {tool} to install"))?;
    Ok(format!("{tool} {version}, from npm"))
}

static WITH_TOOLS: Once<()> = Once::new();
static WITH_ADDON: Once<()> = Once::new();

/// The three runtimes, ready to load the addon.
pub(crate) struct NodeEnv<'a> {
    project: &'a Project,
}

impl<'a> NodeEnv<'a> {
    /// The runtimes with the tools of package.json and the current addon.
    pub(crate) fn ready(shell: &Shell<'a>) -> Result<Self> {
        let env = Self::with_tools(shell)?;
        WITH_ADDON.get(|| env.build_addon(shell))?;
        Ok(env)
    }

    /// The runtimes with the tools, but the addon perhaps missing or out of date.
    pub(crate) fn with_tools(shell: &Shell<'a>) -> Result<Self> {
        let env = Self { project: shell.project() };
        WITH_TOOLS.get(|| {
            env.install_tools(shell)?;
            env.link("bun", "@oven", "bin/bun")?;
            env.link("deno", "@deno", "deno")
        })?;
        Ok(env)
    }

    /// A runtime, to be run in the root of the checkout.
    pub(crate) fn runtime(&self, name: &str) -> Command {
        match name {
            "node" => self.project.command("node"),
            other => self.project.command(self.runtimes().join(other)),
        }
    }

    /// Where Bun and Deno are found by their names.
    fn runtimes(&self) -> PathBuf {
        self.project.target().join("runtimes")
    }

    /// Installs what package.json names, unless just that was installed before.
    fn install_tools(&self, shell: &Shell) -> Result<()> {
        let modules = self.project.path("node_modules");
        let wanted = std::fs::read(self.project.path("package.json")).context("read package.json")?;
        let copy = modules.join(".package.json");
        if std::fs::read(&copy).is_ok_and(|installed| installed == wanted) {
            return Ok(());
        }
        // The packages' own scripts would only move their binaries to where they are not looked for here.
        let mut npm = self.project.command("npm");
        npm.args(["install", "--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund"]);
        shell.run("npm install", &mut npm)?;
        std::fs::write(&copy, wanted).with_context(|| format!("write {}", copy.display()))
    }

    /// Makes a runtime's binary findable by its name. npm puts it into a package for the platform.
    fn link(&self, name: &str, scope: &str, inside: &str) -> Result<()> {
        let folder = self.project.path("node_modules").join(scope);
        let arch = match std::env::consts::ARCH {
            "x86_64" => "x64",
            "aarch64" if scope == "@oven" => "aarch64",
            "aarch64" => "arm64",
            other => bail!("npm has no {name} for {other}"),
        };
        let package = match name {
            "bun" => format!("bun-linux-{arch}"),
            _ => format!("linux-{arch}-glibc"),
        };
        let binary = folder.join(package).join(inside);
        ensure!(binary.exists(), "npm did not bring {}", binary.display());
        std::fs::create_dir_all(self.runtimes())?;
        let link = self.runtimes().join(name);
        if std::fs::read_link(&link).is_ok_and(|target| target == binary) {
            return Ok(());
        }
        let _ = std::fs::remove_file(&link);
        std::os::unix::fs::symlink(&binary, &link).with_context(|| format!("link {}", link.display()))
    }

    /// Builds the addon and puts it beside the wrapper, under the name that napi-rs gives it.
    fn build_addon(&self, shell: &Shell) -> Result<()> {
        let build = ["build", "--release", "--package", "zinc-node"];
        shell.run("build the addon", self.project.cargo().args(build))?;
        let arch = if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" };
        let folder = self.project.path("crates/zinc-node/js");
        let built = self.project.target().join("release/libzinc_node.so");
        // Renamed into place: a process that has the old one loaded keeps it.
        let fresh = folder.join(".fresh.node");
        std::fs::copy(&built, &fresh).with_context(|| format!("copy {}", built.display()))?;
        Ok(std::fs::rename(fresh, folder.join(format!("zinc.linux-{arch}-gnu.node")))?)
    }
}
