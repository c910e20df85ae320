//! The one rule for names, the same on every system.

use crate::error::{Error, ErrorKind, Operation, Result};

/// The longest name, in bytes.
pub(crate) const LONGEST: usize = 128;

/// Checks a region's name: 1 to 128 bytes of `A-Z a-z 0-9 . _ -`, not starting with a dot.
pub(crate) fn check<'a>(operation: &'static str, name: &'a str) -> Result<Operation<'a>> {
    let refuse = |why: String| -> Result<_, Error> {
        let shown = if name.len() <= LONGEST { Some(name) } else { None };
        let rule = format!("a name is 1 to {LONGEST} bytes of A-Z a-z 0-9 . _ - and starts with no dot");
        Err(Operation { name: operation, region: shown }
            .error(ErrorKind::InvalidName, format!("{why}; {rule}")))
    };
    if name.is_empty() {
        return refuse("the name is empty".into());
    }
    if name.len() > LONGEST {
        return refuse(format!("the name has {} bytes", name.len()));
    }
    if name.starts_with('.') {
        return refuse("the name starts with a dot".into());
    }
    match name.chars().find(|c| !matches!(c, 'A'..='Z' | 'a'..='z' | '0'..='9' | '.' | '_' | '-')) {
        Some(c) => refuse(format!("the name contains {c:?}")),
        None => Ok(Operation::on(operation, name)),
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_within_the_rule_are_accepted() {
        for name in ["a", "pipeline", "A-Z_0.9", "-", "_", "a.b.c", &"x".repeat(128)] {
            assert!(check("open", name).is_ok(), "{name}");
        }
    }

    #[test]
    fn names_outside_the_rule_are_refused_with_the_rule() {
        for name in ["", ".", ".hidden", "a/b", "../x", "a b", "é", "a\0b", "a\n", &"x".repeat(129)] {
            let error = check("open", name).err().expect(name);
            assert_eq!(error.kind(), ErrorKind::InvalidName);
            assert!(error.to_string().contains("1 to 128 bytes"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_accepted_name_leaves_its_directory(name in ".{0,140}") {
            if check("open", &name).is_ok() {
                prop_assert!(!name.contains('/') && !name.contains('\0') && !name.starts_with('.'));
            }
        }
    }
}
