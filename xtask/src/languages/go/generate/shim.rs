//! The C functions as cgo calls them: each brings back why it failed, and regions are numbers.

use super::MARK;
use crate::generate::abi::{Abi, Function, Word};
use crate::generate::text::each;

pub(crate) fn shim(abi: &Abi) -> String {
    let wrapped = abi.functions.iter().filter(|function| {
        let callback = function.arguments.iter().any(|(_, word)| *word == Word::Callback);
        let answers = function.result == Word::Plain("c_int".to_owned());
        // What tells of failures has none, and a callback is Go's own affair: see shim.h.
        answers && !callback && !function.name.starts_with("zinc_error_")
    });
    let wrappers = each(wrapped, wrapper);
    let mark = MARK.replace("crates/zinc/spec/", "the C ABI's sources");
    format!(
        "{mark}. DO NOT EDIT.

#ifndef ZINC_GO_SHIM_GEN_H
#define ZINC_GO_SHIM_GEN_H

{wrappers}#endif
"
    )
}

fn wrapper(function: &Function) -> String {
    let name = function.name.trim_start_matches("zinc_");
    let made = |word: &Word| word.target().is_some_and(|target| target.points_to("zinc_region"));
    let declared = function.arguments.iter().map(|(argument, word)| match word {
        word if made(word) => format!("shim_region *{argument}"),
        word if word.points_to("zinc_region") => format!("shim_region {argument}"),
        word => declare(word, argument),
    });
    let declared: Vec<_> = declared.chain(["shim_failure *failure".to_owned()]).collect();
    let passed = function.arguments.iter().map(|(argument, word)| match word {
        word if made(word) => "&made".to_owned(),
        word if word.points_to("zinc_region") => format!("shim_token({argument})"),
        _ => argument.clone(),
    });
    let call = format!("{}({})", function.name, passed.collect::<Vec<_>>().join(", "));
    let body = match function.arguments.iter().find(|(_, word)| made(word)) {
        Some((out, _)) => format!(
            "  zinc_region *made;\n  int status = {call};\n  return shim_made(status, made, {out}, failure);\n"
        ),
        None => format!("  return shim_note({call}, failure);\n"),
    };
    format!("static inline int shim_{name}({}) {{\n{body}}}\n", declared.join(", "))
}

/// A declaration of C.
fn declare(word: &Word, name: &str) -> String {
    match word {
        Word::Pointer { to, writable } => match &**to {
            Word::Pointer { .. } => declare(to, &format!("*{name}")),
            to => format!("{}{} *{name}", if *writable { "" } else { "const " }, named(to)),
        },
        word => format!("{} {name}", named(word)),
    }
}

fn named(word: &Word) -> String {
    match word {
        Word::Named(name) => name.clone(),
        Word::Plain(name) => match name.as_str() {
            "c_int" => "int".to_owned(),
            "c_char" => "char".to_owned(),
            "c_void" => "void".to_owned(),
            "usize" => "size_t".to_owned(),
            fixed => {
                let (sign, bits) = fixed.split_at(1);
                format!("{}int{bits}_t", if sign == "u" { "u" } else { "" })
            }
        },
        Word::Pointer { .. } | Word::Array(..) | Word::Callback => {
            unreachable!("arguments are declared from the outside in, and none is an array")
        }
    }
}
