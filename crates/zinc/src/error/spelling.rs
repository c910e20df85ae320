//! How the errors of this process spell operations: as the language spells its calls.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU8, Ordering};

/// How a language spells the names of its calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Spelling {
    /// `open_or_create`, as in Rust, Python and C.
    Snake = 0,
    /// `openOrCreate`, as in JavaScript and Java.
    Camel = 1,
    /// `OpenOrCreate`, as in Go and C#.
    Pascal = 2,
}

static SPELLING: AtomicU8 = AtomicU8::new(Spelling::Snake as u8);

/// Has every error that this copy of the core makes, or has made, spell operations so.
///
/// A binding calls it once when it is loaded. Each binding has a copy of the core, so those of other languages in the same
/// process are not touched.
pub fn spell_operations(spelling: Spelling) {
    SPELLING.store(spelling as u8, Ordering::Relaxed);
}

/// The operation or option, which is in snake case, as the language of this process spells it.
pub(crate) fn spelt(operation: &'static str) -> Cow<'static, str> {
    let spelling = SPELLING.load(Ordering::Relaxed);
    if spelling == Spelling::Snake as u8 {
        return operation.into();
    }
    in_camel(operation, spelling == Spelling::Pascal as u8).into()
}

fn in_camel(operation: &str, mut capital: bool) -> String {
    let mut name = String::with_capacity(operation.len());
    for letter in operation.chars() {
        if letter == '_' {
            capital = true;
        } else {
            name.push(if std::mem::take(&mut capital) { letter.to_ascii_uppercase() } else { letter });
        }
    }
    name
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::in_camel;

    #[test]
    fn operations_are_spelt_as_languages_spell_calls() {
        assert_eq!(in_camel("open_or_create", false), "openOrCreate");
        assert_eq!(in_camel("open_or_create", true), "OpenOrCreate");
        assert_eq!(in_camel("wait", false), "wait");
        assert_eq!(in_camel("wait", true), "Wait");
    }
}
