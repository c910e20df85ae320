//! `errors.toml`: the kinds of error.

use anyhow::{Result, ensure};
use heck::ToShoutySnakeCase;
use serde::Deserialize;

/// One kind of error.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    /// Its name in Rust and in documentation, such as `NotFound`.
    pub name: String,
    /// Its number in every language; negative.
    pub code: i32,
    /// The kind of the `std::io::Error` that it becomes in Rust.
    pub io: String,
    /// The name of its Python class.
    pub python_class: String,
    /// The built-in exceptions that the Python class also derives from.
    pub python: Vec<String>,
    /// The errno that it stands for where no system call has said otherwise.
    pub errno: Option<String>,
    /// The error of Go's standard library that it matches.
    pub go: Option<String>,
    /// When it occurs.
    pub doc: String,
}

impl Kind {
    /// `NOT_FOUND` for `NotFound`.
    pub fn constant(&self) -> String {
        self.name.to_shouty_snake_case()
    }

    /// `ZINC_ERROR_NOT_FOUND` for `NotFound`.
    pub fn c_name(&self) -> String {
        format!("ZINC_ERROR_{}", self.constant())
    }

    /// `ERR_ZINC_NOT_FOUND` for `NotFound`.
    pub fn javascript_code(&self) -> String {
        format!("ERR_ZINC_{}", self.constant())
    }

    /// `ErrNotFound` for `NotFound`. Go writes initials in capitals: `ErrOS`.
    pub fn go_name(&self) -> String {
        if self.name == "Os" { "ErrOS".to_owned() } else { format!("Err{}", self.name) }
    }

    /// `NotFoundException`, as Java and C# call what Python has as `NotFoundError`.
    pub fn exception(&self) -> String {
        format!("{}Exception", self.python_class.trim_end_matches("Error"))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    kind: Vec<Kind>,
}

pub(crate) fn parse(text: &str) -> Result<Vec<Kind>> {
    let kinds = crate::read::<File>(text)?.kind;
    crate::unique("the code", kinds.iter().map(|kind| kind.code))?;
    crate::unique("the name", kinds.iter().map(|kind| &kind.name))?;
    crate::unique("the Python class", kinds.iter().map(|kind| &kind.python_class))?;
    for kind in &kinds {
        ensure!(kind.code < 0, "{}: codes are negative", kind.name);
        ensure!(kind.python_class.ends_with("Error"), "{}: Python's classes end in Error", kind.name);
        crate::sentences(&kind.name, &kind.doc)?;
    }
    Ok(kinds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(name: &str, code: i32, more: &str) -> String {
        format!(
            "[[kind]]\nname = {name:?}\ncode = {code}\nio = 'Other'\npython_class = '{name}Error'\npython = []\ndoc = 'x.'\n{more}\n"
        )
    }

    #[test]
    fn every_language_has_its_own_name_for_a_kind() {
        let kinds = parse(&kind("NotARegion", -1, "")).unwrap();
        assert_eq!(kinds[0].c_name(), "ZINC_ERROR_NOT_A_REGION");
        assert_eq!(kinds[0].javascript_code(), "ERR_ZINC_NOT_A_REGION");
        assert_eq!(kinds[0].go_name(), "ErrNotARegion");
        assert_eq!(kinds[0].exception(), "NotARegionException");
    }

    #[test]
    fn a_code_is_used_once_and_negative_and_no_field_is_misspelt() {
        assert!(parse(&(kind("A", -1, "") + &kind("B", -1, ""))).is_err());
        assert!(parse(&kind("A", 1, "")).is_err());
        assert!(parse(&kind("A", -1, "ernno = 'ENOENT'")).is_err());
    }
}
