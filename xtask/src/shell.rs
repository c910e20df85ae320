//! Runs commands one by one: a line on the terminal for each, their output in a log, its end shown when one fails.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Instant;

use crate::project::Project;
use anyhow::{Context, Result, bail, ensure};

/// How much of a log is shown when a command fails.
const TAIL: usize = 100;

/// One named series of commands with one log.
pub(crate) struct Shell<'a> {
    project: &'a Project,
    log: PathBuf,
    echo: bool,
}

impl<'a> Shell<'a> {
    /// The folder of all logs.
    pub(crate) fn logs(project: &Project) -> PathBuf {
        project.target().join("xtask/logs")
    }

    /// A shell with the log `NAME.log`, emptied first.
    pub(crate) fn new(project: &'a Project, name: &str) -> Result<Self> {
        let log = Self::logs(project).join(name).with_extension("log");
        let folder = log.parent().context("a log lies in a folder")?;
        std::fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
        File::create(&log).with_context(|| format!("create {}", log.display()))?;
        Ok(Self { project, log, echo: true })
    }

    /// The same, but its commands are silent on the terminal, for work beside other work.
    pub(crate) fn silent(project: &'a Project, name: &str) -> Result<Self> {
        Ok(Self { echo: false, ..Self::new(project, name)? })
    }

    /// The project that the commands belong to.
    pub(crate) fn project(&self) -> &'a Project {
        self.project
    }

    /// Says something that the reader of the terminal and of the log should know.
    pub(crate) fn say(&self, text: &str) -> Result<()> {
        println!("  {text}");
        Ok(writeln!(self.open_log()?, "{text}")?)
    }

    /// Runs `command` to its end. `what` says on the terminal what it is for; the time it took follows.
    pub(crate) fn run(&self, what: &str, command: &mut Command) -> Result<()> {
        if self.echo {
            print!("  {what} ... ");
            std::io::stdout().flush()?;
        }
        let mut log = self.open_log()?;
        writeln!(log, "\n$ {}", display(command))?;
        let before = self.log()?.len();
        let started = Instant::now();
        let status = command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).status();
        if self.echo {
            let verdict = if status.as_ref().is_ok_and(ExitStatus::success) { "" } else { "FAILED, " };
            println!("{verdict}{:.1} s", started.elapsed().as_secs_f64());
        }
        let status = status.with_context(|| format!("{what}: run {}", display(command)))?;
        if !status.success() {
            bail!("{what}: {status}\n  $ {}\n{}", display(command), self.tail(before)?);
        }
        Ok(())
    }

    /// Everything that the commands have printed so far.
    pub(crate) fn log(&self) -> Result<String> {
        let bytes = std::fs::read(&self.log).with_context(|| format!("read {}", self.log.display()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The end of the log, as shown to people; nothing of its first `before` bytes.
    fn tail(&self, before: usize) -> Result<String> {
        let text = self.log()?;
        let lines: Vec<_> = text.get(before..).unwrap_or(&text).lines().collect();
        let shown = lines[lines.len().saturating_sub(TAIL)..].join("\n  | ");
        Ok(format!("  | {shown}\n  (all of it: {})", self.log.display()))
    }

    fn open_log(&self) -> Result<File> {
        File::options().append(true).open(&self.log).with_context(|| format!("open {}", self.log.display()))
    }
}

/// A command as one would type it.
pub(crate) fn display(command: &Command) -> String {
    let words = [command.get_program()].into_iter().chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// What `command` prints, without space around it, if it can be run and succeeds.
pub(crate) fn answer(command: &mut Command) -> Result<String> {
    let shown = display(command);
    let output = command.output().with_context(|| format!("run {shown}"))?;
    ensure!(output.status.success(), "{shown}: {}", output.status);
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
