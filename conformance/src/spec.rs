//! What the core's specification says, read from its files and not from its code: error kinds, element types, layout.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::LazyLock;

/// The specification that this runner was built beside.
pub(crate) static SPEC: LazyLock<Spec> =
    LazyLock::new(|| Spec::parse().expect("the core's spec files are sound"));

/// Everything a case can refer to by name.
pub(crate) struct Spec {
    pub(crate) kinds: Vec<Kind>,
    pub(crate) dtypes: Vec<DType>,
    pub(crate) layout: Layout,
}

/// An error kind and its stable code.
#[derive(Deserialize)]
pub(crate) struct Kind {
    pub(crate) name: String,
    pub(crate) code: i64,
}

/// An element type as a descriptor stores it.
#[derive(Deserialize)]
pub(crate) struct DType {
    pub(crate) name: String,
    pub(crate) code: u32,
}

/// The header of a region.
#[derive(Deserialize)]
pub(crate) struct Layout {
    magic: String,
    #[serde(rename = "field")]
    fields: Vec<Field>,
}

/// One field of the header.
#[derive(Deserialize)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) offset: usize,
    pub(crate) size: usize,
}

#[derive(Deserialize)]
struct Kinds {
    kind: Vec<Kind>,
}

#[derive(Deserialize)]
struct DTypes {
    dtype: Vec<DType>,
}

impl Spec {
    fn parse() -> Result<Self> {
        let kinds: Kinds = toml::from_str(include_str!("../../crates/zinc/spec/errors.toml"))?;
        let dtypes: DTypes = toml::from_str(include_str!("../../crates/zinc/spec/dtypes.toml"))?;
        let layout = toml::from_str(include_str!("../../crates/zinc/spec/layout.toml"))?;
        Ok(Self { kinds: kinds.kind, dtypes: dtypes.dtype, layout })
    }

    /// The stable code of an error kind.
    pub(crate) fn code(&self, kind: &str) -> Option<i64> {
        self.kinds.iter().find(|known| known.name == kind).map(|known| known.code)
    }

    /// The code of an element type.
    pub(crate) fn dtype(&self, name: &str) -> Option<u32> {
        self.dtypes.iter().find(|known| known.name == name).map(|known| known.code)
    }
}

impl Layout {
    /// The mark at the start of every region.
    pub(crate) fn magic(&self) -> &[u8] {
        self.magic.as_bytes()
    }

    /// The field of that name.
    pub(crate) fn field(&self, name: &str) -> Result<&Field> {
        self.fields
            .iter()
            .find(|field| field.name == name)
            .with_context(|| format!("the header has no field {name:?}"))
    }
}

impl Field {
    /// Writes `value` into `header`: an integer, hex text, or a list of 64-bit integers, as the field's size asks.
    pub(crate) fn put(&self, header: &mut [u8], value: &Value) -> Result<()> {
        let bytes =
            self.encode(value).with_context(|| format!("{value} does not fit the field {}", self.name))?;
        header[self.offset..][..bytes.len()].copy_from_slice(&bytes);
        Ok(())
    }

    /// The bytes of `value`; a list may be shorter than the field.
    pub(crate) fn encode(&self, value: &Value) -> Result<Vec<u8>> {
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

    /// Reads the field out of `header`, in the form that `put` takes.
    pub(crate) fn get(&self, header: &[u8]) -> Value {
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
