//! Errors: the core's, and the few of the adapter's own, as the plain objects that `js/` makes `ZincError`s of.

use napi::bindgen_prelude::{Object, Result, Status};
use napi::{Env, Error};
use zinc::ErrorKind;

/// What a call fails with.
pub(crate) struct Failure {
    kind: ErrorKind,
    message: String,
    operation: String,
    region: Option<String>,
    errno: Option<i32>,
    needed: Option<u64>,
    free: Option<u64>,
}

impl From<zinc::Error> for Failure {
    #[cold]
    fn from(error: zinc::Error) -> Self {
        Self {
            kind: error.kind(),
            message: error.to_string(),
            operation: error.operation().to_owned(),
            region: error.region().map(str::to_owned),
            errno: error.os_error(),
            needed: error.needed(),
            free: error.free(),
        }
    }
}

impl Failure {
    /// An error that only this adapter can meet, worded as the core words its own.
    #[cold]
    pub(crate) fn new(kind: ErrorKind, operation: &str, region: &str, why: &str) -> Self {
        Self {
            kind,
            message: format!("{operation} {region:?}: {why}"),
            operation: operation.to_owned(),
            region: Some(region.to_owned()),
            errno: None,
            needed: None,
            free: None,
        }
    }

    /// Throws it in the environment; gives the error that tells napi-rs of a pending exception.
    #[cold]
    pub(crate) fn throw(self, env: Env) -> Error {
        match self.object(env).and_then(|object| env.throw(object)) {
            Ok(()) => Error::new(Status::PendingException, ""),
            Err(error) => error,
        }
    }

    fn object(self, env: Env) -> Result<Object<'static>> {
        let mut object = Object::new(&env)?;
        object.set("kind", self.kind.name())?;
        object.set("message", self.message)?;
        object.set("operation", self.operation)?;
        object.set("region", self.region)?;
        object.set("errno", self.errno)?;
        object.set("needed", self.needed.map(|bytes| bytes as f64))?;
        object.set("free", self.free.map(|bytes| bytes as f64))?;
        Ok(object)
    }
}

/// Results of the core as napi-rs wants them.
pub(crate) trait OrThrow<T> {
    /// The value, or the error thrown.
    fn or_throw(self, env: Env) -> Result<T>;
}

impl<T, E: Into<Failure>> OrThrow<T> for std::result::Result<T, E> {
    fn or_throw(self, env: Env) -> Result<T> {
        self.map_err(|error| error.into().throw(env))
    }
}
