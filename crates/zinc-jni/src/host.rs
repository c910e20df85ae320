//! Java's part in a sleep: interrupting the thread ends it, and no other thread's.
//!
//! A thread in the kernel is not woken by `Thread.interrupt`. What Java does for such threads is to call the `wakeup` of
//! the selector that they are blocked in. `dev.zinc.Sleep` is such a selector; its `wakeup` nudges the handle, or fires
//! what cancels the open. Whoever is woken so asks here whether its own thread was interrupted, and else sleeps on.

use jni::objects::{JObject, JValue};
use jni::strings::JNIStr;
use jni::{Env, EnvUnowned, Outcome, jni_sig, jni_str};
use zinc::Region;
use zinc::binding::{self, Cancel, Host};

use crate::failure::Failure;

/// The thread that waits, as the core sees it.
///
/// Its `Sleep` is made when it first sleeps, so that a wait without a sleep costs nothing.
pub(crate) struct Waiter<'local, 'a> {
    env: EnvUnowned<'local>,
    region: &'a JObject<'local>,
    handle: &'a Region,
    sleep: Option<JObject<'local>>,
    interrupted: Result<bool, Failure>,
}

impl<'local, 'a> Waiter<'local, 'a> {
    /// A wait of the calling thread on `handle`, which belongs to the Java object `region`.
    pub(crate) fn new(env: EnvUnowned<'local>, region: &'a JObject<'local>, handle: &'a Region) -> Self {
        Self { env, region, handle, sleep: None, interrupted: Ok(false) }
    }

    /// From now on `Thread.interrupt` ends the sleep.
    fn enter(&mut self) -> Result<(), Failure> {
        let Self { env, region, sleep, .. } = self;
        let outcome = env.with_env(|env| -> Result<(), Failure> {
            let sleep = match sleep {
                Some(sleep) => sleep,
                None => {
                    let class = env.find_class(jni_str!("dev/zinc/Sleep"))?;
                    let arguments = [JValue::Object(region)];
                    let made = env.new_object(class, jni_sig!("(Ldev/zinc/SharedRegion;)V"), &arguments)?;
                    sleep.insert(made)
                }
            };
            env.call_method(&*sleep, jni_str!("enter"), jni_sig!("()V"), &[])?;
            Ok(())
        });
        result(outcome.into_outcome())
    }

    /// Ends what [`enter`](Waiter::enter) began; whether the thread was interrupted, whose mark is gone then.
    fn leave(&mut self) -> Result<bool, Failure> {
        let Self { env, sleep, .. } = self;
        let outcome = env.with_env(|env| {
            let Some(sleep) = sleep else { return Ok(false) };
            env.call_method(&*sleep, jni_str!("leave"), jni_sig!("()V"), &[])?;
            is_interrupted(env)
        });
        result(outcome.into_outcome())
    }
}

fn result<T>(outcome: Outcome<T, Failure>) -> Result<T, Failure> {
    match outcome {
        Outcome::Ok(value) => Ok(value),
        Outcome::Err(failure) => Err(failure),
        Outcome::Panic(payload) => std::panic::resume_unwind(payload),
    }
}

/// Takes the mark of an interrupt from the thread, if there is one.
fn is_interrupted(env: &mut Env<'_>) -> Result<bool, Failure> {
    let class = jni_str!("java/lang/Thread");
    let interrupted = env.call_static_method(class, jni_str!("interrupted"), jni_sig!("()Z"), &[])?;
    Ok(interrupted.z()?)
}

impl Host for Waiter<'_, '_> {
    type Error = Failure;

    fn park<R: Send>(&mut self, park: impl FnOnce() -> R + Send) -> R {
        let entered = self.enter();
        if entered.is_err() {
            // The core is to come and ask, and not to sleep.
            binding::nudge(self.handle);
        }
        let result = park();
        self.interrupted = entered.and_then(|()| self.leave());
        result
    }

    fn signal(&mut self) -> Result<(), Failure> {
        match std::mem::replace(&mut self.interrupted, Ok(false)) {
            Ok(false) => Ok(()),
            Ok(true) => Err(Failure::Interrupted),
            Err(failure) => Err(failure),
        }
    }
}

/// The thread that waits for a region to appear.
pub(crate) struct Opener<'local, 'a> {
    env: EnvUnowned<'local>,
    sleep: &'a JObject<'local>,
    cancel: &'a Cancel,
    failed: Option<Failure>,
}

impl<'local, 'a> Opener<'local, 'a> {
    /// An open by the calling thread; `sleep` fires `cancel` when that is interrupted.
    pub(crate) fn new(env: EnvUnowned<'local>, sleep: &'a JObject<'local>, cancel: &'a Cancel) -> Self {
        Self { env, sleep, cancel, failed: None }
    }

    /// The end of an open that has found its region. The mark of an interrupt is still the thread's.
    pub(crate) fn end(self) -> Result<(), Failure> {
        self.failed.map_or(Ok(()), Err)
    }

    fn call(&mut self, method: &'static JNIStr) -> Result<(), Failure> {
        let Self { env, sleep, .. } = self;
        let outcome = env.with_env(|env| -> Result<(), Failure> {
            env.call_method(&**sleep, method, jni_sig!("()V"), &[])?;
            Ok(())
        });
        result(outcome.into_outcome())
    }
}

impl Host for Opener<'_, '_> {
    type Error = Failure;

    fn park<R: Send>(&mut self, park: impl FnOnce() -> R + Send) -> R {
        if self.failed.is_none() {
            self.failed = self.call(jni_str!("enter")).err();
        }
        if self.failed.is_some() {
            // The core is to come and ask, and not to sleep.
            self.cancel.fire();
            return park();
        }
        let result = park();
        self.failed = self.call(jni_str!("leave")).err();
        result
    }

    fn signal(&mut self) -> Result<(), Failure> {
        if let Some(failure) = self.failed.take() {
            return Err(failure);
        }
        let outcome = self.env.with_env(is_interrupted);
        if result(outcome.into_outcome())? { Err(Failure::Interrupted) } else { Ok(()) }
    }
}
