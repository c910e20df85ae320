# Types of the native module; its docstrings tell the rest.

import builtins
import os
from collections.abc import AsyncIterator, Coroutine, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, SupportsIndex, TypeAlias, TypeVar, final, overload

import numpy as np
from numpy.typing import DTypeLike, NDArray
from typing_extensions import CapsuleType, disjoint_base

_Scalar = TypeVar("_Scalar", bound=np.generic)
_Timeout: TypeAlias = SupportsIndex | float | timedelta | None
_Shape: TypeAlias = SupportsIndex | Sequence[SupportsIndex]
_Directory: TypeAlias = str | os.PathLike[str] | None

__all__ = [
    "OwnedRegion",
    "RegionInfo",
    "SharedRegion",
    "_Bell",
    "_Wait",
    "__version__",
    "_reopen",
    "list",
    "remove",
]

__version__: Final[str]

# A class has `__buffer__` at runtime from Python 3.12 on, but is a buffer before.
class _Buffer:
    def __buffer__(self, flags: int, /) -> memoryview: ...

@disjoint_base
class SharedRegion(_Buffer):
    # <<< Made by `cargo xtask generate` from crates/zinc/spec/options.toml: calls.
    @staticmethod
    def create(
        name: str,
        capacity: SupportsIndex,
        *,
        prefault: bool = False,
        sparse: bool = False,
        persistent: bool = False,
        unlinked: bool = False,
        replace: bool = False,
        mode: int = 0o600,
        spin_us: int | None = None,
        directory: _Directory = None,
        group: int | None = None,
    ) -> OwnedRegion: ...
    @staticmethod
    def create_tensor(
        name: str,
        dtype: DTypeLike,
        shape: _Shape,
        *,
        prefault: bool = False,
        sparse: bool = False,
        persistent: bool = False,
        unlinked: bool = False,
        replace: bool = False,
        mode: int = 0o600,
        spin_us: int | None = None,
        directory: _Directory = None,
        group: int | None = None,
    ) -> OwnedRegion: ...
    @staticmethod
    def open(
        name: str,
        *,
        read_only: bool = False,
        copy_on_write: bool = False,
        prefault: bool = False,
        accept_owner: int | None = None,
        spin_us: int | None = None,
        timeout: _Timeout = 0,
        directory: _Directory = None,
        accept_group: int | None = None,
    ) -> SharedRegion: ...
    @staticmethod
    def open_or_create(
        name: str,
        capacity: SupportsIndex,
        *,
        prefault: bool = False,
        sparse: bool = False,
        persistent: bool = False,
        mode: int = 0o600,
        accept_owner: int | None = None,
        spin_us: int | None = None,
        directory: _Directory = None,
        group: int | None = None,
        accept_group: int | None = None,
    ) -> SharedRegion: ...
    # >>>
    @property
    def name(self) -> str: ...
    @property
    def capacity(self) -> int: ...
    @property
    def sequence(self) -> int: ...
    @property
    def closed(self) -> bool: ...
    @property
    def read_only(self) -> bool: ...
    @property
    def dtype(self) -> str | None: ...
    @property
    def shape(self) -> tuple[int, ...] | None: ...
    @property
    def owner_pid(self) -> int: ...
    @property
    def id(self) -> bytes: ...
    @property
    def path(self) -> Path: ...
    @property
    def created(self) -> datetime: ...
    @overload
    def as_numpy(
        self,
        dtype: type[_Scalar] | np.dtype[_Scalar],
        shape: _Shape | None = None,
        offset: SupportsIndex = 0,
    ) -> NDArray[_Scalar]: ...
    @overload
    def as_numpy(
        self, dtype: DTypeLike | None = None, shape: _Shape | None = None, offset: SupportsIndex = 0
    ) -> NDArray[Any]: ...
    def notify(self) -> None: ...
    def wait(self, timeout: _Timeout = None) -> bool: ...
    # A coroutine function in all but the letter, which the stub must keep to.
    def wait_async(self, timeout: _Timeout = None) -> Coroutine[Any, Any, bool]: ...
    def __aiter__(self) -> AsyncIterator[None]: ...
    def wait_past(self, sequence: SupportsIndex, timeout: _Timeout = None) -> int | None: ...
    def interrupt(self) -> None: ...
    def close(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
        /,
    ) -> None: ...
    def __len__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...
    def __dlpack__(
        self,
        *,
        stream: None = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> CapsuleType: ...
    @staticmethod
    def __dlpack_device__() -> tuple[int, int]: ...

@final
class OwnedRegion(SharedRegion):
    def unlink(self) -> None: ...
    def persist(self) -> None: ...
    def describe(self, dtype: DTypeLike, shape: _Shape) -> None: ...

@final
class RegionInfo:
    @property
    def name(self) -> str: ...
    @property
    def path(self) -> Path: ...
    @property
    def capacity(self) -> int: ...
    @property
    def id(self) -> bytes: ...
    @property
    def created(self) -> datetime: ...
    @property
    def owner_pid(self) -> int: ...
    @property
    def state(self) -> str: ...

def list(*, directory: _Directory = None) -> builtins.list[RegionInfo]: ...
def remove(name: str, *, directory: _Directory = None) -> None: ...
def _reopen(
    name: str,
    directory: _Directory,
    flags: int,
    numbers: Sequence[int],
) -> SharedRegion: ...

@final
class _Bell:
    def __new__(cls) -> Self: ...
    def fileno(self) -> int: ...
    def answer(self) -> builtins.list[int]: ...

@final
class _Wait:
    def __new__(cls, region: SharedRegion, timeout: _Timeout) -> Self: ...
    def poll(self, bell: _Bell, number: int) -> bool | None: ...
    def end(self) -> None: ...
