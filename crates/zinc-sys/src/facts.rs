//! What is known of a region, as a struct that can grow.

use std::ffi::{CString, c_char};
use std::os::unix::ffi::OsStrExt;
use std::time::UNIX_EPOCH;

use zinc::{ErrorKind, RegionInfo, RegionState, Result, binding};

/// Whether somebody owns a region.
#[repr(u32)]
#[derive(Clone, Copy)]
pub enum zinc_state {
    /// Its owner is alive.
    Owned = 1,
    /// It has no owner and stays until it is removed.
    Persistent = 2,
    /// Its owner died without closing it; the next create of the name takes it away.
    Dead = 3,
}

/// What is known of a region. Later releases may add fields at the end; `size` tells them how many the caller knows.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zinc_region_info {
    /// To be set by the caller: sizeof(zinc_region_info).
    pub size: usize,
    /// Bytes of data.
    pub capacity: usize,
    /// When it was created: nanoseconds since 1970 by the wall clock.
    pub created_ns: u64,
    /// Random bytes that tell it from any other region that had or will have the name.
    pub id: [u8; 16],
    /// The process that created it, for people: pids are reused.
    pub owner_pid: u32,
    /// One of enum zinc_state, as it was when this was asked: for a handle, when it was made.
    pub state: u32,
    /// Its name.
    pub name: *const c_char,
    /// Its file.
    pub path: *const c_char,
}

/// A region's facts with strings as C has them.
pub(crate) struct Facts {
    info: RegionInfo,
    pub(crate) name: CString,
    path: CString,
}

impl Facts {
    pub(crate) fn new(info: &RegionInfo) -> Self {
        // Neither can contain a NUL: names are checked, and paths come from the operating system.
        let text = |bytes: &[u8]| CString::new(bytes).unwrap_or_default();
        let (name, path) = (text(info.name.as_bytes()), text(info.path.as_os_str().as_bytes()));
        Self { info: info.clone(), name, path }
    }

    /// # Safety
    ///
    /// `out` is null or points to as many bytes as its first field says.
    pub(crate) unsafe fn write(&self, operation: &'static str, out: *mut zinc_region_info) -> Result<()> {
        if out.is_null() {
            return Err(binding::null_argument(operation, "out"));
        }
        // SAFETY: not null, and the size comes first in every release.
        let size = unsafe { out.cast::<usize>().read() };
        if size < size_of::<zinc_region_info>() || size > 4096 {
            let why = format!("the field size of out is {size}; set it to sizeof(zinc_region_info) first");
            return Err(binding::error(ErrorKind::InvalidArgument, operation, None, why));
        }
        let created = self.info.created.duration_since(UNIX_EPOCH).unwrap_or_default();
        let known = zinc_region_info {
            size,
            capacity: self.info.capacity,
            created_ns: u64::try_from(created.as_nanos()).unwrap_or(u64::MAX),
            id: self.info.id,
            owner_pid: self.info.owner_pid,
            state: state(self.info.state),
            name: self.name.as_ptr(),
            path: self.path.as_ptr(),
        };
        // SAFETY: the caller's struct has that many bytes, no fewer than this one; those it has more become 0.
        unsafe {
            out.cast::<u8>().write_bytes(0, size);
            out.write(known);
        }
        Ok(())
    }
}

fn state(core: RegionState) -> u32 {
    match core {
        RegionState::Owned => zinc_state::Owned as u32,
        RegionState::Persistent => zinc_state::Persistent as u32,
        RegionState::Dead => zinc_state::Dead as u32,
        _ => 0,
    }
}
