//! The Python object behind a region: what it holds, for every module that works on it. Its methods are in `region`.

use pyo3::prelude::*;
use zinc::RegionOptions;
use zinc::binding::PlainOptions;

/// Named memory that processes on one machine share, whatever language they are written in.
///
/// One process creates a region, others open it by its name, and all see the same bytes: nothing is copied.
/// `notify` and `wait` say when to look. Get one from `create`, `create_tensor`, `open` or `open_or_create`.
///
/// The region itself is a buffer of its bytes: `memoryview(region)`, `numpy.frombuffer(region)`,
/// `struct.pack_into("<I", region, 0, 1)`. `as_numpy()` and `numpy.from_dlpack(region)` give typed arrays. All of
/// these are views of the shared memory itself; they stay valid after `close()`, which they never hinder.
///
/// On asyncio, `await region.wait_async()` waits, and `async for _ in region` does so again and again. It gives None for
/// each notification; several may arrive as one. It ends when the owner closes the region, after what was notified
/// before, or when this handle is closed, be it by its own body or by another task. All else it raises: OwnerDiedError,
/// WaitInterruptedError, cancellation, and ClosedError if the handle was closed before it began.
///
/// A handle may be used from several threads, which then share what it has seen of the notifications. It is a
/// context manager that closes at the end. It pickles as its name, and is unpickled by opening that region, so it can
/// be passed to another process; the other process is then a peer.
///
/// Example:
///     >>> with SharedRegion.open("pipeline") as region:
///     ...     if region.wait(1000):
///     ...         print(region.as_numpy().mean())
#[pyclass(module = "zinc", frozen, subclass, weakref)]
pub(crate) struct SharedRegion {
    pub(crate) core: zinc::Region,
    /// What a pickled one is opened with, as far as the handle itself does not tell.
    pub(crate) handed_on: PlainOptions,
}

impl SharedRegion {
    pub(crate) fn new(core: zinc::Region, options: &RegionOptions) -> Self {
        Self { core, handed_on: PlainOptions::from(options).handed_on() }
    }

    pub(crate) fn core(&self) -> &zinc::Region {
        &self.core
    }
}
