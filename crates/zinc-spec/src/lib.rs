//! The facts of Zinc that more than one place needs: `crates/zinc/spec/*.toml`, read by one parser and checked.
//!
//! The generator makes code and documentation from them, the conformance runner and the fuzz targets ask them. None of
//! the packages has this crate in it.

mod commands;
mod dtypes;
mod errors;
mod layout;
mod options;

use std::collections::HashSet;
use std::fmt::Display;
use std::hash::Hash;

use anyhow::{Context, Result, ensure};
use serde::de::DeserializeOwned;

pub use commands::{Argument, ArgumentType, Command};
pub use dtypes::DType;
pub use errors::Kind;
pub use layout::{Field, Layout};
pub use options::{Call, Choice, ChoiceType, Default, Language};

/// Every spec file, read and checked.
#[derive(Debug)]
pub struct Spec {
    /// The kinds of error.
    pub kinds: Vec<Kind>,
    /// The element types that a descriptor can name.
    pub dtypes: Vec<DType>,
    /// The header of a region.
    pub layout: Layout,
    /// The options of creating, opening, listing and removing.
    pub options: Vec<Choice>,
    /// What a conformance testee can be told to do.
    pub commands: Vec<Command>,
}

impl Spec {
    /// The spec files that this crate was built beside.
    ///
    /// # Errors
    ///
    /// What is wrong with them: unknown or missing fields, and whatever cannot be right, such as a code used twice.
    pub fn load() -> Result<Self> {
        Ok(Self {
            kinds: errors::parse(include_str!("../../zinc/spec/errors.toml")).context("errors.toml")?,
            dtypes: dtypes::parse(include_str!("../../zinc/spec/dtypes.toml")).context("dtypes.toml")?,
            layout: layout::parse(include_str!("../../zinc/spec/layout.toml")).context("layout.toml")?,
            options: options::parse(include_str!("../../zinc/spec/options.toml")).context("options.toml")?,
            commands: commands::parse(include_str!("../../zinc/spec/commands.toml"))
                .context("commands.toml")?,
        })
    }

    /// The stable code of an error kind.
    pub fn code(&self, kind: &str) -> Option<i32> {
        self.kinds.iter().find(|known| known.name == kind).map(|known| known.code)
    }

    /// The code of an element type.
    pub fn dtype(&self, name: &str) -> Option<u32> {
        self.dtypes.iter().find(|known| known.name == name).map(|known| known.code)
    }

    /// The options that a call takes, in the order of the file.
    pub fn options_of(&self, call: Call) -> impl Iterator<Item = &Choice> {
        self.options.iter().filter(move |option| option.calls.contains(&call))
    }

    /// Everything that a command takes beside its handle, its options included.
    pub fn arguments_of(&self, command: &Command) -> Vec<Argument> {
        let options = command.options.into_iter().flat_map(|call| self.options_of(call));
        command.arguments.iter().cloned().chain(options.map(Choice::argument)).collect()
    }
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T> {
    Ok(toml::from_str(text)?)
}

fn unique<T: Hash + Eq + Display>(what: &str, values: impl IntoIterator<Item = T>) -> Result<()> {
    let mut seen = HashSet::new();
    for value in values {
        let text = value.to_string();
        ensure!(seen.insert(value), "{what} {text} is used twice");
    }
    Ok(())
}

/// Names are `snake_case`, so that every language can make its own of them.
fn snake(what: &str, name: &str) -> Result<()> {
    use heck::ToSnakeCase;
    ensure!(name.to_snake_case() == name, "{what} {name:?} is not in snake_case");
    Ok(())
}

/// Documentation is sentences on one line: the generator wraps them for each language.
fn sentences(of: &str, doc: &str) -> Result<()> {
    ensure!(doc.ends_with('.') && !doc.contains('\n'), "{of}: its doc is not sentences on one line");
    ensure!(doc.matches('`').count().is_multiple_of(2), "{of}: its doc has an odd number of backticks");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_spec_is_sound() {
        let spec = Spec::load().unwrap();
        assert_eq!(spec.code("InvalidName"), Some(-1));
        assert_eq!(spec.dtype("float32"), Some(12));
        let create = spec.commands.iter().find(|command| command.name == "create").unwrap();
        assert!(spec.arguments_of(create).iter().any(|argument| argument.name == "sparse"));
    }
}
