//! `notify` and `wait`: programs call them so often that each region has functions of its own, in plain Node-API.

use std::ptr;
use std::time::Duration;

use napi::bindgen_prelude::{FromNapiValue, Result, ToNapiValue};
use napi::{Env, sys};
use napi_derive::napi;
use zinc::{Timeout, binding};

use crate::failure::{Failure, guard};
use crate::handle::{Handle, Held};
use crate::host::Runtime;

/// A value for JavaScript, or from it for the time of one call.
pub(crate) struct Value(pub(crate) sys::napi_value);

impl ToNapiValue for Value {
    unsafe fn to_napi_value(_env: sys::napi_env, value: Self) -> Result<sys::napi_value> {
        Ok(value.0)
    }
}

impl FromNapiValue for Value {
    unsafe fn from_napi_value(_env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        Ok(Self(value))
    }
}

/// The region's `notify`.
#[napi]
fn notify(env: Env, region: Held) -> Result<Value> {
    region.function(env.raw(), c"notify", call_notify).map(Value)
}

/// The region's `wait`.
#[napi]
fn wait(env: Env, region: Held) -> Result<Value> {
    region.function(env.raw(), c"wait", call_wait).map(Value)
}

unsafe extern "C" fn call_notify(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    let mut region = ptr::null_mut();
    // SAFETY: the runtime calls this; the data is the region, of which the function that is called has a share.
    let region = unsafe {
        sys::napi_get_cb_info(env, info, ptr::null_mut(), ptr::null_mut(), ptr::null_mut(), &mut region);
        &*region.cast::<Handle>()
    };
    if let Err(failure) = guard("notify", || Ok(region.notify()?)) {
        throw(env, failure);
    }
    ptr::null_mut()
}

unsafe extern "C" fn call_wait(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    let (mut region, mut argument, mut count) = (ptr::null_mut(), ptr::null_mut(), 1);
    let mut milliseconds = 0.0;
    // SAFETY: as in `call_notify`; there is room for one argument, which js/ sees to being a number.
    let region = unsafe {
        sys::napi_get_cb_info(env, info, &mut count, &mut argument, ptr::null_mut(), &mut region);
        sys::napi_get_value_double(env, argument, &mut milliseconds);
        &*region.cast::<Handle>()
    };
    let mut result = ptr::null_mut();
    match guard("wait", || binding::wait(region, timeout(milliseconds), &mut Runtime(env))) {
        // SAFETY: the environment is that of the call in progress.
        Ok(notified) => _ = unsafe { sys::napi_get_boolean(env, notified, &mut result) },
        Err(Failure::Ending) => {}
        Err(failure) => throw(env, failure),
    }
    result
}

/// Milliseconds as JavaScript counts them; a negative number is for ever.
#[inline]
pub(crate) fn timeout(milliseconds: f64) -> Timeout {
    if milliseconds < 0.0 {
        return Timeout::FOREVER;
    }
    // The conversion stops at the largest u64: 584 years, which nobody awaits.
    Timeout::from(Duration::from_nanos((milliseconds * 1e6) as u64))
}

/// Throws where napi-rs does not do it.
#[cold]
fn throw(env: sys::napi_env, failure: Failure) {
    let error = failure.throw(Env::from_raw(env));
    if error.status != napi::Status::PendingException {
        // SAFETY: the environment is that of the call in progress.
        unsafe { napi::JsError::from(error).throw_into(env) };
    }
}
