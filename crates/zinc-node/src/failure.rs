//! Errors: the core's become the plain objects that `js/` makes `ZincError`s of, the runtime's own pass through.

use std::panic::{AssertUnwindSafe, catch_unwind};

use napi::bindgen_prelude::{Object, Status};
use napi::{Env, Error};
use zinc::binding;

pub(crate) type Result<T> = std::result::Result<T, Failure>;

/// What a call fails with.
pub(crate) enum Failure {
    Zinc(zinc::Error),
    /// A call into the runtime failed.
    Runtime(Error),
    /// The thread is to end: nobody will look at the answer.
    Ending,
}

impl From<zinc::Error> for Failure {
    #[cold]
    fn from(error: zinc::Error) -> Self {
        Self::Zinc(error)
    }
}

impl From<Error> for Failure {
    #[cold]
    fn from(error: Error) -> Self {
        Self::Runtime(error)
    }
}

impl Failure {
    /// Throws it in the environment; the error that this returns tells napi-rs of a pending exception.
    #[cold]
    pub(crate) fn throw(self, env: Env) -> Error {
        let thrown = match self {
            Self::Zinc(error) => object(env, &error).and_then(|object| env.throw(object)),
            Self::Runtime(error) => Err(error),
            Self::Ending => Ok(()),
        };
        thrown.err().unwrap_or_else(|| Error::new(Status::PendingException, ""))
    }
}

fn object(env: Env, error: &zinc::Error) -> napi::Result<Object<'static>> {
    let mut object = Object::new(&env)?;
    object.set("kind", error.kind().name())?;
    object.set("message", error.to_string())?;
    object.set("operation", &*error.operation())?;
    object.set("region", error.region())?;
    object.set("errno", error.os_error())?;
    object.set("needed", error.needed().map(|bytes| bytes as f64))?;
    object.set("free", error.free().map(|bytes| bytes as f64))?;
    Ok(object)
}

/// Runs the body of a function; a panic becomes an error of it.
#[inline]
pub(crate) fn guard<T>(operation: &'static str, body: impl FnOnce() -> Result<T>) -> Result<T> {
    // Nothing that belongs to the body is used after a panic; what it shares with other calls guards itself.
    catch_unwind(AssertUnwindSafe(body))
        .unwrap_or_else(|panic| Err(binding::panicked(operation, panic.as_ref()).into()))
}

/// Runs the body of a function that napi-rs exports, and throws what it fails with.
pub(crate) fn call<T>(
    env: Env,
    operation: &'static str,
    body: impl FnOnce() -> Result<T>,
) -> napi::Result<T> {
    guard(operation, body).map_err(|failure| failure.throw(env))
}

/// The result, or none for a call whose thread is to end: nobody looks at it.
pub(crate) fn unless_ending<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Err(Failure::Ending) => Ok(None),
        result => result.map(Some),
    }
}
