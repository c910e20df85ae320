//! The bell of an event loop: how the core's thread tells JavaScript's that a wait has something to look at.

use std::ffi::c_void;
use std::ptr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

use napi::bindgen_prelude::{External, Function, Result};
use napi::{Env, JsValue, check_status, sys};
use napi_derive::napi;

/// A threadsafe function, until its environment ends. By itself it does not keep the event loop alive.
///
/// It is Node-API's own and not napi-rs's, which cannot change its mind about keeping the loop alive.
pub(crate) struct Bell(Mutex<Option<Threadsafe>>);

struct Threadsafe(sys::napi_threadsafe_function);

// SAFETY: calling it from any thread is what it is for; `Bell` keeps it no longer than it lives.
unsafe impl Send for Threadsafe {}

/// The waker of one wait: it rings the bell with the wait's number.
struct Ring {
    bell: Arc<Bell>,
    number: u32,
}

impl Wake for Ring {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let Some(Threadsafe(function)) = *self.bell.lock() else { return };
        let number = ptr::without_provenance_mut(self.number as usize);
        // SAFETY: while the lock is held the function is not finalized. The call never blocks. It fails where the loop has
        // begun to end, and then nobody is left to be told.
        unsafe {
            sys::napi_call_threadsafe_function(function, number, sys::ThreadsafeFunctionCallMode::nonblocking)
        };
    }
}

impl Bell {
    /// The waker of the wait with that number.
    pub(crate) fn waker(self: &Arc<Self>, number: u32) -> Waker {
        Arc::new(Ring { bell: self.clone(), number }).into()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Threadsafe>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A bell that calls `ring` with the number of the wait that has something to look at.
#[napi]
fn bell(env: Env, ring: Function<'_, u32, ()>) -> Result<External<Arc<Bell>>> {
    let bell = Arc::new(Bell(Mutex::new(None)));
    let name = env.create_string("zinc")?;
    let mut function = ptr::null_mut();
    let share = Arc::into_raw(bell.clone()).cast_mut().cast();
    // SAFETY: all values belong to the call in progress; `silenced` takes the share back.
    unsafe {
        let made = sys::napi_create_threadsafe_function(
            env.raw(),
            ring.raw(),
            ptr::null_mut(),
            name.raw(),
            0,
            1,
            share,
            Some(silenced),
            ptr::null_mut(),
            Some(rung),
            &mut function,
        );
        if made != sys::Status::napi_ok {
            drop(Arc::from_raw(share.cast::<Bell>()));
        }
        check_status!(made, "cannot make a threadsafe function")?;
        check_status!(sys::napi_unref_threadsafe_function(env.raw(), function), "cannot unref the bell")?;
    }
    *bell.lock() = Some(Threadsafe(function));
    Ok(External::new(bell))
}

/// The event loop stays alive for the bell.
#[napi]
fn bell_ref(env: Env, bell: &External<Arc<Bell>>) -> Result<()> {
    let Some(Threadsafe(function)) = *bell.lock() else { return Ok(()) };
    // SAFETY: the function is alive, and this is its own thread.
    check_status!(unsafe { sys::napi_ref_threadsafe_function(env.raw(), function) }, "cannot ref the bell")
}

/// The event loop ends in spite of the bell.
#[napi]
fn bell_unref(env: Env, bell: &External<Arc<Bell>>) -> Result<()> {
    let Some(Threadsafe(function)) = *bell.lock() else { return Ok(()) };
    // SAFETY: as in `bell_ref`.
    let status = unsafe { sys::napi_unref_threadsafe_function(env.raw(), function) };
    check_status!(status, "cannot unref the bell")
}

/// Runs on the event loop, and calls the function that the bell was made with.
unsafe extern "C" fn rung(
    env: sys::napi_env,
    ring: sys::napi_value,
    _context: *mut c_void,
    number: *mut c_void,
) {
    // Both are null when the environment ends with rings on the way.
    if env.is_null() || ring.is_null() {
        return;
    }
    let (mut this, mut argument) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: the runtime calls this on the environment's thread, and reports what the function throws.
    unsafe {
        sys::napi_get_undefined(env, &mut this);
        sys::napi_create_uint32(env, number.addr() as u32, &mut argument);
        sys::napi_call_function(env, this, ring, 1, &argument, ptr::null_mut());
    }
}

/// Runs when the environment ends: the function must not be called from now on.
unsafe extern "C" fn silenced(_env: sys::napi_env, bell: *mut c_void, _hint: *mut c_void) {
    // SAFETY: `bell` gave a share away to be taken back here, once.
    let bell = unsafe { Arc::from_raw(bell.cast::<Bell>().cast_const()) };
    bell.lock().take();
}
