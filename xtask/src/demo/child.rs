//! A program of the demo: lines in, lines out, and a limit to how long it may keep silent.

use std::io::{BufRead, BufReader, Write};
use std::process::{self, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::protocol::Said;

const SILENCE_LIMIT: Duration = Duration::from_secs(120);
const GOODBYE_LIMIT: Duration = Duration::from_secs(10);

/// A running program. Dropping it kills it, which harms nobody: peers may die at any time. An owner of regions
/// is first asked, by the end of its input, to give them back and go.
pub(crate) struct Child {
    who: String,
    process: process::Child,
    input: Option<ChildStdin>,
    lines: Receiver<std::io::Result<String>>,
    owner: bool,
    gone: bool,
}

impl Child {
    pub(crate) fn start(who: impl Into<String>, command: &mut Command) -> Result<Self> {
        let who = who.into();
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {who}: {command:?}"))?;
        let input = process.stdin.take();
        let output = process.stdout.take().context("a piped output")?;
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines() {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Self { who, process, input, lines, owner: false, gone: false })
    }

    /// Says that the program owns regions.
    pub(crate) fn owner(mut self) -> Self {
        self.owner = true;
        self
    }

    pub(crate) fn who(&self) -> &str {
        &self.who
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Sends one line.
    pub(crate) fn tell(&mut self, line: &str) -> Result<()> {
        let input = self.input.as_mut().context("the input has ended")?;
        writeln!(input, "{line}").with_context(|| format!("telling {} {line:?}", self.who))
    }

    /// Takes one line.
    pub(crate) fn hear(&mut self) -> Result<Said> {
        match self.lines.recv_timeout(SILENCE_LIMIT) {
            Ok(line) => {
                let line = line.with_context(|| format!("reading what {} says", self.who))?;
                serde_json::from_str(&line).with_context(|| format!("{} said {line:?}", self.who))
            }
            Err(RecvTimeoutError::Timeout) => {
                bail!("{} has said nothing for {} s", self.who, SILENCE_LIMIT.as_secs())
            }
            Err(RecvTimeoutError::Disconnected) => {
                let status = self.process.wait()?;
                self.gone = true;
                bail!("{} ended ({status}) where it should have gone on; its words are above", self.who)
            }
        }
    }

    pub(crate) fn expect_ready(&mut self) -> Result<()> {
        match self.hear()? {
            Said::Ready => Ok(()),
            other => bail!("{} should be ready, but said {other:?}", self.who),
        }
    }

    /// Ends the program's input and sees that it goes, and goes well.
    pub(crate) fn finish(self) -> Result<()> {
        self.run(GOODBYE_LIMIT)
    }

    /// Gives the program no input and lets it run to its end.
    pub(crate) fn run(mut self, limit: Duration) -> Result<()> {
        drop(self.input.take());
        ensure!(self.silent_within(limit), "{} was still running after {} s", self.who, limit.as_secs());
        let status = self.process.wait()?;
        self.gone = true;
        ensure!(status.success(), "{} failed ({status}); its words are above", self.who);
        Ok(())
    }

    /// Whether the program closes its output, which it does by ending, within the limit.
    fn silent_within(&self, limit: Duration) -> bool {
        let end = Instant::now() + limit;
        loop {
            match self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(_) => {}
                Err(error) => return error == RecvTimeoutError::Disconnected,
            }
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if self.gone {
            return;
        }
        drop(self.input.take());
        if !self.owner || !self.silent_within(GOODBYE_LIMIT) {
            // Fails only if it has gone meanwhile.
            let _ = self.process.kill();
        }
        let _ = self.process.wait();
    }
}
