//! Where the project is: its checkout, and the folder that holds everything built.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The checkout that this command belongs to.
pub(crate) struct Project {
    root: PathBuf,
    target: PathBuf,
}

impl Project {
    /// The checkout that cargo runs this program from.
    pub(crate) fn locate() -> Self {
        // What was compiled in may be another checkout, where two share a target folder.
        let own = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let root = Path::new(&own).parent().expect("xtask is a folder of the project");
        let target =
            std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| root.join(dir));
        Self { root: root.to_owned(), target }
    }

    /// A path inside the checkout.
    pub(crate) fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }

    /// Cargo's target folder, where everything else that is built goes too.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// `program`, to be run in the root of the checkout.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        command
    }

    /// `cargo`, to be run in the root of the checkout.
    pub(crate) fn cargo(&self) -> Command {
        self.command("cargo")
    }
}
