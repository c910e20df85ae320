"""Zinc: named shared memory between processes of different languages, without copies.

One process creates a region, others open it by its name, and all see the same bytes. `notify` and `wait` say when
to look.

    from zinc import SharedRegion

    region = SharedRegion.create("pipeline", 64 * 1024 * 1024)
    region.as_numpy(dtype="float32")[:] = 1.0
    region.notify()

and in another process:

    region = SharedRegion.open("pipeline")
    region.wait(1000)
    print(region.as_numpy(dtype="float32").sum())
"""

from ._errors import (
    BY_CODE,
    AlreadyExistsError,
    ClosedError,
    DescriptorError,
    InvalidNameError,
    InvalidSizeError,
    NoSpaceError,
    NotARegionError,
    NotFoundError,
    OwnerDiedError,
    PermissionDeniedError,
    SystemCallError,
    UnsupportedError,
    VersionMismatchError,
    WaitInterruptedError,
    WrongOwnerError,
    ZincError,
)
from ._zinc import OwnedRegion, RegionInfo, SharedRegion, __version__, remove
from ._zinc import list as list

# `list` is left out, so that `from zinc import *` does not hide the built-in one.
__all__ = [
    "BY_CODE",
    "AlreadyExistsError",
    "ClosedError",
    "DescriptorError",
    "InvalidNameError",
    "InvalidSizeError",
    "NoSpaceError",
    "NotARegionError",
    "NotFoundError",
    "OwnedRegion",
    "OwnerDiedError",
    "PermissionDeniedError",
    "RegionInfo",
    "SharedRegion",
    "SystemCallError",
    "UnsupportedError",
    "VersionMismatchError",
    "WaitInterruptedError",
    "WrongOwnerError",
    "ZincError",
    "__version__",
    "remove",
]
