"""Waiting on asyncio's event loops: one bell per loop, and coroutines that poll when it rings.

A thread of Zinc's own sees the notifications. It rings without the interpreter, so that no thread that holds the
interpreter for long delays it. The loop hears the bell as it hears a socket. The coroutine looks again on its loop's
thread, and only this look takes a notification in: a coroutine that is cancelled before it looks has taken nothing.
"""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING, Protocol, TypeVar
from weakref import WeakKeyDictionary, ref

from ._zinc import _Bell

if TYPE_CHECKING:
    from ._zinc import SharedRegion

_Outcome_co = TypeVar("_Outcome_co", covariant=True)


class _Pending(Protocol[_Outcome_co]):
    """What is polled until it is over: a wait or an open."""

    def poll(self, bell: _Bell, number: int, /) -> _Outcome_co | None: ...
    def end(self) -> None: ...


class LoopBell:
    """A loop's bell, and the futures that wait for it. Only the loop holds it, as its reader: it goes when the loop closes."""

    __slots__ = ("__weakref__", "bell", "waiting")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.bell = _Bell()
        self.waiting: dict[int, asyncio.Future[None]] = {}
        loop.add_reader(self.bell.fileno(), self.answer)

    def answer(self) -> None:
        for number in self.bell.answer():
            future = self.waiting.get(number)
            if future is not None and not future.done():
                future.set_result(None)


_bells: WeakKeyDictionary[asyncio.AbstractEventLoop, ref[LoopBell]] = WeakKeyDictionary()
_numbers = count()


def bell_of(loop: asyncio.AbstractEventLoop) -> LoopBell:
    """The loop's bell, which the first wait makes."""
    known = _bells.get(loop)
    bell = None if known is None else known()
    if bell is None:
        bell = LoopBell(loop)
        _bells[loop] = ref(bell)
    return bell


async def wait_async(region: SharedRegion | None, pending: _Pending[_Outcome_co]) -> _Outcome_co:
    """The coroutine of `region.wait_async()`. It holds the region, because the wait ends with it."""
    loop = asyncio.get_running_loop()
    bell = bell_of(loop)
    number = next(_numbers)
    try:
        while (outcome := pending.poll(bell.bell, number)) is None:
            future = bell.waiting[number] = loop.create_future()
            await future
        return outcome
    finally:
        # A program that keeps the exception of a cancelled wait keeps this frame, which must not keep the wait and the bell.
        pending.end()
        bell.waiting.pop(number, None)
        del bell


async def open_async(pending: _Pending[SharedRegion]) -> SharedRegion:
    """The coroutine of `SharedRegion.open_async()`."""
    return await wait_async(None, pending)


# The names by which people know them, which warnings and tracebacks show.
wait_async.__qualname__ = "SharedRegion.wait_async"
open_async.__qualname__ = "SharedRegion.open_async"
