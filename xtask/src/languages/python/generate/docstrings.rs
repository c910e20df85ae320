//! The docstrings of the stub, for editors: those that the extension has, which `help()` shows. Both come from the comments in
//! the extension's Rust sources.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use syn::{Attribute, Expr, ExprLit, ImplItem, Item, Lit, Meta};

use crate::generate::{Project, read};

/// Where the extension's sources are.
const SOURCES: &str = "crates/zinc-py/src";

/// The docstrings by `Class`, `Class.method` or `function`.
type Docs = BTreeMap<String, String>;

/// The stub with its docstrings made anew. `calls` is the generated source, which need not be written yet.
pub(crate) fn document(project: &Project, calls: &str, stub: &str) -> Result<String> {
    let mut sources = vec![calls.to_owned()];
    for entry in std::fs::read_dir(project.path(SOURCES)).context(SOURCES)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("calls.rs") {
            sources.push(read(&path)?);
        }
    }
    let sources = sources.iter().map(|source| syn::parse_file(source)).collect::<syn::Result<Vec<_>>>()?;
    let items: Vec<_> = sources.iter().flat_map(|source| &source.items).collect();
    Ok(with_docstrings(&without_docstrings(stub), &docs(&items)))
}

fn docs(items: &[&Item]) -> Docs {
    let mut docs = Docs::new();
    let mut classes = BTreeMap::new();
    for item in items {
        match item {
            Item::Struct(class) if has(&class.attrs, "pyclass") => {
                let name = renamed(&class.attrs).unwrap_or_else(|| class.ident.to_string());
                classes.insert(class.ident.to_string(), name.clone());
                docs.insert(name, doc(&class.attrs));
            }
            Item::Fn(function) if has(&function.attrs, "pyfunction") => {
                let name = renamed(&function.attrs).unwrap_or_else(|| function.sig.ident.to_string());
                docs.insert(name, doc(&function.attrs));
            }
            _ => {}
        }
    }
    for item in items {
        let Item::Impl(methods) = item else { continue };
        let syn::Type::Path(class) = &*methods.self_ty else { continue };
        let Some(class) = class.path.get_ident().and_then(|name| classes.get(&name.to_string())) else {
            continue;
        };
        for method in &methods.items {
            let ImplItem::Fn(method) = method else { continue };
            if has(&methods.attrs, "pymethods") && !has(&method.attrs, "new") {
                docs.insert(format!("{class}.{}", method.sig.ident), doc(&method.attrs));
            }
        }
    }
    docs.retain(|_, doc| !doc.is_empty());
    docs
}

fn has(attributes: &[Attribute], name: &str) -> bool {
    attributes.iter().any(|attribute| attribute.path().is_ident(name))
}

/// What stands after `name =` in an attribute of pyo3's.
fn renamed(attributes: &[Attribute]) -> Option<String> {
    let mut name = None;
    for attribute in attributes.iter().filter(|attribute| matches!(attribute.meta, Meta::List(_))) {
        // Other arguments end the parsing, which is fine once the name is found.
        let _ = attribute.parse_nested_meta(|argument| {
            if argument.input.peek(syn::Token![=]) {
                let value: Expr = argument.value()?.parse()?;
                if let (true, Expr::Lit(ExprLit { lit: Lit::Str(text), .. })) =
                    (argument.path.is_ident("name"), value)
                {
                    name = Some(text.value());
                }
            }
            Ok(())
        });
    }
    name
}

fn doc(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(line), .. }) => Some(line.value()),
            _ => None,
        },
        _ => None,
    });
    let lines: Vec<_> = lines.map(|line| line.strip_prefix(' ').unwrap_or(&line).to_owned()).collect();
    lines.join("\n").trim().to_owned()
}

/// The stub as it is written by hand: a function ends with `: ...`.
fn without_docstrings(stub: &str) -> String {
    let mut text = String::new();
    let mut lines = stub.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(first) = lines.next_if(|next| line.ends_with(':') && next.trim_start().starts_with(QUOTES))
        else {
            text += line;
            text.push('\n');
            continue;
        };
        if first.trim() == QUOTES || !first.ends_with(QUOTES) {
            lines.by_ref().find(|line| line.ends_with(QUOTES));
        }
        text += line;
        if line.starts_with("class ") {
            lines.next_if(|line| line.is_empty());
        } else {
            text += " ...";
            lines.next_if(|line| line.is_empty());
        }
        text.push('\n');
    }
    text
}

const QUOTES: &str = "\"\"\"";

fn with_docstrings(stub: &str, docs: &Docs) -> String {
    let mut text = String::new();
    let mut class = String::new();
    // Where the function that begins here ends is where its docstring goes.
    let mut open: Option<(String, usize)> = None;
    for line in stub.lines() {
        let code = line.trim_start();
        let indent = line.len() - code.len();
        if indent == 0 && !code.is_empty() && !code.starts_with(['@', '#', ')']) {
            class.clear();
        }
        let named = |rest: &str| rest.split(['(', ':']).next().unwrap_or_default().to_owned();
        if let Some(name) = code.strip_prefix("class ") {
            class = named(name);
            text += line;
            text.push('\n');
            if let Some(doc) = docs.get(&class) {
                text += &docstring(doc, 4);
                text.push('\n');
            }
            continue;
        }
        if let Some(name) = code.strip_prefix("def ") {
            let name = named(name);
            open = Some((if indent == 0 { name } else { format!("{class}.{name}") }, indent));
        }
        match (&open, line.strip_suffix(": ...")) {
            (Some((name, indent)), Some(signature)) => {
                match docs.get(name) {
                    Some(doc) => text += &format!("{signature}:\n{}\n", docstring(doc, indent + 4)),
                    None => text += &format!("{line}\n"),
                }
                open = None;
            }
            _ => {
                text += line;
                text.push('\n');
            }
        }
    }
    // Where a blank line follows already.
    text.replace("\n\n\n", "\n\n").trim_end().to_owned() + "\n"
}

fn docstring(doc: &str, indent: usize) -> String {
    let space = " ".repeat(indent);
    let doc = doc.replace('\\', "\\\\");
    if !doc.contains('\n') {
        return format!("{space}{QUOTES}{doc}{QUOTES}\n");
    }
    let lines =
        doc.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("{space}{line}\n") });
    let lines: String = lines.collect();
    format!("{space}{QUOTES}{}{space}{QUOTES}\n", lines.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docstrings_are_taken_out_as_they_were_put_in() {
        let stub = "class A:\n    def f(\n        self,\n    ) -> int: ...\n    def g(self) -> None: ...\n\ndef h() -> int: ...\n";
        let docs = [("A", "A class.\n\nLong."), ("A.f", "One."), ("h", "Two\nlines.")];
        let docs = docs.map(|(name, doc)| (name.to_owned(), doc.to_owned())).into();
        let documented = with_docstrings(stub, &docs);
        assert!(documented.contains("    ) -> int:\n        \"\"\"One.\"\"\"\n"));
        assert_eq!(without_docstrings(&documented), stub);
    }
}
