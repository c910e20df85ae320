//! The languages: which have a testee here, how it is started, and what each is known not to do yet.

use crate::case::Role;
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::path::Path;

/// One row of the table that `cargo xtask conformance` writes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Language {
    pub(crate) name: String,
    /// What starts the testee; where there is none, `missing` says why.
    #[serde(default)]
    pub(crate) command: Vec<String>,
    pub(crate) missing: Option<String>,
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

/// Reads the table. A row is either a testee that is there or says what to do about it.
pub(crate) fn load(path: &Path) -> Result<Vec<Language>> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("read {}: `cargo xtask conformance` writes it", path.display()))?;
    let table: Languages = toml::from_str(&text).with_context(|| format!("parse {}", path.display()))?;
    for Language { name, command, missing } in &table.language {
        ensure!(command.is_empty() == missing.is_some(), "{name}: either a command or why it is missing");
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

#[cfg(test)]
mod tests {
    use super::*;

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
