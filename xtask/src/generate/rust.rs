//! The core's generated Rust: error kinds, element types, header offsets.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use super::text::each;
use super::{MARK, Project};
use anyhow::{Context, Result, ensure};
use heck::ToShoutySnakeCase;
use zinc_spec::Spec;

const DERIVES: &str = "#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]\n#[non_exhaustive]";

pub(super) fn error_kind(project: &Project, spec: &Spec) -> Result<String> {
    let kinds = &spec.kinds;
    let variants = each(kinds, |k| format!("/// {}\n{} = {},", k.doc, k.name, k.code));
    let all = each(kinds, |k| format!("Self::{},", k.name));
    let codes = each(kinds, |k| format!("{} => Some(Self::{}),", k.code, k.name));
    let names = each(kinds, |k| format!("Self::{0} => \"{0}\",", k.name));
    let c_names = each(kinds, |k| format!("Self::{} => \"{}\",", k.name, k.c_name()));
    let io = each(kinds, |k| format!("Self::{} => io::ErrorKind::{},", k.name, k.io));
    format_rust(
        project,
        &format!(
            r"//! The kinds of error, with the codes and names that every language shares.
//!
//! {MARK} `spec/errors.toml`.

use std::{{fmt, io}};

/// What went wrong, as one of a fixed list that is the same in every language.
///
/// Codes and names are stable: a kind is never renumbered, and new ones are only appended.
{DERIVES}
#[repr(i32)]
pub enum ErrorKind {{
{variants}}}

impl ErrorKind {{
    /// Every kind there is.
    pub const ALL: &[Self] = &[{all}];

    /// The stable code, negative, as the C functions return it.
    #[must_use]
    pub const fn code(self) -> i32 {{
        self as i32
    }}

    /// The kind with this code, if there is one.
    #[must_use]
    pub const fn from_code(code: i32) -> Option<Self> {{
        match code {{ {codes} _ => None, }}
    }}

    /// The kind's name in Rust and in documentation, such as `NotFound`.
    #[must_use]
    pub const fn name(self) -> &'static str {{
        match self {{ {names} }}
    }}

    /// The kind's name in C, such as `ZINC_ERROR_NOT_FOUND`.
    #[must_use]
    pub const fn c_name(self) -> &'static str {{
        match self {{ {c_names} }}
    }}

    /// The kind of the standard library that is most like it.
    pub(super) const fn io(self) -> io::ErrorKind {{
        match self {{ {io} }}
    }}
}}

impl fmt::Display for ErrorKind {{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {{
        f.pad(self.name())
    }}
}}
"
        ),
    )
}

pub(super) fn dtype(project: &Project, spec: &Spec) -> Result<String> {
    let dtypes = &spec.dtypes;
    let variants =
        each(dtypes, |d| format!("/// `{}`: {} each.\n{} = {},", d.name, d.bytes(), d.variant, d.code));
    let all = each(dtypes, |d| format!("Self::{},", d.variant));
    let codes = each(dtypes, |d| format!("{} => Some(Self::{}),", d.code, d.variant));
    let names = each(dtypes, |d| format!("Self::{} => \"{}\",", d.variant, d.name));
    let from_names = each(dtypes, |d| format!("\"{}\" => Some(Self::{}),", d.name, d.variant));
    let sizes = grouped(dtypes, |d| (d.variant.as_str(), d.size));
    let dlpack = grouped(dtypes, |d| (d.variant.as_str(), usize::from(d.dlpack)));
    format_rust(
        project,
        &format!(
            r#"//! The element types that a descriptor can name.
//!
//! {MARK} `spec/dtypes.toml`.

use std::fmt;

/// The type of a tensor's elements. Numbers are little-endian.
{DERIVES}
#[repr(u32)]
pub enum DType {{
{variants}}}

impl DType {{
    /// Every element type there is.
    pub const ALL: &[Self] = &[{all}];

    /// The stable code that a region stores.
    #[must_use]
    pub const fn code(self) -> u32 {{
        self as u32
    }}

    /// The element type with this code, if there is one.
    #[must_use]
    pub const fn from_code(code: u32) -> Option<Self> {{
        match code {{ {codes} _ => None, }}
    }}

    /// The name that every language uses, numpy's where numpy has one, such as `float32`.
    #[must_use]
    pub const fn name(self) -> &'static str {{
        match self {{ {names} }}
    }}

    /// The element type of this name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {{
        match name {{ {from_names} _ => None, }}
    }}

    /// Bytes of one element.
    #[must_use]
    pub const fn size(self) -> usize {{
        match self {{ {sizes} }}
    }}

    /// The type's `DLDataTypeCode` in `DLPack` (`dlpack.h`); its `bits` are 8 times [`size`](Self::size), its `lanes` 1.
    #[must_use]
    pub const fn dlpack_code(self) -> u8 {{
        match self {{ {dlpack} }}
    }}
}}

impl fmt::Display for DType {{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {{
        f.pad(self.name())
    }}
}}
"#
        ),
    )
}

pub(super) fn layout(project: &Project, spec: &Spec) -> Result<String> {
    let layout = &spec.layout;
    let magic = layout.magic().escape_ascii();
    let version = layout.version;
    let offsets = each(&layout.fields, |f| {
        format!("/// {}\npub(crate) const {}: usize = {};", f.doc, f.name.to_shouty_snake_case(), f.offset)
    });
    format_rust(
        project,
        &format!(
            r#"//! The header's magic, version and offsets, for the assertions that hold the header's struct to them.
//!
//! {MARK} `spec/layout.toml`.

/// The first bytes of every region.
pub(crate) const MAGIC: [u8; 8] = *b"{magic}";

/// The layout version that this library writes, and the only one that it opens.
pub(crate) const VERSION: u32 = {version};

/// Where each field starts, in bytes from the start of the region.
pub(crate) mod offset {{
{offsets}}}
"#
        ),
    )
}

/// Match arms, one for each value with all the variants that have it.
fn grouped<T>(items: &[T], entry: impl Fn(&T) -> (&str, usize)) -> String {
    let mut groups = BTreeMap::<usize, Vec<String>>::new();
    for (variant, value) in items.iter().map(entry) {
        groups.entry(value).or_default().push(format!("Self::{variant}"));
    }
    groups.iter().map(|(value, variants)| format!("{} => {value},\n", variants.join(" | "))).collect()
}

pub(crate) fn format_rust(project: &Project, text: &str) -> Result<String> {
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024", "--config-path"])
        .arg(project.path("rustfmt.toml"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("run rustfmt; `rustup component add rustfmt` installs it")?;
    rustfmt.stdin.take().context("rustfmt's stdin")?.write_all(text.as_bytes())?;
    let output = rustfmt.wait_with_output()?;
    ensure!(output.status.success(), "rustfmt refused generated code");
    Ok(String::from_utf8(output.stdout)?)
}
