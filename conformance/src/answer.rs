//! What testees answer, and how a line of theirs is read.

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;
use std::time::Instant;

/// One answer, and when it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) outcome: Outcome,
    pub(crate) line: String,
    pub(crate) at: Instant,
}

/// What a command came to.
#[derive(Debug)]
pub(crate) enum Outcome {
    Value(Value),
    Error { kind: String, code: Option<i64>, message: String },
}

/// Reads a line that came at that moment: the id of the command that it answers, and the answer.
pub(crate) fn parse(line: String, at: Instant) -> Result<(u64, Answer)> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Line {
        id: u64,
        #[serde(default)]
        ok: Value,
        error: Option<String>,
        code: Option<i64>,
        #[serde(default)]
        message: String,
    }
    let Line { id, ok, error, code, message } =
        serde_json::from_str(&line).with_context(|| format!("wrote what is no answer: {line}"))?;
    let outcome = match error {
        Some(kind) => Outcome::Error { kind, code, message },
        None => Outcome::Value(ok),
    };
    Ok((id, Answer { outcome, line, at }))
}
