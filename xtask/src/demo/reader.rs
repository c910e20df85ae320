//! A reader, as the demo knows it: what a reader does is in `examples/README.md`.

use std::path::Path;
use std::process::Command;

use crate::languages::CommandLine;

/// The names that the programs share; `ls /dev/shm` shows them, after `zinc.`, while the demo runs.
pub(super) const EMBEDDINGS: &str = "minilm-embeddings";
pub(super) const VOCABULARY: &str = "minilm-vocabulary";

/// A program that has been built.
pub(super) struct Reader {
    pub(super) language: &'static str,
    pub(super) command: CommandLine,
    /// Whether it also knows `--socket PATH`.
    pub(super) takes_socket: bool,
}

impl Reader {
    /// What starts it on the regions.
    pub(super) fn of_regions(&self) -> Command {
        let mut command = self.command.command();
        command.args([EMBEDDINGS, VOCABULARY]);
        command
    }

    /// What starts it on a socket instead.
    pub(super) fn of_socket(&self, socket: &Path) -> Command {
        let mut command = self.command.command();
        command.arg("--socket").arg(socket);
        command
    }
}
