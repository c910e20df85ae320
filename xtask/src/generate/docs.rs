//! The book's generated pages: kinds of error, options, header layout; and the table of conformance commands.

use super::MARK;
use super::text::each;
use heck::ToSnakeCase;
use zinc_spec::{ChoiceType, Command, Spec};

pub(super) fn errors(spec: &Spec) -> String {
    let meanings = each(&spec.kinds, |kind| format!("| `{}` | {} | {} |", kind.name, kind.code, kind.doc));
    let names = each(&spec.kinds, |kind| {
        format!(
            "| `{}` | `{}` | `{}_error` | `{}` | `{}` | `{}` | `{}` |",
            kind.name,
            kind.c_name(),
            kind.name.to_snake_case(),
            kind.python_class,
            kind.javascript_code(),
            kind.exception(),
            kind.go_name(),
        )
    });
    let also = each(spec.kinds.iter().filter(|kind| !kind.python.is_empty() || kind.go.is_some()), |kind| {
        let bases = kind.python.iter().map(|base| format!("`{base}`")).collect::<Vec<_>>().join(", ");
        let go = kind.go.iter().cloned().chain(kind.errno.iter().map(|name| format!("syscall.{name}")));
        let go = go.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        format!("| `{}` | {bases} | {go} |", kind.name)
    });
    format!(
        "# Errors

<!-- {MARK} crates/zinc/spec/errors.toml. -->

Every failure has one of these kinds, in every language. The message says which operation failed, on which region, and
what to do next; the kind is for programs. Codes are stable: none is ever reused or renumbered.

| kind | code | meaning |
| --- | ---: | --- |
{meanings}
## Its name in each language

In Rust the kind is `ErrorKind`, by the names above. JavaScript has it as the error's `code`.

| kind | C | C++ | Python | JavaScript | Java, C# | Go |
| --- | --- | --- | --- | --- | --- | --- |
{names}
## What else matches

The built-in Python exceptions that the class also derives from, so that `except FileNotFoundError` does what it says,
and the errors of Go's standard library for which `errors.Is` is true.

| kind | Python | Go |
| --- | --- | --- |
{also}"
    )
}

pub(super) fn options(spec: &Spec) -> String {
    let code =
        |names: Vec<String>| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let meanings = each(&spec.options, |option| {
        let calls = code(option.calls.iter().map(|call| call.name().to_owned()).collect());
        format!("| `{}` | {calls} | {} | {} |", option.name, option.default_text(), option.doc)
    });
    let names = each(&spec.options, |option| {
        let c = match (option.kind, option.flag) {
            (ChoiceType::Bool, _) => code(vec![option.c_flag()]),
            (_, Some(_)) => code(vec![option.c_field(), option.c_flag()]),
            _ => code(vec![option.c_field()]),
        };
        format!(
            "| `{}` | {c} | `{}` | `{}` | `{}` | `{}` | `With{}` |",
            option.name,
            option.name_with_unit(),
            option.lower_camel_with_unit(),
            option.lower_camel(),
            option.upper_camel(),
            option.upper_camel(),
        )
    });
    format!(
        "# Options

<!-- {MARK} crates/zinc/spec/options.toml. -->

What can be chosen when a region is created, opened, listed or removed. Every option has a default, and a call ignores
the options of others. `create` stands for creating a tensor, too.

| option | taken by | default | meaning |
| --- | --- | --- | --- |
{meanings}
## Its name in each language

A name that ends in a unit is a plain number of it: `_ns` nanoseconds, `_us` and `Us` microseconds. Timeouts without a
unit are milliseconds where they are numbers. Everywhere else the language's own type for durations is taken.

| Rust, C++ | C | Python | JavaScript | Java | C# | Go |
| --- | --- | --- | --- | --- | --- | --- |
{names}"
    )
}

/// The conformance commands, as the protocol's table has them.
pub(super) fn commands(spec: &Spec) -> String {
    let rows = each(&spec.commands, |command| {
        format!("| `{}` | {} | {} |", command.name, arguments(spec, command), command.gives)
    });
    format!("| `do` | arguments | `ok` |\n| --- | --- | --- |\n{rows}")
}

fn arguments(spec: &Spec, command: &Command) -> String {
    let handle = command.handle.then(|| "`handle`".to_owned());
    let all = spec.arguments_of(command);
    let mut all: Vec<_> = all.iter().map(|argument| (argument.optional, argument.name.as_str())).collect();
    all.sort_by_key(|(optional, _)| *optional);
    let all = all.iter().map(|(optional, name)| format!("`{name}`{}", if *optional { "?" } else { "" }));
    handle.into_iter().chain(all).collect::<Vec<_>>().join(", ")
}

pub(super) fn layout(spec: &Spec) -> String {
    let layout = &spec.layout;
    let rows = each(&layout.fields, |field| {
        format!("| {} | {} | `{}` | {} |", field.offset, field.size, field.name, field.doc)
    });
    let dtypes = each(&spec.dtypes, |dtype| {
        format!("| {} | `{}` | {} | {} |", dtype.code, dtype.name, dtype.size, dtype.dlpack)
    });
    format!(
        "# Layout of a region

<!-- {MARK} crates/zinc/spec/layout.toml and dtypes.toml. -->

A region is one mapping: a header of one page of the memory it lives in, then the data. Numbers are little-endian and
naturally aligned; offsets and sizes are in bytes. This is version {version}. Whoever opens a region checks the magic,
the version, the header's length and the capacity against the file's real size, and keeps what was checked: nothing in
the header is trusted later.

Bytes between the fields are zero. Fields that different processes write are 128 bytes apart, so that notifying does not
slow down a reader of another field.

| offset | size | field | meaning |
| ---: | ---: | --- | --- |
{rows}
## Element types

What the `dtype` field can say, beside 0 for data that is not described. The last column is `DLDataTypeCode` of
`dlpack.h`.

| code | name | size | DLPack |
| ---: | --- | ---: | ---: |
{dtypes}",
        version = layout.version,
    )
}
