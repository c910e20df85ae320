//! Golden region images: files made from the layout's description alone, for every language to open.
//!
//! Nothing here uses the core. The images are written field by field by the offsets in the core's `layout.toml`, so a core
//! that reads or writes another layout does not agree with them.

use crate::case::{Case, Line, Step};
use crate::spec::{InHeader, SPEC, from_hex};
use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Where the data starts in an image: one page of 4096 bytes.
const HEADER_LEN: usize = 4096;

/// `images.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Images {
    /// The fields of a sound header, which each image changes some of.
    base: Map<String, Value>,
    image: Vec<Image>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Image {
    name: String,
    /// What it shows; the images themselves cannot say.
    #[serde(rename = "doc")]
    _doc: String,
    /// Fields that differ from the base.
    #[serde(default)]
    set: Map<String, Value>,
    /// Bytes of data in hex, over and over until the capacity is full.
    #[serde(default)]
    data: Option<String>,
    /// The file's length; without it, header and data and what fills up the last page.
    #[serde(default)]
    file_len: Option<usize>,
    /// The whole file, if it has no header at all.
    #[serde(default)]
    text: Option<String>,
}

/// Writes every image into `folder`; gives how many there are.
pub(crate) fn write(folder: &Path) -> Result<usize> {
    let images = made(folder)?;
    for (name, bytes) in &images {
        let path = folder.join(format!("{name}.zinc"));
        fs::write(&path, bytes).with_context(|| format!("write {}", path.display()))?;
    }
    compare(folder)
}

/// Fails unless the images in `folder` are those that would be written; gives how many there are.
pub(crate) fn compare(folder: &Path) -> Result<usize> {
    let images = made(folder)?;
    for (name, bytes) in &images {
        let path = folder.join(format!("{name}.zinc"));
        let found = fs::read(&path).with_context(|| format!("read {}", path.display()))?;
        if found != *bytes {
            bail!(
                "{} is not what images.toml and layout.toml say; `zinc-conformance images` writes it",
                path.display()
            );
        }
    }
    let stray: Vec<_> = on_disk(folder)?.into_iter().filter(|name| !images.contains_key(name)).collect();
    ensure!(stray.is_empty(), "images.toml tells nothing of {stray:?}");
    Ok(images.len())
}

/// Every image that `images.toml` describes, by name.
fn made(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let Images { base, image } = load(folder)?;
    let mut images = BTreeMap::new();
    for image in image {
        let bytes = image.bytes(&base).with_context(|| format!("image {}", image.name))?;
        let before = images.insert(image.name.clone(), bytes);
        ensure!(before.is_none(), "there are two images {}", image.name);
    }
    Ok(images)
}

/// Fails unless some case says what opening each image must give.
pub(crate) fn all_are_used(folder: &Path, cases: &[Case]) -> Result<()> {
    let named = |line: &Line| match &line.step {
        Step::Image { image, .. } => Some(image.clone()),
        _ => None,
    };
    let used: BTreeSet<_> = cases.iter().flat_map(|case| case.steps.iter().filter_map(named)).collect();
    let there = on_disk(folder)?;
    ensure!(
        used == there,
        "images and cases differ: {:?}",
        used.symmetric_difference(&there).collect::<Vec<_>>()
    );
    Ok(())
}

fn load(folder: &Path) -> Result<Images> {
    let path = folder.join("images.toml");
    let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("parse {}", path.display()))
}

fn on_disk(folder: &Path) -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        names.extend(name.strip_suffix(".zinc").map(str::to_owned));
    }
    Ok(names)
}

impl Image {
    fn bytes(&self, base: &Map<String, Value>) -> Result<Vec<u8>> {
        if let Some(text) = &self.text {
            return Ok(text.clone().into_bytes());
        }
        let layout = &SPEC.layout;
        let mut header = vec![0; HEADER_LEN];
        layout.field("magic")?.put(&mut header, &Value::String(crate::spec::to_hex(layout.magic())))?;
        let mut fields = base.clone();
        fields.extend(self.set.clone());
        for (name, value) in &fields {
            let value = match (name.as_str(), value) {
                ("dtype", Value::String(dtype)) => SPEC.dtype(dtype).context("no such dtype")?.into(),
                _ => value.clone(),
            };
            layout.field(name)?.put(&mut header, &value)?;
        }
        let capacity = crate::spec::integer(&fields["capacity"])?;
        let mut bytes = header;
        if let Some(data) = &self.data {
            let data = from_hex(data)?;
            bytes.extend(data.iter().cycle().take(usize::try_from(capacity)?));
        }
        bytes.resize(self.file_len.unwrap_or(bytes.len().next_multiple_of(HEADER_LEN)), 0);
        Ok(bytes)
    }
}
