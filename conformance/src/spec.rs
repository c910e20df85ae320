//! What the core's specification says, read from its files and not from its code, and the header's fields as bytes.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::sync::LazyLock;
use zinc_spec::{Field, Spec};

/// The specification that this runner was built beside.
pub(crate) static SPEC: LazyLock<Spec> =
    LazyLock::new(|| Spec::load().expect("the core's spec files are sound"));

/// A header's field in a header's bytes.
pub(crate) trait InHeader {
    /// Writes `value` into `header`: an integer, hex text, or a list of 64-bit integers, as the field's size asks.
    fn put(&self, header: &mut [u8], value: &Value) -> Result<()>;

    /// The bytes of `value`; a list may be shorter than the field.
    fn encode(&self, value: &Value) -> Result<Vec<u8>>;

    /// Reads the field out of `header`, in the form that `put` takes.
    fn get(&self, header: &[u8]) -> Value;
}

impl InHeader for Field {
    fn put(&self, header: &mut [u8], value: &Value) -> Result<()> {
        let bytes =
            self.encode(value).with_context(|| format!("{value} does not fit the field {}", self.name))?;
        header[self.offset..][..bytes.len()].copy_from_slice(&bytes);
        Ok(())
    }

    fn encode(&self, value: &Value) -> Result<Vec<u8>> {
        let bytes = match value {
            Value::Array(items) => {
                let words = items.iter().map(integer).collect::<Result<Vec<_>>>()?;
                words.iter().flat_map(|word| word.to_le_bytes()).collect()
            }
            Value::String(text) if self.size != 4 && self.size != 8 || self.name == "magic" => {
                from_hex(text)?
            }
            _ => {
                let word = integer(value)?.to_le_bytes();
                ensure!(self.size <= 8 && word[self.size..].iter().all(|byte| *byte == 0), "too large");
                word[..self.size].to_vec()
            }
        };
        ensure!(bytes.len() <= self.size, "too long");
        Ok(bytes)
    }

    fn get(&self, header: &[u8]) -> Value {
        let bytes = &header[self.offset..][..self.size];
        match self.size {
            _ if self.name == "magic" => json!(to_hex(bytes)),
            4 => json!(u32::from_le_bytes(std::array::from_fn(|i| bytes[i]))),
            16 => json!(to_hex(bytes)),
            _ => {
                let mut words: Vec<u64> = bytes
                    .chunks_exact(8)
                    .map(|word| u64::from_le_bytes(std::array::from_fn(|i| word[i])))
                    .collect();
                if words.len() == 1 { json!(words.remove(0)) } else { json!(words) }
            }
        }
    }
}

/// An integer, or one too large for TOML written as decimal text.
pub(crate) fn integer(value: &Value) -> Result<u64> {
    match value {
        Value::Number(number) => {
            number.as_u64().with_context(|| format!("{number} is not an unsigned integer"))
        }
        Value::String(text) => text.parse().with_context(|| format!("{text:?} is not an unsigned integer")),
        other => anyhow::bail!("{other} is not an integer"),
    }
}

/// `0aff` for the bytes 10 and 255.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The reverse of [`to_hex`].
pub(crate) fn from_hex(text: &str) -> Result<Vec<u8>> {
    ensure!(text.len().is_multiple_of(2) && text.is_ascii(), "{text:?} is not hex");
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).with_context(|| format!("{text:?} is not hex")))
        .collect()
}
