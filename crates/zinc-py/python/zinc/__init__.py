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

from . import _errors
from ._errors import *
from ._zinc import OwnedRegion, RegionInfo, SharedRegion, __version__, remove
from ._zinc import list as list

# The errors are listed where they are made from the spec. `list` is left out, so that `from zinc import *` does not hide the built-in one.
__all__ = ["OwnedRegion", "RegionInfo", "SharedRegion", "__version__", "remove"]
__all__ += _errors.__all__
