//! A case: behaviour written down as data, read from `cases/*.toml`, expanded and checked before anything runs.

use crate::expand;
use crate::machine;
use crate::spec::SPEC;
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::Duration;

mod parts;
mod step;

pub(crate) use parts::{Call, Expect, Role, Step, Together};

/// How long a whole case may take unless it says otherwise.
const WATCHDOG: u64 = 20;

/// The commands that are answered when they are over, and may be cancelled before.
pub(crate) const ASYNCHRONOUS: &[&str] = &["open_async", "wait_async"];

/// What a testee may or may not be able to do; values of an element type are `dtype:NAME`.
const CAPABILITIES: &[&str] =
    &["async", "async-open", "exit-handlers", "fork", "read-only-views", "setuid", "views"];

/// One case, ready to run over any pair of languages.
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) title: String,
    /// The file it was read from, which is its theme.
    pub(crate) theme: String,
    pub(crate) needs: Needs,
    pub(crate) watchdog: Duration,
    /// Names of files that may be left in the case's directory when all handles are closed.
    pub(crate) leaves: Vec<String>,
    pub(crate) steps: Vec<Line>,
}

/// A step, and what it looks like in its file.
pub(crate) struct Line {
    pub(crate) text: String,
    pub(crate) step: Step,
}

/// What must be there for the case to say anything.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Needs {
    /// Capabilities of the creator's and the third role's testee.
    pub(crate) creator: Vec<String>,
    pub(crate) opener: Vec<String>,
    pub(crate) both: Vec<String>,
    /// What the machine must offer: `root`, `page-4096`.
    pub(crate) runner: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    case: Vec<Raw>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    id: String,
    title: String,
    #[serde(default)]
    each: Vec<Map<String, Value>>,
    #[serde(default)]
    rounds: Option<Value>,
    #[serde(default)]
    needs: Value,
    #[serde(default)]
    watchdog: Option<u64>,
    #[serde(default)]
    leaves: Vec<String>,
    steps: Vec<Value>,
}

/// Reads every case in `dir`, in the order of file names, expanded and checked.
pub(crate) fn load(dir: &Path) -> Result<Vec<Case>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(dir).with_context(|| format!("read {}", dir.display()))? {
        paths.push(entry?.path());
    }
    paths.retain(|path| path.extension().is_some_and(|ext| ext == "toml"));
    paths.sort();

    let mut cases = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path)?;
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        // The number only puts the themes in order.
        let theme = stem.split_once('-').map_or(stem.as_str(), |(_, theme)| theme);
        let file: File = toml::from_str(&text).with_context(|| format!("parse {}", path.display()))?;
        for raw in file.case {
            let id = raw.id.clone();
            read(raw, theme, &mut cases).with_context(|| format!("{}: case {id}", path.display()))?;
        }
    }
    let mut ids = HashSet::new();
    for case in &cases {
        ensure!(ids.insert(&case.id), "there are two cases {}", case.id);
    }
    Ok(cases)
}

/// Turns one entry of a file into as many cases as its `each` has rows.
fn read(raw: Raw, theme: &str, cases: &mut Vec<Case>) -> Result<()> {
    let rows = if raw.each.is_empty() { vec![Map::new()] } else { raw.each };
    for row in rows {
        let row = expand::row(&row)?;
        let text = |text: &str| -> Result<String> {
            let value = expand::value(&Value::String(text.to_owned()), &row)?;
            value.as_str().map(str::to_owned).context("an id or title is text")
        };
        let needs = match expand::value(&raw.needs, &row)? {
            Value::Null => Needs::default(),
            needs => serde_json::from_value(needs).context("needs")?,
        };
        let mut steps = Vec::new();
        for round in expand::rounds(raw.rounds.as_ref())? {
            let mut names = row.clone();
            names.extend(round);
            for step in &raw.steps {
                let text = expand::value(step, &names)?;
                let step = Step::parse(&text).with_context(|| format!("step {text}"))?;
                steps.push(Line { text: text.to_string(), step });
            }
        }
        let watchdog = Duration::from_secs(raw.watchdog.unwrap_or(WATCHDOG));
        let (id, title) = (text(&raw.id)?, text(&raw.title)?);
        let case =
            Case { id, title, theme: theme.to_owned(), needs, watchdog, leaves: raw.leaves.clone(), steps };
        case.check()?;
        cases.push(case);
    }
    Ok(())
}

impl Case {
    /// The roles that take part.
    pub(crate) fn roles(&self) -> Vec<Role> {
        let calls = self.steps.iter().filter_map(|line| match &line.step {
            Step::Call(call) => Some(call.role),
            _ => None,
        });
        let used: HashSet<Role> = calls.collect();
        Role::ALL.into_iter().filter(|role| used.contains(role)).collect()
    }

    /// Each answer that is put off is asked for, once, unless its process is ended; what is cancelled was started; and
    /// what it needs is known.
    fn check(&self) -> Result<()> {
        let mut open = HashMap::new();
        let mut waits = HashSet::new();
        for line in &self.steps {
            match &line.step {
                Step::Call(Call { role, command, later: Some(label), .. }) => {
                    ensure!(open.insert(label, *role).is_none(), "the label {label} is in use already");
                    if ASYNCHRONOUS.contains(&command.as_str()) {
                        waits.insert((*role, label));
                    }
                }
                Step::Call(Call { role, cancels: Some(label), .. }) => {
                    ensure!(waits.contains(&(*role, label)), "it has no asynchronous wait or open {label:?}");
                }
                Step::Answers { labels, .. } => {
                    for label in labels {
                        ensure!(open.remove(label).is_some(), "no command was sent with later = {label:?}");
                    }
                }
                Step::Answered(label) => {
                    ensure!(open.contains_key(label), "no command was sent with later = {label:?}");
                }
                Step::Kill(ended) | Step::End(ended) => {
                    open.retain(|_, role| role != ended);
                    waits.retain(|(role, _)| role != ended);
                }
                _ => {}
            }
        }
        ensure!(open.is_empty(), "nobody waits for the answers {open:?}");

        let Needs { creator, opener, both, runner } = &self.needs;
        for need in creator.iter().chain(opener).chain(both) {
            let dtype = need.strip_prefix("dtype:").is_some_and(|name| SPEC.dtype(name).is_some());
            ensure!(dtype || CAPABILITIES.contains(&need.as_str()), "no testee has a capability {need:?}");
        }
        for need in runner {
            ensure!(machine::CAPABILITIES.contains(&need.as_str()), "no machine has a capability {need:?}");
        }
        Ok(())
    }
}
