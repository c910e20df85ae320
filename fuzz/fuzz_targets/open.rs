//! Whatever bytes a file of a region's name has: opening it gives a region within its bounds, or an error.
#![no_main]

use std::fs::File;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::future::Future;
use std::pin::pin;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::task::{Context, Waker};

use libfuzzer_sys::fuzz_target;
use zinc::{DType, Element, RegionOptions, SharedRegion};

/// The header of a region on this machine, as it is for files on a tmpfs.
const HEADER: usize = 4096;
/// Where the descriptor's lock is.
const LOCK: usize = 512;

static OPTIONS: LazyLock<RegionOptions> = LazyLock::new(zinc_fuzz::options);

/// The file, which is written anew for each input; a new one where Zinc took the name away, as it does with the regions
/// of dead owners.
fn write(bytes: &[u8]) {
    static FILE: Mutex<Option<File>> = Mutex::new(None);
    let mut file = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    let named = |file: &File| file.metadata().expect("an open file").nlink() > 0;
    if !file.as_ref().is_some_and(named) {
        *file = Some(File::create_new(zinc_fuzz::directory().join("zinc.r")).expect("a new file"));
    }
    let file = file.as_ref().expect("it was set");
    file.set_len(bytes.len() as u64).expect("a length");
    file.write_all_at(bytes, 0).expect("room for the bytes");
}

fuzz_target!(|bytes: &[u8]| {
    write(bytes);
    let Some(region) = open(&OPTIONS) else { return };
    look(&region, bytes);
    touch(&region);
    let read_only = open(&OPTIONS.clone().read_only(true)).expect("what is a region stays one");
    assert!(read_only.is_read_only());
    assert_eq!((read_only.capacity(), read_only.info()), (region.capacity(), region.info()));
    touch(&read_only);
    drop(region);
    // SAFETY: the byte is the region's last, and nobody writes.
    unsafe { read_only.as_ptr().add(read_only.capacity() - 1).read_volatile() };
});

fn open(options: &RegionOptions) -> Option<SharedRegion> {
    match options.open("r") {
        Ok(region) => Some(region),
        Err(error) => {
            assert!(error.to_string().starts_with("open \"r\": "), "{error}");
            None
        }
    }
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
            Ok(Some(descriptor)) => assert!(descriptor.byte_len() <= region.capacity() as u64, "{descriptor}"),
            Ok(None) | Err(_) => {}
        }
        read::<u8>(region);
        read::<f32>(region);
        read::<i64>(region);
        let _ = region.tensor_view(DType::C128);
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
