//! The Python object behind a region: what it holds, for every module that works on it. Its methods are in `region`.

use pyo3::prelude::*;
use zinc::RegionOptions;
use zinc::binding::PlainOptions;

/// Named memory that processes on one machine share, whatever language they are written in.
///
/// One process creates a region, others open it by its name, and all see the same bytes: nothing is copied.
/// `notify` and `wait` say when to look. Call `create`, `create_tensor`, `create_from`, `open`, `open_async` or `open_or_create`
/// to get one.
///
/// The region itself is a buffer: `memoryview(region)`, `numpy.asarray(region)`, `struct.pack_into("<I", region, 0, 1)`.
/// The buffer of a described region has that type and shape, and any other is flat bytes; `as_memoryview()` is flat
/// bytes always. `as_numpy()` and `numpy.from_dlpack(region)` return typed arrays. All of these are views of the shared
/// memory itself. They stay valid after `close()`, and never prevent it. As long as nobody closes the handle, a view keeps
/// it: a program that keeps only the array of a region that it created keeps the region.
///
/// `for sequence in region` waits again and again, and `async for` does so on an event loop. Each step returns the
/// sequence, which is greater than before by the notifications that arrived as one. The loop ends when the owner closes
/// the region, after what was notified before, or when this handle is closed, by the body or elsewhere. It raises
/// whatever else ends a wait: OwnerDiedError, WaitInterruptedError, cancellation, and ClosedError if the handle was
/// closed before the loop began.
///
/// A handle may be used from several threads, which then share what it has seen of the notifications. It is a
/// context manager that closes at the end; entering it after it was closed raises ClosedError. It can be passed to another
/// process: it pickles as its name and id, and unpickling opens that region as a peer, or raises NotFoundError if another
/// region has the name by then. `copy.copy` and `copy.deepcopy` return a peer of the same memory; copying or pickling an
/// array copies its data.
///
/// Example:
///     >>> with SharedRegion.open("pipeline") as region:
///     ...     if region.wait(1000):
///     ...         print(region.as_numpy().mean())
#[pyclass(module = "zinc", frozen, subclass, weakref)]
pub(crate) struct SharedRegion {
    pub(crate) core: zinc::Region,
    /// The options that a pickled handle is opened with, apart from those that the handle itself knows.
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
