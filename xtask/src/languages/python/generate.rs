//! The Python package's generated code: exception classes, and the calls that take options.

mod calls;
mod docstrings;

use crate::generate::MARK;
use crate::generate::text::each;
use zinc_spec::{Kind, Spec};

pub(crate) use calls::{calls, stubs};
pub(crate) use docstrings::document;

pub(crate) fn errors(spec: &Spec) -> String {
    let kinds = &spec.kinds;
    let mut exported: Vec<_> = kinds.iter().map(|kind| kind.python_class.as_str()).collect();
    exported.push("ZincError");
    exported.sort_unstable();
    exported.insert(0, "BY_CODE");
    let exported = each(&exported, |name| format!("    \"{name}\","));
    let classes: String = kinds.iter().map(class).collect();
    let by_code = each(kinds, |kind| format!("    {}: {},", kind.code, kind.python_class));
    format!(
        r#""""The exceptions that Zinc raises: `ZincError`, and a class for each kind of error.

{MARK} `crates/zinc/spec/errors.toml`.
"""

from __future__ import annotations

import errno as _errno
from functools import partial as _partial
from typing import Any

__all__ = [
{exported}]

_DETAILS = ("operation", "region", "errno", "needed", "free")


class ZincError(Exception):
    """The base of every exception that Zinc raises; its text says what failed and what to do next."""

    kind: str = ""
    """The kind's name, the same in every language, such as `"NotFound"`."""
    code: int = 0
    """The kind's code, the same in every language."""
    operation: str | None
    """What was attempted, such as `"open"`."""
    region: str | None
    """The name of the region concerned, if there is one."""
    errno: int | None
    """The operating system's error number, if it gave one."""
    needed: int | None
    """The bytes that had to be reserved, where that failed."""
    free: int | None
    """The bytes that were free at that time."""

    _errno: int | None = None

    def __init__(
        self,
        message: str = "",
        *,
        operation: str | None = None,
        region: str | None = None,
        errno: int | None = None,
        needed: int | None = None,
        free: int | None = None,
    ) -> None:
        super().__init__(message)
        self.operation = operation
        self.region = region
        self.errno = self._errno if errno is None else errno
        self.needed = needed
        self.free = free
        if isinstance(self, OSError):
            os_error: OSError = self
            os_error.strerror = message
            os_error.filename = region

    def __str__(self) -> str:
        # An OSError would put its own words and the file name around the message.
        return str(self.args[0])

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions cross processes by pickle, which would otherwise drop the keyword arguments.
        details = {{name: getattr(self, name) for name in _DETAILS}}
        return _partial(type(self), **details), self.args, self.__dict__

{classes}
BY_CODE: dict[int, type[ZincError]] = {{
{by_code}}}
"""The class of each kind, by its code."""

# Tracebacks and pickles name the classes as people import them.
for _name in __all__:
    if _name != "BY_CODE":
        globals()[_name].__module__ = "zinc"
"#
    )
}

/// `__init__.py`: what people import.
pub(crate) fn package(spec: &Spec) -> String {
    let mut classes: Vec<_> = spec.kinds.iter().map(|kind| kind.python_class.as_str()).collect();
    classes.push("ZincError");
    classes.sort_unstable();
    let imports = each(&classes, |name| format!("    {name},"));
    classes.extend(["OwnedRegion", "RegionInfo", "SharedRegion"]);
    classes.sort_unstable();
    let exported = each(&classes, |name| format!("    \"{name}\","));
    format!(
        r#""""Zinc: named shared memory between processes of different languages, without copies.

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

# {MARK} `crates/zinc/spec/errors.toml`.

from ._errors import (
    BY_CODE,
{imports})
from ._zinc import OwnedRegion, RegionInfo, SharedRegion, __version__, remove
from ._zinc import list as list

# `list` is left out, so that `from zinc import *` does not hide the built-in one.
__all__ = [
    "BY_CODE",
{exported}    "__version__",
    "remove",
]
"#
    )
}

fn class(kind: &Kind) -> String {
    let bases: Vec<_> = ["ZincError"].into_iter().chain(kind.python.iter().map(String::as_str)).collect();
    let errno = kind.errno.as_ref().map_or(String::new(), |name| format!("    _errno = _errno.{name}\n"));
    format!(
        r#"
class {}({}):
    """{}"""

    kind = "{}"
    code = {}
{errno}
"#,
        kind.python_class,
        bases.join(", "),
        kind.doc,
        kind.name,
        kind.code,
    )
}
