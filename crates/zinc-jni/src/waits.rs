//! Notifying and waiting.
//!
//! These are the calls that must be quick: on their way nothing is asked of Java unless the thread sleeps or they fail.
#![expect(unsafe_code, reason = "handles come from Java as numbers")]
#![expect(unreachable_pub, reason = "the JVM reaches them, by their exported names")]

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use jni::objects::{JClass, JObject};
use jni::sys::{jboolean, jlong};
use jni::{EnvUnowned, jni_mangle};
use zinc::{Region, Timeout, binding};

use crate::failure::{Failure, Throw};
use crate::handles::borrow;
use crate::host::Waiter;

/// What a wait for a sequence gives where the time is up: no sequence is negative.
const TIME_IS_UP: jlong = -1;

#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn signal<'local>(env: EnvUnowned<'local>, _: JClass<'local>, handle: jlong) {
    // SAFETY: the Java object that holds the handle is the caller.
    let handle = unsafe { borrow::<Region>(handle) };
    guard(env, "notify", |_| Ok(handle.notify()?));
}

#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn interrupt<'local>(env: EnvUnowned<'local>, _: JClass<'local>, handle: jlong) {
    // SAFETY: as in `signal`.
    let handle = unsafe { borrow::<Region>(handle) };
    guard(env, "interrupt", |_| {
        handle.interrupt();
        Ok(())
    });
}

/// Has the waits of a handle look whether their threads were interrupted.
#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn wake<'local>(env: EnvUnowned<'local>, _: JClass<'local>, handle: jlong) {
    // SAFETY: as in `signal`.
    let handle = unsafe { borrow::<Region>(handle) };
    guard(env, "interrupt", |_| {
        binding::nudge(handle);
        Ok(())
    });
}

#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn await_signal<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    region: JObject<'local>,
    handle: jlong,
    nanoseconds: jlong,
) -> jboolean {
    // SAFETY: as in `signal`.
    let handle = unsafe { borrow::<Region>(handle) };
    guard(env, "wait", |env| {
        binding::wait(handle, timeout(nanoseconds), &mut Waiter::new(env, &region, handle))
    })
}

#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn await_past<'local>(
    env: EnvUnowned<'local>,
    _: JClass<'local>,
    region: JObject<'local>,
    handle: jlong,
    sequence: jlong,
    nanoseconds: jlong,
) -> jlong {
    // SAFETY: as in `signal`.
    let handle = unsafe { borrow::<Region>(handle) };
    let past = sequence.cast_unsigned();
    guard(env, "wait", |env| {
        let mut waiter = Waiter::new(env, &region, handle);
        let reached = binding::wait_past(handle, past, timeout(nanoseconds), &mut waiter)?;
        Ok(reached.map_or(TIME_IS_UP, u64::cast_signed))
    })
}

/// A negative number of nanoseconds is for ever.
pub(crate) fn timeout(nanoseconds: jlong) -> Timeout {
    u64::try_from(nanoseconds).ok().map(Duration::from_nanos).into()
}

/// Runs the body of a native method; looks at Java's environment only if it fails.
#[inline]
fn guard<'local, T: Default>(
    env: EnvUnowned<'local>,
    operation: &'static str,
    body: impl FnOnce(EnvUnowned<'local>) -> Result<T, Failure>,
) -> T {
    let raw = env.as_raw();
    match catch_unwind(AssertUnwindSafe(|| body(env))) {
        Ok(Ok(value)) => value,
        failed => {
            // SAFETY: it is the environment of the native method that this is the end of.
            let mut env = unsafe { EnvUnowned::<'local>::from_raw(raw) };
            let failed = env.with_env(|_| failed.unwrap_or_else(|payload| resume_unwind(payload)));
            failed.resolve_with::<Throw, _>(|| operation)
        }
    }
}
