//! The addon for Node, Bun and Deno: converts types, errors and lifetimes for the core, and decides nothing.
//!
//! Its functions are private to `js/`, which has the classes that people use. A region is an `External` that only
//! `js/` holds. What fails throws a plain object with the error's parts; `js/` makes the `ZincError` of it.
//!
//! `notify` and `wait` speak Node-API directly: what napi-rs adds to a call (a registry of classes, borrow tracking)
//! takes several times as long as the call.
#![cfg_attr(test, allow(dead_code, reason = "napi-rs exports nothing where it takes the build for a test"))]

mod bell;
mod buffer;
mod calls;
mod failure;
mod handle;
mod host;
mod info;
mod options;
mod regions;
mod waits;

/// Once for the process, when the addon is loaded: errors name operations as JavaScript spells its calls.
#[napi_derive::module_init]
fn loaded() {
    zinc::binding::spell_operations(zinc::binding::Spelling::Camel);
}
