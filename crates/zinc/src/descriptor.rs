//! What the data is: an optional element type and shape in the header, written by the owner under a seqlock.

use std::fmt;

use crate::error::{ErrorKind, Operation, Result};
use crate::header::{MAX_DIMENSIONS, RawDescriptor};
use crate::sync::{Ordering, fence, yield_now};

mod dtype;

pub use dtype::DType;

/// How often a reader looks again while the owner writes, before it concludes that the writer died: at first one look
/// after another, since writing takes some nanoseconds; then every tenth of a millisecond, since the writer may have
/// lost its processor.
const READ_ROUNDS: u32 = if cfg!(loom) { 2 } else { 200 };
const QUICK_ROUNDS: u32 = 100;

/// The element type and shape of a region's data, which is row-major from the region's first byte.
///
/// ```
/// use zinc::{DType, Descriptor};
///
/// let descriptor = Descriptor::new(DType::F32, &[30_522, 384])?;
/// assert_eq!(descriptor.elements(), 30_522 * 384);
/// assert_eq!(descriptor.byte_len(), 30_522 * 384 * 4);
/// assert_eq!(descriptor.to_string(), "float32[30522, 384]");
/// # Ok::<_, zinc::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Descriptor {
    dtype: DType,
    ndim: usize,
    shape: [u64; MAX_DIMENSIONS],
}

impl Descriptor {
    /// Describes `shape`, outermost dimension first: 0 to 8 dimensions; none at all is a single element.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Descriptor`] if there are more dimensions, or more bytes than the address space holds.
    pub fn new(dtype: DType, shape: &[u64]) -> Result<Self> {
        Self::checked(&Operation { name: "describe", region: None }, dtype, shape)
    }

    pub(crate) fn checked(operation: &Operation<'_>, dtype: DType, shape: &[u64]) -> Result<Self> {
        let refuse = |why: String| Err(operation.error(ErrorKind::Descriptor, why));
        if shape.len() > MAX_DIMENSIONS {
            return refuse(format!(
                "the shape has {} dimensions; at most {MAX_DIMENSIONS} can be described",
                shape.len()
            ));
        }
        // A zero anywhere makes the tensor empty, but must not hide an overflow that other software would meet.
        let bytes =
            shape.iter().try_fold(dtype.size() as u64, |bytes, &length| bytes.checked_mul(length.max(1)));
        if bytes.is_none_or(|bytes| bytes > isize::MAX as u64) {
            return refuse(format!("{dtype}{shape:?} has more bytes than can be addressed"));
        }
        let mut padded = [0; MAX_DIMENSIONS];
        padded[..shape.len()].copy_from_slice(shape);
        Ok(Self { dtype, ndim: shape.len(), shape: padded })
    }

    /// What a region is described as, if that is elements of type `dtype`.
    pub(crate) fn expect(operation: &Operation<'_>, described: Option<Self>, dtype: DType) -> Result<Self> {
        let refuse = |why: String| Err(operation.error(ErrorKind::Descriptor, why));
        match described {
            Some(descriptor) if descriptor.dtype == dtype => Ok(descriptor),
            Some(descriptor) => {
                refuse(format!("the region contains {descriptor}, not {dtype}; ask for {}", descriptor.dtype))
            }
            None => refuse(format!(
                "the region says nothing of its data; have its owner describe it as {dtype}, or look at its plain bytes"
            )),
        }
    }

    /// The type of the elements.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The length of each dimension, outermost first.
    pub fn shape(&self) -> &[u64] {
        &self.shape[..self.ndim]
    }

    /// How many elements there are: the product of the shape.
    pub fn elements(&self) -> u64 {
        self.shape().iter().product()
    }

    /// How many bytes the elements take.
    pub fn byte_len(&self) -> u64 {
        self.elements() * self.dtype.size() as u64
    }

    /// Fails unless the described data fits a region of `capacity` bytes.
    pub(crate) fn fit(&self, operation: &Operation<'_>, capacity: usize) -> Result<()> {
        if self.byte_len() <= capacity as u64 {
            return Ok(());
        }
        let needed = self.byte_len();
        let why = format!(
            "{self} needs {needed} bytes and the region has {capacity}; describe less or create it larger"
        );
        Err(operation.error(ErrorKind::Descriptor, why))
    }
}

impl fmt::Display for Descriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:?}", self.dtype, self.shape())
    }
}

impl fmt::Debug for Descriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Descriptor({self})")
    }
}

impl RawDescriptor {
    /// Stores the descriptor. Writers must exclude each other; readers of any process may read meanwhile.
    pub(crate) fn write(&self, descriptor: &Descriptor) {
        let before = self.lock.load(Ordering::Relaxed) & !1;
        self.lock.store(before.wrapping_add(1), Ordering::Relaxed);
        fence(Ordering::Release);
        self.dtype.store(descriptor.dtype.code(), Ordering::Relaxed);
        self.ndim.store(descriptor.ndim as u32, Ordering::Relaxed);
        for (word, &length) in self.shape.iter().zip(&descriptor.shape) {
            word.store(length, Ordering::Relaxed);
        }
        self.lock.store(before.wrapping_add(2), Ordering::Release);
    }

    /// Loads and checks the descriptor of a region of `capacity` bytes; `None` if there is none.
    pub(crate) fn read(&self, operation: &Operation<'_>, capacity: usize) -> Result<Option<Descriptor>> {
        for round in 0..READ_ROUNDS {
            if let Some((dtype, ndim, shape)) = self.try_read() {
                return decode(operation, dtype, ndim, &shape, capacity);
            }
            if round < QUICK_ROUNDS {
                yield_now();
            } else {
                std::thread::sleep(std::time::Duration::from_micros(100));
            }
        }
        let why = "the descriptor is half-written; its writer died or the header is damaged: create the region again";
        Err(operation.error(ErrorKind::Descriptor, why))
    }

    /// One try; `None` if the owner wrote meanwhile.
    fn try_read(&self) -> Option<(u32, u32, [u64; MAX_DIMENSIONS])> {
        let before = self.lock.load(Ordering::Acquire);
        let dtype = self.dtype.load(Ordering::Relaxed);
        let ndim = self.ndim.load(Ordering::Relaxed);
        let shape = std::array::from_fn(|i| self.shape[i].load(Ordering::Relaxed));
        fence(Ordering::Acquire);
        (before & 1 == 0 && self.lock.load(Ordering::Relaxed) == before).then_some((dtype, ndim, shape))
    }
}

/// Nothing in the header is trusted: what does not make sense is an error, and so is what does not fit.
fn decode(
    operation: &Operation<'_>,
    dtype: u32,
    ndim: u32,
    shape: &[u64; MAX_DIMENSIONS],
    capacity: usize,
) -> Result<Option<Descriptor>> {
    if dtype == 0 {
        return Ok(None);
    }
    let damaged =
        |what: String| operation.error(ErrorKind::Descriptor, format!("the header is damaged: {what}"));
    let dtype =
        DType::from_code(dtype).ok_or_else(|| damaged(format!("no element type has the code {dtype}")))?;
    let shape = shape.get(..ndim as usize).ok_or_else(|| damaged(format!("it claims {ndim} dimensions")))?;
    let descriptor = Descriptor::checked(operation, dtype, shape)?;
    descriptor.fit(operation, capacity)?;
    Ok(Some(descriptor))
}

#[cfg(all(test, loom))]
mod model {
    use super::*;
    use crate::header::Header;
    use loom::sync::Arc;

    /// A reader beside a writer gets one of the two descriptors, whole, or none in time.
    #[test]
    fn loom_descriptor_is_never_torn() {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(3);
        builder.check(|| {
            let header = Arc::new(Header::for_model());
            let old = Descriptor::new(DType::U8, &[3]).unwrap();
            let new = Descriptor::new(DType::I16, &[5]).unwrap();
            header.descriptor.write(&old);
            let writer = loom::thread::spawn({
                let header = header.clone();
                move || header.descriptor.write(&new)
            });
            let operation = Operation { name: "describe", region: None };
            if let Ok(read) = header.descriptor.read(&operation, 100) {
                assert!([Some(old), Some(new)].contains(&read), "{read:?}");
            }
            writer.join().unwrap();
        });
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OPERATION: Operation<'static> = Operation { name: "describe", region: Some("x") };

    #[test]
    fn shapes_that_overflow_are_refused_even_when_empty() {
        for shape in [&[u64::MAX, 2][..], &[1 << 40, 1 << 40], &[0, u64::MAX, u64::MAX], &[1; 9]] {
            let error = Descriptor::new(DType::F64, shape).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Descriptor, "{shape:?}");
        }
    }

    #[test]
    fn no_dimension_is_one_element_and_a_zero_is_none() {
        assert_eq!(Descriptor::new(DType::F32, &[]).unwrap().elements(), 1);
        assert_eq!(Descriptor::new(DType::F32, &[7, 0]).unwrap().byte_len(), 0);
    }

    proptest! {
        #[test]
        fn whatever_the_header_says_the_descriptor_fits(
            dtype in prop_oneof![0u32..20, any::<u32>()],
            ndim in prop_oneof![0u32..10, any::<u32>()],
            shape in prop::array::uniform8(prop_oneof![0u64..10, any::<u64>()]),
            capacity in 0usize..5000,
        ) {
            match decode(&OPERATION, dtype, ndim, &shape, capacity) {
                Ok(Some(descriptor)) => prop_assert!(descriptor.byte_len() <= capacity as u64),
                Ok(None) => prop_assert_eq!(dtype, 0),
                Err(error) => prop_assert_eq!(error.kind(), ErrorKind::Descriptor),
            }
        }
    }
}
