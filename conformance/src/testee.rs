//! A testee: a process of one language that takes commands and answers them, one JSON object a line.

use crate::answer::{self, Answer, Outcome};
use crate::languages::Language;
use anyhow::{Context, Result, anyhow, bail, ensure};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// The version of the protocol that a testee must name.
const PROTOCOL: u64 = 1;
/// How long a runtime may take to start, on a busy machine.
const STARTUP: Duration = Duration::from_secs(60);

/// What a testee says of itself.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Hello {
    protocol: u64,
    pid: u32,
    /// The version of Zinc that it runs on.
    pub(crate) version: String,
    /// What it can do beside what every testee does.
    pub(crate) can: Vec<String>,
}

/// A running testee. Dropping it kills it.
pub(crate) struct Testee {
    pub(crate) language: String,
    pub(crate) hello: Hello,
    child: Child,
    stdin: Option<ChildStdin>,
    answers: Receiver<Result<(u64, Answer)>>,
    early: HashMap<u64, Answer>,
    stderr: File,
    last_id: u64,
}

impl Testee {
    /// Starts one, and waits until it has said hello.
    pub(crate) fn start(language: &Language, default_directory: &Path) -> Result<Self> {
        let stderr = tempfile::tempfile()?;
        let mut child = Command::new(&language.command[0])
            .args(&language.command[1..])
            .env("ZINC_DIR", default_directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(stderr.try_clone()?)
            .spawn()
            .with_context(|| format!("start {:?}", language.command))?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().context("the testee's output is a pipe")?;
        let (sender, answers) = channel();
        std::thread::spawn(move || read_answers(stdout, &sender));
        let hello = Hello { protocol: 0, pid: 0, version: String::new(), can: Vec::new() };
        let language = language.name.clone();
        let early = HashMap::new();
        let mut testee = Self { language, hello, child, stdin, answers, early, stderr, last_id: 0 };
        testee.greet().with_context(|| format!("the {} testee did not say hello", testee.language))?;
        Ok(testee)
    }

    fn greet(&mut self) -> Result<()> {
        let (id, _) = self.send("hello", &Map::new(), false)?;
        let answer = self.answer(id, Instant::now() + STARTUP)?;
        let Outcome::Value(value) = answer.outcome else { bail!("{}", answer.line) };
        self.hello = serde_json::from_value(value).with_context(|| answer.line.clone())?;
        ensure!(self.hello.protocol == PROTOCOL, "it speaks another protocol: {}", answer.line);
        ensure!(
            self.hello.pid == self.pid(),
            "its command must become the testee's process (exec), for signals"
        );
        Ok(())
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a command; gives its id and the line as sent.
    pub(crate) fn send(
        &mut self,
        command: &str,
        args: &Map<String, Value>,
        background: bool,
    ) -> Result<(u64, String)> {
        self.last_id += 1;
        let mut fields = args.clone();
        fields.insert("id".into(), json!(self.last_id));
        fields.insert("do".into(), json!(command));
        if background {
            fields.insert("background".into(), json!(true));
        }
        let line = Value::Object(fields).to_string();
        let stdin = self.stdin.as_mut().context("the testee's input has ended")?;
        let sent = stdin.write_all(format!("{line}\n").as_bytes()).and_then(|()| stdin.flush());
        sent.map_err(|error| {
            anyhow!("the {} testee takes no commands: {error}{}", self.language, self.last_words())
        })?;
        Ok((self.last_id, line))
    }

    /// Waits for the answer to the command with this id.
    pub(crate) fn answer(&mut self, id: u64, until: Instant) -> Result<Answer> {
        self.await_answer(id, until)?;
        self.early.remove(&id).context("the answer has come")
    }

    /// Waits until the answer to the command with this id has come, and leaves it.
    pub(crate) fn await_answer(&mut self, id: u64, until: Instant) -> Result<()> {
        while !self.early.contains_key(&id) {
            match self.answers.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(Ok((other, answer))) => {
                    self.early.insert(other, answer);
                }
                Ok(Err(error)) => {
                    return Err(error.context(format!("the {} testee{}", self.language, self.last_words())));
                }
                Err(RecvTimeoutError::Timeout) => {
                    bail!("no answer from the {} testee in time{}", self.language, self.last_words());
                }
                Err(RecvTimeoutError::Disconnected) => {
                    bail!("the {} testee ended{}", self.language, self.last_words());
                }
            }
        }
        Ok(())
    }

    /// SIGKILL; returns when the process is gone, all its locks with it.
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Ends its input and waits until it has ended by itself.
    pub(crate) fn end(&mut self, until: Instant) -> Result<()> {
        self.stdin = None;
        let status = crate::proc::poll(until, "the testee to end", || Ok(self.child.try_wait()?))?;
        ensure!(status.success(), "the {} testee ended with {status}{}", self.language, self.last_words());
        Ok(())
    }

    /// The end of what it wrote to its error output.
    fn last_words(&self) -> String {
        let mut end = vec![0; 2000];
        let from = self.stderr.metadata().map_or(0, |file| file.len().saturating_sub(end.len() as u64));
        // Not by seeking: the testee writes at the position that both share.
        let read = self.stderr.read_at(&mut end, from).unwrap_or(0);
        if read == 0 {
            String::new()
        } else {
            format!("; it wrote:\n{}", String::from_utf8_lossy(&end[..read]))
        }
    }
}

impl Drop for Testee {
    fn drop(&mut self) {
        // Killing fails only when it has ended already, which is what is wanted.
        let _ = self.kill();
    }
}

fn read_answers(stdout: ChildStdout, sender: &Sender<Result<(u64, Answer)>>) {
    for line in BufReader::new(stdout).lines() {
        let Ok(line) = line else { return };
        let answer = answer::parse(line, Instant::now());
        let last = answer.is_err();
        if sender.send(answer).is_err() || last {
            return;
        }
    }
}

/// Testees at rest, kept warm for the next case: a runtime's start costs more than most cases.
pub(crate) struct Pool<'a> {
    languages: &'a [Language],
    default_directory: &'a Path,
    at_rest: Mutex<HashMap<String, Vec<Testee>>>,
}

impl<'a> Pool<'a> {
    pub(crate) fn new(languages: &'a [Language], default_directory: &'a Path) -> Self {
        Self { languages, default_directory, at_rest: Mutex::default() }
    }

    /// A testee of that language, fresh as far as a case can tell.
    pub(crate) fn take(&self, language: &str) -> Result<Testee> {
        if let Some(testee) = self.lock().get_mut(language).and_then(Vec::pop) {
            return Ok(testee);
        }
        let row = self.languages.iter().find(|row| row.name == language);
        Testee::start(row.with_context(|| format!("no language {language}"))?, self.default_directory)
    }

    /// Takes back a testee that has closed and forgotten everything.
    pub(crate) fn give_back(&self, testee: Testee) {
        self.lock().entry(testee.language.clone()).or_default().push(testee);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Vec<Testee>>> {
        self.at_rest.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
