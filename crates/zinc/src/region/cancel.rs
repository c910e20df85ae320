//! Cancelling an open that waits for its region to appear.

use std::fmt;

use crate::error::{Operation, Result};
use crate::platform::Alarm;

/// Ends an open that waits for its region to appear, from any thread.
///
/// One is for one call of [`binding::open`](crate::binding::open), or for several that are to end together. It takes a
/// file descriptor for as long as it lives.
pub struct Cancel(Alarm);

impl Cancel {
    /// One that has not fired.
    ///
    /// # Errors
    ///
    /// [`Os`](crate::ErrorKind::Os) if the process has as many files open as it may.
    pub fn new() -> Result<Self> {
        let operation = Operation { name: "open", region: None };
        Alarm::new().map(Self).map_err(|error| operation.os("making what can cancel it", &error))
    }

    /// Ends the opens that wait with this, at once, with [`Interrupted`](crate::ErrorKind::Interrupted); and any that
    /// begins to wait later. Twice is fine. Never blocks.
    pub fn fire(&self) {
        self.0.ring();
    }

    /// Whether [`fire`](Cancel::fire) was called.
    pub fn is_fired(&self) -> bool {
        self.0.has_rung()
    }

    pub(super) fn alarm(&self) -> &Alarm {
        &self.0
    }
}

impl fmt::Debug for Cancel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_fired() { "Cancel(fired)" } else { "Cancel" })
    }
}
