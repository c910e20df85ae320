//! Views that own a share of the mapping: they stay valid when the handle is closed or dropped.
#![expect(unsafe_code, reason = "views turn addresses into slices")]

use std::fmt;
use std::marker::PhantomData;
use std::slice;
use std::sync::Arc;

use crate::descriptor::{DType, Descriptor};
use crate::hub::{self, Attachment};
use crate::mapping::User;

/// All the data bytes of a region, kept mapped for as long as the view lives.
///
/// Close the handle, drop it, let the owner go: a view's bytes stay where they are. They are the same physical pages
/// as in every other process, so what others write shows here.
pub struct View {
    attachment: Arc<Attachment>,
}

impl View {
    /// `None` if the mapping's memory was given back already.
    pub(crate) fn new(attachment: &Arc<Attachment>) -> Option<Self> {
        attachment.mapping.acquire(User::View).then(|| Self { attachment: attachment.clone() })
    }

    /// The first byte, on a page boundary.
    #[inline]
    pub fn as_ptr(&self) -> *const u8 {
        self.as_mut_ptr()
    }

    /// The first byte, for writing. Writing through it kills the process if the view [is read-only](View::is_read_only).
    #[inline]
    pub fn as_mut_ptr(&self) -> *mut u8 {
        self.attachment.mapping.data().as_ptr()
    }

    /// How many bytes there are: the region's capacity, never 0.
    #[inline]
    pub fn len(&self) -> usize {
        self.attachment.mapping.capacity()
    }

    /// False: no region is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the pages are mapped without the right to write.
    pub fn is_read_only(&self) -> bool {
        !self.attachment.mapping.writable().data()
    }

    /// Whether what is written stays in this process, see [`RegionOptions::copy_on_write`].
    ///
    /// [`RegionOptions::copy_on_write`]: crate::RegionOptions::copy_on_write
    pub fn is_copy_on_write(&self) -> bool {
        self.attachment.mapping.writable().is_private()
    }

    /// The bytes as a slice.
    ///
    /// # Safety
    ///
    /// While the slice lives, nobody writes to the region: no other process, and nothing in this one.
    pub unsafe fn as_slice(&self) -> &[u8] {
        // SAFETY: the view keeps its bytes mapped; that they do not change is the caller's promise.
        unsafe { slice::from_raw_parts(self.as_ptr(), self.len()) }
    }
}

impl Clone for View {
    fn clone(&self) -> Self {
        let acquired = self.attachment.mapping.acquire(User::View);
        debug_assert!(acquired, "a live view is a user of its mapping");
        Self { attachment: self.attachment.clone() }
    }
}

impl Drop for View {
    fn drop(&mut self) {
        hub::release(&self.attachment, User::View);
    }
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "View({:p}, {} bytes)", self.as_ptr(), self.len())
    }
}

/// A Rust type that is an element of described data.
///
/// # Safety
///
/// Every pattern of `DTYPE.size()` bytes is a valid value of the type, which has that size and no padding.
pub unsafe trait Element: Copy + Send + Sync + 'static {
    /// The type in a descriptor.
    const DTYPE: DType;
}

macro_rules! elements {
    ($($(#[$meta:meta])* $type:ty => $dtype:ident,)*) => {$(
        $(#[$meta])*
        // SAFETY: a number without padding, all of whose bit patterns are values.
        unsafe impl Element for $type {
            const DTYPE: DType = {
                assert!(size_of::<$type>() == DType::$dtype.size());
                DType::$dtype
            };
        }
    )*};
}

elements! {
    i8 => I8,
    i16 => I16,
    i32 => I32,
    i64 => I64,
    u8 => U8,
    u16 => U16,
    u32 => U32,
    u64 => U64,
    f32 => F32,
    f64 => F64,
    #[cfg(feature = "half")]
    half::f16 => F16,
    #[cfg(feature = "half")]
    half::bf16 => BF16,
}

/// A region's data as the elements that its descriptor says, row-major, kept mapped for as long as this lives.
///
/// Made by [`SharedRegion::tensor`](crate::SharedRegion::tensor).
#[derive(Clone)]
pub struct Tensor<T> {
    view: View,
    descriptor: Descriptor,
    elements: PhantomData<T>,
}

impl<T: Element> Tensor<T> {
    pub(crate) fn new(view: View, descriptor: Descriptor) -> Self {
        Self { view, descriptor, elements: PhantomData }
    }

    /// The length of each dimension, outermost first; empty for a single element.
    pub fn shape(&self) -> &[u64] {
        self.descriptor.shape()
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.descriptor.elements() as usize
    }

    /// Whether some dimension is 0.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the pages are mapped without the right to write.
    pub fn is_read_only(&self) -> bool {
        self.view.is_read_only()
    }

    /// Whether what is written stays in this process, see [`RegionOptions::copy_on_write`].
    ///
    /// [`RegionOptions::copy_on_write`]: crate::RegionOptions::copy_on_write
    pub fn is_copy_on_write(&self) -> bool {
        self.view.is_copy_on_write()
    }

    /// The first element, on a page boundary.
    #[inline]
    pub fn as_ptr(&self) -> *const T {
        self.view.as_ptr().cast()
    }

    /// The first element, for writing. Writing through it kills the process if the tensor is read-only.
    #[inline]
    pub fn as_mut_ptr(&self) -> *mut T {
        self.view.as_mut_ptr().cast()
    }

    /// All elements, row-major.
    ///
    /// # Safety
    ///
    /// While the slice lives, nobody writes to the region: no other process, and nothing in this one.
    pub unsafe fn as_slice(&self) -> &[T] {
        // SAFETY: the descriptor was checked to fit the mapped bytes, which start on a page boundary; every pattern of
        // bytes is a `T`; that they do not change is the caller's promise.
        unsafe { slice::from_raw_parts(self.as_ptr(), self.len()) }
    }

    /// All elements, row-major, for writing.
    ///
    /// # Safety
    ///
    /// While the slice lives, nobody else reads or writes the region: no other process, and nothing in this one. The
    /// tensor is not read-only.
    #[expect(clippy::mut_from_ref, reason = "exclusiveness is across processes, which no borrow can express")]
    pub unsafe fn as_mut_slice(&self) -> &mut [T] {
        // SAFETY: as in `as_slice`; that nobody else looks is the caller's promise.
        unsafe { slice::from_raw_parts_mut(self.as_mut_ptr(), self.len()) }
    }
}

impl<T> fmt::Debug for Tensor<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tensor({}, {:?})", self.descriptor, self.view)
    }
}
