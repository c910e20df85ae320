//! Asynchronous waits: a future of the core for each `dev.zinc.Wait`, polled on a thread of Java's own; and
//! asynchronous opens, whose outcome that thread tells, too.
//!
//! The core's thread only puts a wait that may be over into a queue. The Java thread in [`deliver`] takes it out, and
//! its poll takes the notification in; under the same lock `cancel_wait` takes the future away, so that a notification
//! belongs to the wait that says so, or else to the next.
#![expect(unsafe_code, reason = "handles and waits come from Java as numbers")]
#![expect(unreachable_pub, reason = "the JVM reaches them, by their exported names")]

use std::pin::Pin;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use jni::objects::{JClass, JLongArray, JObject, JString, JValue};
use jni::refs::Global;
use jni::sys::{jboolean, jint, jlong};
use jni::{Env, EnvUnowned, jni_mangle, jni_sig, jni_str};
use zinc::{OpenCallback, Region, SharedRegion, WaitAsync};

use crate::failure::{Failure, Throw, exception};
use crate::handles::{borrow, give, take_back};
use crate::regions::options;
use crate::waits::timeout;

/// What the Java thread has to look after.
static WOKEN: LazyLock<Queue> = LazyLock::new(|| {
    let (sender, receiver) = mpsc::channel();
    Queue { sender, receiver: Mutex::new(receiver) }
});

struct Queue {
    sender: Sender<News>,
    receiver: Mutex<Receiver<News>>,
}

enum News {
    /// The wait may be over.
    Woken(Arc<Wait>),
    /// An open is over, and this `dev.zinc.Opening` is to be told.
    Opened(Global<JObject<'static>>, zinc::Result<SharedRegion>),
}

/// How many Java objects the delivery of one outcome makes.
const OBJECTS: usize = 8;

/// One asynchronous wait.
struct Wait {
    /// The core's future and the Java object to tell; `None` when it is over or cancelled.
    pending: Mutex<Option<Pending>>,
}

struct Pending {
    future: WaitAsync,
    java: Global<JObject<'static>>,
}

impl Wake for Wait {
    fn wake(self: Arc<Self>) {
        // The receiver is never dropped.
        let _ = WOKEN.sender.send(News::Woken(self));
    }
}

impl Wait {
    fn pending(&self) -> MutexGuard<'_, Option<Pending>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in what there is; whom to tell what, if the wait is over now.
    fn look(self: &Arc<Self>) -> Option<(Global<JObject<'static>>, zinc::Result<bool>)> {
        let mut pending = self.pending();
        let waker = Waker::from(self.clone());
        let future = &mut pending.as_mut()?.future;
        let Poll::Ready(outcome) = Pin::new(future).poll(&mut Context::from_waker(&waker)) else {
            return None;
        };
        Some((pending.take()?.java, outcome))
    }
}

#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn await_async<'local>(
    mut env: EnvUnowned<'local>,
    _: JClass<'local>,
    wait: JObject<'local>,
    handle: jlong,
    nanoseconds: jlong,
) -> jlong {
    // SAFETY: the Java object that holds the handle is the caller.
    let handle = unsafe { borrow::<Region>(handle) };
    let begun = env.with_env(|env| -> Result<jlong, Failure> {
        let future = handle.wait_async(timeout(nanoseconds));
        let pending = Pending { future, java: env.new_global_ref(&wait)? };
        let wait = Arc::new(Wait { pending: Mutex::new(Some(pending)) });
        // Begun here, so that what happens to the handle from now on reaches it.
        if let Some((java, outcome)) = wait.look() {
            tell(env, &java, outcome, true)?;
        }
        Ok(give(wait))
    });
    begun.resolve_with::<Throw, _>(|| "wait")
}

/// Whether the wait will never tell its outcome: false if it has, or is about to.
#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn cancel_wait<'local>(
    mut env: EnvUnowned<'local>,
    _: JClass<'local>,
    wait: jlong,
) -> jboolean {
    // SAFETY: the Java object that holds the wait is the caller.
    let wait = unsafe { borrow::<Arc<Wait>>(wait) };
    let cancelled = env.with_env(|_| -> Result<jboolean, Failure> {
        // Dropped without the lock: that can wake others.
        let taken = wait.pending().take();
        Ok(taken.is_some())
    });
    cancelled.resolve_with::<Throw, _>(|| "wait")
}

#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn release_wait<'local>(mut env: EnvUnowned<'local>, _: JClass<'local>, wait: jlong) {
    let released = env.with_env(|_| -> Result<(), Failure> {
        // SAFETY: a cleaner calls this, once, when nobody can reach the Java object any more.
        unsafe { take_back::<Arc<Wait>>(wait) };
        Ok(())
    });
    released.resolve_with::<Throw, _>(|| "wait");
}

/// Begins an open, whose `dev.zinc.Opening` is told how it ended.
#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn open_async<'local>(
    mut env: EnvUnowned<'local>,
    _: JClass<'local>,
    opening: JObject<'local>,
    name: JString<'local>,
    flags: jint,
    numbers: JLongArray<'local>,
    directory: JString<'local>,
) -> jlong {
    let begun = env.with_env(|env| -> Result<jlong, Failure> {
        let options = options(env, flags, &numbers, &directory)?;
        let java = env.new_global_ref(&opening)?;
        let callback = options.open_then(name.try_to_string(env)?, move |outcome| {
            // The receiver is never dropped.
            let _ = WOKEN.sender.send(News::Opened(java, outcome));
        })?;
        Ok(give(callback))
    });
    begun.resolve_with::<Throw, _>(|| "open")
}

/// Whether the open will never tell its outcome: false if it has, or is about to.
#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn cancel_open<'local>(
    mut env: EnvUnowned<'local>,
    _: JClass<'local>,
    open: jlong,
) -> jboolean {
    // SAFETY: the Java object that holds the open is the caller.
    let open = unsafe { borrow::<OpenCallback>(open) };
    let cancelled = env.with_env(|_| -> Result<jboolean, Failure> { Ok(open.cancel()) });
    cancelled.resolve_with::<Throw, _>(|| "open")
}

#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn release_open<'local>(mut env: EnvUnowned<'local>, _: JClass<'local>, open: jlong) {
    let released = env.with_env(|_| -> Result<(), Failure> {
        // SAFETY: a cleaner calls this, once, when nobody can reach the Java object any more.
        unsafe { take_back::<OpenCallback>(open) };
        Ok(())
    });
    released.resolve_with::<Throw, _>(|| "open");
}

/// Tells a `dev.zinc.Opening` how it ended; a region is its object's from then on.
fn tell_opened(
    env: &mut Env<'_>,
    java: &JObject<'_>,
    outcome: zinc::Result<SharedRegion>,
) -> Result<(), Failure> {
    match outcome {
        Ok(region) => {
            let arguments = [JValue::Long(give(Region::from(region)))];
            env.call_method(java, jni_str!("ended"), jni_sig!("(J)V"), &arguments)?;
        }
        Err(error) => {
            let exception = exception(env, &error)?;
            let signature = jni_sig!("(Ldev/zinc/ZincException;)V");
            env.call_method(java, jni_str!("failed"), signature, &[JValue::Object(&exception)])?;
        }
    }
    Ok(())
}

/// Tells outcomes for as long as the process lives. A daemon thread of Java's calls it, once.
#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn deliver<'local>(mut env: EnvUnowned<'local>, _: JClass<'local>) {
    let ended = env.with_env(|env| -> Result<(), Failure> {
        let woken = WOKEN.receiver.lock().unwrap_or_else(PoisonError::into_inner);
        while let Ok(news) = woken.recv() {
            let told = env.with_local_frame(OBJECTS, |env| -> Result<(), Failure> {
                match news {
                    News::Woken(wait) => match wait.look() {
                        Some((java, outcome)) => tell(env, &java, outcome, false),
                        None => Ok(()),
                    },
                    News::Opened(java, outcome) => tell_opened(env, &java, outcome),
                }
            });
            if told.is_err() {
                // Only a lack of memory or threads gets here. The others' waits are still to be told.
                env.exception_describe();
                env.exception_clear();
            }
        }
        Ok(())
    });
    ended.resolve_with::<Throw, _>(|| "wait");
}

/// Tells a `dev.zinc.Wait` how it ended; `early` says that nobody has it yet.
fn tell(
    env: &mut Env<'_>,
    java: &JObject<'_>,
    outcome: zinc::Result<bool>,
    early: bool,
) -> Result<(), Failure> {
    match outcome {
        Ok(notified) => {
            let arguments = [JValue::Bool(notified), JValue::Bool(early)];
            env.call_method(java, jni_str!("ended"), jni_sig!("(ZZ)V"), &arguments)?;
        }
        Err(error) => {
            let exception = exception(env, &error)?;
            let arguments = [JValue::Object(&exception), JValue::Bool(early)];
            let signature = jni_sig!("(Ldev/zinc/ZincException;Z)V");
            env.call_method(java, jni_str!("failed"), signature, &arguments)?;
        }
    }
    Ok(())
}
