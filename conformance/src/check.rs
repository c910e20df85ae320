//! Whether what came is what the case expects.

use crate::answer::Outcome;
use crate::case::{Expect, Together};
use crate::spec::SPEC;
use anyhow::{Result, bail, ensure};
use serde_json::Value;
use std::time::Duration;

/// Checks one answer; an error must have the kind's name and its stable code.
pub(crate) fn answer(outcome: &Outcome, expect: &Expect) -> Result<()> {
    match (outcome, expect) {
        (Outcome::Value(_), Expect::Success) => Ok(()),
        (Outcome::Value(value), Expect::Gives(expect)) if matches(expect, value) => Ok(()),
        (Outcome::Value(value), Expect::Gives(expect)) => bail!("expected {expect}, got {value}"),
        (Outcome::Value(value), Expect::Fails { kind, .. }) => {
            bail!("expected the error {kind}, got {value}")
        }
        (Outcome::Error { kind, code, message }, Expect::Fails { kind: expect, says }) => {
            ensure!(kind == expect, "expected the error {expect}, got {kind} ({message})");
            ensure!(
                *code == SPEC.code(expect).map(i64::from),
                "the error {kind} came with the code {code:?} ({message})"
            );
            ensure!(SPEC.code(expect).is_none() || !message.is_empty(), "the error {kind} has no message");
            let says = says.as_deref().unwrap_or_default();
            ensure!(message.contains(says), "the error {kind} does not say {says:?}: {message}");
            Ok(())
        }
        (Outcome::Error { kind, message, .. }, _) => bail!("got the error {kind} ({message})"),
    }
}

/// Checks several answers.
pub(crate) fn together(outcomes: &[Outcome], expect: &Together) -> Result<()> {
    match expect {
        Together::InAnyOrder(expect) => in_any_order(outcomes, expect),
        Together::Either(lists) => {
            let met = |list: &Vec<Expect>| {
                list.len() == outcomes.len()
                    && outcomes.iter().zip(list).all(|(outcome, expect)| answer(outcome, expect).is_ok())
            };
            ensure!(lists.iter().any(met), "expected one of {lists:?}, got {outcomes:?}");
            Ok(())
        }
    }
}

/// Checks that each expectation is met by an answer of its own.
fn in_any_order(outcomes: &[Outcome], expect: &[Expect]) -> Result<()> {
    ensure!(outcomes.len() == expect.len(), "{} answers, {} expected", outcomes.len(), expect.len());
    if let ([outcome], [expect]) = (outcomes, expect) {
        return answer(outcome, expect);
    }
    let mut open: Vec<_> = outcomes.iter().collect();
    for expect in expect {
        match open.iter().position(|outcome| answer(outcome, expect).is_ok()) {
            Some(index) => drop(open.remove(index)),
            None => bail!("no answer is {expect:?} among {outcomes:?}"),
        }
    }
    Ok(())
}

/// Checks the lower bound of a time; there is no upper one but the watchdog.
pub(crate) fn took(took: Duration, at_least: Duration) -> Result<()> {
    ensure!(took >= at_least, "it took {took:?}, at least {at_least:?} expected");
    Ok(())
}

/// Whether a value is the one expected.
///
/// Numbers compare by value, whether integer or not; an integer may come as decimal text, as languages without large
/// integers must send it. Of an object, the fields that are expected are compared. "none" stands for null, which TOML
/// has not.
pub(crate) fn matches(expect: &Value, found: &Value) -> bool {
    match (expect, found) {
        (Value::String(text), Value::Null) => text == "none",
        (Value::Object(expect), Value::Object(found)) => {
            expect.iter().all(|(name, expect)| found.get(name).is_some_and(|found| matches(expect, found)))
        }
        (Value::Array(expect), Value::Array(found)) => {
            expect.len() == found.len()
                && expect.iter().zip(found).all(|(expect, found)| matches(expect, found))
        }
        (Value::Number(expect), Value::Number(found)) if expect.is_f64() || found.is_f64() => {
            expect.as_f64() == found.as_f64()
        }
        (Value::Number(number), Value::String(text)) | (Value::String(text), Value::Number(number)) => {
            *text == number.to_string()
        }
        _ => expect == found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_matches_in_the_forms_that_languages_write_it() {
        assert!(matches(&json!(1), &json!(1.0)));
        assert!(matches(&json!("18446744073709551615"), &json!(u64::MAX)));
        assert!(matches(&json!({ "a": 1 }), &json!({ "a": 1, "b": 2 })));
        assert!(matches(&json!("none"), &json!(null)));
    }

    #[test]
    fn a_value_does_not_match_another() {
        for (expect, found) in [
            (json!(1), json!(2)),
            (json!(true), json!(1)),
            (json!([1, 2]), json!([2, 1])),
            (json!([1]), json!([1, 1])),
            (json!({ "a": 1 }), json!({})),
            (json!(u64::MAX - 1), json!(u64::MAX.to_string())),
            (json!(u64::MAX - 1), json!(u64::MAX)),
        ] {
            assert!(!matches(&expect, &found), "{expect} {found}");
        }
    }

    #[test]
    fn an_error_needs_the_right_name_the_right_code_and_a_message() {
        let error = |kind: &str, code, message: &str| Outcome::Error {
            kind: kind.into(),
            code,
            message: message.into(),
        };
        let closed = Expect::Fails { kind: "Closed".into(), says: None };
        assert!(answer(&error("Closed", SPEC.code("Closed").map(i64::from), "x"), &closed).is_ok());
        assert!(answer(&error("Closed", SPEC.code("NotFound").map(i64::from), "x"), &closed).is_err());
        assert!(answer(&error("Closed", None, "x"), &closed).is_err());
        assert!(answer(&error("Closed", SPEC.code("Closed").map(i64::from), ""), &closed).is_err());
        assert!(answer(&error("NotFound", SPEC.code("NotFound").map(i64::from), "x"), &closed).is_err());
        assert!(answer(&Outcome::Value(json!(true)), &closed).is_err());
        let says = Expect::Fails { kind: "Closed".into(), says: Some("the way out".into()) };
        let closed = |message| error("Closed", SPEC.code("Closed").map(i64::from), message);
        assert!(answer(&closed("why; the way out is this"), &says).is_ok());
        assert!(answer(&closed("why"), &says).is_err());
    }

    #[test]
    fn what_a_race_came_to_must_be_one_of_the_lists_in_its_order() {
        let expect = |one: bool, other: bool| [one, other].map(|value| Expect::Gives(json!(value))).to_vec();
        let of = |one: bool, other: bool| [one, other].map(|value| Outcome::Value(json!(value)));
        let either = Together::Either(vec![expect(true, false), expect(false, true)]);
        assert!(together(&of(true, false), &either).is_ok());
        assert!(together(&of(false, true), &either).is_ok());
        assert!(together(&of(false, false), &either).is_err());
        assert!(together(&of(true, true), &either).is_err());
        assert!(together(&of(true, false)[..1], &either).is_err());
    }

    #[test]
    fn two_answers_in_any_order_must_be_two() {
        let outcomes = [Outcome::Value(json!({ "owner": true })), Outcome::Value(json!({ "owner": true }))];
        let one_owner = [json!({ "owner": true }), json!({ "owner": false })].map(Expect::Gives);
        assert!(in_any_order(&outcomes, &one_owner).is_err());
    }
}
