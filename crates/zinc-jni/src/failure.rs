//! Errors: the core's become the exception classes of `dev.zinc`, Java's own pass through.

use std::any::Any;

use jni::errors::ErrorPolicy;
use jni::objects::{JObject, JString, JThrowable, JValue};
use jni::{Env, jni_sig, jni_str};
use zinc::binding;

/// Why a native method fails.
pub(crate) enum Failure {
    Zinc(zinc::Error),
    /// The thread was interrupted while it waited.
    Interrupted,
    /// A call into Java failed. If that left an exception, it is the one that the caller gets.
    Java(jni::errors::Error),
}

impl From<zinc::Error> for Failure {
    fn from(error: zinc::Error) -> Self {
        Self::Zinc(error)
    }
}

impl From<jni::errors::Error> for Failure {
    fn from(error: jni::errors::Error) -> Self {
        Self::Java(error)
    }
}

/// Throws what a native method failed with; the method itself then returns something that nobody looks at.
pub(crate) struct Throw;

impl<T: Default> ErrorPolicy<T, Failure> for Throw {
    /// The operation.
    type Captures<'local: 'method, 'method> = &'static str;

    #[cold]
    fn on_error<'local: 'method, 'method>(
        env: &mut Env<'local>,
        _: &mut &'static str,
        failure: Failure,
    ) -> jni::errors::Result<T> {
        if env.exception_check() {
            return Ok(T::default());
        }
        let thrown = match failure {
            Failure::Zinc(error) => {
                let exception = exception(env, &error)?;
                env.throw(exception)
            }
            Failure::Interrupted => env.throw_new_void(jni_str!("java/lang/InterruptedException")),
            Failure::Java(error) => {
                let class = jni_str!("java/lang/InternalError");
                env.throw((class, jni::strings::JNIString::from(format!("zinc: {error}"))))
            }
        };
        settle(thrown)
    }

    #[cold]
    fn on_panic<'local: 'method, 'method>(
        env: &mut Env<'local>,
        operation: &mut &'static str,
        payload: Box<dyn Any + Send>,
    ) -> jni::errors::Result<T> {
        Self::on_error(env, operation, binding::panicked(operation, &*payload).into())
    }
}

/// `jni` reports a success in throwing as an error.
fn settle<T: Default>(thrown: jni::errors::Result<()>) -> jni::errors::Result<T> {
    match thrown {
        Ok(()) | Err(jni::errors::Error::JavaException) => Ok(T::default()),
        Err(error) => Err(error),
    }
}

/// What Java's call is named, where the core's operation has another name: every object has a `notify` and a `wait`.
fn called(operation: &str) -> &str {
    match operation {
        "notify" => "signal",
        "wait" => "await",
        "clone" => "duplicate",
        "view" => "byteBuffer",
        other => other,
    }
}

/// The Java exception for an error of the core: `dev.zinc.Failures` knows the classes.
pub(crate) fn exception<'local>(
    env: &mut Env<'local>,
    error: &zinc::Error,
) -> jni::errors::Result<JThrowable<'local>> {
    let (operation, said) = (error.operation(), error.to_string());
    let called = called(&operation);
    let message = said.strip_prefix(&*operation).map(|rest| format!("{called}{rest}"));
    let message = env.new_string(message.unwrap_or(said))?;
    let operation = env.new_string(called)?;
    let region = match error.region() {
        Some(region) => env.new_string(region)?,
        None => JString::null(),
    };
    // Sizes fit: no file is larger than a signed 64-bit number says.
    let bytes = |count: Option<u64>| count.map_or(-1, u64::cast_signed);
    let made = env.call_static_method(
        jni_str!("dev/zinc/Failures"),
        jni_str!("of"),
        jni_sig!("(ILjava/lang/String;Ljava/lang/String;Ljava/lang/String;IJJ)Ldev/zinc/ZincException;"),
        &[
            JValue::Int(error.code()),
            JValue::Object(&message),
            JValue::Object(&operation),
            JValue::Object(&region),
            JValue::Int(error.os_error().unwrap_or(0)),
            JValue::Long(bytes(error.needed())),
            JValue::Long(bytes(error.free())),
        ],
    )?;
    let object: JObject<'local> = made.l()?;
    env.cast_local::<JThrowable<'_>>(object)
}
