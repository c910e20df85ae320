//! Java's part in a wait: interrupting the thread ends its sleep, without ending those of other threads.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use jni::objects::{JObject, JValue};
use jni::{EnvUnowned, Outcome, jni_sig, jni_str};
use zinc::Host;

use crate::failure::Failure;
use crate::handles::Handle;

/// The thread that waits, as the core sees it.
///
/// A thread in the kernel is not woken by `Thread.interrupt`. What Java does for such threads is to call the `wakeup` of
/// the selector that they are blocked in. `dev.zinc.Sleep` is such a selector; its `wakeup` interrupts the handle. It is
/// made when the thread first sleeps, so that a wait without a sleep costs nothing.
pub(crate) struct Waiter<'local, 'a> {
    env: EnvUnowned<'local>,
    region: &'a JObject<'local>,
    handle: &'a Handle,
    interrupts: u32,
    sleep: Option<JObject<'local>>,
    slept_first: Option<Instant>,
    interrupted: Result<bool, Failure>,
}

impl<'local, 'a> Waiter<'local, 'a> {
    /// A wait of the calling thread on `handle`, which belongs to the Java object `region`.
    pub(crate) fn new(env: EnvUnowned<'local>, region: &'a JObject<'local>, handle: &'a Handle) -> Self {
        let interrupts = handle.interrupts.load(Ordering::SeqCst);
        Self { env, region, handle, interrupts, sleep: None, slept_first: None, interrupted: Ok(false) }
    }

    /// Whether Java called `interrupt` on the handle since the wait began.
    pub(crate) fn is_over(&self) -> bool {
        self.handle.interrupts.load(Ordering::SeqCst) != self.interrupts
    }

    /// What is left of `time`. The clock runs from the first sleep, so that a wait without one need not read it.
    pub(crate) fn left(&self, time: Duration) -> Duration {
        self.slept_first.map_or(time, |first| time.saturating_sub(first.elapsed()))
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

    /// Ends what [`enter`](Waiter::enter) began; whether the thread was interrupted.
    fn leave(&mut self) -> Result<bool, Failure> {
        let Self { env, sleep, .. } = self;
        let outcome = env.with_env(|env| match sleep {
            Some(sleep) => Ok(env.call_method(&*sleep, jni_str!("leave"), jni_sig!("()Z"), &[])?.z()?),
            None => Ok(false),
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

impl Host for Waiter<'_, '_> {
    type Error = Failure;

    fn park<R: Send>(&mut self, park: impl FnOnce() -> R + Send) -> R {
        self.slept_first.get_or_insert_with(Instant::now);
        let entered = self.enter();
        if entered.is_err() || self.is_over() {
            // The core must see it before it sleeps.
            self.handle.region.interrupt();
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

/// The thread that waits for a region to appear. `Thread.interrupt` ends it within the second after which the core looks
/// again.
pub(crate) struct Opener<'local>(pub(crate) EnvUnowned<'local>);

impl Host for Opener<'_> {
    type Error = Failure;

    fn park<R: Send>(&mut self, park: impl FnOnce() -> R + Send) -> R {
        park()
    }

    fn signal(&mut self) -> Result<(), Failure> {
        let outcome = self.0.with_env(|env| -> Result<bool, Failure> {
            let interrupted = env.call_static_method(
                jni_str!("java/lang/Thread"),
                jni_str!("interrupted"),
                jni_sig!("()Z"),
                &[],
            )?;
            Ok(interrupted.z()?)
        });
        if result(outcome.into_outcome())? { Err(Failure::Interrupted) } else { Ok(()) }
    }
}
