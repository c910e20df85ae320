//! `dtypes.toml`: the element types that a descriptor can name.

use anyhow::{Result, ensure};
use serde::Deserialize;

/// One element type.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DType {
    /// The name that every language uses, such as `float32`.
    pub name: String,
    /// Its variant in Rust, such as `F32`.
    pub variant: String,
    /// The number that a region stores.
    pub code: u32,
    /// Bytes of one element.
    pub size: usize,
    /// Its `DLDataTypeCode`.
    pub dlpack: u8,
}

impl DType {
    /// `1 byte`, `4 bytes`.
    pub fn bytes(&self) -> String {
        if self.size == 1 { "1 byte".to_owned() } else { format!("{} bytes", self.size) }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    dtype: Vec<DType>,
}

pub(crate) fn parse(text: &str) -> Result<Vec<DType>> {
    let dtypes = crate::read::<File>(text)?.dtype;
    crate::unique("the code", dtypes.iter().map(|dtype| dtype.code))?;
    crate::unique("the name", dtypes.iter().map(|dtype| &dtype.name))?;
    crate::unique("the variant", dtypes.iter().map(|dtype| &dtype.variant))?;
    for dtype in &dtypes {
        ensure!(dtype.code > 0, "{}: code 0 means not described", dtype.name);
        ensure!(dtype.size > 0, "{}: an element has bytes", dtype.name);
    }
    Ok(dtypes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_0_is_nobodys() {
        let row = |code| {
            format!("[[dtype]]\nname = 'bool'\nvariant = 'Bool'\ncode = {code}\nsize = 1\ndlpack = 6\n")
        };
        assert!(parse(&row(1)).is_ok());
        assert!(parse(&row(0)).is_err());
    }
}
