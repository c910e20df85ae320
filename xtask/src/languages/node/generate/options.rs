//! The options of the npm package: a table for its JavaScript, and interfaces for TypeScript.

use crate::generate::MARK;
use crate::generate::text::{each, wrapped};
use zinc_spec::{Call, Choice, ChoiceType, Language, Spec};

/// `options.gen.cjs`.
pub(crate) fn table(spec: &Spec) -> String {
    let numbers: Vec<_> = spec.options.iter().filter(|option| option.kind.is_number()).collect();
    let rows = each(&spec.options, |option| {
        let kind = format!("{:?}", option.kind).to_lowercase();
        let flag = option.flag.map_or(String::new(), |flag| format!(", flag: {flag}"));
        let place = numbers.iter().position(|number| number.name == option.name);
        let place = place.map_or(String::new(), |place| format!(", place: {place}"));
        let calls: Vec<_> = option.calls.iter().map(|&call| format!("{:?}", lower_camel(call))).collect();
        let calls = calls.join(", ");
        let name = option.lower_camel_with_unit();
        format!("  {name}: {{ type: {kind:?}{flag}{place}, calls: [{calls}] }},")
    });
    format!(
        r#"// Every option: its type, its flag, its place among the numbers that the addon takes, and the calls that take it.
//
// {MARK} `crates/zinc/spec/options.toml`.
"use strict";

const OPTIONS = {{
{rows}}};

/** How many numbers there are. */
const NUMBERS = {};

module.exports = {{ NUMBERS, OPTIONS }};
"#,
        numbers.len()
    )
}

/// The call as JavaScript has it.
fn lower_camel(call: Call) -> &'static str {
    match call {
        Call::Create => "create",
        Call::Open => "open",
        Call::OpenOrCreate => "openOrCreate",
        Call::List => "list",
        Call::Remove => "remove",
    }
}

/// The interfaces of each call's options.
pub(super) fn interfaces(spec: &Spec) -> String {
    let takes = |option: &Choice, call| option.calls.contains(&call);
    let ways = [Call::Create, Call::Open, Call::OpenOrCreate];
    let place = |option: &Choice| takes(option, Call::List) && takes(option, Call::Remove);
    let common = |option: &Choice| !place(option) && ways.iter().all(|&call| takes(option, call));
    let own = |call| {
        let own = move |option: &&Choice| takes(option, call) && !place(option) && !common(option);
        spec.options.iter().filter(own).map(member).collect::<String>()
    };
    let of = |which: &dyn Fn(&Choice) -> bool| -> String {
        spec.options.iter().filter(|option| which(option)).map(member).collect()
    };
    format!(
        "/** Where regions live. */
export interface Place {{
{}}}

/** What creating and opening a region have in common. */
export interface RegionOptions extends Place {{
{}}}

/** The options of `create` and `createTensor`. */
export interface CreateOptions extends RegionOptions {{
{}}}

/** The options of `open`. */
export interface OpenOptions extends RegionOptions {{
{}}}

/** The options of `openOrCreate`. */
export interface OpenOrCreateOptions extends RegionOptions {{
{}}}
",
        of(&place),
        of(&common),
        own(Call::Create),
        own(Call::Open),
        own(Call::OpenOrCreate),
    )
}

fn member(option: &Choice) -> String {
    let kind = match option.kind {
        ChoiceType::Bool => "boolean | undefined",
        ChoiceType::Path => "string | undefined",
        ChoiceType::Timeout => "Timeout",
        _ => "number | undefined",
    };
    let unit = if option.kind == ChoiceType::Duration { " In microseconds." } else { "" };
    let doc = option.doc_in(Some(Language::Javascript)) + unit;
    let one_line = format!("  /** {doc} */");
    let doc = if one_line.chars().count() <= 120 {
        one_line
    } else {
        format!("  /**\n{}\n   */", wrapped(&doc, "   * ", "   * "))
    };
    format!("{doc}\n  {}?: {kind};\n", option.lower_camel_with_unit())
}
