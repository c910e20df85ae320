//! What a `zinc_region` stands for, and how calls get at it.

use std::collections::VecDeque;
use std::ptr;
use std::sync::{Arc, Mutex};

use zinc::{Error, ErrorKind, OwnedRegion, Region, Result, binding};

use crate::facts::Facts;
use crate::slab::{Guest, Slab};

/// A handle of a region: an opaque token, and no address of anything. Only these functions know what to do with it.
pub struct zinc_region {
    _opaque: [u8; 0],
}

static HANDLES: Slab<Arc<Handle>> = Slab::new();

/// How many handles are remembered that were closed.
const REMEMBERED: usize = 64;

/// The handles that were closed last, with their regions' names, for the errors of callers that go on using them. A
/// call that finds it locked does without: in a forked child it may stay locked.
static CLOSED: Mutex<VecDeque<(usize, String)>> = Mutex::new(VecDeque::new());

/// What a handle stands for. Views share it: the region's addresses stay taken for as long as it is not dropped.
pub(crate) struct Handle {
    pub(crate) region: Region,
    pub(crate) facts: Facts,
}

impl Handle {
    /// The region, if this handle owns it.
    pub(crate) fn owner(&self, operation: &'static str) -> Result<&OwnedRegion> {
        binding::owner(&self.region, operation)
    }
}

/// Hands the caller a handle of its own.
pub(crate) fn hand_out(operation: &'static str, out: &mut *mut zinc_region, region: Region) -> Result<()> {
    let facts = Facts::new(region.info());
    let Some(token) = HANDLES.insert(Arc::new(Handle { region, facts })) else {
        let why = "there are more open handles than can be counted; close some";
        return Err(binding::error(ErrorKind::Unsupported, operation, None, why));
    };
    *out = ptr::without_provenance_mut(token);
    Ok(())
}

/// The region of a handle, for as long as the call is inside.
#[inline]
pub(crate) fn enter(
    operation: &'static str,
    handle: *const zinc_region,
) -> Result<Guest<'static, Arc<Handle>>> {
    HANDLES.enter(handle.addr()).ok_or_else(|| not_open(operation, handle))
}

/// Whether it is an open handle.
pub(crate) fn is_open(handle: *const zinc_region) -> bool {
    HANDLES.enter(handle.addr()).is_some()
}

/// Ends a handle; none if it is not an open one.
pub(crate) fn end(handle: *const zinc_region) -> Option<zinc::Result<()>> {
    let token = handle.addr();
    HANDLES.remove(token, |handle| {
        if let Ok(mut closed) = CLOSED.try_lock() {
            if closed.len() == REMEMBERED {
                closed.pop_front();
            }
            closed.push_back((token, handle.region.name().to_owned()));
        }
        handle.region.close()
    })
}

#[cold]
fn not_open(operation: &'static str, handle: *const zinc_region) -> Error {
    if let Ok(closed) = CLOSED.try_lock()
        && let Some((_, region)) = closed.iter().find(|(token, _)| *token == handle.addr())
    {
        return binding::handle_closed(operation, region);
    }
    if handle.is_null() {
        return binding::null_argument(operation, "region");
    }
    let why = "the handle was closed, or never was one; create or open a region to get one";
    binding::error(ErrorKind::Closed, operation, None, why)
}
