//! The table of languages: how each testee is started, and whether this machine has it.

use crate::case::Role;
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::collections::HashMap;
use std::path::Path;
use std::process::{Command, Stdio};

/// One row of `languages.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Language {
    pub(crate) name: String,
    pub(crate) command: Vec<String>,
    #[serde(default)]
    probe: Vec<String>,
    missing: String,
}

/// One row of `gaps.toml`: what a language is known not to do yet.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Gap {
    pub(crate) case: String,
    pub(crate) language: String,
    #[serde(default)]
    role: Option<String>,
    pub(crate) reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Languages {
    language: Vec<Language>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Gaps {
    #[serde(default)]
    gap: Vec<Gap>,
}

/// Reads the table, with its variables replaced; `given` comes before the environment.
pub(crate) fn load(path: &Path, given: &HashMap<&str, String>) -> Result<Vec<Language>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
    let mut table: Languages = toml::from_str(&text).with_context(|| format!("parse {}", path.display()))?;
    for language in &mut table.language {
        ensure!(!language.command.is_empty(), "{}: no command", language.name);
        for word in language.command.iter_mut().chain(&mut language.probe) {
            *word = replace(word, given)?;
        }
    }
    Ok(table.language)
}

/// Reads the list of known gaps; each must name a case and a language that exist.
pub(crate) fn load_gaps(path: &Path, cases: &[&str], languages: &[Language]) -> Result<Vec<Gap>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
    let gaps = toml::from_str::<Gaps>(&text).with_context(|| format!("parse {}", path.display()))?.gap;
    for Gap { case, language, role, .. } in &gaps {
        ensure!(cases.contains(&case.as_str()), "{}: there is no case {case}", path.display());
        ensure!(
            languages.iter().any(|row| row.name == *language),
            "{}: no language {language}",
            path.display()
        );
        let role_known = role.as_deref().is_none_or(|role| ["creator", "opener"].contains(&role));
        ensure!(role_known, "{}: a gap's role is creator or opener", path.display());
    }
    Ok(gaps)
}

impl Gap {
    /// Whether a run of `case` over this pair falls into the gap.
    pub(crate) fn covers(&self, case: &str, creator: &str, opener: &str) -> bool {
        let has = |role: Role, language: &str| {
            self.language == language && self.role.as_deref().is_none_or(|only| only == role.name())
        };
        self.case == case && (has(Role::Creator, creator) || has(Role::Opener, opener))
    }
}

impl Language {
    /// Why this language cannot be run here, if it cannot.
    pub(crate) fn missing(&self) -> Option<&str> {
        let there = match self.probe.split_first() {
            None => Path::new(&self.command[0]).exists(),
            Some((program, args)) => Command::new(program)
                .args(args)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success()),
        };
        (!there).then_some(self.missing.as_str())
    }
}

/// Replaces `${NAME}` and `${NAME:-else}`.
fn replace(word: &str, given: &HashMap<&str, String>) -> Result<String> {
    let mut replaced = String::new();
    let mut rest = word;
    while let Some((before, after)) = rest.split_once("${") {
        let (variable, after) =
            after.split_once('}').with_context(|| format!("{word:?} has no closing brace"))?;
        let (name, default) = match variable.split_once(":-") {
            Some((name, default)) => (name, Some(default.to_owned())),
            None => (variable, None),
        };
        let value = given.get(name).cloned().or_else(|| std::env::var(name).ok()).or(default);
        replaced.push_str(before);
        replaced.push_str(&value.with_context(|| format!("{word:?}: {name} is not set"))?);
        rest = after;
    }
    Ok(replaced + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_come_from_what_is_given_then_the_environment_then_the_default() {
        let given = HashMap::from([("BIN", "/bin".to_owned())]);
        assert_eq!(replace("${BIN}/x", &given).unwrap(), "/bin/x");
        assert_eq!(replace("${ZINC_NOT_SET_ANYWHERE:-python3} -V", &given).unwrap(), "python3 -V");
        assert!(replace("${ZINC_NOT_SET_ANYWHERE}", &given).is_err());
    }

    #[test]
    fn a_gap_with_a_role_covers_that_role_only() {
        let gap = Gap {
            case: "c".into(),
            language: "go".into(),
            role: Some("opener".into()),
            reason: String::new(),
        };
        assert!(gap.covers("c", "rust", "go"));
        assert!(!gap.covers("c", "go", "rust"));
        assert!(!gap.covers("d", "rust", "go"));
    }
}
