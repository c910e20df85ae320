//! `options.toml`: what can be chosen when a region is created, opened, listed or removed.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use heck::{ToLowerCamelCase, ToShoutySnakeCase, ToUpperCamelCase};
use serde::Deserialize;

use crate::commands::{Argument, ArgumentType};

/// A call that takes options. `create` stands for creating a tensor, too.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// Create a region or a tensor.
    Create,
    /// Open a region.
    Open,
    /// Open a region or else create it.
    OpenOrCreate,
    /// List the regions there are.
    List,
    /// Remove a region by its name.
    Remove,
}

impl Call {
    /// Its name as every language has it, but for the letter case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Open => "open",
            Self::OpenOrCreate => "open_or_create",
            Self::List => "list",
            Self::Remove => "remove",
        }
    }
}

/// What an option's value is. A plain 0 is the default of every type, as in C's `zinc_options`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum ChoiceType {
    /// On or off, off by default: a flag.
    Bool,
    /// Permission bits, of which 0 is the default.
    Mode,
    /// A user id. 0, root, says nothing new: root's regions are accepted by all.
    User,
    /// A group id. Every number is one, so a flag says that it is chosen.
    Group,
    /// A time span: nanoseconds in C, 0 for the default and negative for none at all.
    Duration,
    /// How long to wait: nanoseconds in C, 0 for not at all and negative for ever.
    Timeout,
    /// A path.
    Path,
}

impl ChoiceType {
    /// Whether it is a number in the plain form that crosses from one language to another.
    pub fn is_number(self) -> bool {
        !matches!(self, Self::Bool | Self::Path)
    }

    /// Whether an option of this type has a flag: its value itself, or that a value was chosen.
    pub fn has_flag(self) -> bool {
        matches!(self, Self::Bool | Self::Group)
    }

    /// Bytes of the field in C, and what it is aligned to.
    pub fn size(self) -> usize {
        match self {
            Self::Bool | Self::Mode | Self::User | Self::Group => 4,
            Self::Duration | Self::Timeout | Self::Path => 8,
        }
    }
}

/// What holds where an option is not given.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Default {
    /// A number that signatures can show.
    Number(u64),
    /// In words.
    Words(String),
}

/// Where an option means something that it does not mean elsewhere.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// C#.
    Csharp,
    /// Go.
    Go,
    /// Java.
    Java,
    /// JavaScript and TypeScript.
    Javascript,
    /// Python.
    Python,
}

/// One option.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// Its name, in `snake_case` and without a unit.
    pub name: String,
    /// What its value is.
    #[serde(rename = "type")]
    pub kind: ChoiceType,
    /// The calls that take it.
    pub calls: Vec<Call>,
    /// Its bit in the flags, at every border.
    pub flag: Option<u32>,
    default: Option<Default>,
    /// What it means.
    pub doc: String,
    /// What else is to be said in one language.
    #[serde(default)]
    notes: BTreeMap<Language, String>,
    /// Whether a handle that is handed on to another process, by pickling say, opens the region there with it.
    #[serde(default)]
    pub handed_on: bool,
}

impl Choice {
    /// The name where a plain number has its unit in its name: `spin_us`. A timeout is milliseconds everywhere.
    pub fn name_with_unit(&self) -> String {
        if self.kind == ChoiceType::Duration { format!("{}_us", self.name) } else { self.name.clone() }
    }

    /// The name of its field in C: `spin_ns`.
    pub fn c_field(&self) -> String {
        match self.kind {
            ChoiceType::Duration | ChoiceType::Timeout => format!("{}_ns", self.name),
            _ => self.name.clone(),
        }
    }

    /// `READ_ONLY`.
    pub fn constant(&self) -> String {
        self.name.to_shouty_snake_case()
    }

    /// `ZINC_OPTION_READ_ONLY`.
    pub fn c_flag(&self) -> String {
        format!("ZINC_OPTION_{}", self.constant())
    }

    /// `readOnly`.
    pub fn lower_camel(&self) -> String {
        self.name.to_lower_camel_case()
    }

    /// `spinUs`.
    pub fn lower_camel_with_unit(&self) -> String {
        self.name_with_unit().to_lower_camel_case()
    }

    /// `ReadOnly`.
    pub fn upper_camel(&self) -> String {
        self.name.to_upper_camel_case()
    }

    /// The number that is the default, where signatures can show one.
    pub fn default_number(&self) -> Option<u64> {
        match self.default {
            Some(Default::Number(number)) => Some(number),
            _ => None,
        }
    }

    /// What holds without it, as the end of a sentence.
    pub fn default_text(&self) -> String {
        match (&self.default, self.kind) {
            (Some(Default::Words(words)), _) => words.clone(),
            (Some(Default::Number(number)), ChoiceType::Mode) => format!("`{number:04o}`"),
            (Some(Default::Number(number)), _) => format!("`{number}`"),
            (None, ChoiceType::Bool) => "false".to_owned(),
            (None, _) => "none".to_owned(),
        }
    }

    /// What it means, with what is to be said in that language, and its default.
    pub fn doc_in(&self, language: Option<Language>) -> String {
        let note = language.and_then(|language| self.notes.get(&language));
        let note = note.map_or(String::new(), |note| format!(" {note}"));
        format!("{}{note} Default: {}.", self.doc, self.default_text())
    }

    /// The calls that take it, as the start of a sentence: `Create, open`.
    pub fn calls_text(&self) -> String {
        let listed: Vec<_> = self.calls.iter().map(|call| call.name().replace('_', " ")).collect();
        // Whoever may create or open may do both in one call.
        let both = |call: &&String| {
            !(*call == "open or create"
                && (listed.contains(&"create".into()) || listed.contains(&"open".into())))
        };
        let text = listed.iter().filter(both).cloned().collect::<Vec<_>>().join(", ");
        text[..1].to_uppercase() + &text[1..]
    }

    /// The option as an argument of a conformance command.
    pub fn argument(&self) -> Argument {
        let kind = match self.kind {
            ChoiceType::Bool => ArgumentType::Bool,
            ChoiceType::Mode | ChoiceType::User | ChoiceType::Group => ArgumentType::Number,
            ChoiceType::Duration | ChoiceType::Timeout => ArgumentType::Number,
            ChoiceType::Path => ArgumentType::Text,
        };
        Argument { name: self.name_with_unit(), kind, optional: true, default: None }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    option: Vec<Choice>,
}

pub(crate) fn parse(text: &str) -> Result<Vec<Choice>> {
    let options = crate::read::<File>(text)?.option;
    crate::unique("the name", options.iter().map(|option| &option.name))?;
    crate::unique("the flag", options.iter().filter_map(|option| option.flag))?;
    for option in &options {
        let Choice { name, kind, calls, flag, default, doc, notes, .. } = option;
        crate::snake("the option", name)?;
        crate::sentences(name, doc)?;
        for note in notes.values() {
            crate::sentences(name, note)?;
        }
        ensure!(!calls.is_empty(), "{name}: no call takes it");
        ensure!(
            flag.is_some() == kind.has_flag(),
            "{name}: options of type {kind:?} have a flag, or have none"
        );
        ensure!(flag.is_none_or(u32::is_power_of_two), "{name}: a flag is one bit");
        let number = matches!(default, Some(Default::Number(_)));
        ensure!(!number || *kind == ChoiceType::Mode, "{name}: its default is 0, or in words");
        ensure!(*kind != ChoiceType::Bool || default.is_none(), "{name}: a bool is false by default");
    }
    let paths: Vec<_> = options.iter().filter(|option| option.kind == ChoiceType::Path).collect();
    ensure!(
        paths.len() == 1 && paths[0].name == "directory",
        "adapters keep the memory of one path, the directory; teach them to keep more first"
    );
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIRECTORY: &str = "[[option]]\nname = 'directory'\ntype = 'path'\ncalls = ['list']\ndoc = 'x.'\n";

    fn option(name: &str, kind: &str, more: &str) -> Result<Vec<Choice>> {
        let text =
            format!("[[option]]\nname = '{name}'\ntype = '{kind}'\ncalls = ['create']\ndoc = 'x.'\n{more}\n");
        parse(&(text + DIRECTORY))
    }

    #[test]
    fn a_flag_is_one_bit_of_what_has_one_and_nobody_elses() {
        assert!(option("sparse", "bool", "flag = 4").is_ok());
        assert!(option("sparse", "bool", "").is_err());
        assert!(option("sparse", "bool", "flag = 5").is_err());
        assert!(option("mode", "mode", "flag = 4").is_err());
        let twice = "flag = 4\n[[option]]\nname = 'b'\ntype = 'bool'\ncalls = ['open']\ndoc = 'x.'\nflag = 4";
        assert!(option("a", "bool", twice).is_err());
    }

    #[test]
    fn an_option_that_is_to_come_fits_the_model() {
        let group = &option("group", "group", "flag = 16").unwrap()[0];
        assert_eq!(group.c_flag(), "ZINC_OPTION_GROUP");
        assert!(option("private", "bool", "flag = 16").is_ok());
    }

    #[test]
    fn every_language_has_its_own_name_for_an_option() {
        let option = &option("spin_limit", "duration", "").unwrap()[0];
        assert_eq!(option.c_field(), "spin_limit_ns");
        assert_eq!(option.name_with_unit(), "spin_limit_us");
        assert_eq!(option.lower_camel_with_unit(), "spinLimitUs");
        assert_eq!(option.upper_camel(), "SpinLimit");
        assert_eq!(option.default_text(), "none");
    }
}
