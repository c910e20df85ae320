"""Waiting on asyncio's event loops: one bell per loop, and coroutines that poll when it rings.

A thread of Zinc's own sees the notifications, and rings without the interpreter, so that nobody who holds that for long
delays it. The loop hears it as it hears a socket. The coroutine looks again on its loop's thread, and only this look
takes a notification in: one that is cancelled after the bell and before the look has taken nothing.
"""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary, ref

from ._zinc import _Bell, _Wait

if TYPE_CHECKING:
    from ._zinc import SharedRegion


class LoopBell:
    """A loop's bell, and who waits for it. The loop alone holds it, as what it calls: it goes when the loop closes."""

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
    """The loop's bell, hung up by the first wait."""
    known = _bells.get(loop)
    bell = None if known is None else known()
    if bell is None:
        bell = LoopBell(loop)
        _bells[loop] = ref(bell)
    return bell


async def wait_async(region: SharedRegion, wait: _Wait) -> bool:
    """The coroutine of `region.wait_async()`. It holds the region, whose end would be that of the wait."""
    loop = asyncio.get_running_loop()
    bell = bell_of(loop)
    number = next(_numbers)
    try:
        while (notified := wait.poll(bell.bell, number)) is None:
            future = bell.waiting[number] = loop.create_future()
            await future
        return notified
    finally:
        # Whoever keeps the exception of a cancelled wait keeps this frame, but is not to keep the wait and the bell.
        wait.end()
        bell.waiting.pop(number, None)
        del bell


# The name by which people know it, which warnings and tracebacks show.
wait_async.__qualname__ = "SharedRegion.wait_async"
