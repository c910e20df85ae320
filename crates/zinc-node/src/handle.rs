//! A region in the hands of JavaScript: an `External`, and functions that know their region.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::{CStr, c_void};
use std::ops::Deref;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use napi::bindgen_prelude::{FromNapiValue, Result, ToNapiValue};
use napi::{Env, check_status, sys};
use napi_derive::napi;
use zinc::Region;

/// A region, and how many `ArrayBuffers` have its bytes.
pub(crate) struct Handle {
    region: Region,
    buffers: AtomicUsize,
}

impl Deref for Handle {
    type Target = Region;

    #[inline]
    fn deref(&self) -> &Region {
        &self.region
    }
}

/// A share of a handle that an `ArrayBuffer` has. The handle stays open for as long as there is one, unless it is closed.
pub(crate) struct Share(Arc<Handle>);

impl Drop for Share {
    fn drop(&mut self) {
        self.0.buffers.fetch_sub(1, Ordering::Release);
    }
}

thread_local! {
    /// Weak references to this thread's Externals, by their handles.
    static EXTERNALS: RefCell<HashMap<*const Handle, sys::napi_ref>> = RefCell::default();
}

/// A region on its way to JavaScript.
pub(crate) struct Given(pub(crate) Region);

impl ToNapiValue for Given {
    unsafe fn to_napi_value(env: sys::napi_env, given: Self) -> Result<sys::napi_value> {
        let handle = Arc::new(Handle { region: given.0, buffers: AtomicUsize::new(0) });
        let handle = Arc::into_raw(handle).cast_mut().cast();
        let mut external = ptr::null_mut();
        // SAFETY: `env` is the calling environment; `collected` takes the count back.
        let status = unsafe {
            sys::napi_create_external(env, handle, Some(collected), ptr::null_mut(), &mut external)
        };
        if status != sys::Status::napi_ok {
            // SAFETY: nobody else has the count.
            drop(unsafe { Arc::from_raw(handle.cast::<Handle>()) });
        }
        check_status!(status, "cannot make an External")?;
        let mut weak = ptr::null_mut();
        // SAFETY: the handle lives until `collected`, which takes the hook back first, and deletes the reference.
        let (hooked, referred) = unsafe {
            (
                sys::napi_add_env_cleanup_hook(env, Some(abandoned), handle),
                sys::napi_create_reference(env, external, 0, &mut weak),
            )
        };
        check_status!(hooked, "cannot see to the end of the environment")?;
        check_status!(referred, "cannot refer to an External")?;
        EXTERNALS.with_borrow_mut(|externals| externals.insert(handle.cast_const().cast(), weak));
        Ok(external)
    }
}

/// Gives up the External's share of the handle when JavaScript has forgotten it.
unsafe extern "C" fn collected(env: sys::napi_env, handle: *mut c_void, _hint: *mut c_void) {
    // A thread that ends may have dropped the table already, and the environment ends with its references.
    let weak = EXTERNALS.try_with(|externals| externals.borrow_mut().remove(&handle.cast_const().cast()));
    // SAFETY: `to_napi_value` gave a count away to be taken back here, once, and a hook and a reference with it.
    unsafe {
        if let Ok(Some(weak)) = weak {
            sys::napi_delete_reference(env, weak);
        }
        sys::napi_remove_env_cleanup_hook(env, Some(abandoned), handle);
        drop(Arc::from_raw(handle.cast::<Handle>()));
    }
}

/// Closes the handle when its environment ends, be it a worker's or the process's: not every runtime collects then.
unsafe extern "C" fn abandoned(handle: *mut c_void) {
    // SAFETY: the handle lives until `collected`, which takes this hook back.
    let handle = unsafe { &*handle.cast::<Handle>() };
    // There is nobody to tell; a name that could not be taken away is swept by the next create.
    let _ = handle.close();
}

/// Closes the handles that were collected, and whose finalizers the runtime has not run yet: it runs them when the
/// program is back in its event loop, which is too late for a call that is out of descriptors.
#[napi]
fn close_collected(env: Env) {
    EXTERNALS.with_borrow(|externals| {
        for (&handle, &weak) in externals {
            let mut external = ptr::null_mut();
            // SAFETY: the reference is deleted where it leaves the table.
            let status = unsafe { sys::napi_get_reference_value(env.raw(), weak, &mut external) };
            if status != sys::Status::napi_ok || !external.is_null() {
                continue;
            }
            // SAFETY: the handle lives until `collected`, which takes it out of the table.
            let handle = unsafe { &*handle };
            // Views of a peer outlive its handle; those of an owner keep it.
            if !handle.is_owner() || handle.buffers.load(Ordering::Acquire) == 0 {
                let _ = handle.close();
            }
        }
    });
}

/// A region that JavaScript passes in, for the time of one call.
pub(crate) struct Held(&'static Handle);

impl Held {
    /// A share for an `ArrayBuffer`.
    pub(crate) fn share(&self) -> Share {
        self.0.buffers.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the handle is in an `Arc`, of which the External has a count during the call.
        Share(unsafe {
            Arc::increment_strong_count(self.0);
            Arc::from_raw(self.0)
        })
    }

    /// A function for JavaScript that knows this region: `called` finds the handle as the data of its call.
    pub(crate) fn function(
        &self,
        env: sys::napi_env,
        name: &CStr,
        called: unsafe extern "C" fn(sys::napi_env, sys::napi_callback_info) -> sys::napi_value,
    ) -> Result<sys::napi_value> {
        let handle = ptr::from_ref(self.0);
        let data = handle.cast_mut().cast();
        let length = name.count_bytes() as isize;
        let mut function = ptr::null_mut();
        // SAFETY: the environment is that of the call in progress. The handle is in an `Arc`, of which the function
        // has a count from here on, until it is collected.
        unsafe {
            let made =
                sys::napi_create_function(env, name.as_ptr(), length, Some(called), data, &mut function);
            check_status!(made, "cannot make a function")?;
            Arc::increment_strong_count(handle);
            let status =
                sys::napi_add_finalizer(env, function, data, Some(dropped), ptr::null_mut(), ptr::null_mut());
            if status != sys::Status::napi_ok {
                Arc::decrement_strong_count(handle);
            }
            check_status!(status, "cannot see to the end of a function")?;
        }
        Ok(function)
    }
}

/// Gives up a function's share of the handle.
unsafe extern "C" fn dropped(_env: sys::napi_env, handle: *mut c_void, _hint: *mut c_void) {
    // SAFETY: `function` gave a count away to be taken back here, once.
    drop(unsafe { Arc::from_raw(handle.cast::<Handle>()) });
}

impl Deref for Held {
    type Target = Region;

    #[inline]
    fn deref(&self) -> &Region {
        self.0
    }
}

impl FromNapiValue for Held {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        let mut handle = ptr::null_mut();
        // SAFETY: both belong to the call in progress.
        let status = unsafe { sys::napi_get_value_external(env, value, &mut handle) };
        check_status!(status, "not a region")?;
        // SAFETY: `js/` has no Externals but those of `Given` here, gives them to nobody, and holds this one for the
        // call.
        Ok(Self(unsafe { &*handle.cast::<Handle>() }))
    }
}
