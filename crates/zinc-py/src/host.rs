//! The interpreter's part in a wait: it runs other threads during a sleep, and signal handlers after one.

use pyo3::prelude::*;
use zinc::binding::Host;

use crate::errors::Failure;

/// The interpreter that this thread is attached to.
pub(crate) struct Interpreter<'py>(pub(crate) Python<'py>);

impl Host for Interpreter<'_> {
    type Error = Failure;

    fn park<R: Send>(&mut self, park: impl FnOnce() -> R + Send) -> R {
        self.0.detach(park)
    }

    fn signal(&mut self) -> Result<(), Failure> {
        Ok(self.0.check_signals()?)
    }
}
