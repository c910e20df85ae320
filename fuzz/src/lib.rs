//! What the fuzz targets share: a directory of regions, which is gone when the run is over.

use std::path::Path;
use std::sync::OnceLock;

use zinc::RegionOptions;

static DIRECTORY: OnceLock<tempfile::TempDir> = OnceLock::new();

/// The directory that this run's regions live in. A run that ends with a finding leaves it, to be looked into.
pub fn directory() -> &'static Path {
    let make = || {
        // SAFETY: the function is of the right type and takes nothing for granted.
        unsafe { libc::atexit(remove) };
        tempfile::Builder::new().prefix("zinc-fuzz-").tempdir_in("/dev/shm").expect("a directory in /dev/shm")
    };
    DIRECTORY.get_or_init(make).path()
}

extern "C" fn remove() {
    if let Some(directory) = DIRECTORY.get() {
        let _ = std::fs::remove_dir_all(directory.path());
    }
}

/// Options for regions there.
pub fn options() -> RegionOptions {
    RegionOptions::new().directory(directory())
}

/// Takes away the regions that outlive their owners; nothing else may be there when all handles are gone.
pub fn remove_what_persists() {
    for region in options().list().expect("a list") {
        options().remove(&region.name).expect("it has no owner");
    }
    let left: Vec<_> = std::fs::read_dir(directory()).expect("the directory").collect();
    assert!(left.is_empty(), "{left:?}");
}
