//! The header at the start of every region: what is fixed at creation, and the words that processes share.
//!
//! The fixed part is read once, as a copy, and checked before anything is mapped; only the atomic words are looked at
//! again. So a peer that scribbles over the header can make calls fail, but never move a bound.

use crate::error::{Error, ErrorKind, Operation, Result};
use crate::sync::{AtomicU32, AtomicU64, Ordering};

mod layout;

#[cfg(target_endian = "big")]
compile_error!("Zinc's layout is little-endian; big-endian systems are not supported");

/// `flags`: the region outlives its owner.
pub(crate) const PERSISTENT: u32 = 1;
/// The most dimensions that a descriptor holds. Loom tries every value that each word may have, so its models have one.
pub(crate) const MAX_DIMENSIONS: usize = if cfg!(loom) { 1 } else { 8 };

/// What the sequence word says, at one moment: how many notifications there were, and whether the region is over.
///
/// One word for both, so that whoever sleeps on it sleeps for everything that other processes can tell, and a
/// notification from before the end can be told from none. A few bits more say nothing; they change when sleepers are to
/// look at what is not in the word. So a sleep on this word alone misses nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sequence(pub(crate) u64);

impl Sequence {
    /// What a notification adds to the word.
    pub(crate) const NOTIFICATION: u64 = 1 << 7;
    /// The bit that the owner's close sets.
    pub(crate) const CLOSED: u64 = 1;
    /// The bits that count, and wrap around, how often sleepers were to look again.
    const LOOKS: u64 = Self::NOTIFICATION - 2;
    const LOOK: u64 = 2;

    /// How many notifications there were.
    #[inline]
    pub(crate) fn count(self) -> u64 {
        self.0 / Self::NOTIFICATION
    }

    /// Whether the region was closed by its owner, or removed.
    #[inline]
    pub(crate) fn is_closed(self) -> bool {
        self.0 & Self::CLOSED != 0
    }
}

/// A field on a cache line pair of its own.
#[repr(C, align(128))]
pub(crate) struct Line<T>(T);

impl<T> std::ops::Deref for Line<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl Header {
    /// The sequence word, and with it all that was written before what it says.
    #[inline]
    pub(crate) fn sequence(&self) -> Sequence {
        Sequence(self.sequence.load(Ordering::Acquire))
    }

    /// Changes the sequence word, and nothing in what it says: who is about to sleep on it does not.
    pub(crate) fn change_sequence(&self) {
        let change = |word| {
            let looks = ((word & Sequence::LOOKS) + Sequence::LOOK) & Sequence::LOOKS;
            Some(word & !Sequence::LOOKS | looks)
        };
        let _ = self.sequence.fetch_update(Ordering::SeqCst, Ordering::Relaxed, change);
    }
}

/// The header as it lies in the region's memory.
///
/// Every word is atomic, also those that are never looked at again: other processes may write here at any time.
#[repr(C)]
pub(crate) struct Header {
    _identity: [AtomicU32; 6],
    pub(crate) flags: AtomicU32,
    _origin: [AtomicU32; 9],
    pub(crate) sequence: Line<AtomicU64>,
    pub(crate) waiters: Line<AtomicU64>,
    _reserved_line: Line<AtomicU32>,
    pub(crate) descriptor: Line<RawDescriptor>,
}

/// The descriptor's words, under a seqlock that the owner alone writes.
#[repr(C)]
pub(crate) struct RawDescriptor {
    pub(crate) lock: AtomicU32,
    pub(crate) dtype: AtomicU32,
    pub(crate) ndim: AtomicU32,
    _reserved: AtomicU32,
    pub(crate) shape: [AtomicU64; MAX_DIMENSIONS],
}

#[cfg(not(loom))]
const _: () = {
    use layout::offset;
    use std::mem::offset_of;

    assert!(offset_of!(Header, flags) == offset::FLAGS);
    assert!(offset_of!(Header, sequence) == offset::SEQUENCE);
    assert!(offset_of!(Header, waiters) == offset::WAITERS);
    assert!(offset_of!(Header, descriptor) + offset_of!(RawDescriptor, lock) == offset::DESCRIPTOR_LOCK);
    assert!(offset_of!(Header, descriptor) + offset_of!(RawDescriptor, dtype) == offset::DTYPE);
    assert!(offset_of!(Header, descriptor) + offset_of!(RawDescriptor, ndim) == offset::NDIM);
    assert!(offset_of!(Header, descriptor) + offset_of!(RawDescriptor, shape) == offset::SHAPE);
    assert!(offset::ID + 16 <= Fixed::LEN && offset::CREATED + 8 <= Fixed::LEN);
    assert!(size_of::<Header>() <= 4096, "the header fits the smallest page there is");
};

/// What is written once, at creation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fixed {
    pub(crate) header_len: usize,
    pub(crate) capacity: usize,
    pub(crate) flags: u32,
    pub(crate) owner_pid: u32,
    pub(crate) id: [u8; 16],
    pub(crate) created: u64,
}

impl Fixed {
    /// Bytes that [`encode`](Fixed::encode) makes and [`decode`](Fixed::decode) reads.
    pub(crate) const LEN: usize = 64;

    /// Bytes of the whole region: header, data, and what is missing to the next whole page. `None` if that is more than
    /// can be addressed.
    pub(crate) fn region_len(&self) -> Option<usize> {
        let len = self.capacity.checked_next_multiple_of(self.header_len)?.checked_add(self.header_len)?;
        (len <= isize::MAX as usize).then_some(len)
    }

    pub(crate) fn encode(&self) -> [u8; Self::LEN] {
        use layout::offset;

        let mut bytes = [0; Self::LEN];
        let mut put = |at: usize, field: &[u8]| bytes[at..at + field.len()].copy_from_slice(field);
        put(offset::MAGIC, &layout::MAGIC);
        put(offset::VERSION, &layout::VERSION.to_le_bytes());
        put(offset::HEADER_LEN, &(self.header_len as u32).to_le_bytes());
        put(offset::CAPACITY, &(self.capacity as u64).to_le_bytes());
        put(offset::FLAGS, &self.flags.to_le_bytes());
        put(offset::OWNER_PID, &self.owner_pid.to_le_bytes());
        put(offset::ID, &self.id);
        put(offset::CREATED, &self.created.to_le_bytes());
        bytes
    }

    /// Reads and checks the header of a file of `file_len` bytes, in a place whose pages have `page` bytes.
    pub(crate) fn decode(
        operation: &Operation<'_>,
        bytes: &[u8],
        file_len: u64,
        page: usize,
    ) -> Result<Self, Error> {
        use layout::offset;

        let not_a_region = |why: String| {
            let next = "remove the file if nothing needs it, or use another name";
            operation.error(ErrorKind::NotARegion, format!("the file is not a Zinc region: {why}; {next}"))
        };
        let Some(bytes) = bytes.first_chunk::<{ Self::LEN }>() else {
            return Err(not_a_region(format!("it has {file_len} bytes, too few for a header")));
        };
        let u32_at = |at: usize| u32::from_le_bytes(std::array::from_fn(|i| bytes[at + i]));
        let u64_at = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| bytes[at + i]));

        if bytes[offset::MAGIC..][..layout::MAGIC.len()] != layout::MAGIC {
            return Err(not_a_region("it does not start with Zinc's mark".into()));
        }
        let version = u32_at(offset::VERSION);
        if version != layout::VERSION {
            let ours = layout::VERSION;
            return Err(operation.error(
                ErrorKind::VersionMismatch,
                format!("the region has layout version {version}, this library reads {ours}; use one release of Zinc on both sides"),
            ));
        }
        let header_len = u32_at(offset::HEADER_LEN);
        if header_len as usize != page {
            return Err(not_a_region(format!("its header has {header_len} bytes where a page has {page}")));
        }
        let capacity = u64_at(offset::CAPACITY);
        let end = u64::from(header_len).checked_add(capacity);
        if capacity == 0 || end.is_none_or(|end| end > file_len) {
            return Err(not_a_region(format!(
                "its capacity is {capacity} bytes and the file has {file_len}"
            )));
        }
        let fixed = Self {
            header_len: header_len as usize,
            capacity: capacity as usize,
            flags: u32_at(offset::FLAGS),
            owner_pid: u32_at(offset::OWNER_PID),
            id: std::array::from_fn(|i| bytes[offset::ID + i]),
            created: u64_at(offset::CREATED),
        };
        match fixed.region_len() {
            Some(_) => Ok(fixed),
            None => {
                Err(not_a_region(format!("its capacity is {capacity} bytes, more than can be addressed")))
            }
        }
    }
}

#[cfg(loom)]
impl Header {
    /// A header in ordinary memory, for the models.
    pub(crate) fn for_model() -> Self {
        Self {
            _identity: std::array::from_fn(|_| AtomicU32::new(0)),
            flags: AtomicU32::new(0),
            _origin: std::array::from_fn(|_| AtomicU32::new(0)),
            sequence: Line(AtomicU64::new(0)),
            waiters: Line(AtomicU64::new(0)),
            _reserved_line: Line(AtomicU32::new(0)),
            descriptor: Line(RawDescriptor {
                lock: AtomicU32::new(0),
                dtype: AtomicU32::new(0),
                ndim: AtomicU32::new(0),
                _reserved: AtomicU32::new(0),
                shape: std::array::from_fn(|_| AtomicU64::new(0)),
            }),
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OPERATION: Operation<'static> = Operation { name: "open", region: Some("x") };

    fn good() -> Fixed {
        Fixed {
            header_len: 4096,
            capacity: 100,
            flags: PERSISTENT,
            owner_pid: 7,
            id: [9; 16],
            created: 1 << 60,
        }
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        assert_eq!(Fixed::decode(&OPERATION, &good().encode(), 8192, 4096).unwrap(), good());
    }

    proptest! {
        /// Whatever is accepted keeps within the file; whatever is not is a named error.
        #[test]
        fn no_header_reaches_beyond_its_file(
            changes in prop::collection::vec((0..Fixed::LEN, any::<u8>()), 0..6),
            capacity in prop_oneof![Just(100u64), any::<u64>(), (0u32..64).prop_map(|bit| u64::MAX >> bit)],
            cut in prop_oneof![Just(Fixed::LEN), 0..Fixed::LEN],
            file_len in prop_oneof![Just(8192u64), 0u64..20_000],
        ) {
            let mut bytes = good().encode();
            bytes[layout::offset::CAPACITY..][..8].copy_from_slice(&capacity.to_le_bytes());
            for (at, value) in changes {
                bytes[at] = value;
            }
            match Fixed::decode(&OPERATION, &bytes[..cut], file_len, 4096) {
                Ok(fixed) => prop_assert!(fixed.header_len as u64 + fixed.capacity as u64 <= file_len),
                Err(error) => prop_assert!(
                    matches!(error.kind(), ErrorKind::NotARegion | ErrorKind::VersionMismatch),
                    "{error}"
                ),
            }
        }
    }
}
