//! numpy arrays over a region.

use pyo3::prelude::*;
use zinc::binding::PlainOptions;
use zinc::{DType, Descriptor, ErrorKind, RegionOptions, binding};

use crate::buffer::Bytes;
use crate::convert::tuple;
use crate::dtype::{given, numpy, numpy_from, numpy_of};
use crate::errors::Failure;
use crate::handle::SharedRegion;
use crate::owned::OwnedRegion;

const OPERATION: &str = "as_numpy";

/// An array over the region's own memory, of what the caller asks for or else of what the descriptor says.
pub(crate) fn array<'py>(
    region: &Bound<'py, SharedRegion>,
    dtype: Option<&Bound<'py, PyAny>>,
    shape: Option<Vec<u64>>,
    offset: usize,
) -> Result<Bound<'py, PyAny>, Failure> {
    let py = region.py();
    let core = region.get().core();
    let described = core.descriptor()?;

    let dtype = element_type(py, core, dtype, described.as_ref())?;
    // An offset means a part, whose shape the descriptor does not tell.
    let whole = described.filter(|_| offset == 0);
    let shape = match (shape, whole) {
        (Some(asked), Some(whole)) if asked != whole.shape() => {
            let (is, asked) = (tuple(py, whole.shape())?, tuple(py, &asked)?);
            let why = format!(
                "the data is described with the shape {is}, not {asked}; take it whole, then index or reshape"
            );
            return Err(mismatch(core, &why));
        }
        (None, Some(whole)) => Some(whole.shape().to_vec()),
        (asked, _) => asked,
    };
    let count = count(py, core, &dtype, shape.as_deref(), offset)?;
    let bytes = Bound::new(py, Bytes(region.clone().unbind()))?;
    let flat = numpy(py)?.call_method1("frombuffer", (bytes, dtype, count, offset))?;
    Ok(match shape {
        Some(shape) => flat.call_method1("reshape", (tuple(py, &shape)?,))?,
        None => flat,
    })
}

/// A region that is made of an array: whoever opens it finds it filled.
pub(crate) fn create_from<'py>(
    py: Python<'py>,
    options: &RegionOptions,
    name: &str,
    source: &Bound<'py, PyAny>,
) -> Result<Bound<'py, SharedRegion>, Failure> {
    let source = numpy(py)?.call_method1("asarray", (source,))?;
    let dtype = given(&source.getattr("dtype")?)?;
    let shape: Vec<u64> = source.getattr("shape")?.extract()?;
    let unlinked = options.clone().unlinked(true);
    let region = py.detach(|| unlinked.create_tensor(name, dtype, &shape))?;
    let region = OwnedRegion::object(py, region.into(), options)?;
    numpy(py)?.call_method1("copyto", (array(&region, None, None, 0)?, source))?;
    let core = region.get().core();
    core.notify()?;
    if PlainOptions::from(options).flags & PlainOptions::UNLINKED == 0 {
        let owner = binding::owner(core, "create_from")?;
        py.detach(|| owner.link())?;
    }
    Ok(region)
}

fn mismatch(core: &zinc::Region, why: &str) -> Failure {
    binding::error(ErrorKind::Descriptor, OPERATION, Some(core.name()), why).into()
}

/// The elements' numpy dtype, on which caller and descriptor must agree; bytes where neither says anything.
fn element_type<'py>(
    py: Python<'py>,
    core: &zinc::Region,
    asked: Option<&Bound<'py, PyAny>>,
    described: Option<&Descriptor>,
) -> Result<Bound<'py, PyAny>, Failure> {
    let described =
        described.map(|described| numpy_of(py, described.dtype(), OPERATION, core.name())).transpose()?;
    let asked = asked.map(|asked| numpy_from(asked, OPERATION, core.name())).transpose()?;
    match (asked, described) {
        (Some(asked), Some(described)) if !asked.eq(&described)? => {
            let way_out =
                "to read the bytes as something else, use numpy.frombuffer(region.as_memoryview(), dtype)";
            Err(mismatch(core, &format!("the data is described as {described}, not {asked}; {way_out}")))
        }
        (Some(dtype), _) | (None, Some(dtype)) => Ok(dtype),
        (None, None) => numpy_of(py, DType::U8, OPERATION, core.name()),
    }
}

/// How many elements the array has: those of its shape, or all that there is room for.
fn count(
    py: Python<'_>,
    core: &zinc::Region,
    dtype: &Bound<'_, PyAny>,
    shape: Option<&[u64]>,
    offset: usize,
) -> Result<u64, Failure> {
    let item: u64 = dtype.getattr("itemsize")?.extract()?;
    let room = core.capacity().checked_sub(offset).map(|room| room as u64);
    let fitting = match (room, shape) {
        (Some(room), Some(shape)) => shape
            .iter()
            .try_fold(1, |product: u64, &length| product.checked_mul(length))
            .filter(|count| count.checked_mul(item).is_some_and(|bytes| bytes <= room)),
        // numpy refuses elements without a size.
        (Some(room), None) => Some(room.checked_div(item).unwrap_or(0)),
        (None, _) => None,
    };
    match (fitting, shape) {
        (Some(count), _) => Ok(count),
        (None, shape) => {
            let shape = shape.map(|shape| tuple(py, shape)).transpose()?;
            let wanted = shape.map_or("elements".to_owned(), |shape| format!("{shape} elements"));
            let capacity = core.capacity();
            let why =
                format!("{wanted} of {dtype} from byte {offset} on do not fit into a capacity of {capacity}");
            Err(mismatch(core, &why))
        }
    }
}
