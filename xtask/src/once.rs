//! What is made once in a run of this program, however many suites ask for it, at once or one after the other.

use std::sync::OnceLock;

use anyhow::{Result, anyhow};

/// Something that is made when it is first asked for. If that failed, everybody who asks gets the same error.
pub(crate) struct Once<T>(OnceLock<Result<T, String>>);

impl<T: Clone> Once<T> {
    pub(crate) const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// Makes it, or waits until it is made.
    pub(crate) fn get(&self, make: impl FnOnce() -> Result<T>) -> Result<T> {
        let made = self.0.get_or_init(|| make().map_err(|error| format!("{error:#}")));
        made.clone().map_err(|error| anyhow!(error))
    }

    /// Whether nobody has to wait for it.
    pub(crate) fn is_made(&self) -> bool {
        self.0.get().is_some()
    }
}
