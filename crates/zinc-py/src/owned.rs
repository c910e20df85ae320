//! `OwnedRegion`: what only the creator of a region can do.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use zinc::{Descriptor, RegionOptions, binding};

use crate::convert::{Call, Shape};
use crate::dtype;
use crate::errors::Failure;
use crate::handle::SharedRegion;

/// A region that this process created: a `SharedRegion` that can also unlink, persist and describe it.
///
/// When it is closed, garbage-collected, or its process ends, the name goes, the region is closed for everyone and
/// every waiter wakes with `ClosedError`. Views stay valid, and keep their owner from being garbage-collected.
///
/// After a fork, the child's copy acts as a peer: `is_owner` is False, and its end unlinks nothing. An unpickled owner is a
/// peer as well.
#[pyclass(module = "zinc", extends = SharedRegion, frozen)]
pub(crate) struct OwnedRegion;

impl OwnedRegion {
    /// The Python object for a handle of the core that was made with these options, of the class that says whether it
    /// owns the region.
    pub(crate) fn object<'py>(
        py: Python<'py>,
        core: zinc::Region,
        options: &RegionOptions,
    ) -> PyResult<Bound<'py, SharedRegion>> {
        let owner = core.is_owner();
        let region = SharedRegion::new(core, options);
        if owner {
            let initializer = PyClassInitializer::from(region).add_subclass(Self);
            Ok(Bound::new(py, initializer)?.into_super())
        } else {
            Bound::new(py, region)
        }
    }
}

fn owner<'a>(
    region: &'a Bound<'_, OwnedRegion>,
    operation: &'static str,
) -> Result<&'a zinc::OwnedRegion, Failure> {
    // `object` makes this class for owners only.
    Ok(binding::owner(region.as_super().get().core(), operation)?)
}

#[pymethods]
impl OwnedRegion {
    #[new]
    #[pyo3(signature = (*args, **kwargs))]
    fn new(
        args: &Bound<'_, PyTuple>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<PyClassInitializer<Self>> {
        Ok(PyClassInitializer::from(SharedRegion::constructor(args, kwargs)?).add_subclass(Self))
    }

    /// Give the region its name, under which others find it as it is now.
    ///
    /// It is for regions that were created with `unlinked=True`. If the region has its name already, this does nothing.
    ///
    /// Raises:
    ///     AlreadyExistsError: Another region has the name. It may be tried again. What a dead owner left does not count, and
    ///         neither does a persistent region if this one was created with `replace=True`.
    ///     UnsupportedError: The region has had its name and lost it, and a file does not get its name back.
    ///     NotARegionError: Something else has the name.
    ///     ClosedError: The handle is closed.
    ///     PermissionDeniedError: This is a forked child's copy of the owner.
    ///
    /// Example:
    ///     >>> region = SharedRegion.create("model", 4096, unlinked=True)
    ///     >>> region.as_numpy()[:] = 7
    ///     >>> region.link()
    fn link(slf: &Bound<'_, Self>, py: Python<'_>) -> Result<(), Failure> {
        let owner = owner(slf, "link")?;
        Ok(py.detach(|| owner.link())?)
    }

    /// Whether the name leads to this region at this moment, which one system call tells.
    ///
    /// It does not before `link` and after `unlink`, and when somebody has removed the file: `rm`, say, or systemd when the
    /// user's last session ends (RemoveIPC= in logind.conf(5)). Those who have the region open go on as before, and nobody
    /// else finds it. Another owner may have taken the name meanwhile.
    ///
    /// Raises:
    ///     ClosedError: The handle is closed.
    ///     OSError: The directory cannot be looked at.
    fn is_named(slf: &Bound<'_, Self>) -> Result<bool, Failure> {
        Ok(owner(slf, "is_named")?.is_named()?)
    }

    /// Remove the region's name now.
    ///
    /// Nobody can open the region any more, and the name is free for a new one; this handle, its peers and their
    /// views go on working. `close` does this too.
    ///
    /// Raises:
    ///     ClosedError: The handle is closed.
    ///     PermissionDeniedError: This is a forked child's copy of the owner.
    fn unlink(slf: &Bound<'_, Self>) -> Result<(), Failure> {
        Ok(owner(slf, "unlink")?.unlink()?)
    }

    /// Let the region outlive its owner.
    ///
    /// From now on only `zinc.remove(name)` or this handle's `unlink` ends the region. Neither `close` nor the end of the
    /// process does, and waits on it raise no `OwnerDiedError`.
    ///
    /// Raises:
    ///     ClosedError: The handle is closed.
    ///     PermissionDeniedError: This is a forked child's copy of the owner.
    fn persist(slf: &Bound<'_, Self>) -> Result<(), Failure> {
        Ok(owner(slf, "persist")?.persist()?)
    }

    /// Describe the data by its type and shape, so that readers find both in the region.
    ///
    /// The elements start at the first byte, row-major ("C" order). Peers see the new description at once.
    ///
    /// Args:
    ///     dtype: The element type: a name such as "float32", or anything that `numpy.dtype` takes.
    ///     shape: The lengths, outermost first; an int is one dimension. At most eight.
    ///
    /// Raises:
    ///     DescriptorError: The tensor does not fit into the region, or has too many dimensions.
    ///     TypeError: Zinc has no such element type.
    ///     ClosedError: The handle is closed.
    ///
    /// Example:
    ///     >>> region.describe("float32", (640, 480))
    ///     >>> region.as_numpy().shape
    ///     (640, 480)
    fn describe(slf: &Bound<'_, Self>, dtype: &Bound<'_, PyAny>, shape: Shape) -> Result<(), Failure> {
        let shape = shape.take(Call::new("describe", slf.as_super().get().core().name()))?;
        let descriptor = Descriptor::new(dtype::given(dtype)?, &shape)?;
        Ok(owner(slf, "describe")?.describe(&descriptor)?)
    }
}
