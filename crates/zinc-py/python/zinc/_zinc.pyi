# Types of the native module. `cargo xtask generate` copies the docstrings from the comments in its Rust sources.

import builtins
import os
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, SupportsIndex, TypeAlias, TypeVar, final, overload

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray
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
    "_Open",
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
    """Named memory that processes on one machine share, whatever language they are written in.

    One process creates a region, others open it by its name, and all see the same bytes: nothing is copied.
    `notify` and `wait` say when to look. Call `create`, `create_tensor`, `create_from`, `open`, `open_async` or `open_or_create`
    to get one.

    The region itself is a buffer: `memoryview(region)`, `numpy.asarray(region)`, `struct.pack_into("<I", region, 0, 1)`.
    The buffer of a described region has that type and shape, and any other is flat bytes; `as_memoryview()` is flat
    bytes always. `as_numpy()` and `numpy.from_dlpack(region)` return typed arrays. All of these are views of the shared
    memory itself. They stay valid after `close()`, and never prevent it. As long as nobody closes the handle, a view keeps
    it: a program that keeps only the array of a region that it created keeps the region.

    `for sequence in region` waits again and again, and `async for` does so on an event loop. Each step returns the
    sequence, which is greater than before by the notifications that arrived as one. The loop ends when the owner closes
    the region, after what was notified before, or when this handle is closed, by the body or elsewhere. It raises
    whatever else ends a wait: OwnerDiedError, WaitInterruptedError, cancellation, and ClosedError if the handle was
    closed before the loop began.

    A handle may be used from several threads, which then share what it has seen of the notifications. It is a
    context manager that closes at the end; entering it after it was closed raises ClosedError. It can be passed to another
    process: it pickles as its name and id, and unpickling opens that region as a peer, or raises NotFoundError if another
    region has the name by then. `copy.copy` and `copy.deepcopy` return a peer of the same memory; copying or pickling an
    array copies its data.

    Example:
        >>> with SharedRegion.open("pipeline") as region:
        ...     if region.wait(1000):
        ...         print(region.as_numpy().mean())
    """

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
    ) -> OwnedRegion:
        """Create a region and own it.

        Its memory is zero, and reserved: it cannot run out later. A name that an owner left behind when it died is free.
        Reserving much memory takes time, during which other threads run.

        Args:
            name: 1 to 128 of the characters A-Z a-z 0-9 . _ - not starting with a dot.
            capacity: The size in bytes. It never changes.
            prefault: Enter all pages in this process's page table now, so that the first touch of each costs nothing.
                Default: false.
            sparse: Take memory as it is written to, and not all of it now. Writing kills the writer with SIGBUS when
                there is none left. Default: false.
            persistent: Let the region outlive its owner from the start, as after persist. Default: false.
            unlinked: Give the region no name yet: nobody can open it until its owner's link. Fill it before that, and
                no reader ever sees it unfilled. If its creator ends before, however it ends, nothing is left. Only link
                asks whether the name is free. Default: false.
            replace: Take the name away from a persistent region that has it, as remove does: who waits on that one gets
                ClosedError. A region whose owner is alive is never replaced: that is AlreadyExistsError. What a dead
                owner left is always replaced. With unlinked, the region is replaced by link, when the new one is
                filled. Default: false.
            mode: Who may open the region, as the permission bits of its file; the umask does not touch them. A user who
                may read only (0640, say) opens it read-only; 0600 is this user alone. A mode without the owner's right
                to read and write, with other bits than those of reading and writing, or that lets somebody write who
                may not read, is InvalidArgumentError. Default: 0600.
            spin_us: How long a wait may look again and again before it sleeps; 0 sleeps at once. Within this bound
                waits adapt themselves, and on a machine with one processor none spins. Default: the environment
                variable ZINC_SPIN_US in microseconds, else 50 microseconds. In microseconds.
            directory: Where the region lives: a directory on a tmpfs or hugetlbfs. Default: the environment variable
                ZINC_DIR, else /dev/shm.
            group: The group that the region belongs to, whose rights the second digit of the mode says (0660, say);
                without any right for it, the mode is InvalidArgumentError. This user must be a member of it, or the
                region is PermissionDeniedError. Default: the group that the system chooses, usually the user's first.

        Returns:
            The `OwnedRegion`.

        Raises:
            AlreadyExistsError: A living process owns a region of that name, or a persistent one has it.
            NoSpaceError: The memory cannot be reserved; `needed` and `free` say by how much.
            InvalidNameError, InvalidSizeError: The name or the capacity cannot be used.
            InvalidArgumentError: An option means nothing, such as a negative number or a mode that lets nobody read.

        Example:
            >>> region = SharedRegion.create("pipeline", 64 * 1024 * 1024)
        """

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
    ) -> OwnedRegion:
        """Create a region of the size of one tensor, described by its type and shape, which readers find in the region.

        Args:
            name: As for `create`.
            dtype: The element type: a name such as "float32", or anything that `numpy.dtype` takes.
            shape: The lengths, outermost first; an int is one dimension. At most eight.
            prefault: Enter all pages in this process's page table now, so that the first touch of each costs nothing.
                Default: false.
            sparse: Take memory as it is written to, and not all of it now. Writing kills the writer with SIGBUS when
                there is none left. Default: false.
            persistent: Let the region outlive its owner from the start, as after persist. Default: false.
            unlinked: Give the region no name yet: nobody can open it until its owner's link. Fill it before that, and
                no reader ever sees it unfilled. If its creator ends before, however it ends, nothing is left. Only link
                asks whether the name is free. Default: false.
            replace: Take the name away from a persistent region that has it, as remove does: who waits on that one gets
                ClosedError. A region whose owner is alive is never replaced: that is AlreadyExistsError. What a dead
                owner left is always replaced. With unlinked, the region is replaced by link, when the new one is
                filled. Default: false.
            mode: Who may open the region, as the permission bits of its file; the umask does not touch them. A user who
                may read only (0640, say) opens it read-only; 0600 is this user alone. A mode without the owner's right
                to read and write, with other bits than those of reading and writing, or that lets somebody write who
                may not read, is InvalidArgumentError. Default: 0600.
            spin_us: How long a wait may look again and again before it sleeps; 0 sleeps at once. Within this bound
                waits adapt themselves, and on a machine with one processor none spins. Default: the environment
                variable ZINC_SPIN_US in microseconds, else 50 microseconds. In microseconds.
            directory: Where the region lives: a directory on a tmpfs or hugetlbfs. Default: the environment variable
                ZINC_DIR, else /dev/shm.
            group: The group that the region belongs to, whose rights the second digit of the mode says (0660, say);
                without any right for it, the mode is InvalidArgumentError. This user must be a member of it, or the
                region is PermissionDeniedError. Default: the group that the system chooses, usually the user's first.

        The rest is as for `create`.

        Raises:
            TypeError: Zinc has no such element type.
            DescriptorError: The shape is impossible.

        Example:
            >>> region = SharedRegion.create_tensor("frame", "uint8", (1080, 1920, 3))
            >>> region.as_numpy()[:] = frame
            >>> region.notify()
        """

    @staticmethod
    def create_from(
        name: str,
        array: ArrayLike,
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
    ) -> OwnedRegion:
        """Create a region with a copy of an array in it, and say what it is.

        Whoever opens it finds it filled, and its first `wait` returns at once.

        Args:
            name: As for `create`.
            array: What to copy: anything that `numpy.asarray` takes.
            prefault: Enter all pages in this process's page table now, so that the first touch of each costs nothing.
                Default: false.
            sparse: Take memory as it is written to, and not all of it now. Writing kills the writer with SIGBUS when
                there is none left. Default: false.
            persistent: Let the region outlive its owner from the start, as after persist. Default: false.
            unlinked: Give the region no name yet: nobody can open it until its owner's link. Fill it before that, and
                no reader ever sees it unfilled. If its creator ends before, however it ends, nothing is left. Only link
                asks whether the name is free. Default: false.
            replace: Take the name away from a persistent region that has it, as remove does: who waits on that one gets
                ClosedError. A region whose owner is alive is never replaced: that is AlreadyExistsError. What a dead
                owner left is always replaced. With unlinked, the region is replaced by link, when the new one is
                filled. Default: false.
            mode: Who may open the region, as the permission bits of its file; the umask does not touch them. A user who
                may read only (0640, say) opens it read-only; 0600 is this user alone. A mode without the owner's right
                to read and write, with other bits than those of reading and writing, or that lets somebody write who
                may not read, is InvalidArgumentError. Default: 0600.
            spin_us: How long a wait may look again and again before it sleeps; 0 sleeps at once. Within this bound
                waits adapt themselves, and on a machine with one processor none spins. Default: the environment
                variable ZINC_SPIN_US in microseconds, else 50 microseconds. In microseconds.
            directory: Where the region lives: a directory on a tmpfs or hugetlbfs. Default: the environment variable
                ZINC_DIR, else /dev/shm.
            group: The group that the region belongs to, whose rights the second digit of the mode says (0660, say);
                without any right for it, the mode is InvalidArgumentError. This user must be a member of it, or the
                region is PermissionDeniedError. Default: the group that the system chooses, usually the user's first.

        The rest is as for `create`.

        Raises:
            TypeError: Zinc has no such element type.
            ImportError: numpy is not installed.

        It also raises what `create_tensor` and `OwnedRegion.link` raise. Whether the name is free is asked last.

        Example:
            >>> region = SharedRegion.create_from("weights", np.ones((3, 4)))
        """

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
    ) -> SharedRegion:
        """Open a region that another process, or this one, created.

        Other threads run while it waits for the region to appear, and Ctrl-C ends that.

        Args:
            name: The region's name.
            read_only: Map the data without the right to write. Waiting works all the same, and so does notifying where
                this user may write to the region's file. Where not, this is the only way to open the region: it cannot
                notify, and waits by sleeps of up to 4 ms. Its views refuse to be written. Default: false.
            copy_on_write: Map the data so that what this process writes stays in this process: the safe way to hand a
                region's bytes to code that may write to them although it should not. Each page that is written to takes
                memory of its own; the others go on showing the region. Waiting and notifying are as with read_only,
                which this excludes. It is the mode c of numpy.memmap. Default: false.
            prefault: Enter all pages in this process's page table now, so that the first touch of each costs nothing.
                Default: false.
            accept_owner: Accept a region of the user with this id too, beside the caller's own and root's. Default:
                none.
            spin_us: How long a wait may look again and again before it sleeps; 0 sleeps at once. Within this bound
                waits adapt themselves, and on a machine with one processor none spins. Default: the environment
                variable ZINC_SPIN_US in microseconds, else 50 microseconds. In microseconds.
            timeout: How long to wait for a region that does not exist yet: readers are often started first. Without the
                directory itself it fails at once. Default: not at all. Milliseconds, a timedelta, or None for ever.
            directory: Where the region lives: a directory on a tmpfs or hugetlbfs. Default: the environment variable
                ZINC_DIR, else /dev/shm.
            accept_group: Accept a region that belongs to the group with this id and gives the group the rights that
                this call needs, whichever of its members owns it. Only members can give a file to a group, or the
                directory does: where it gives its group to every file, and users who are no members may make some, this
                accepts nothing. Default: none.

        Returns:
            The `SharedRegion`.

        Raises:
            NotFoundError: There is no region of that name, or none appeared in time, or its owner died.
            WrongOwnerError: It belongs to another user, and neither `accept_owner` nor `accept_group` accepts it.
            PermissionDeniedError: Its mode forbids it; if it does not forbid reading, `read_only` helps.
            NotARegionError, VersionMismatchError: The file of that name is no region, or one of another version.
            InvalidArgumentError: An option means nothing, such as a negative number.

        Example:
            >>> region = SharedRegion.open("pipeline", timeout=5000)
        """

    @staticmethod
    def open_async(
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
    ) -> Coroutine[Any, Any, SharedRegion]:
        """`open` for asyncio: `await SharedRegion.open_async("pipeline", timeout=5000)`. A coroutine that lets its event
        loop run while it waits for the region to appear.

        Nothing happens before it is awaited; the time begins then, too. While it is pending it needs no thread of its own: one
        thread of the process waits for all opens, and sleeps while nothing happens. A pending open does not keep the process
        alive. Cancelling it (`task.cancel`, `asyncio.timeout`, `asyncio.TaskGroup`) takes effect at once and leaves nothing open.
        It works on any loop that has `add_reader`, such as asyncio's own on Unix and uvloop's.

        Args:
            name: The region's name.
            read_only: Map the data without the right to write. Waiting works all the same, and so does notifying where
                this user may write to the region's file. Where not, this is the only way to open the region: it cannot
                notify, and waits by sleeps of up to 4 ms. Its views refuse to be written. Default: false.
            copy_on_write: Map the data so that what this process writes stays in this process: the safe way to hand a
                region's bytes to code that may write to them although it should not. Each page that is written to takes
                memory of its own; the others go on showing the region. Waiting and notifying are as with read_only,
                which this excludes. It is the mode c of numpy.memmap. Default: false.
            prefault: Enter all pages in this process's page table now, so that the first touch of each costs nothing.
                Default: false.
            accept_owner: Accept a region of the user with this id too, beside the caller's own and root's. Default:
                none.
            spin_us: How long a wait may look again and again before it sleeps; 0 sleeps at once. Within this bound
                waits adapt themselves, and on a machine with one processor none spins. Default: the environment
                variable ZINC_SPIN_US in microseconds, else 50 microseconds. In microseconds.
            timeout: How long to wait for a region that does not exist yet: readers are often started first. Without the
                directory itself it fails at once. Default: not at all. Milliseconds, a timedelta, or None for ever.
            directory: Where the region lives: a directory on a tmpfs or hugetlbfs. Default: the environment variable
                ZINC_DIR, else /dev/shm.
            accept_group: Accept a region that belongs to the group with this id and gives the group the rights that
                this call needs, whichever of its members owns it. Only members can give a file to a group, or the
                directory does: where it gives its group to every file, and users who are no members may make some, this
                accepts nothing. Default: none.

        Returns:
            A coroutine, which returns the `SharedRegion`.

        Raises:
            InvalidArgumentError: An option means nothing, such as a negative number. The call raises it, before the await.
            SystemCallError: The system gives no thread to wait on, or the process has no file descriptors left.

        The await also raises what `open` raises.

        Example:
            >>> region = await SharedRegion.open_async("pipeline", timeout=timedelta(seconds=5))
        """

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
    ) -> SharedRegion:
        """Open a region, or create it if there is none: the process that comes first owns it.

        Args:
            name: As for `create`.
            capacity: The size in bytes, of which a region that exists must have at least as many.
            prefault: Enter all pages in this process's page table now, so that the first touch of each costs nothing.
                Default: false.
            sparse: Take memory as it is written to, and not all of it now. Writing kills the writer with SIGBUS when
                there is none left. Default: false.
            persistent: Let the region outlive its owner from the start, as after persist. Default: false.
            mode: Who may open the region, as the permission bits of its file; the umask does not touch them. A user who
                may read only (0640, say) opens it read-only; 0600 is this user alone. A mode without the owner's right
                to read and write, with other bits than those of reading and writing, or that lets somebody write who
                may not read, is InvalidArgumentError. Default: 0600.
            accept_owner: Accept a region of the user with this id too, beside the caller's own and root's. Default:
                none.
            spin_us: How long a wait may look again and again before it sleeps; 0 sleeps at once. Within this bound
                waits adapt themselves, and on a machine with one processor none spins. Default: the environment
                variable ZINC_SPIN_US in microseconds, else 50 microseconds. In microseconds.
            directory: Where the region lives: a directory on a tmpfs or hugetlbfs. Default: the environment variable
                ZINC_DIR, else /dev/shm.
            group: The group that the region belongs to, whose rights the second digit of the mode says (0660, say);
                without any right for it, the mode is InvalidArgumentError. This user must be a member of it, or the
                region is PermissionDeniedError. Default: the group that the system chooses, usually the user's first.
            accept_group: Accept a region that belongs to the group with this id and gives the group the rights that
                this call needs, whichever of its members owns it. Only members can give a file to a group, or the
                directory does: where it gives its group to every file, and users who are no members may make some, this
                accepts nothing. Default: none.

        Returns:
            An `OwnedRegion` if this call created it, else a `SharedRegion`.

        Raises:
            InvalidSizeError: The region is there, but with a smaller capacity.

        It also raises what `create` and `open` raise.

        Example:
            >>> region = SharedRegion.open_or_create("board", 4096)
            >>> isinstance(region, OwnedRegion)
            True
        """

    # >>>
    def __new__(cls, *args: Any, **kwargs: Any) -> Self: ...
    @property
    def name(self) -> str:
        """The region's name."""

    @property
    def capacity(self) -> int:
        """The region's size in bytes, as it was asked for. Also `len(region)`."""

    @property
    def sequence(self) -> int:
        """How many notifications there have been, by anyone. Raises `ClosedError` once the handle is closed."""

    @property
    def closed(self) -> bool:
        """Whether this handle was closed."""

    @property
    def read_only(self) -> bool:
        """Whether this handle can only read the data: its views cannot be written through."""

    @property
    def copy_on_write(self) -> bool:
        """Whether what this handle's views write stays in this process: it was opened with `copy_on_write=True`."""

    @property
    def is_owner(self) -> bool:
        """Whether this handle can do what only the owner can, such as `unlink`: True for an `OwnedRegion` until it is closed,
        and False for peers and in a forked child, whose copy of the handle owns nothing.
        """

    @property
    def owner_alive(self) -> bool:
        """Whether the region has an owner whose process is alive, as the kernel has it at this moment.

        A persistent region has no owner, and neither has one that its owner has closed. Raises `ClosedError` once the
        handle is closed.
        """

    @property
    def dtype(self) -> str | None:
        """The described element type by its name, such as "float32" (equal to numpy's dtype of that name), or None if the
        region is not described. Raises `ClosedError` once the handle is closed.
        """

    @property
    def shape(self) -> tuple[int, ...] | None:
        """The described shape as a tuple, or None if the region is not described. Raises `ClosedError` once the handle is
        closed.
        """

    @property
    def owner_pid(self) -> int:
        """The process id of the creator, for people to read. It may be gone, or mean another process by now."""

    @property
    def id(self) -> bytes:
        """Sixteen random bytes, which tell this region from any other that had or will have its name."""

    @property
    def path(self) -> Path:
        """Where the region is: its file, a `pathlib.Path`."""

    @property
    def created(self) -> datetime:
        """When the region was created, an aware `datetime`."""

    @overload
    def as_numpy(
        self,
        dtype: type[_Scalar] | np.dtype[_Scalar],
        shape: _Shape | None = None,
        offset: SupportsIndex = 0,
    ) -> NDArray[_Scalar]:
        """The region as a numpy array: a view of the shared memory, not a copy.

        Without arguments the array is what the region's description says, or the plain bytes (uint8) of one without.
        The array stays valid after `close()`. It can be written through unless the handle is read-only.

        Args:
            dtype: The element type, anything that `numpy.dtype` takes. A description must agree with it.
            shape: The lengths, outermost first; an int is one dimension. The default is as many whole elements as
                there is room for. A description must agree with it, unless an offset asks for a part.
            offset: The byte to start at.

        Raises:
            DescriptorError: The region is described as something else, or what was asked for does not fit.
            UnsupportedError: The region is of bfloat16, and the package ml_dtypes is not installed.
            ClosedError: The handle is closed.
            ImportError: numpy is not installed.

        Example:
            >>> arr = region.as_numpy(dtype=np.float32)
            >>> header = region.as_numpy(dtype=np.uint32, shape=4)
            >>> rows = region.as_numpy(dtype=np.float32, shape=(100, 3), offset=16)
        """

    @overload
    def as_numpy(
        self, dtype: DTypeLike | None = None, shape: _Shape | None = None, offset: SupportsIndex = 0
    ) -> NDArray[Any]:
        """The region as a numpy array: a view of the shared memory, not a copy.

        Without arguments the array is what the region's description says, or the plain bytes (uint8) of one without.
        The array stays valid after `close()`. It can be written through unless the handle is read-only.

        Args:
            dtype: The element type, anything that `numpy.dtype` takes. A description must agree with it.
            shape: The lengths, outermost first; an int is one dimension. The default is as many whole elements as
                there is room for. A description must agree with it, unless an offset asks for a part.
            offset: The byte to start at.

        Raises:
            DescriptorError: The region is described as something else, or what was asked for does not fit.
            UnsupportedError: The region is of bfloat16, and the package ml_dtypes is not installed.
            ClosedError: The handle is closed.
            ImportError: numpy is not installed.

        Example:
            >>> arr = region.as_numpy(dtype=np.float32)
            >>> header = region.as_numpy(dtype=np.uint32, shape=4)
            >>> rows = region.as_numpy(dtype=np.float32, shape=(100, 3), offset=16)
        """

    def as_memoryview(self) -> memoryview[int]:
        """The plain bytes of the region as a memoryview, whatever its description says: a view, not a copy.

        It has all `capacity` bytes. It stays valid after `close()`, and keeps the region's owner alive as any view does.

        Raises:
            ClosedError: The handle is closed.

        Example:
            >>> region.as_memoryview()[:5] = b"hello"
        """

    def notify(self) -> None:
        """Say that there is something new to see: sequence + 1, and everybody who waits wakes up.

        Those who see the notification see all that was written before it. It makes a system call only if somebody
        sleeps. A handle's own notification does not end its own `wait`.

        Raises:
            ClosedError: The handle is closed.
            PermissionDeniedError: The region's mode lets this user only read.
        """

    def wait(self, timeout: _Timeout = None) -> bool:
        """Wait for a notification that this handle has not seen yet.

        Returns at once if there is one already, also from before the region was opened; several may arrive as one.
        It spins for a short time, and then sleeps in the kernel, while other threads run. Ctrl-C ends it.

        Args:
            timeout: Milliseconds, a timedelta, or None to wait for ever. 0 looks once, and so does a negative timedelta.

        Returns:
            True if notified, False if the time is up.

        Raises:
            ClosedError: The handle, or by its owner the region, is closed.
            OwnerDiedError: The owner ended without closing the region; known within a second
                after the kernel has closed its process's files.
            WaitInterruptedError: Another thread called `interrupt`.
            InvalidArgumentError: The timeout is a negative number or not finite.

        Example:
            >>> while region.wait(timedelta(seconds=5)):
            ...     consume(region.as_numpy())
        """

    # A coroutine function in all but the letter, which the stub must keep to.
    def wait_async(self, timeout: _Timeout = None) -> Coroutine[Any, Any, bool]:
        """`wait` for asyncio: `await region.wait_async(1000)`. A coroutine that lets its event loop run meanwhile.

        Nothing happens before it is awaited; the time begins then, too. While it is pending it needs no thread of its
        own: one thread of the process waits for up to 127 regions, and sleeps while nothing happens. A pending wait
        does not keep the process alive. If there is a notification already, it returns without a turn of the loop.

        Cancelling it (`task.cancel`, `asyncio.timeout`, `asyncio.TaskGroup`) takes effect at once and loses nothing: a
        notification is taken in only when the coroutine goes on with it, and otherwise ends the next wait.

        Any number of tasks may wait on one handle, on loops in several threads, too: all that are waiting end with the
        same notification. Handles are independent. A process that is forked meanwhile may wait on a loop of its own.
        It works on any loop that has `add_reader`, such as asyncio's own on Unix and uvloop's.

        Args:
            timeout: Milliseconds, a timedelta, or None to wait for ever. 0 looks once, and so does a negative timedelta.

        Returns:
            A coroutine, which returns True if notified, False if the time is up.

        Raises:
            InvalidArgumentError: The timeout is a negative number or not finite. The call raises it, before the await.
            ClosedError: The handle, or by its owner the region, is closed.
            OwnerDiedError: The owner ended without closing the region; known within a second
                after the kernel has closed its process's files.
            WaitInterruptedError: `interrupt` was called on this handle.
            SystemCallError: The system gives no thread to wait on.
            OSError: The process has no file descriptors left; the first wait of each loop takes two.

        Example:
            >>> async def frames(region):
            ...     while await region.wait_async(timedelta(seconds=5)):
            ...         consume(region.as_numpy())
        """

    def __aiter__(self) -> AsyncIterator[int]: ...
    def __iter__(self) -> Iterator[int]: ...
    def wait_past(self, sequence: SupportsIndex, timeout: _Timeout = None) -> int | None:
        """Wait until the sequence is greater than a number, for callers that keep their own count.

        Args:
            sequence: The count to get past; this handle's own notifications count too.
            timeout: As for `wait`.

        Returns:
            The sequence reached, or None if the time is up. What `wait` has seen stays as it was.

        It raises what `wait` raises.

        Example:
            >>> seen = region.sequence
            >>> while (seen := region.wait_past(seen, 1000)) is not None:
            ...     print(seen)
        """

    def interrupt(self) -> None:
        """End the waits that are in progress on this handle with `WaitInterruptedError`. Waits of other handles go on."""

    def close(self) -> None:
        """Close this handle. Its waits end; closing twice is fine; anything else afterwards raises `ClosedError`.

        Arrays and memoryviews that were made from it stay valid, and keep the memory. The owner's close also takes the
        name away and ends the region for everyone at once, whatever views there are, unless it is persistent.
        """

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
    ) -> CapsuleType:
        """Export the region as a tensor of its description, or of bytes, to any library that speaks DLPack.

        Libraries call this in their own `from_dlpack(region)`. The tensor keeps the handle, as every view does. The arguments are those of the Python array API standard.

        Raises:
            BufferError: The consumer asks for another device or a stream, or the region is read-only and the consumer
                speaks a DLPack that cannot say so.
            ClosedError: The handle is closed.
        """

    @staticmethod
    def __dlpack_device__() -> tuple[int, int]:
        """The DLPack device: (1, 0), plain memory."""

@final
class OwnedRegion(SharedRegion):
    """A region that this process created: a `SharedRegion` that can also unlink, persist and describe it.

    When it is closed, garbage-collected, or its process ends, the name goes, the region is closed for everyone and
    every waiter wakes with `ClosedError`. Views stay valid, and keep their owner from being garbage-collected.

    After a fork, the child's copy acts as a peer: `is_owner` is False, and its end unlinks nothing. An unpickled owner is a
    peer as well.
    """

    def link(self) -> None:
        """Give the region its name, under which others find it as it is now.

        It is for regions that were created with `unlinked=True`. If the region has its name already, this does nothing.

        Raises:
            AlreadyExistsError: Another region has the name. It may be tried again. What a dead owner left does not count, and
                neither does a persistent region if this one was created with `replace=True`.
            UnsupportedError: The region has had its name and lost it, and a file does not get its name back.
            NotARegionError: Something else has the name.
            ClosedError: The handle is closed.
            PermissionDeniedError: This is a forked child's copy of the owner.

        Example:
            >>> region = SharedRegion.create("model", 4096, unlinked=True)
            >>> region.as_numpy()[:] = 7
            >>> region.link()
        """

    def is_named(self) -> bool:
        """Whether the name leads to this region at this moment, which one system call tells.

        It does not before `link` and after `unlink`, and when somebody has removed the file: `rm`, say, or systemd when the
        user's last session ends (RemoveIPC= in logind.conf(5)). Those who have the region open go on as before, and nobody
        else finds it. Another owner may have taken the name meanwhile.

        Raises:
            ClosedError: The handle is closed.
            OSError: The directory cannot be looked at.
        """

    def unlink(self) -> None:
        """Remove the region's name now.

        Nobody can open the region any more, and the name is free for a new one; this handle, its peers and their
        views go on working. `close` does this too.

        Raises:
            ClosedError: The handle is closed.
            PermissionDeniedError: This is a forked child's copy of the owner.
        """

    def persist(self) -> None:
        """Let the region outlive its owner.

        From now on only `zinc.remove(name)` or this handle's `unlink` ends the region. Neither `close` nor the end of the
        process does, and waits on it raise no `OwnerDiedError`.

        Raises:
            ClosedError: The handle is closed.
            PermissionDeniedError: This is a forked child's copy of the owner.
        """

    def describe(self, dtype: DTypeLike, shape: _Shape) -> None:
        """Describe the data by its type and shape, so that readers find both in the region.

        The elements start at the first byte, row-major ("C" order). Peers see the new description at once.

        Args:
            dtype: The element type: a name such as "float32", or anything that `numpy.dtype` takes.
            shape: The lengths, outermost first; an int is one dimension. At most eight.

        Raises:
            DescriptorError: The tensor does not fit into the region, or has too many dimensions.
            TypeError: Zinc has no such element type.
            ClosedError: The handle is closed.

        Example:
            >>> region.describe("float32", (640, 480))
            >>> region.as_numpy().shape
            (640, 480)
        """

@final
class RegionInfo:
    """What is known of a region without opening it; `zinc.list()` returns one for each region."""

    @property
    def name(self) -> str:
        """The region's name, as `SharedRegion.open` takes it."""

    @property
    def path(self) -> Path:
        """Where the region is: its file, a `pathlib.Path`."""

    @property
    def capacity(self) -> int:
        """The region's size in bytes, as it was asked for."""

    @property
    def id(self) -> bytes:
        """Sixteen random bytes, which tell this region from any other that had or will have its name."""

    @property
    def created(self) -> datetime:
        """When the region was created, an aware `datetime`."""

    @property
    def owner_pid(self) -> int:
        """The process id of the creator, for people to read. It may be gone, or mean another process by now."""

    @property
    def state(self) -> str:
        """Whether somebody owns it, as it was when this was asked: "owned" (its owner is alive), "persistent" (it has no owner
        and stays until it is removed) or "dead" (its owner ended without closing it, and its name is free).
        """

def list(*, directory: _Directory = None) -> builtins.list[RegionInfo]:
    """List the regions there are.

    Args:
        directory: Where to look. The default is the environment's ZINC_DIR, else /dev/shm.

    Returns:
        A list of `RegionInfo`, sorted by name. Regions that the caller may not read are left out.

    Example:
        >>> for region in zinc.list():
        ...     print(region.name, region.capacity, region.state)
    """

def remove(name: str, *, missing_ok: bool = False, directory: _Directory = None) -> None:
    """Remove a persistent region, or what a dead owner left.

    Its name goes, and all who wait on it wake with `ClosedError`. Views of it stay valid. Only its owner can end a region
    while that owner is alive, with `unlink` or `close`.

    Args:
        name: The region's name.
        missing_ok: Return as if it had been removed if there is no region of that name. Default: false.
        directory: Where it is. The default is the environment's ZINC_DIR, else /dev/shm.

    Raises:
        NotFoundError: There is no region of that name, and missing_ok is false.
        PermissionDeniedError: Its owner is alive, or this user may not.
    """

def _reopen(
    name: str,
    directory: _Directory,
    flags: int,
    numbers: Sequence[int],
    id: bytes,
) -> SharedRegion:
    """Opens what a pickled region names."""

@final
class _Bell:
    """What an event loop watches: a file descriptor that is readable when some of the loop's waits are to look again."""

    def __new__(cls) -> Self: ...
    def fileno(self) -> int:
        """The file descriptor to watch. It stays the bell's."""

    def answer(self) -> builtins.list[int]:
        """The numbers of the waits that are to look again. Does not block."""

@final
class _Wait:
    """A wait that a coroutine polls on its loop's thread."""

    def __new__(cls, region: SharedRegion, timeout: _Timeout) -> Self: ...
    def poll(self, bell: _Bell, number: int) -> bool | None:
        """True if notified, False if the time is up, else None: then the bell will ring for `number`."""

    def end(self) -> None:
        """End the wait, now and not when the garbage collector comes; it takes nothing in."""

@final
class _Open:
    """An open that a coroutine polls on its loop's thread."""

    def poll(self, bell: _Bell, number: int) -> SharedRegion | None:
        """The region if it is there, None while it is not: then the bell will ring for `number`."""

    def end(self) -> None:
        """End the open, now and not when the garbage collector comes."""
