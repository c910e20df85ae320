//! The three spec files of the core, read and checked: error kinds, element types, header layout.

use std::collections::HashSet;
use std::fmt::Display;
use std::hash::Hash;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Everything that code and documentation are generated from.
pub(crate) struct Spec {
    pub(crate) kinds: Vec<Kind>,
    pub(crate) dtypes: Vec<DType>,
    pub(crate) layout: Layout,
}

/// One kind of error.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kind {
    pub(crate) name: String,
    pub(crate) code: i32,
    pub(crate) python_class: String,
    pub(crate) python: Vec<String>,
    pub(crate) errno: Option<String>,
    pub(crate) go: Option<String>,
    pub(crate) doc: String,
}

/// One element type.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DType {
    pub(crate) name: String,
    pub(crate) variant: String,
    pub(crate) code: u32,
    pub(crate) size: usize,
    pub(crate) dlpack: u8,
}

/// The header of a region.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Layout {
    pub(crate) magic: String,
    pub(crate) version: u32,
    #[serde(rename = "field")]
    pub(crate) fields: Vec<Field>,
}

/// One field of the header.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) offset: usize,
    pub(crate) size: usize,
    pub(crate) doc: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ErrorsFile {
    kind: Vec<Kind>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DTypesFile {
    dtype: Vec<DType>,
}

impl Spec {
    /// Reads `errors.toml`, `dtypes.toml` and `layout.toml` in `dir`, and refuses what cannot be right.
    pub(crate) fn load(dir: &Path) -> Result<Self> {
        let kinds = parse::<ErrorsFile>(&dir.join("errors.toml"))?.kind;
        let dtypes = parse::<DTypesFile>(&dir.join("dtypes.toml"))?.dtype;
        let layout = parse::<Layout>(&dir.join("layout.toml"))?;

        unique("error code", kinds.iter().map(|kind| kind.code))?;
        unique("error name", kinds.iter().map(|kind| &kind.name))?;
        unique("Python class", kinds.iter().map(|kind| &kind.python_class))?;
        ensure!(kinds.iter().all(|kind| kind.code < 0), "errors.toml: codes are negative");
        unique("dtype code", dtypes.iter().map(|dtype| dtype.code))?;
        unique("dtype name", dtypes.iter().map(|dtype| &dtype.name))?;
        ensure!(dtypes.iter().all(|dtype| dtype.code > 0), "dtypes.toml: code 0 means not described");
        layout.check()?;
        Ok(Self { kinds, dtypes, layout })
    }
}

impl Kind {
    /// `ZINC_ERROR_NOT_FOUND` for `NotFound`.
    pub(crate) fn c_name(&self) -> String {
        let mut name = "ZINC_ERROR".to_owned();
        for letter in self.name.chars() {
            if letter.is_ascii_uppercase() {
                name.push('_');
            }
            name.push(letter.to_ascii_uppercase());
        }
        name
    }
}

impl Layout {
    /// The magic bytes, as many as the header keeps for them.
    pub(crate) fn magic(&self) -> &[u8; 8] {
        self.magic.as_bytes().try_into().expect("its length was checked when the spec was loaded")
    }

    fn check(&self) -> Result<()> {
        ensure!(self.magic.len() == 8, "layout.toml: the magic is 8 bytes long");
        unique("field", self.fields.iter().map(|field| &field.name))?;
        let mut end = 0;
        for Field { name, offset, size, .. } in &self.fields {
            ensure!(*offset >= end, "layout.toml: {name} overlaps the field before it");
            let align = (*size).min(8);
            ensure!(offset % align == 0, "layout.toml: {name} is not aligned to {align} bytes");
            end = offset + size;
        }
        Ok(())
    }
}

fn parse<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("parse {}", path.display()))
}

fn unique<T: Hash + Eq + Display>(what: &str, values: impl Iterator<Item = T>) -> Result<()> {
    let mut seen = HashSet::new();
    for value in values {
        let text = value.to_string();
        ensure!(seen.insert(value), "{what} {text} is used twice");
    }
    Ok(())
}
