//! For bindings of Zinc to other languages, and for nobody else: **semantic versioning does not cover it**.
//!
//! Rust programs have all of this in better shape at the crate's front page. A binding adapts types, errors and
//! lifetimes to its language and decides nothing, so what only bindings need is here: calls that let a language runtime
//! take part in each sleep ([`Host`]), doors by which that runtime reaches a thread that sleeps ([`nudge`], [`Cancel`]),
//! options in a plain form ([`PlainOptions`]), tensors whose element type is known only when the program runs, and errors
//! that no Rust program meets, in the words of the core's own.

use std::any::Any;

use crate::descriptor::{DType, Descriptor};
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::platform::invalid_argument;
use crate::region::{self, OwnedRegion, Region, RegionOptions, SharedRegion};
use crate::view::View;
use crate::wait::Timeout;

pub use crate::error::{Spelling, spell_operations};
pub use crate::region::{Cancel, PlainOptions};
pub use crate::wait::Host;

/// [`RegionOptions::open`] whose sleeps the host knows of. `cancel` ends it from another thread, where it sleeps.
///
/// # Errors
///
/// As [`SharedRegion::open`]; [`Interrupted`](ErrorKind::Interrupted) if `cancel` has fired when there is no region yet;
/// and what the host returns, which comes first.
pub fn open<H: Host>(
    options: &RegionOptions,
    name: &str,
    host: &mut H,
    cancel: Option<&Cancel>,
) -> Result<SharedRegion, H::Error> {
    options.open_hosted(name, host, cancel)
}

/// [`SharedRegion::wait`] whose sleeps the host knows of.
///
/// # Errors
///
/// As there, and what the host returns.
#[inline]
pub fn wait<H: Host>(region: &SharedRegion, timeout: Timeout, host: &mut H) -> Result<bool, H::Error> {
    region.wait_hosted(timeout, host)
}

/// [`SharedRegion::wait_past`] whose sleeps the host knows of.
///
/// # Errors
///
/// As there, and what the host returns.
pub fn wait_past<H: Host>(
    region: &SharedRegion,
    sequence: u64,
    timeout: Timeout,
    host: &mut H,
) -> Result<Option<u64>, H::Error> {
    region.wait_past_hosted(sequence, timeout, host)
}

/// Has every wait that is in progress on this handle ask its [`Host::signal`], on whatever thread, without ending it.
///
/// It wakes those that sleep; a wait that is about to sleep asks first. So the wait of a thread finds whatever its runtime
/// has put down for that thread before the nudge. Waits that begin later do not ask because of it. Waits without a thread
/// have no host, and the waits of other handles, clones too, sleep on. Never blocks.
pub fn nudge(region: &SharedRegion) {
    region.nudge();
}

/// [`SharedRegion::tensor`] of an element type that is known only when the program runs.
///
/// # Errors
///
/// As there.
pub fn tensor(region: &SharedRegion, dtype: DType) -> Result<(View, Descriptor)> {
    region.tensor_view(dtype)
}

/// The owner of a region, for a call that only the owner can make.
///
/// # Errors
///
/// [`PermissionDenied`](ErrorKind::PermissionDenied) if this handle opened the region.
pub fn owner<'a>(region: &'a Region, operation: &'static str) -> Result<&'a OwnedRegion> {
    region.as_owner().ok_or_else(|| {
        let why = "this handle opened the region; only the handle that created it may do so";
        error(ErrorKind::PermissionDenied, operation, Some(region.name()), why)
    })
}

/// An error that only a binding can meet, worded as the core words its own: `operation "region": why; way out`.
///
/// `why` says what is wrong, and then what to do.
#[cold]
pub fn error(
    kind: ErrorKind,
    operation: &'static str,
    region: Option<&str>,
    why: impl Into<String>,
) -> Error {
    Operation { name: operation, region }.error(kind, why)
}

/// The error for a handle that was closed, in a language that forgets the handle itself.
#[cold]
pub fn handle_closed(operation: &'static str, region: &str) -> Error {
    region::handle_closed(&Operation::on(operation, region))
}

/// The error for an argument that is null and must not be.
#[cold]
pub fn null_argument(operation: &'static str, argument: &str) -> Error {
    let why = format!("the argument {argument} is null; give it a value");
    error(ErrorKind::InvalidArgument, operation, None, why).with_os(&invalid_argument())
}

/// The error for a panic that was caught at the border to another language: `payload` is what was caught.
#[cold]
pub fn panicked(operation: &'static str, payload: &(dyn Any + Send)) -> Error {
    let message = payload.downcast_ref::<String>().map(String::as_str);
    let message = message.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no message");
    error(ErrorKind::Internal, operation, None, format!("a bug in Zinc, please report it: {message}"))
}
