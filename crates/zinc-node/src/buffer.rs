//! The region's bytes: as an `ArrayBuffer` over the mapping itself, and as copies.

use std::ffi::c_void;
use std::ptr;
use std::sync::{Arc, Mutex, PoisonError};

use napi::bindgen_prelude::{ArrayBuffer, Result};
use napi::{Env, JsValue, check_status, sys};
use napi_derive::napi;
use zinc::{ErrorKind, View, binding};

use crate::calls::Value;
use crate::failure::{self, call};
use crate::handle::{Held, Share};

/// What one `ArrayBuffer` keeps: the bytes mapped, and the handle open. A runtime that cannot make the buffer may call its
/// finalizer or not, so the finalizer and the error path both release it, and the second finds nothing.
struct Kept(Mutex<Option<(View, Share)>>);

impl Kept {
    fn release(&self) {
        // Dropped outside of the lock: the last share of an owner ends its region.
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(kept);
    }
}

/// The bytes of a region from `offset` on.
#[napi]
fn buffer(env: Env, region: Held, offset: f64, length: f64) -> Result<Value> {
    call(env, "buffer", || over_memory(env, "buffer", &region, offset, length))
}

/// The same, for the call `view`.
#[napi]
fn view(env: Env, region: Held, offset: f64, length: f64) -> Result<Value> {
    call(env, "view", || over_memory(env, "view", &region, offset, length))
}

fn over_memory(
    env: Env,
    operation: &'static str,
    region: &Held,
    offset: f64,
    length: f64,
) -> failure::Result<Value> {
    let (view, offset, length) = part(operation, region, offset, length)?;
    let mut buffer = ptr::null_mut();
    if length == 0 {
        let mut nothing = ptr::null_mut();
        // SAFETY: the environment is that of the call in progress.
        let status = unsafe { sys::napi_create_arraybuffer(env.raw(), 0, &mut nothing, &mut buffer) };
        check_status!(status, "cannot make an empty ArrayBuffer")?;
        return Ok(Value(buffer));
    }
    // SAFETY: `part` has checked that the bytes from `offset` on are within the view.
    let address = unsafe { view.as_mut_ptr().add(offset) };
    let kept = Arc::new(Kept(Mutex::new(Some((view, region.share())))));
    let hint = Arc::into_raw(kept.clone());
    // SAFETY: the bytes stay mapped until `forgotten` lets go of the view, when no ArrayBuffer has them any more. Several
    // buffers may have one address: only buffers that threads share are registered by their addresses in V8.
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
        "this runtime (Electron, say) allows no ArrayBuffer over memory that is not its own; copy the bytes with read and \
         write"
            .to_owned()
    } else {
        format!(
            "this runtime makes no ArrayBuffer of {length} bytes over shared memory; take a part of the region with view, \
             or copy the bytes with read and write"
        )
    };
    Err(binding::error(ErrorKind::Unsupported, operation, Some(region.name()), why).into())
}

/// Copies `length` bytes of the region from `offset` on into a `Uint8Array` of that length.
#[napi]
fn read(env: Env, region: Held, offset: f64, target: Value, length: f64) -> Result<()> {
    call(env, "read", || {
        let (target, room) = bytes(env, &target)?;
        let (view, offset, length) = part("read", &region, offset, length)?;
        let length = length.min(room);
        // SAFETY: both are `length` bytes, and alive: the region's by the view, the target's as it is an argument of the
        // call in progress. They may overlap, which `copy` allows. Other processes may write meanwhile; then these bytes
        // are any mixture, which plain bytes can be.
        unsafe { ptr::copy(view.as_ptr().add(offset), target, length) };
        Ok(())
    })
}

/// Copies all bytes of a `Uint8Array` into the region, from `offset` on.
#[napi]
fn write(env: Env, region: Held, offset: f64, source: Value) -> Result<()> {
    call(env, "write", || {
        let (source, length) = bytes(env, &source)?;
        let (view, offset, length) = part("write", &region, offset, length as f64)?;
        if view.is_read_only() {
            let why = "this handle is read-only; open the region without readOnly to write to it";
            return Err(binding::error(ErrorKind::PermissionDenied, "write", Some(region.name()), why).into());
        }
        // SAFETY: as in `read`, and the region's pages may be written.
        unsafe { ptr::copy(source.cast_const(), view.as_mut_ptr().add(offset), length) };
        Ok(())
    })
}

/// A view of the region, and the offset and the length of the part that is asked for, which is within it.
fn part(
    operation: &'static str,
    region: &Held,
    offset: f64,
    length: f64,
) -> failure::Result<(View, usize, usize)> {
    let view = region.view().map_err(|_| binding::handle_closed(operation, region.name()))?;
    let (from, count) = (offset as usize, length as usize);
    if count > view.len() || from > view.len() - count {
        let why = format!(
            "the argument offset is {offset} and the length {length}, and the region has {} bytes; stay within them",
            view.len()
        );
        return Err(binding::error(ErrorKind::InvalidArgument, operation, Some(region.name()), why).into());
    }
    Ok((view, from, count))
}

/// Where the bytes of a `Uint8Array` are, and how many.
fn bytes(env: Env, array: &Value) -> failure::Result<(*mut u8, usize)> {
    let (mut data, mut length, mut kind) = (ptr::null_mut(), 0, 0);
    // SAFETY: both belong to the call in progress.
    let status = unsafe {
        sys::napi_get_typedarray_info(
            env.raw(),
            array.0,
            &mut kind,
            &mut length,
            &mut data,
            ptr::null_mut(),
            ptr::null_mut(),
        )
    };
    check_status!(status, "not a Uint8Array")?;
    // An empty array may have no address, which a copy of nothing must have.
    let data = if length == 0 { ptr::dangling_mut() } else { data.cast() };
    Ok((data, length))
}

/// Runs when no `ArrayBuffer` has the bytes any more: the one that was made, or the one that they were transferred to.
/// Perhaps on another thread, where the bytes went.
unsafe extern "C" fn forgotten(_env: sys::napi_env, _address: *mut c_void, hint: *mut c_void) {
    // SAFETY: `over_memory` gave one count away for this call.
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
