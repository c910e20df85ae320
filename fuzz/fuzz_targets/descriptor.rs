//! Whatever the header says of the data: a reader gets a description that fits the region and is what it says, or an
//! error; and just when it must.
#![no_main]

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::LazyLock;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use zinc::{DType, Descriptor, ErrorKind, OwnedRegion, SharedRegion};

/// Where the descriptor's words begin: the lock, which is left as it is, then what follows.
const DTYPE: u64 = 516;
const SHAPE: u64 = 528;

const CAPACITIES: [usize; 6] = [1, 24, 4096, 100_000, 1 << 32, 1 << 40];

/// What stands in the header.
#[derive(Arbitrary, Debug)]
struct Words {
    region: u8,
    dtype: u32,
    ndim: u32,
    shape: [u64; 8],
}

struct Region {
    _owner: OwnedRegion,
    peer: SharedRegion,
    file: File,
}

static REGIONS: LazyLock<Vec<Region>> = LazyLock::new(|| {
    let make = |capacity: usize| {
        let name = format!("r{capacity}");
        let owner = zinc_fuzz::options().sparse(true).create(&name, capacity).expect("a region");
        let file = File::options().write(true).open(&owner.info().path).expect("its file");
        let peer = zinc_fuzz::options().open(&name).expect("the region");
        Region { _owner: owner, peer, file }
    };
    CAPACITIES.map(make).into()
});

/// What the words mean, told in another way than Zinc does it; `None` if they are damage.
fn meaning(words: &Words, capacity: usize) -> Option<Option<(DType, &[u64])>> {
    if words.dtype == 0 {
        return Some(None);
    }
    let dtype = *DType::ALL.iter().find(|dtype| dtype.code() == words.dtype)?;
    let shape = words.shape.get(..usize::try_from(words.ndim).ok()?)?;
    // Other software multiplies the lengths in its own order, so they must not overflow where one of them is 0 either.
    let (mut most, mut taken) = (dtype.size() as u128, dtype.size() as u128);
    for &length in shape {
        most = most.checked_mul(length.max(1).into())?;
        taken *= u128::from(length);
    }
    let fits = taken <= capacity as u128;
    (most <= isize::MAX as u128 && fits).then_some(Some((dtype, shape)))
}

fuzz_target!(|words: Words| {
    let region = &REGIONS[usize::from(words.region) % REGIONS.len()];
    let codes = [words.dtype.to_le_bytes(), words.ndim.to_le_bytes()].concat();
    let shape: Vec<u8> = words.shape.iter().flat_map(|length| length.to_le_bytes()).collect();
    region.file.write_all_at(&codes, DTYPE).expect("the header is there");
    region.file.write_all_at(&shape, SHAPE).expect("the header is there");

    let capacity = region.peer.capacity();
    let read = region.peer.descriptor();
    match meaning(&words, capacity) {
        None => assert_eq!(read.expect_err("it is damage").kind(), ErrorKind::Descriptor),
        Some(None) => assert_eq!(read.expect("it says nothing"), None),
        Some(Some((dtype, shape))) => {
            let descriptor = read.expect("it makes sense").expect("it says something");
            assert_eq!((descriptor.dtype(), descriptor.shape()), (dtype, shape));
            assert_eq!(Descriptor::new(dtype, shape).expect("the same rule"), descriptor);
            assert_eq!(descriptor.byte_len(), descriptor.elements() * dtype.size() as u64);
            let (view, same) = zinc::binding::tensor(&region.peer, dtype).expect("asked for as what it is");
            assert_eq!((view.len(), same), (capacity, descriptor));
            look(&region.peer, dtype, &descriptor);
        }
    }
});

/// Typed views are as long as the description says.
fn look(region: &SharedRegion, dtype: DType, descriptor: &Descriptor) {
    match dtype {
        DType::F32 => {
            assert_eq!(region.tensor::<f32>().expect("its type").len() as u64, descriptor.elements())
        }
        DType::F16 => {
            assert_eq!(region.tensor::<half::f16>().expect("its type").shape(), descriptor.shape());
        }
        _ => assert_eq!(region.tensor::<f32>().expect_err("another type").kind(), ErrorKind::Descriptor),
    }
}
