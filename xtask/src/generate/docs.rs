//! The book's generated tables: error kinds, header layout.

use super::spec::Spec;
use super::{MARK, each};

pub(super) fn errors(spec: &Spec) -> String {
    let rows = each(&spec.kinds, |kind| {
        let bases = kind.python.iter().map(|base| format!("`{base}`")).collect::<Vec<_>>().join(", ");
        let also = if bases.is_empty() { bases } else { format!(" ({bases})") };
        format!(
            "| `{}` | {} | `{}` | `{}`{also} | {} |",
            kind.name,
            kind.code,
            kind.c_name(),
            kind.python_class,
            kind.doc,
        )
    });
    format!(
        "# Errors

<!-- {MARK} crates/zinc/spec/errors.toml. -->

Every failure has one of these kinds, in every language. The message says which operation failed, on which region, and
what to do next; the kind is for programs. Codes are stable: none is ever reused or renumbered.

In parentheses: the built-in Python exceptions that the class also derives from, so that `except FileNotFoundError`
does what it says.

| kind | code | C | Python | meaning |
| --- | ---: | --- | --- | --- |
{rows}"
    )
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
