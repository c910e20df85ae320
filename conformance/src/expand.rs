//! Placeholders: how one written case stands for a case per row, and one written step for a step per round.

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value};

/// The rounds that a case's steps are repeated in: one without a name, `rounds = N` of them, or one per table.
///
/// Each brings its names; `{round}` counts from 0.
pub(crate) fn rounds(rounds: Option<&Value>) -> Result<Vec<Map<String, Value>>> {
    let mut named = match rounds {
        None => vec![Map::new()],
        Some(Value::Number(count)) => {
            let count = count.as_u64().context("rounds is a number of rounds")?;
            vec![Map::new(); usize::try_from(count)?]
        }
        Some(Value::Array(tables)) => {
            let tables = tables.iter().map(|table| table.as_object().cloned().context("a round is a table"));
            tables.collect::<Result<_>>()?
        }
        Some(other) => bail!("rounds is a number or a list of tables, not {other}"),
    };
    for (index, names) in named.iter_mut().enumerate() {
        names.insert("round".into(), index.into());
    }
    Ok(named)
}

/// The names of a row of `each`, whose values may be spelled out by tables as below.
pub(crate) fn row(row: &Map<String, Value>) -> Result<Map<String, Value>> {
    let none = Map::new();
    row.iter().map(|(name, of)| Ok((name.clone(), value(of, &none)?))).collect()
}

/// `value` with every `{name}` replaced.
///
/// Text that is one placeholder and nothing else becomes the named value itself, whatever its type. A table
/// `{ cycle = [...], shape = [...] }` becomes a list: the values over and over, one for each element of the shape. A
/// table `{ repeat = "x", times = 3 }` becomes the text `xxx`.
pub(crate) fn value(value_in: &Value, names: &Map<String, Value>) -> Result<Value> {
    match value_in {
        Value::String(text) => string(text, names),
        Value::Array(items) => {
            Ok(Value::Array(items.iter().map(|item| value(item, names)).collect::<Result<_>>()?))
        }
        Value::Object(fields) => {
            let mut expanded = Map::new();
            for (name, field) in fields {
                expanded.insert(name.clone(), value(field, names)?);
            }
            if let (Some(of), Some(shape)) = (expanded.get("cycle"), expanded.get("shape")) {
                return cycle(of, shape);
            }
            if let (Some(Value::String(text)), Some(times)) = (expanded.get("repeat"), expanded.get("times"))
            {
                let times = times.as_u64().context("times is a number")?;
                return Ok(Value::String(text.repeat(usize::try_from(times)?)));
            }
            Ok(Value::Object(expanded))
        }
        other => Ok(other.clone()),
    }
}

fn string(text: &str, names: &Map<String, Value>) -> Result<Value> {
    if let Some(name) = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'))
        && let Some(value) = names.get(name)
    {
        return Ok(value.clone());
    }
    let mut expanded = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) =
            after.split_once('}').with_context(|| format!("{text:?} has a brace too many"))?;
        let value = names.get(name).with_context(|| format!("{text:?}: nothing is named {name}"))?;
        expanded.push_str(before);
        match value {
            Value::String(value) => expanded.push_str(value),
            other => expanded.push_str(&other.to_string()),
        }
        rest = after;
    }
    expanded.push_str(rest);
    Ok(Value::String(expanded))
}

fn cycle(of: &Value, shape: &Value) -> Result<Value> {
    let of = of.as_array().context("cycle is a list")?;
    let shape = shape.as_array().context("shape is a list")?;
    let lengths = shape.iter().map(|length| length.as_u64().context("a length is a number"));
    let elements: u64 = lengths.collect::<Result<Vec<_>>>()?.into_iter().product();
    ensure!(!of.is_empty(), "nothing to cycle through");
    Ok(Value::Array(of.iter().cycle().take(usize::try_from(elements)?).cloned().collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn names() -> Map<String, Value> {
        json!({ "n": 3, "list": [1, 2], "word": "x" }).as_object().unwrap().clone()
    }

    #[test]
    fn a_whole_placeholder_keeps_its_type_and_a_part_of_text_becomes_text() {
        assert_eq!(value(&json!("{list}"), &names()).unwrap(), json!([1, 2]));
        assert_eq!(value(&json!("{word}-{n}"), &names()).unwrap(), json!("x-3"));
        assert!(value(&json!("{unknown}-"), &names()).is_err());
    }

    #[test]
    fn a_cycle_fills_the_shape_and_a_scalar_is_one_element() {
        let cycled = value(&json!({ "cycle": "{list}", "shape": [3, 1] }), &names()).unwrap();
        assert_eq!(cycled, json!([1, 2, 1]));
        assert_eq!(value(&json!({ "cycle": [7], "shape": [] }), &names()).unwrap(), json!([7]));
    }

    #[test]
    fn rounds_are_counted_from_zero() {
        let two = rounds(Some(&json!(2))).unwrap();
        assert_eq!(two[1]["round"], 1);
        assert_eq!(rounds(None).unwrap().len(), 1);
    }
}
