//! The native part of Zinc for Java: converts types, errors and lifetimes for the core, and decides nothing.
//!
//! Each `extern` function is the body of a native method of the Java class `dev.zinc.Native`, which says what it does.

mod failure;
mod handles;
mod host;
mod later;
mod regions;
mod views;
mod waits;
