//! The region's data as values: bytes as hex, tensors as JSON, each element through its own Rust type.

use super::{Failure, Result};
use half::{bf16, f16};
use serde_json::{Value, json};
use zinc::{DType, Element, Region, Tensor};

/// Bytes of the region, as hex.
pub(super) fn read(region: &Region, at: usize, length: usize) -> Result<String> {
    let view = region.view()?;
    let at = at.min(view.len());
    let length = length.min(view.len() - at);
    let mut bytes = vec![0; length];
    // SAFETY: the range was cut to the view's length; a racing writer can change values and nothing else.
    unsafe { view.as_ptr().add(at).copy_to_nonoverlapping(bytes.as_mut_ptr(), length) };
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Writes bytes given as hex.
pub(super) fn write(region: &Region, at: usize, hex: &str) -> Result<()> {
    let view = region.view()?;
    if view.is_read_only() {
        return Err(Failure::ReadOnly);
    }
    let byte = |i| hex.get(i..i + 2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
    let bytes: Option<Vec<u8>> = (0..hex.len()).step_by(2).map(byte).collect();
    let bytes = bytes.ok_or_else(|| "no hex".to_owned())?;
    if at.checked_add(bytes.len()).is_none_or(|end| end > view.len()) {
        return Err(Failure::Testee("beyond the region".into()));
    }
    // SAFETY: the range is inside the view, which may be written to.
    unsafe { view.as_mut_ptr().add(at).copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    Ok(())
}

/// How an element type is written in JSON: 64-bit integers as text, the rest as numbers.
trait Json: Element {
    fn to_json(self) -> Value;
    fn from_json(value: &Value) -> Option<Self>;
}

macro_rules! elements {
    ($($type:ty: $to:expr, $from:expr;)*) => {$(
        impl Json for $type {
            fn to_json(self) -> Value {
                let to: fn(Self) -> Value = $to;
                to(self)
            }

            fn from_json(value: &Value) -> Option<Self> {
                let from: fn(&Value) -> Option<Self> = $from;
                from(value)
            }
        }
    )*};
}

elements! {
    i8: |x| x.into(), |v| v.as_i64()?.try_into().ok();
    i16: |x| x.into(), |v| v.as_i64()?.try_into().ok();
    i32: |x| x.into(), |v| v.as_i64()?.try_into().ok();
    i64: |x| x.to_string().into(), |v| v.as_str()?.parse().ok();
    u8: |x| x.into(), |v| v.as_u64()?.try_into().ok();
    u16: |x| x.into(), |v| v.as_u64()?.try_into().ok();
    u32: |x| x.into(), |v| v.as_u64()?.try_into().ok();
    u64: |x| x.to_string().into(), |v| v.as_str()?.parse().ok();
    f16: |x| x.to_f64().into(), |v| v.as_f64().map(f16::from_f64);
    bf16: |x| x.to_f64().into(), |v| v.as_f64().map(bf16::from_f64);
    f32: |x| f64::from(x).into(), |v| v.as_f64().map(|x| x as f32);
    f64: |x| x.into(), Value::as_f64;
}

/// Calls `$call` for the Rust type of a dtype, or `$other` where the library has none.
macro_rules! by_type {
    ($dtype:expr, $call:ident($($arg:expr),*), $other:expr) => {
        match $dtype {
            DType::I8 => $call::<i8>($($arg),*),
            DType::I16 => $call::<i16>($($arg),*),
            DType::I32 => $call::<i32>($($arg),*),
            DType::I64 => $call::<i64>($($arg),*),
            DType::U8 => $call::<u8>($($arg),*),
            DType::U16 => $call::<u16>($($arg),*),
            DType::U32 => $call::<u32>($($arg),*),
            DType::U64 => $call::<u64>($($arg),*),
            DType::F16 => $call::<f16>($($arg),*),
            DType::BF16 => $call::<bf16>($($arg),*),
            DType::F32 => $call::<f32>($($arg),*),
            DType::F64 => $call::<f64>($($arg),*),
            _ => $other,
        }
    };
}

/// The described tensor, asked for as `dtype` or as what it is.
pub(super) fn tensor(region: &Region, dtype: Option<DType>) -> Result {
    let described = region.descriptor()?.map(|descriptor| descriptor.dtype());
    let dtype = dtype.or(described).ok_or_else(|| "nothing is described".to_owned())?;
    let (shape, values) = by_type!(dtype, typed(region), untyped(region, dtype))?;
    Ok(json!({ "dtype": dtype.name(), "shape": shape, "values": values }))
}

fn typed<T: Json>(region: &Region) -> Result<(Vec<u64>, Vec<Value>)> {
    let tensor: Tensor<T> = region.tensor()?;
    // SAFETY: the case writes and reads in turns, so nobody writes now.
    let values = unsafe { tensor.as_slice() };
    Ok((tensor.shape().to_vec(), values.iter().map(|value| value.to_json()).collect()))
}

/// Types that Rust has no element of are read as it is done in Rust then: from the bytes, by the descriptor.
fn untyped(region: &Region, dtype: DType) -> Result<(Vec<u64>, Vec<Value>)> {
    let descriptor = region.descriptor()?.ok_or_else(|| format!("{dtype} without a description"))?;
    let hex = read(region, 0, usize::try_from(descriptor.byte_len()).unwrap_or(usize::MAX))?;
    let bytes: Vec<u8> = (0..hex.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap_or_default())
        .collect();
    let f32_at = |part: &[u8]| f64::from(f32::from_le_bytes(std::array::from_fn(|i| part[i])));
    let f64_at = |part: &[u8]| f64::from_le_bytes(std::array::from_fn(|i| part[i]));
    let values = bytes.chunks_exact(dtype.size()).map(|element| match dtype {
        DType::Bool => Ok(json!(element[0] != 0)),
        DType::C64 => Ok(json!([f32_at(&element[..4]), f32_at(&element[4..])])),
        DType::C128 => Ok(json!([f64_at(&element[..8]), f64_at(&element[8..])])),
        _ => Err(Failure::Testee(format!("{dtype} is not known here"))),
    });
    Ok((descriptor.shape().to_vec(), values.collect::<Result<_>>()?))
}

/// Gives every element of the described tensor its value.
pub(super) fn fill(region: &Region, values: &[Value]) -> Result<()> {
    let descriptor = region.descriptor()?.ok_or_else(|| "nothing is described".to_owned())?;
    by_type!(descriptor.dtype(), fill_typed(region, values), fill_untyped(region, descriptor.dtype(), values))
}

fn fill_typed<T: Json>(region: &Region, values: &[Value]) -> Result<()> {
    let tensor: Tensor<T> = region.tensor()?;
    let values: Option<Vec<T>> = values.iter().map(T::from_json).collect();
    let values = values
        .filter(|values| values.len() == tensor.len())
        .ok_or_else(|| "values that do not fit".to_owned())?;
    // SAFETY: the case writes and reads in turns, so nobody reads now.
    unsafe { tensor.as_mut_slice() }.copy_from_slice(&values);
    Ok(())
}

fn fill_untyped(region: &Region, dtype: DType, values: &[Value]) -> Result<()> {
    let mut hex = String::new();
    for value in values {
        let parts = match value {
            Value::Bool(value) => vec![u8::from(*value)],
            Value::Array(parts) => {
                let parts = parts.iter().filter_map(Value::as_f64);
                let single = dtype == DType::C64;
                parts
                    .flat_map(|part| {
                        if single {
                            (part as f32).to_le_bytes().to_vec()
                        } else {
                            part.to_le_bytes().to_vec()
                        }
                    })
                    .collect()
            }
            other => return Err(Failure::Testee(format!("{other} is no {dtype}"))),
        };
        hex.extend(parts.iter().map(|byte| format!("{byte:02x}")));
    }
    write(region, 0, &hex)
}
