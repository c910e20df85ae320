//! Linux: files in a shared-memory directory, open-file-description locks, futexes.

pub(crate) mod alarm;
pub(crate) mod closings;
pub(crate) mod futex;
pub(crate) mod lock;
pub(crate) mod place;
pub(crate) mod process;

pub(crate) use super::unix::{error, file, memory};
