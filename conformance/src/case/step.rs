//! How a step is written: `{ opener = "wait", timeout = 60, gives = false }`, read and checked.

use super::ASYNCHRONOUS;
use super::parts::{Call, Expect, Role, Step, Together};
use crate::spec::{SPEC, from_hex};
use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value};
use std::time::Duration;
use zinc_spec::{Argument, ArgumentType};

/// Errors that a testee reports on its own account: the language has no such call, no way to write there, or its own
/// way to say that an asynchronous wait was cancelled.
const TESTEE_ERRORS: &[&str] = &["Cancelled", "NoSuchCall", "ReadOnly"];

impl Step {
    pub(super) fn parse(step: &Value) -> Result<Self> {
        let mut fields = Fields(step.as_object().context("a step is a table")?.clone());
        let step = fields.step()?;
        fields.finish()?;
        Ok(step)
    }
}

/// The fields of a step that have not been understood yet.
struct Fields(Map<String, Value>);

impl Fields {
    fn step(&mut self) -> Result<Step> {
        for role in Role::ALL {
            if let Some(command) = self.0.remove(role.name()) {
                return self.call(role, command.as_str().context("a command is text")?);
            }
        }
        let actions = [
            "answer", "answered", "answers", "kill", "stop", "resume", "end", "start", "parked", "watching",
            "image", "file", "delete", "chown", "poke", "header", "files",
        ];
        let found = actions.into_iter().find_map(|action| self.0.remove(action).map(|value| (action, value)));
        let (action, subject) = found.context("neither a role nor an action of the runner")?;
        Ok(match action {
            "answer" => {
                let labels = vec![string(subject)?];
                let at_least = self.at_least()?;
                Step::Answers { labels, expect: Together::InAnyOrder(vec![self.expect()?]), at_least }
            }
            "answers" => {
                let labels = list(subject)?.into_iter().map(string).collect::<Result<Vec<_>>>()?;
                let expect = match (self.take("are"), self.take("either")) {
                    (Some(are), None) => Together::InAnyOrder(expects(are)?),
                    (None, Some(either)) => {
                        Together::Either(list(either)?.into_iter().map(expects).collect::<Result<_>>()?)
                    }
                    _ => bail!("`answers` needs `are` or `either`"),
                };
                Step::Answers { labels, expect, at_least: Duration::ZERO }
            }
            "answered" => Step::Answered(string(subject)?),
            "kill" => Step::Kill(Role::parse(&subject)?),
            "stop" => Step::Stop(Role::parse(&subject)?),
            "resume" => Step::Resume(Role::parse(&subject)?),
            "end" => Step::End(Role::parse(&subject)?),
            "start" => Step::Start(Role::parse(&subject)?),
            "parked" => Step::Parked(Role::parse(&subject)?),
            "watching" => Step::Watching(Role::parse(&subject)?),
            "image" => Step::Image { image: string(subject)?, name: self.name()? },
            "file" => {
                let text = self.take("text").map(string).transpose()?.unwrap_or_default();
                Step::File { name: string(subject)?, bytes: text.into_bytes() }
            }
            "delete" => Step::Delete(string(subject)?),
            "chown" => {
                let uid = number(&self.take("uid").context("`chown` needs `uid`")?)?;
                Step::Chown { name: string(subject)?, uid: u32::try_from(uid)? }
            }
            "poke" => {
                let field = string(self.take("field").context("`poke` needs `field`")?)?;
                SPEC.layout.field(&field)?;
                let value = self.take("value").context("`poke` needs `value`")?;
                Step::Poke { name: string(subject)?, field, value }
            }
            "header" => {
                let expect = object(self.take("gives").context("`header` needs `gives`")?)?;
                for field in expect.keys() {
                    SPEC.layout.field(field)?;
                }
                Step::Header { name: string(subject)?, expect }
            }
            _ => Step::Files(list(subject)?.into_iter().map(string).collect::<Result<_>>()?),
        })
    }

    fn call(&mut self, role: Role, command: &str) -> Result<Step> {
        let known = SPEC.commands.iter().find(|known| known.name == command && known.in_cases);
        let known = known.with_context(|| format!("{command:?} is no command"))?;
        let mut args = Map::new();
        for Argument { name, kind, optional, default } in SPEC.arguments_of(known) {
            let value = self.take(&name).or_else(|| default.map(Value::from));
            ensure!(value.is_some() || optional, "{command} needs {name}");
            if let Some(value) = value {
                ensure!(is(kind, &value), "{name} is {kind:?}, and not {value}");
                args.insert(name, value);
            }
        }
        if known.handle {
            args.insert("handle".into(), self.take("handle").unwrap_or("r".into()));
        }
        let later = self.take("later").map(string).transpose()?;
        let at_least = self.at_least()?;
        let background = self.take("background").map_or(Some(false), |value| value.as_bool());
        let background = background.context("background is true or false")?;
        let expect = self.expect()?;
        ensure!(later.is_some() || !background, "a command in the background answers later");
        ensure!(
            !ASYNCHRONOUS.contains(&command) || !background,
            "what is asynchronous is beside the loop anyway"
        );
        let cancels = match command {
            "cancel" => Some(string(self.take("wait").context("`cancel` needs `wait`")?)?),
            _ => None,
        };
        ensure!(
            later.is_none() || expect == Expect::Success,
            "what it gives is said where its answer is waited for"
        );
        let command = command.to_owned();
        Ok(Step::Call(Call { role, command, args, background, later, cancels, expect, at_least }))
    }

    /// Nothing is left that nobody understood.
    fn finish(self) -> Result<()> {
        let unknown: Vec<_> = self.0.keys().collect();
        ensure!(unknown.is_empty(), "unknown: {unknown:?}");
        Ok(())
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    fn name(&mut self) -> Result<String> {
        self.take("name").map_or(Ok("r".to_owned()), string)
    }

    fn at_least(&mut self) -> Result<Duration> {
        let millis = self.take("at_least_ms").map_or(Ok(0), |value| number(&value))?;
        Ok(Duration::from_millis(millis))
    }

    fn expect(&mut self) -> Result<Expect> {
        let says = self.take("says").map(string).transpose()?;
        ensure!(says.is_none() || self.0.contains_key("fails"), "`says` is about the message of an error");
        match (self.take("gives"), self.take("fails")) {
            (None, None) => Ok(Expect::Success),
            (Some(value), None) => Ok(Expect::Gives(value)),
            (None, Some(kind)) => {
                let kind = string(kind)?;
                let known = SPEC.code(&kind).is_some() || TESTEE_ERRORS.contains(&kind.as_str());
                ensure!(known, "{kind} is no error kind");
                Ok(Expect::Fails { kind, says })
            }
            (Some(_), Some(_)) => bail!("either `gives` or `fails`"),
        }
    }
}

/// Whether a value is of the type that an argument has.
fn is(kind: ArgumentType, value: &Value) -> bool {
    match kind {
        ArgumentType::Bool => value.is_boolean(),
        ArgumentType::Dtype => value.as_str().is_some_and(|name| SPEC.dtype(name).is_some()),
        ArgumentType::Hex => value.as_str().is_some_and(|text| from_hex(text).is_ok()),
        ArgumentType::Number => value.is_u64(),
        ArgumentType::Numbers => value.as_array().is_some_and(|list| list.iter().all(Value::is_u64)),
        ArgumentType::Text => value.is_string(),
        ArgumentType::Values => value.is_array(),
    }
}

/// A list of what answers must be, each a table of `gives` or `fails`, with `says`.
fn expects(value: Value) -> Result<Vec<Expect>> {
    let each = list(value)?.into_iter().map(|item| {
        let mut fields = Fields(object(item)?);
        let expect = fields.expect()?;
        fields.finish().map(|()| expect)
    });
    each.collect()
}

fn string(value: Value) -> Result<String> {
    match value {
        Value::String(text) => Ok(text),
        other => bail!("{other} is not text"),
    }
}

fn list(value: Value) -> Result<Vec<Value>> {
    match value {
        Value::Array(items) => Ok(items),
        other => bail!("{other} is not a list"),
    }
}

fn object(value: Value) -> Result<Map<String, Value>> {
    match value {
        Value::Object(fields) => Ok(fields),
        other => bail!("{other} is not a table"),
    }
}

fn number(value: &Value) -> Result<u64> {
    value.as_u64().with_context(|| format!("{value} is not a number"))
}
