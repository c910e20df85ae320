//! Whatever bytes a file of a region's name has: opening it gives a region within its bounds, or an error.
#![no_main]

use std::fs::File;
use std::future::Future;
use std::os::unix::fs::FileExt;
use std::pin::pin;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::task::{Context, Waker};

use libfuzzer_sys::fuzz_target;
use zinc::{DType, Element, ErrorKind, RegionOptions, SharedRegion};

/// The header of a region on this machine, as it is for files on a tmpfs.
const HEADER: usize = 4096;
/// Where the descriptor's lock is.
const LOCK: usize = 512;

static OPTIONS: LazyLock<[RegionOptions; 2]> =
    LazyLock::new(|| [false, true].map(|read_only| zinc_fuzz::options().read_only(read_only)));

/// The file and its length; none where it has no name any more: Zinc takes the names of dead owners' regions away.
static FILE: Mutex<Option<(File, usize)>> = Mutex::new(None);

/// Makes the file what the input says, in as few system calls as can be: they are most of what an execution costs.
fn write(there: &mut Option<(File, usize)>, bytes: &[u8]) {
    let (file, length) = there.get_or_insert_with(|| {
        (File::create_new(zinc_fuzz::directory().join("zinc.r")).expect("a new file"), 0)
    });
    if *length != bytes.len() {
        file.set_len(bytes.len() as u64).expect("a length");
        *length = bytes.len();
    }
    file.write_all_at(bytes, 0).expect("room for the bytes");
}

fuzz_target!(|bytes: &[u8]| {
    let mut file = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    write(&mut file, bytes);
    let read_only = bytes.len() % 2 != 0;
    match open(&OPTIONS[usize::from(read_only)]) {
        Ok(region) => {
            assert_eq!(region.is_read_only(), read_only);
            look(&region, bytes);
            touch(&region);
        }
        Err(ErrorKind::NotFound) => *file = None,
        Err(_) => {}
    }
});

fn open(options: &RegionOptions) -> Result<SharedRegion, ErrorKind> {
    options.open("r").map_err(|error| {
        assert!(error.to_string().starts_with("open \"r\": "), "{error}");
        error.kind()
    })
}

/// What is there is what the file has, and no more than it has.
fn look(region: &SharedRegion, bytes: &[u8]) {
    let data = &bytes[HEADER..];
    assert!((1..=data.len()).contains(&region.capacity()), "{region:?} of {} bytes", data.len());
    for at in [0, region.capacity() - 1] {
        // SAFETY: the byte is within the region, and nobody writes.
        assert_eq!(unsafe { region.as_ptr().add(at).read_volatile() }, data[at]);
    }
    // A lock that is held makes its reader wait 10 ms for a writer that there is not; one of the seeds is such a file.
    if bytes[LOCK] % 2 == 0 {
        match region.descriptor() {
            Ok(Some(descriptor)) => {
                assert!(descriptor.byte_len() <= region.capacity() as u64, "{descriptor}")
            }
            Ok(None) | Err(_) => {}
        }
        read::<u8>(region);
        read::<f32>(region);
        read::<i64>(region);
        let _ = zinc::binding::tensor(region, DType::C128);
    }
}

fn read<T: Element>(region: &SharedRegion) {
    if let Ok(tensor) = region.tensor::<T>() {
        assert!(tensor.len() <= region.capacity() / size_of::<T>());
        // SAFETY: nobody writes.
        std::hint::black_box(unsafe { tensor.as_slice() }.last().copied());
    }
}

/// Waits and notifies: whatever the words say, nothing hangs.
fn touch(region: &SharedRegion) {
    let _ = (region.wait(0), region.sequence(), region.wait_past(u64::MAX, 0), region.notify());
    let mut context = Context::from_waker(Waker::noop());
    assert!(pin!(region.wait_async(0)).poll(&mut context).is_ready(), "a look is no wait");
    let _ = (region.clone().wait(0), region.wait_past(0, 0));
}
