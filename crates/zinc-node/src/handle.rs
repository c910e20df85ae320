//! A region in the hands of JavaScript: an `External`, and functions that know their region.

use std::ffi::{CStr, c_void};
use std::ops::Deref;
use std::ptr;
use std::sync::Arc;

use napi::bindgen_prelude::{FromNapiValue, Result, ToNapiValue};
use napi::{check_status, sys};
use zinc::Region;

/// A region on its way to JavaScript.
pub(crate) struct Given(pub(crate) Region);

impl ToNapiValue for Given {
    unsafe fn to_napi_value(env: sys::napi_env, given: Self) -> Result<sys::napi_value> {
        let region = Arc::into_raw(Arc::new(given.0)).cast_mut().cast();
        let mut external = ptr::null_mut();
        // SAFETY: `env` is the calling environment; `collected` takes the count back.
        let status = unsafe {
            sys::napi_create_external(env, region, Some(collected), ptr::null_mut(), &mut external)
        };
        if status != sys::Status::napi_ok {
            // SAFETY: nobody else has the count.
            drop(unsafe { Arc::from_raw(region.cast::<Region>()) });
        }
        check_status!(status, "cannot make an External")?;
        // SAFETY: the region lives until `collected`, which takes the hook back first.
        let status = unsafe { sys::napi_add_env_cleanup_hook(env, Some(abandoned), region) };
        check_status!(status, "cannot see to the end of the environment")?;
        Ok(external)
    }
}

/// Gives up the External's share of the handle when JavaScript has forgotten it.
unsafe extern "C" fn collected(env: sys::napi_env, region: *mut c_void, _hint: *mut c_void) {
    // SAFETY: `to_napi_value` gave a count away to be taken back here, once, and a hook with it.
    unsafe {
        sys::napi_remove_env_cleanup_hook(env, Some(abandoned), region);
        drop(Arc::from_raw(region.cast::<Region>()));
    }
}

/// Closes the handle when its environment ends, be it a worker's or the process's: not every runtime collects then.
unsafe extern "C" fn abandoned(region: *mut c_void) {
    // SAFETY: the region lives until `collected`, which takes this hook back.
    let region = unsafe { &*region.cast::<Region>() };
    // There is nobody to tell; a name that could not be taken away is swept by the next create.
    let _ = region.close();
}

/// A region that JavaScript passes in, for the time of one call.
pub(crate) struct Held(&'static Region);

impl Held {
    /// A function for JavaScript that knows this region: `called` finds it as the data of its call.
    pub(crate) fn function(
        &self,
        env: sys::napi_env,
        name: &CStr,
        called: unsafe extern "C" fn(sys::napi_env, sys::napi_callback_info) -> sys::napi_value,
    ) -> Result<sys::napi_value> {
        let region = ptr::from_ref(self.0);
        let data = region.cast_mut().cast();
        let length = name.count_bytes() as isize;
        let mut function = ptr::null_mut();
        // SAFETY: the environment is that of the call in progress. The region is in an `Arc`, of which the function
        // has a count from here on, until it is collected.
        unsafe {
            let made =
                sys::napi_create_function(env, name.as_ptr(), length, Some(called), data, &mut function);
            check_status!(made, "cannot make a function")?;
            Arc::increment_strong_count(region);
            let status =
                sys::napi_add_finalizer(env, function, data, Some(dropped), ptr::null_mut(), ptr::null_mut());
            if status != sys::Status::napi_ok {
                Arc::decrement_strong_count(region);
            }
            check_status!(status, "cannot see to the end of a function")?;
        }
        Ok(function)
    }
}

/// Gives up a function's share of the handle.
unsafe extern "C" fn dropped(_env: sys::napi_env, region: *mut c_void, _hint: *mut c_void) {
    // SAFETY: `function` gave a count away to be taken back here, once.
    drop(unsafe { Arc::from_raw(region.cast::<Region>()) });
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
        let mut region = ptr::null_mut();
        // SAFETY: both belong to the call in progress.
        let status = unsafe { sys::napi_get_value_external(env, value, &mut region) };
        check_status!(status, "not a region")?;
        // SAFETY: `js/` has no Externals but those of `Given` here, gives them to nobody, and holds this one for the
        // call.
        Ok(Self(unsafe { &*region.cast::<Region>() }))
    }
}
