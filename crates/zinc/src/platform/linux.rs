//! Linux: files in a shared-memory directory, open-file-description locks, futexes.

pub(crate) mod alarm;
pub(crate) mod arrivals;
pub(crate) mod closings;
pub(crate) mod fork_mark;
pub(crate) mod futex;
pub(crate) mod lock;
mod locks;
pub(crate) mod memory;
pub(crate) mod place;
pub(crate) mod process;
pub(crate) mod space;
mod unnamed;
pub(crate) mod users;
mod watches;

pub(crate) use super::unix::{descriptor::Descriptor, error, file};
