//! The npm package's generated tables and types: error kinds, element types, options.

mod options;

use crate::generate::MARK;
use crate::generate::text::each;
use zinc_spec::{DType, Spec};

pub(crate) use options::table as options;

pub(crate) fn kinds(spec: &Spec) -> String {
    let rows = each(&spec.kinds, |kind| {
        format!("  {}: {{ code: {:?}, number: {} }},", kind.name, kind.javascript_code(), kind.code)
    });
    format!(
        r#"// Every kind of error, with its code as JavaScript has it and its number as every language has it.
//
// {MARK} `crates/zinc/spec/errors.toml`.
"use strict";

const KINDS = {{
{rows}}};

module.exports = {{ KINDS }};
"#
    )
}

pub(crate) fn dtypes(spec: &Spec) -> String {
    let rows = each(&spec.dtypes, |dtype| {
        let (array, numbers) = array(dtype);
        format!("  {}: {{ array: {array:?}, numbers: {numbers} }},", dtype.name)
    });
    format!(
        r#"// Every element type, with the typed array that has it and how many of its numbers are one element.
//
// {MARK} `crates/zinc/spec/dtypes.toml`.
"use strict";

const DTYPES = {{
{rows}}};

module.exports = {{ DTYPES }};
"#
    )
}

pub(crate) fn types(spec: &Spec) -> String {
    let kinds = each(&spec.kinds, |kind| {
        format!("  /** {} */\n  {}: {:?};", kind.doc, kind.name, kind.javascript_code())
    });
    let arrays = each(&spec.dtypes, |dtype| {
        let array = match array(dtype) {
            ("Float16Array", _) => "Float16",
            (array, _) => array,
        };
        format!("  {}: {array};", dtype.name)
    });
    format!(
        r#"// The kinds of error, the element types and the options, as types.
//
// {MARK} `crates/zinc/spec/errors.toml`, `dtypes.toml` and `options.toml`.

import type {{ Timeout }} from "./index.cjs";

/** The `code` of each kind of error. */
export interface Codes {{
{kinds}}}

/** The runtime's Float16Array, where it has one. */
type Float16 = typeof globalThis extends {{ Float16Array: new (length: number) => infer A }} ? A : never;

/** The typed array of each element type. */
export interface Arrays {{
{arrays}}}

{}"#,
        options::interfaces(spec)
    )
}

/// The typed array of an element type, and how many of its numbers one element is. What JavaScript has no numbers for
/// is in one of the right size: `bool` as bytes, `bfloat16` as bits, complex numbers as pairs.
fn array(dtype: &DType) -> (&'static str, usize) {
    match dtype.name.as_str() {
        "bool" | "uint8" => ("Uint8Array", 1),
        "int8" => ("Int8Array", 1),
        "int16" => ("Int16Array", 1),
        "int32" => ("Int32Array", 1),
        "int64" => ("BigInt64Array", 1),
        "uint16" | "bfloat16" => ("Uint16Array", 1),
        "uint32" => ("Uint32Array", 1),
        "uint64" => ("BigUint64Array", 1),
        "float16" => ("Float16Array", 1),
        "float32" => ("Float32Array", 1),
        "float64" => ("Float64Array", 1),
        "complex64" => ("Float32Array", 2),
        "complex128" => ("Float64Array", 2),
        other => panic!("dtypes.toml has {other}, which has no typed array here yet"),
    }
}
