//! Runs commands one by one: a line on the terminal for each, their output in a log, its end shown when one fails.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
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
    voice: Voice,
}

/// How the terminal hears of commands.
enum Voice {
    /// A line for each, which ends when the command does.
    Alone,
    /// The same beside other work: two lines, with what they belong to.
    Beside(String),
    Silent,
}

impl<'a> Shell<'a> {
    /// The folder of all logs.
    pub(crate) fn logs(project: &Project) -> PathBuf {
        project.target().join("xtask/logs")
    }

    /// A shell with the log `NAME.log`, emptied first.
    pub(crate) fn new(project: &'a Project, name: &str) -> Result<Self> {
        Self::with_voice(project, name, Voice::Alone)
    }

    /// The same for work beside other work, whose lines begin with `label`.
    pub(crate) fn beside(project: &'a Project, name: &str, label: &str) -> Result<Self> {
        Self::with_voice(project, name, Voice::Beside(label.to_owned()))
    }

    /// The same, but nothing appears on the terminal.
    pub(crate) fn silent(project: &'a Project, name: &str) -> Result<Self> {
        Self::with_voice(project, name, Voice::Silent)
    }

    fn with_voice(project: &'a Project, name: &str, voice: Voice) -> Result<Self> {
        let log = Self::logs(project).join(name).with_extension("log");
        let folder = log.parent().context("a log lies in a folder")?;
        std::fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
        File::create(&log).with_context(|| format!("create {}", log.display()))?;
        Ok(Self { project, log, voice })
    }

    /// The project that the commands belong to.
    pub(crate) fn project(&self) -> &'a Project {
        self.project
    }

    /// A place beside the log for a file that a command will write; there is none yet.
    pub(crate) fn fresh_file(&self, name: &str) -> Result<PathBuf> {
        let folder = self.log.with_extension("");
        std::fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
        let file = folder.join(name);
        remove_if_there(&file)?;
        Ok(file)
    }

    /// Says something that the reader of the terminal and of the log should know.
    pub(crate) fn say(&self, text: &str) -> Result<()> {
        match &self.voice {
            Voice::Alone => println!("  {text}"),
            Voice::Beside(label) => println!("  {label}: {text}"),
            Voice::Silent => {}
        }
        Ok(writeln!(self.open_log()?, "{text}")?)
    }

    /// Runs `command` to its end. `what` says on the terminal what it is for; the time it took follows.
    pub(crate) fn run(&self, what: &str, command: &mut Command) -> Result<()> {
        self.attempt(what, command).0
    }

    /// The same, and what the command wrote, even if it failed.
    pub(crate) fn attempt(&self, what: &str, command: &mut Command) -> (Result<()>, String) {
        self.log_of(what, command, |command, log| {
            Ok(command.stdout(log.try_clone()?).stderr(log.try_clone()?).status()?)
        })
    }

    /// The same; of each line on the command's standard output, the log gets what `heard` makes of it.
    pub(crate) fn listen(
        &self,
        what: &str,
        command: &mut Command,
        mut heard: impl FnMut(&str) -> String,
    ) -> (Result<()>, String) {
        self.log_of(what, command, |command, log| {
            let mut child = command.stdout(Stdio::piped()).stderr(log.try_clone()?).spawn()?;
            for line in BufReader::new(child.stdout.take().context("a piped output")?).lines() {
                log.write_all(heard(&line?).as_bytes())?;
            }
            Ok(child.wait()?)
        })
    }

    /// Runs a command by `run`; what the log has of it.
    fn log_of(
        &self,
        what: &str,
        command: &mut Command,
        run: impl FnOnce(&mut Command, &mut File) -> Result<ExitStatus>,
    ) -> (Result<()>, String) {
        let mut said = String::new();
        let result = self.run_aloud(what, command, run, &mut said);
        (result, said)
    }

    fn run_aloud(
        &self,
        what: &str,
        command: &mut Command,
        run: impl FnOnce(&mut Command, &mut File) -> Result<ExitStatus>,
        said: &mut String,
    ) -> Result<()> {
        let mut log = self.open_log()?;
        writeln!(log, "\n$ {}", display(command))?;
        let before = log.metadata()?.len();
        match &self.voice {
            Voice::Alone => {
                print!("  {what} ... ");
                std::io::stdout().flush()?;
            }
            Voice::Beside(label) => println!("  {label}: {what} ..."),
            Voice::Silent => {}
        }
        let started = Instant::now();
        let status = run(command.stdin(Stdio::null()), &mut log);
        let verdict = if status.as_ref().is_ok_and(ExitStatus::success) { "" } else { "FAILED, " };
        let seconds = started.elapsed().as_secs_f64();
        match &self.voice {
            Voice::Alone => println!("{verdict}{seconds:.1} s"),
            Voice::Beside(label) => println!("  {label}: {what}: {verdict}{seconds:.1} s"),
            Voice::Silent => {}
        }
        *said = self.log_since(before)?;
        let status = status.with_context(|| format!("{what}: run {}", display(command)))?;
        if !status.success() {
            bail!("{what}: {status}\n  $ {}\n{}", display(command), self.tail(said));
        }
        Ok(())
    }

    /// Everything that the commands have printed so far.
    pub(crate) fn log(&self) -> Result<String> {
        self.log_since(0)
    }

    fn log_since(&self, before: u64) -> Result<String> {
        let read = || -> std::io::Result<Vec<u8>> {
            let mut file = File::open(&self.log)?;
            file.seek(SeekFrom::Start(before))?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        let bytes = read().with_context(|| format!("read {}", self.log.display()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The end of what a command wrote, as shown to people.
    fn tail(&self, said: &str) -> String {
        let lines: Vec<_> = said.lines().collect();
        let shown = lines[lines.len().saturating_sub(TAIL)..].join("\n  | ");
        format!("  | {shown}\n  (all of it: {})", self.log.display())
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

/// Sees that there is no such file, nor a folder.
pub(crate) fn remove_if_there(path: &Path) -> Result<()> {
    let done = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    match done {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("remove {}", path.display()))
        }
        _ => Ok(()),
    }
}
