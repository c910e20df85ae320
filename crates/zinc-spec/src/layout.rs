//! `layout.toml`: the header of a region.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// The header of a region.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    magic: String,
    /// The layout version.
    pub version: u32,
    /// The fields, in the order of their offsets.
    #[serde(rename = "field")]
    pub fields: Vec<Field>,
}

/// One field of the header.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Bytes from the start of the region.
    pub offset: usize,
    /// Bytes.
    pub size: usize,
    /// What it says.
    pub doc: String,
}

impl Layout {
    /// The mark at the start of every region: as many bytes as the header keeps for it.
    pub fn magic(&self) -> &[u8] {
        self.magic.as_bytes()
    }

    /// The field of that name.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn field(&self, name: &str) -> Result<&Field> {
        let field = self.fields.iter().find(|field| field.name == name);
        field.with_context(|| format!("the header has no field {name:?}"))
    }
}

pub(crate) fn parse(text: &str) -> Result<Layout> {
    let layout: Layout = crate::read(text)?;
    ensure!(layout.magic.len() == layout.field("magic")?.size, "the magic is as long as its field");
    crate::unique("the field", layout.fields.iter().map(|field| &field.name))?;
    let mut end = 0;
    for Field { name, offset, size, doc } in &layout.fields {
        ensure!(*offset >= end, "{name} overlaps the field before it");
        let align = (*size).min(8);
        ensure!(offset % align == 0, "{name} is not aligned to {align} bytes");
        crate::sentences(name, doc)?;
        end = offset + size;
    }
    Ok(layout)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_neither_overlap_nor_lie_askew() {
        let layout = |offset: usize| {
            format!(
                "magic = 'ZINC'\nversion = 1\n[[field]]\nname = 'magic'\noffset = 0\nsize = 4\ndoc = 'x.'\n\
                 [[field]]\nname = 'next'\noffset = {offset}\nsize = 8\ndoc = 'x.'\n"
            )
        };
        assert!(parse(&layout(8)).is_ok());
        assert!(parse(&layout(0)).is_err());
        assert!(parse(&layout(12)).is_err());
    }
}
