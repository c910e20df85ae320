//! Notifying and waiting.
//!
//! These are the calls that must be quick: on their way nothing is asked of Java unless the thread sleeps or they fail.
#![expect(unsafe_code, reason = "handles come from Java as numbers")]
#![expect(unreachable_pub, reason = "the JVM reaches them, by their exported names")]

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::Ordering;
use std::time::Duration;

use jni::objects::{JClass, JObject};
use jni::sys::{jboolean, jlong};
use jni::{EnvUnowned, jni_mangle};
use zinc::{ErrorKind, Timeout};

use crate::failure::{Failure, Throw};
use crate::handles::{Handle, borrow};
use crate::host::Waiter;

/// What a wait for a sequence gives where the time is up: no sequence is negative.
const TIME_IS_UP: jlong = -1;

#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn signal<'local>(env: EnvUnowned<'local>, _: JClass<'local>, handle: jlong) {
    // SAFETY: the Java object that holds the handle is the caller.
    let handle = unsafe { borrow::<Handle>(handle) };
    guard(env, |_| Ok(handle.region.notify()?));
}

#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn interrupt<'local>(env: EnvUnowned<'local>, _: JClass<'local>, handle: jlong) {
    // SAFETY: as in `signal`.
    let handle = unsafe { borrow::<Handle>(handle) };
    guard(env, |_| {
        // Counted first, so that whoever is woken finds it.
        handle.interrupts.fetch_add(1, Ordering::SeqCst);
        handle.region.interrupt();
        Ok(())
    });
}

/// Wakes the waits of a handle without ending them.
#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn wake<'local>(env: EnvUnowned<'local>, _: JClass<'local>, handle: jlong) {
    // SAFETY: as in `signal`.
    let handle = unsafe { borrow::<Handle>(handle) };
    guard(env, |_| {
        handle.region.interrupt();
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
    let handle = unsafe { borrow::<Handle>(handle) };
    guard(env, |env| {
        wait(env, &region, handle, nanoseconds, |timeout, waiter| handle.region.wait_hosted(timeout, waiter))
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
    let handle = unsafe { borrow::<Handle>(handle) };
    let past = sequence.cast_unsigned();
    guard(env, |env| {
        let reached = wait(env, &region, handle, nanoseconds, |timeout, waiter| {
            handle.region.wait_past_hosted(past, timeout, waiter)
        })?;
        Ok(reached.map_or(TIME_IS_UP, u64::cast_signed))
    })
}

/// A negative number of nanoseconds is for ever.
pub(crate) fn timeout(nanoseconds: jlong) -> Timeout {
    time(nanoseconds).into()
}

fn time(nanoseconds: jlong) -> Option<Duration> {
    u64::try_from(nanoseconds).ok().map(Duration::from_nanos)
}

/// Waits, and goes on waiting where it was woken on behalf of another thread.
#[inline]
fn wait<'local, 'a, T>(
    env: EnvUnowned<'local>,
    region: &'a JObject<'local>,
    handle: &'a Handle,
    nanoseconds: jlong,
    attempt: impl Fn(Timeout, &mut Waiter<'local, 'a>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let mut waiter = Waiter::new(env, region, handle);
    let mut timeout = timeout(nanoseconds);
    loop {
        match attempt(timeout, &mut waiter) {
            Err(Failure::Zinc(error)) if error.kind() == ErrorKind::Interrupted && !waiter.is_over() => {
                timeout = time(nanoseconds).map(|time| waiter.left(time)).into();
            }
            ended => return ended,
        }
    }
}

/// Runs the body of a native method; looks at Java's environment only if it fails.
#[inline]
fn guard<'local, T: Default>(
    env: EnvUnowned<'local>,
    body: impl FnOnce(EnvUnowned<'local>) -> Result<T, Failure>,
) -> T {
    let raw = env.as_raw();
    match catch_unwind(AssertUnwindSafe(|| body(env))) {
        Ok(Ok(value)) => value,
        failed => {
            // SAFETY: it is the environment of the native method that this is the end of.
            let mut env = unsafe { EnvUnowned::<'local>::from_raw(raw) };
            let failed = env.with_env(|_| failed.unwrap_or_else(|payload| resume_unwind(payload)));
            failed.resolve::<Throw>()
        }
    }
}
