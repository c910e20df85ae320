//! The C ABI of Zinc: the core's calls as C functions, and nothing that the core does not do.
//!
//! `cargo xtask generate` makes `include/zinc.h` from these sources, comments included. C programs, and
//! the C++, Go and C# packages, use that header. Rust programs use the crate `zinc` itself.

// Loom's model, `tests/slab_model.rs`, takes what it needs by itself: the core has no regions under loom.
#![cfg(not(loom))]
#![expect(non_camel_case_types, reason = "types have their C names")]
#![expect(clippy::doc_markdown, reason = "these comments are a C header's")]
#![expect(clippy::missing_safety_doc, reason = "the header's introduction says it for all")]

mod async_opens;
mod async_waits;
mod eight;
mod facts;
mod failure;
mod guard;
mod handles;
mod names;
mod options;
mod regions;
mod slab;
mod sync;
mod tensors;
mod views;
mod waits;

pub use async_opens::*;
pub use async_waits::*;
pub use eight::*;
pub use facts::*;
pub use failure::{
    zinc_error_code, zinc_error_copy, zinc_error_message, zinc_error_name, zinc_error_operation,
    zinc_error_os, zinc_error_region, zinc_error_space,
};
pub use handles::zinc_region;
pub use names::*;
pub use options::*;
pub use regions::*;
pub use tensors::*;
pub use views::*;
pub use waits::*;
