//! The runtime's part in a wait: it may have decided meanwhile that this thread is to end.

use std::ptr;

use napi::sys;
use zinc::binding::Host;

use crate::failure::Failure;

/// The environment of the thread that waits.
pub(crate) struct Runtime(pub(crate) sys::napi_env);

impl Host for Runtime {
    type Error = Failure;

    fn park<R: Send>(&mut self, park: impl FnOnce() -> R + Send) -> R {
        park()
    }

    /// A worker that is terminated must not stay in the kernel: the thread that terminates it waits for it.
    fn signal(&mut self) -> Result<(), Failure> {
        if self.is_ending() { Err(Failure::Ending) } else { Ok(()) }
    }
}

impl Runtime {
    /// Whether JavaScript cannot run here any more. Node-API says so by refusing whatever might run some.
    fn is_ending(&self) -> bool {
        let mut global = ptr::null_mut();
        let mut has = false;
        // SAFETY: the wait was called from this environment, on this thread, which is still in that call.
        let status = unsafe {
            sys::napi_get_global(self.0, &mut global);
            sys::napi_has_named_property(self.0, global, c"undefined".as_ptr(), &mut has)
        };
        matches!(status, sys::Status::napi_pending_exception | sys::Status::napi_cannot_run_js)
    }
}
