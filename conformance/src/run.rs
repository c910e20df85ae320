//! One run: the steps of one case, played by testees of one pair of languages, in a directory of their own.

use crate::answer::{Answer, Outcome};
use crate::case::{Call, Case, Expect, Line, Role, Step, Together};
use crate::check;
use crate::machine;
use crate::proc::{self, FileId};
use crate::spec::{InHeader, SPEC};
use crate::testee::{Pool, Testee};
use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The header fits the smallest page there is.
const HEADER_LEN: usize = 4096;

/// Where runs take place, and with whom.
pub(crate) struct Place<'a> {
    pub(crate) pool: &'a Pool<'a>,
    /// Holds a directory per run.
    pub(crate) base: &'a Path,
    pub(crate) images: &'a Path,
}

/// How a run ended.
pub(crate) enum Verdict {
    Passed,
    /// Nothing could be said, and why.
    Skipped(String),
    /// What went wrong, with everything that was sent and answered.
    Failed(String),
}

/// Plays `case` over creator x opener.
pub(crate) fn run(case: &Case, creator: &str, opener: &str, place: &Place<'_>) -> Verdict {
    let mut run = match Run::prepare(case, creator, opener, place) {
        Ok(run) => run,
        Err(error) => return Verdict::Failed(format!("{error:#}")),
    };
    if let Some(reason) = run.lacks() {
        run.rest();
        return Verdict::Skipped(reason);
    }
    match run.play().and_then(|()| run.leave()) {
        Ok(()) => {
            run.rest();
            Verdict::Passed
        }
        Err(error) => Verdict::Failed(format!("{error:#}\n{}", run.transcript)),
    }
}

/// A command whose answer is still to come.
struct Pending {
    role: Role,
    id: u64,
    sent: Instant,
}

struct Run<'a> {
    case: &'a Case,
    place: &'a Place<'a>,
    number: u64,
    directory: PathBuf,
    languages: BTreeMap<Role, String>,
    testees: BTreeMap<Role, Testee>,
    pending: HashMap<String, Pending>,
    /// The id of the last command with each label, answered or not.
    labelled: HashMap<String, u64>,
    /// Testees that have given up their user's rights, and are of no use to another case.
    spent: HashSet<Role>,
    /// Processes that a testee has forked off.
    children: Vec<u32>,
    /// Every file that ever had a name in the directory.
    files: HashSet<FileId>,
    transcript: String,
    until: Instant,
}

impl<'a> Run<'a> {
    fn prepare(case: &'a Case, creator: &str, opener: &str, place: &'a Place<'a>) -> Result<Self> {
        static NUMBER: AtomicU64 = AtomicU64::new(1);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let directory = place.base.join(number.to_string());
        fs::create_dir(&directory)?;
        // Another user's testee must get in, and make regions too.
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o1777))?;

        let language = |role| if role == Role::Opener { opener } else { creator };
        let languages: BTreeMap<_, _> =
            case.roles().into_iter().map(|role| (role, language(role).to_owned())).collect();
        let mut testees = BTreeMap::new();
        for (role, language) in &languages {
            testees.insert(*role, place.pool.take(language)?);
        }
        Ok(Self {
            case,
            place,
            number,
            directory,
            languages,
            testees,
            pending: HashMap::new(),
            labelled: HashMap::new(),
            spent: HashSet::new(),
            children: Vec::new(),
            files: HashSet::new(),
            transcript: String::new(),
            until: Instant::now() + case.watchdog,
        })
    }

    /// What the case needs and these testees or this machine have not.
    fn lacks(&self) -> Option<String> {
        let needs = &self.case.needs;
        for need in &needs.runner {
            if !machine::has(need) {
                return Some(format!("this machine or user lacks {need}"));
            }
        }
        for (role, testee) in &self.testees {
            let own = if *role == Role::Opener { &needs.opener } else { &needs.creator };
            for need in own.iter().chain(&needs.both) {
                if !testee.hello.can.contains(need) {
                    return Some(format!("{} cannot {need}", testee.language));
                }
            }
        }
        None
    }

    fn play(&mut self) -> Result<()> {
        let case = self.case;
        for (index, Line { text, step }) in case.steps.iter().enumerate() {
            if !matches!(step, Step::Call(_)) {
                self.note(text);
            }
            self.step(step).with_context(|| format!("step {}, {text}", index + 1))?;
        }
        Ok(())
    }

    fn step(&mut self, step: &Step) -> Result<()> {
        match step {
            Step::Call(call) => self.call(call),
            Step::Answers { labels, expect, at_least } => self.answers(labels, expect, *at_least),
            Step::Answered(label) => {
                let Pending { role, id, .. } = self.pending[label];
                let until = self.until;
                self.testee(role)?.await_answer(id, until)
            }
            Step::Kill(role) => {
                self.testees.get_mut(role).context("it has ended already")?.kill().map(|()| {
                    self.testees.remove(role);
                    self.pending.retain(|_, pending| pending.role != *role);
                })
            }
            Step::Stop(role) => {
                let pid = self.signal(*role, rustix::process::Signal::STOP)?;
                proc::poll(self.until, "the process to stop", || Ok(proc::stopped(pid)?.then_some(())))
            }
            Step::Resume(role) => self.signal(*role, rustix::process::Signal::CONT).map(|_| ()),
            Step::End(role) => {
                self.pending.retain(|_, pending| pending.role != *role);
                self.testees.remove(role).context("it has ended already")?.end(self.until)
            }
            Step::Start(role) => {
                ensure!(!self.testees.contains_key(role), "it is still running");
                self.testees.insert(*role, self.place.pool.take(&self.languages[role])?);
                Ok(())
            }
            Step::Parked(role) => {
                let pid = self.testee(*role)?.pid();
                self.remember_files()?;
                let what = format!("the {} to sleep on a region", role.name());
                proc::poll(self.until, &what, || Ok(proc::is_parked(pid, &self.files)?.then_some(())))
            }
            Step::Watching(role) => {
                let pid = self.testee(*role)?.pid();
                let directory = proc::file_id(&self.directory)?;
                proc::poll(self.until, "the directory to be watched", || {
                    Ok(proc::watches(pid, directory)?.then_some(()))
                })
            }
            Step::Image { image, name } => {
                let image = self.place.images.join(format!("{image}.zinc"));
                fs::copy(&image, self.file(name)).with_context(|| format!("copy {}", image.display()))?;
                Ok(())
            }
            Step::File { name, bytes } => Ok(fs::write(self.file(name), bytes)?),
            Step::Delete(name) => Ok(fs::remove_file(self.file(name))?),
            Step::Chown { name, uid } => Ok(std::os::unix::fs::chown(self.file(name), Some(*uid), None)?),
            Step::Poke { name, field, value } => {
                let field = SPEC.layout.field(field)?;
                let file = fs::File::options().write(true).open(self.file(name))?;
                Ok(file.write_all_at(&field.encode(value)?, field.offset as u64)?)
            }
            Step::Header { name, expect } => {
                let mut header = [0; HEADER_LEN];
                fs::File::open(self.file(name))?.read_exact_at(&mut header, 0)?;
                for (field, expect) in expect {
                    let found = SPEC.layout.field(field)?.get(&header);
                    ensure!(check::matches(expect, &found), "the header's {field} is {found}");
                }
                Ok(())
            }
            Step::Files(expect) => self.compare_files(expect),
        }
    }

    fn call(&mut self, call: &Call) -> Result<()> {
        let args = self.complete(call);
        let testee = self.testee(call.role)?;
        let sent = Instant::now();
        let (id, line) = testee.send(&call.command, &args, call.background)?;
        self.note(&format!("{:>7} < {line}", call.role.name()));
        let pending = Pending { role: call.role, id, sent };
        if let Some(label) = &call.later {
            self.labelled.insert(label.clone(), id);
            self.pending.insert(label.clone(), pending);
            return Ok(());
        }
        let answer = self.await_answer(&pending)?;
        check::answer(&answer.outcome, &call.expect)?;
        check::took(answer.at - sent, call.at_least)?;
        match (call.command.as_str(), &answer.outcome) {
            ("become", _) => {
                self.spent.insert(call.role);
            }
            ("fork", Outcome::Value(child)) => {
                let child = child["pid"].as_u64().context("fork gives the child's pid")?;
                self.children.push(u32::try_from(child)?);
            }
            _ => self.remember_files()?,
        }
        Ok(())
    }

    /// The arguments as they are sent: with the run's own directory, its number in names, and ids for labels.
    fn complete(&self, call: &Call) -> Map<String, Value> {
        let mut args = call.args.clone();
        if let Some(label) = &call.cancels {
            args.insert("wait".into(), json!(self.labelled[label]));
        }
        if let Some(Value::String(name)) = args.get_mut("name") {
            *name = name.replace('$', &self.number.to_string());
        }
        let takes_directory =
            SPEC.commands.iter().any(|known| known.name == call.command && known.options.is_some());
        match args.get("directory").and_then(Value::as_str) {
            // Where the testee's environment says.
            Some("default") => {
                args.remove("directory");
            }
            Some(inside) => {
                let path = self.directory.join(inside);
                args.insert("directory".into(), json!(path));
            }
            None if takes_directory => {
                args.insert("directory".into(), json!(self.directory));
            }
            None => {}
        }
        args
    }

    fn answers(&mut self, labels: &[String], expect: &Together, at_least: Duration) -> Result<()> {
        let mut outcomes = Vec::new();
        for label in labels {
            let pending =
                self.pending.remove(label).with_context(|| format!("{label} went with its process"))?;
            let answer = self.await_answer(&pending)?;
            check::took(answer.at - pending.sent, at_least)?;
            outcomes.push(answer.outcome);
        }
        self.remember_files()?;
        check::together(&outcomes, expect)
    }

    fn await_answer(&mut self, pending: &Pending) -> Result<Answer> {
        let until = self.until;
        let answer = self.testee(pending.role)?.answer(pending.id, until)?;
        self.note(&format!("{:>7} > {}", pending.role.name(), answer.line));
        Ok(answer)
    }

    /// After the last step: everything is closed, every wait has ended, nothing is left behind.
    fn leave(&mut self) -> Result<()> {
        for child in std::mem::take(&mut self.children) {
            kill(child);
        }
        let roles: Vec<_> = self.testees.keys().copied().collect();
        for role in &roles {
            let id = self.testee(*role)?.send("reset", &Map::new(), false)?.0;
            let answer = self.await_answer(&Pending { role: *role, id, sent: Instant::now() })?;
            check::answer(&answer.outcome, &Expect::Success).context("reset")?;
        }
        for role in roles {
            let pid = self.testee(role)?.pid();
            let open = proc::open_files_in(pid, &self.directory)?;
            ensure!(
                open == 0,
                "the {} has closed every handle and still has {open} open file(s)",
                role.name()
            );
        }
        let left = self.names()?;
        let stray: Vec<_> = left.iter().filter(|name| !self.case.leaves.contains(name)).collect();
        ensure!(stray.is_empty(), "all handles are closed, and these files are left: {stray:?}");
        Ok(())
    }

    /// Gives the testees that are fit for another case back.
    fn rest(mut self) {
        for (role, testee) in std::mem::take(&mut self.testees) {
            if !self.spent.contains(&role) {
                self.place.pool.give_back(testee);
            }
        }
    }

    fn compare_files(&self, expect: &[String]) -> Result<()> {
        let found = self.names()?;
        if found != expect {
            bail!("the directory holds {found:?}");
        }
        Ok(())
    }

    /// The names in the directory, sorted.
    fn names(&self) -> Result<Vec<String>> {
        let entries = fs::read_dir(&self.directory)?;
        let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        let mut names = names.collect::<Result<Vec<_>>>()?;
        names.sort();
        Ok(names)
    }

    fn remember_files(&mut self) -> Result<()> {
        for name in self.names()? {
            // A file may go between listing and looking.
            if let Ok(id) = proc::file_id(&self.directory.join(name)) {
                self.files.insert(id);
            }
        }
        Ok(())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.join(format!("zinc.{name}"))
    }

    fn testee(&mut self, role: Role) -> Result<&mut Testee> {
        self.testees.get_mut(&role).with_context(|| format!("the {} has ended", role.name()))
    }

    fn signal(&mut self, role: Role, signal: rustix::process::Signal) -> Result<u32> {
        let pid = self.testee(role)?.pid();
        let process = rustix::process::Pid::from_raw(pid.cast_signed()).context("a process id")?;
        rustix::process::kill_process(process, signal)?;
        Ok(pid)
    }

    fn note(&mut self, line: &str) {
        let left = self.until.saturating_duration_since(Instant::now());
        let elapsed = self.case.watchdog.saturating_sub(left);
        let _ = writeln!(self.transcript, "{:>9.3} ms {line}", elapsed.as_secs_f64() * 1000.0);
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        for child in std::mem::take(&mut self.children) {
            kill(child);
        }
        self.testees.clear();
        // What cannot be removed now goes with the directory that holds all runs.
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// Ends a process that a testee has forked off; it may have ended with its parent.
fn kill(pid: u32) {
    if let Some(process) = rustix::process::Pid::from_raw(pid.cast_signed()) {
        let _ = rustix::process::kill_process(process, rustix::process::Signal::KILL);
    }
}
