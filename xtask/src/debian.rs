//! Debian's packages, where something that the project needs is one and this user may install it.

use std::process::Command;

use crate::shell::{Shell, answer};
use anyhow::{Result, ensure};

/// Installs packages; `why` says what cannot be done without them.
pub(crate) fn install(shell: &Shell, packages: &[&str], why: &str) -> Result<()> {
    let list = packages.join(" ");
    ensure!(can_install(), "{why}; install what Debian calls {list}");
    shell.say(&format!("{why}: installing Debian's {list}"))?;
    shell.run("apt-get update", Command::new("apt-get").args(["--quiet", "update"]))?;
    let mut install = Command::new("apt-get");
    install.env("DEBIAN_FRONTEND", "noninteractive");
    // What they recommend is for people at a terminal, and several times as much.
    install.args(["--quiet", "--yes", "--no-install-recommends", "install"]).args(packages);
    shell.run(&format!("apt-get install {list}"), &mut install)
}

/// Whether this is a machine, and a user, that packages can be installed by.
pub(crate) fn can_install() -> bool {
    let root = answer(Command::new("id").arg("-u")).is_ok_and(|id| id == "0");
    root && answer(Command::new("apt-get").arg("--version")).is_ok()
}
