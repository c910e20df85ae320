//! The region's bytes as an `ArrayBuffer` over the mapping itself, never a copy.

use std::ffi::c_void;
use std::ptr;
use std::sync::{Arc, Mutex, PoisonError};

use napi::bindgen_prelude::{ArrayBuffer, Result};
use napi::{Env, JsValue, check_status, sys};
use napi_derive::napi;
use zinc::{ErrorKind, View, binding};

use crate::calls::Value;
use crate::failure::{self, call};
use crate::handle::Held;

/// What keeps the bytes mapped for one `ArrayBuffer`. A runtime that cannot make the buffer may or may not call its
/// finalizer: whoever comes first takes the view.
struct Kept(Mutex<Option<View>>);

impl Kept {
    fn release(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// The region's bytes. js/ asks once for each handle: an address must not be in two buffers.
#[napi]
fn buffer(env: Env, region: Held) -> Result<Value> {
    call(env, "buffer", || over_memory(env, &region))
}

fn over_memory(env: Env, region: &Held) -> failure::Result<Value> {
    let view = region.view()?;
    let (address, length) = (view.as_mut_ptr(), view.len());
    let kept = Arc::new(Kept(Mutex::new(Some(view))));
    let hint = Arc::into_raw(kept.clone());
    let mut buffer = ptr::null_mut();
    // SAFETY: the bytes stay mapped until `forgotten` lets go of the view, when no ArrayBuffer has them any more.
    let status = unsafe {
        sys::napi_create_external_arraybuffer(
            env.raw(),
            address.cast(),
            length,
            Some(forgotten),
            hint.cast_mut().cast(),
            &mut buffer,
        )
    };
    if status == sys::Status::napi_ok {
        return Ok(Value(buffer));
    }
    // It may have thrown something of its own, which says less.
    clear_exception(env);
    kept.release();
    let why = if status == sys::Status::napi_no_external_buffers_allowed {
        "this runtime allows no ArrayBuffer over memory that is not its own, and Zinc does not copy"
            .to_owned()
    } else {
        format!("this runtime makes no ArrayBuffer of {length} bytes over shared memory")
    };
    Err(binding::error(ErrorKind::Unsupported, "buffer", Some(region.name()), why).into())
}

/// Runs when no `ArrayBuffer` has the bytes any more: the one that was made, or the one that they were transferred to.
unsafe extern "C" fn forgotten(_env: sys::napi_env, _address: *mut c_void, hint: *mut c_void) {
    // SAFETY: `buffer` gave one count away for this call.
    unsafe { Arc::from_raw(hint.cast::<Kept>().cast_const()) }.release();
}

/// Takes the bytes away from a buffer: it and every array over it have the length 0 from now on.
#[napi]
fn detach(env: Env, buffer: ArrayBuffer<'_>) -> Result<()> {
    // SAFETY: both belong to the call in progress.
    let status = unsafe { sys::napi_detach_arraybuffer(env.raw(), buffer.raw()) };
    check_status!(status, "cannot detach the buffer")
}

fn clear_exception(env: Env) {
    let mut pending = ptr::null_mut();
    // SAFETY: the environment is that of the call in progress.
    unsafe { sys::napi_get_and_clear_last_exception(env.raw(), &mut pending) };
}
