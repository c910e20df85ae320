//! `commands.toml`: what the conformance runner can tell a testee to do.

use anyhow::{Result, ensure};
use serde::Deserialize;

use crate::options::Call;

/// What an argument is.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum ArgumentType {
    /// True or false.
    Bool,
    /// An element type, by its name.
    Dtype,
    /// Bytes, as hex digits.
    Hex,
    /// A whole number from 0 on.
    Number,
    /// Whole numbers from 0 on.
    Numbers,
    /// Text.
    Text,
    /// The values of a tensor's elements.
    Values,
}

/// One argument of a command.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Argument {
    /// Its name.
    pub name: String,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: ArgumentType,
    /// Whether a command may go without it.
    #[serde(default)]
    pub optional: bool,
    /// What a case means that does not say it, where that is sent.
    pub default: Option<String>,
}

/// One command.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// What it is called.
    pub name: String,
    /// Whether it concerns a handle.
    #[serde(default)]
    pub handle: bool,
    /// Whether it names a region.
    #[serde(default)]
    pub region: bool,
    /// The call whose options it takes.
    pub options: Option<Call>,
    /// Whether cases can ask for it; the runner itself sends the others.
    #[serde(default = "yes")]
    pub in_cases: bool,
    /// What else it takes.
    #[serde(default)]
    pub arguments: Vec<Argument>,
    /// What it gives, in words.
    #[serde(default)]
    pub gives: String,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    command: Vec<Command>,
}

pub(crate) fn parse(text: &str) -> Result<Vec<Command>> {
    let mut commands = crate::read::<File>(text)?.command;
    crate::unique("the command", commands.iter().map(|command| &command.name))?;
    for command in &mut commands {
        crate::snake("the command", &command.name)?;
        crate::unique("the argument", command.arguments.iter().map(|argument| &argument.name))?;
        for Argument { name, optional, default, .. } in &command.arguments {
            crate::snake("the argument", name)?;
            ensure!(default.is_none() || !optional, "{}: {name} is optional, or has a default", command.name);
        }
        if command.region {
            let (name, default) = ("name".to_owned(), Some("r".to_owned()));
            let name = Argument { name, kind: ArgumentType::Text, optional: false, default };
            command.arguments.insert(0, name);
        }
    }
    Ok(commands)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_names_a_region_takes_a_name() {
        let commands = parse("[[command]]\nname = 'remove'\nregion = true\noptions = 'remove'\n").unwrap();
        assert_eq!(commands[0].arguments[0].name, "name");
        assert_eq!(commands[0].options, Some(Call::Remove));
    }

    #[test]
    fn no_command_is_listed_twice_and_no_argument_is_of_an_unknown_type() {
        assert!(parse("[[command]]\nname = 'a'\n[[command]]\nname = 'a'\n").is_err());
        assert!(parse("[[command]]\nname = 'a'\narguments = [{ name = 'b', type = 'c' }]\n").is_err());
    }
}
