//! The options in Rust: the core's setters, the plain form in which they cross from one language to another, and the
//! struct of the C ABI.

use anyhow::Result;
use zinc_spec::{Choice, ChoiceType, Spec};

use super::rust::format_rust;
use super::text::{comment, each, plain};
use super::{MARK, Project};

/// `region/options/choices.rs`: `RegionOptions` with a setter for each option.
pub(super) fn choices(project: &Project, spec: &Spec) -> Result<String> {
    let fields = each(&spec.options, |option| {
        format!("pub(in crate::region) {}: {},", option.name, core_type(option.kind))
    });
    let setters = each(&spec.options, setter);
    format_rust(
        project,
        &format!(
            r#"//! What can be chosen when a region is created, opened, listed or removed.
//!
//! {MARK} `spec/options.toml`.

use std::path::PathBuf;
use std::time::Duration;

use crate::wait::Timeout;

/// How to create or open a region. Every choice has a default; the shortcuts on
/// [`SharedRegion`](crate::SharedRegion) use them all. A call ignores the options of others.
///
/// ```
/// # let dir = tempfile::tempdir_in("/dev/shm").unwrap();
/// use std::time::Duration;
/// use zinc::RegionOptions;
///
/// let options = RegionOptions::new().directory(dir.path()).mode(0o640);
/// let owner = options.create("camera", 4096)?;
/// let reader = options.clone().read_only(true).timeout(Duration::from_secs(5)).open("camera")?;
/// assert!(reader.is_read_only());
/// # Ok::<_, zinc::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct RegionOptions {{
{fields}}}

impl RegionOptions {{
    /// The defaults.
    pub fn new() -> Self {{
        Self::default()
    }}

{setters}}}
"#
        ),
    )
}

fn core_type(kind: ChoiceType) -> &'static str {
    match kind {
        ChoiceType::Bool => "bool",
        ChoiceType::Mode => "u32",
        ChoiceType::User | ChoiceType::Group => "Option<u32>",
        ChoiceType::Duration => "Option<Duration>",
        ChoiceType::Timeout => "Timeout",
        ChoiceType::Path => "Option<PathBuf>",
    }
}

fn setter(option: &Choice) -> String {
    let name = &option.name;
    let (argument, given, value) = match option.kind {
        ChoiceType::Bool => (name.as_str(), "bool", name.clone()),
        ChoiceType::Mode => ("bits", "u32", "bits".to_owned()),
        ChoiceType::User | ChoiceType::Group => ("id", "u32", "Some(id)".to_owned()),
        ChoiceType::Duration => ("limit", "Duration", "Some(limit)".to_owned()),
        ChoiceType::Timeout => (name.as_str(), "impl Into<Timeout>", format!("{name}.into()")),
        ChoiceType::Path => ("path", "impl Into<PathBuf>", "Some(path.into())".to_owned()),
    };
    let doc = comment(&format!("{}: {}", option.calls_text(), lower(&option.doc_in(None))), "/// ");
    format!(
        "{doc}\n#[must_use]\npub fn {name}(mut self, {argument}: {given}) -> Self {{\n    self.{name} = {value};\n    self\n}}\n"
    )
}

/// A sentence after a colon.
pub(crate) fn lower(sentence: &str) -> String {
    sentence[..1].to_lowercase() + &sentence[1..]
}

/// `region/options/plain.rs`: `PlainOptions`.
pub(super) fn plain_form(project: &Project, spec: &Spec) -> Result<String> {
    let options = &spec.options;
    let numbers: Vec<_> = options.iter().filter(|option| option.kind.is_number()).collect();
    let flagged: Vec<_> = options.iter().filter(|option| option.flag.is_some()).collect();
    let bools: Vec<_> = options.iter().filter(|option| option.kind == ChoiceType::Bool).collect();
    let flags = each(flagged.iter().copied(), |option| {
        let what = if option.kind == ChoiceType::Bool { "The flag" } else { "The flag of a chosen" };
        format!(
            "/// {what} `{}`.\npub const {}: u32 = {};",
            option.name,
            option.constant(),
            option.flag.unwrap_or(0)
        )
    });
    let all =
        flagged.iter().map(|option| format!("Self::{}", option.constant())).collect::<Vec<_>>().join(" | ");
    let fields = each(numbers.iter().copied(), |option| {
        format!(
            "/// `{}`, {}.\npub {}: {},",
            option.name,
            plain_doc(option.kind),
            option.c_field(),
            c_type(option.kind)
        )
    });
    let from = each(numbers.iter().copied().enumerate().collect::<Vec<_>>().iter(), |(at, option)| {
        let number = match option.kind {
            // A mode that does not fit has bits that no mode has, and is refused. An id that does not fit is nobody's.
            ChoiceType::Mode | ChoiceType::User | ChoiceType::Group => {
                format!("u32::try_from(numbers[{at}]).unwrap_or(u32::MAX)")
            }
            _ => format!("numbers[{at}]"),
        };
        format!("{}: {number},", option.c_field())
    });
    let to = each(numbers.iter().copied(), |option| match c_type(option.kind) {
        "u32" => format!("i64::from(self.{}),", option.c_field()),
        _ => format!("self.{},", option.c_field()),
    });
    let kept_flags = flagged.iter().filter(|option| option.handed_on);
    let kept_flags = kept_flags.map(|option| format!("Self::{}", option.constant())).collect::<Vec<_>>();
    let kept_flags = if kept_flags.is_empty() {
        "0".to_owned()
    } else {
        format!("self.flags & ({})", kept_flags.join(" | "))
    };
    let kept = each(numbers.iter().copied().filter(|option| option.handed_on), |option| {
        format!("{0}: self.{0},", option.c_field())
    });
    let to_core = each(bools.iter().copied(), |option| {
        format!("{}: plain.flags & PlainOptions::{} != 0,", option.name, option.constant())
    }) + &each(numbers.iter().copied(), |option| {
        let (name, field) = (&option.name, option.c_field());
        let value = match option.kind {
            ChoiceType::User => format!("Some(plain.{field}).filter(|&id| id != 0)"),
            ChoiceType::Group => {
                format!(
                    "Some(plain.{field}).filter(|_| plain.flags & PlainOptions::{} != 0)",
                    option.constant()
                )
            }
            ChoiceType::Duration => format!("chosen(plain.{field})"),
            ChoiceType::Timeout => format!("Timeout::from_nanos(plain.{field})"),
            _ => format!("plain.{field}"),
        };
        format!("{name}: {value},")
    });
    let from_core_flags = each(flagged.iter().copied(), |option| {
        let set = if option.kind == ChoiceType::Bool {
            format!("options.{}", option.name)
        } else {
            format!("options.{}.is_some()", option.name)
        };
        format!("(Self::{}, {set}),", option.constant())
    });
    let from_core = each(numbers.iter().copied(), |option| {
        let (name, field) = (&option.name, option.c_field());
        let value = match option.kind {
            ChoiceType::User | ChoiceType::Group => format!("options.{name}.unwrap_or(0)"),
            ChoiceType::Duration => format!("options.{name}.map_or(0, nanoseconds)"),
            ChoiceType::Timeout => format!("options.{name}.nanoseconds()"),
            _ => format!("options.{name}"),
        };
        format!("{field}: {value},")
    });
    format_rust(
        project,
        &format!(
            r#"//! The options as plain values, in which bindings hand them over: flags, numbers and a path.
//!
//! {MARK} `spec/options.toml`.

use std::path::PathBuf;
use std::time::Duration;

use super::RegionOptions;
use crate::wait::Timeout;

/// Options as one language hands them to another. Every 0 is the default; times are nanoseconds.
///
/// For bindings: a flag has the same number at every border, and a number the same place. Programs use
/// [`RegionOptions`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlainOptions {{
    /// The flags that are set.
    pub flags: u32,
{fields}    /// `directory`; none is the default.
    pub directory: Option<PathBuf>,
}}

impl PlainOptions {{
{flags}    /// All flags.
    pub const FLAGS: u32 = {all};
    /// How many numbers there are.
    pub const NUMBERS: usize = {count};

    /// The options whose numbers are in the order of the fields.
    #[must_use]
    pub fn from_parts(flags: u32, numbers: [i64; Self::NUMBERS], directory: Option<PathBuf>) -> Self {{
        Self {{ flags, {from} directory }}
    }}

    /// The numbers, in the order of the fields.
    #[must_use]
    pub fn numbers(&self) -> [i64; Self::NUMBERS] {{
        [{to}]
    }}

    /// What a handle keeps that another process opens in its turn: the options that say how to open it, and not those
    /// of its making or of this process.
    #[must_use]
    pub fn handed_on(&self) -> Self {{
        Self {{ flags: {kept_flags}, {kept} ..Self::default() }}
    }}
}}

impl From<PlainOptions> for RegionOptions {{
    fn from(plain: PlainOptions) -> Self {{
        Self {{ {to_core} directory: plain.directory }}
    }}
}}

impl From<&RegionOptions> for PlainOptions {{
    fn from(options: &RegionOptions) -> Self {{
        let flags = [{from_core_flags}];
        Self {{
            flags: flags.into_iter().filter(|(_, set)| *set).map(|(flag, _)| flag).sum(),
            {from_core}
            directory: options.directory.clone(),
        }}
    }}
}}

/// A span of 0 is negative here, as 0 says that none was chosen.
fn nanoseconds(time: Duration) -> i64 {{
    if time.is_zero() {{ -1 }} else {{ i64::try_from(time.as_nanos()).unwrap_or(i64::MAX) }}
}}

fn chosen(nanoseconds: i64) -> Option<Duration> {{
    (nanoseconds != 0).then(|| Duration::from_nanos(nanoseconds.try_into().unwrap_or(0)))
}}
"#,
            count = numbers.len(),
        ),
    )
}

fn plain_doc(kind: ChoiceType) -> &'static str {
    match kind {
        ChoiceType::Bool | ChoiceType::Path => unreachable!("neither is a number"),
        ChoiceType::Mode => "permission bits",
        ChoiceType::User => "a user id",
        ChoiceType::Group => "a group id that counts if its flag is set",
        ChoiceType::Duration => "in nanoseconds; negative is none at all",
        ChoiceType::Timeout => "in nanoseconds; 0 is not at all, and negative for ever",
    }
}

fn c_type(kind: ChoiceType) -> &'static str {
    match kind {
        ChoiceType::Duration | ChoiceType::Timeout => "i64",
        ChoiceType::Path => "*const c_char",
        _ => "u32",
    }
}

/// `zinc-sys/src/options/fields.rs`: `zinc_options` and its flags.
pub(crate) fn c_struct(project: &Project, spec: &Spec) -> Result<String> {
    let options = &spec.options;
    let flags = each(options.iter().filter(|option| option.flag.is_some()), |option| {
        let says = match option.kind {
            ChoiceType::Bool => lower(&option.doc),
            _ => format!("the field `{}` counts.", option.c_field()),
        };
        let doc = format!("zinc_options.flags: {}; {says}", lower(&option.calls_text()));
        format!(
            "{}\npub const {}: u32 = {};",
            comment(&plain(&doc), "/// "),
            option.c_flag(),
            option.flag.unwrap_or(0)
        )
    });
    let fields = fields(options);
    let declared = each(&fields, |field| {
        format!("{}\npub {}: {},", comment(&plain(&field.doc), "/// "), field.name, field.rust)
    });
    let zero = each(&fields, |field| {
        let zero = if field.rust.starts_with('*') { "ptr::null()" } else { "0" };
        format!("{}: {zero},", field.name)
    });
    let reserved: Vec<_> = fields.iter().filter(|field| field.reserved).collect();
    let reserved = match reserved.as_slice() {
        [] => "true".to_owned(),
        some => some.iter().map(|field| format!("self.{} == 0", field.name)).collect::<Vec<_>>().join(" && "),
    };
    let numbers = each(options.iter().filter(|option| option.kind.is_number()), |option| {
        format!("{0}: self.{0},", option.c_field())
    });
    format_rust(
        project,
        &format!(
            r#"//! `zinc_options` and its flags.
//!
//! {MARK} `crates/zinc/spec/options.toml`.

use std::ffi::c_char;
use std::path::Path;
use std::ptr;

use zinc::binding::PlainOptions;

use crate::guard;

{flags}
/// How to create or open a region. Fill it with zinc_options_init, then set what should be otherwise.
///
/// Every field that is 0 means the default, and a call ignores the options of others. New fields come at the end, and
/// `size` tells which ones the caller knows, so programs and libraries of different releases fit together.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zinc_options {{
    /// sizeof(zinc_options), as zinc_options_init sets it.
    pub size: usize,
    /// ZINC_OPTION_... bits.
    pub flags: u32,
{declared}}}

impl zinc_options {{
    pub(super) const DEFAULT: Self = Self {{ size: size_of::<Self>(), flags: 0, {zero} }};

    /// Whether nothing is asked for that this release does not know.
    pub(super) fn is_known(&self) -> bool {{
        self.flags & !PlainOptions::FLAGS == 0 && {reserved}
    }}

    /// The options as the core takes them.
    ///
    /// # Safety
    ///
    /// The directory is null or a string.
    pub(super) unsafe fn plain(&self) -> PlainOptions {{
        // SAFETY: the caller's promise.
        let directory = unsafe {{ guard::path(self.directory) }};
        PlainOptions {{ flags: self.flags, {numbers} directory: directory.map(Path::to_owned) }}
    }}
}}
"#
        ),
    )
}

/// A field of `zinc_options` after the first two.
struct Field {
    name: String,
    rust: &'static str,
    doc: String,
    reserved: bool,
}

/// The fields, with those that fill the gaps: a gap that has a name is one that callers are seen to leave 0.
fn fields(options: &[Choice]) -> Vec<Field> {
    let mut fields = Vec::new();
    // After `size` and `flags`.
    let mut end = 12;
    let mut gaps = 0;
    let mut fill = |fields: &mut Vec<Field>, end: &mut usize, align: usize| {
        if !end.is_multiple_of(align) {
            gaps += 1;
            let name = if gaps == 1 { "reserved".to_owned() } else { format!("reserved{gaps}") };
            fields.push(Field { name, rust: "u32", doc: "Always 0.".to_owned(), reserved: true });
            *end += 4;
        }
    };
    for option in options.iter().filter(|option| option.kind != ChoiceType::Bool) {
        let size = option.kind.size();
        fill(&mut fields, &mut end, size);
        let default = option.default_text();
        let zero = match option.kind {
            ChoiceType::User => "0 is nobody.".to_owned(),
            ChoiceType::Group => "It counts if its flag is set.".to_owned(),
            ChoiceType::Duration => {
                format!("Nanoseconds; negative is none at all, and 0 is the default: {default}.")
            }
            ChoiceType::Timeout => "Nanoseconds; 0 is not at all, and ZINC_FOREVER is for ever.".to_owned(),
            ChoiceType::Path => {
                format!("Only read during calls; it stays the caller's. NULL is the default: {default}.")
            }
            _ => format!("0 is the default: {default}."),
        };
        let doc = format!("{}: {} {zero}", option.calls_text(), lower(&option.doc));
        fields.push(Field { name: option.c_field(), rust: c_type(option.kind), doc, reserved: false });
        end += size;
    }
    fill(&mut fields, &mut end, 8);
    fields
}
