"""Iterating over a region: one step for each time that there is something new."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._errors import ClosedError

if TYPE_CHECKING:
    from ._zinc import SharedRegion


class _Steps:
    """What both iterators know: the region, and the sequence that was returned last."""

    __slots__ = ("began_open", "last", "region")

    def __init__(self, region: SharedRegion) -> None:
        self.region = region
        self.began_open = not region.closed
        self.last = 0

    def is_new(self) -> bool:
        """Whether the sequence has grown since the last step.

        It has not if the notification that ended this wait came just after the wait before, and was counted there.
        """
        before, self.last = self.last, self.region.sequence
        return self.last > before


class Notifications(_Steps):
    """The iterator of `for sequence in region`."""

    __slots__ = ()

    def __iter__(self) -> Notifications:
        return self

    def __next__(self) -> int:
        try:
            while True:
                self.region.wait()
                if self.is_new():
                    return self.last
        except ClosedError:
            if self.began_open:
                raise StopIteration from None
            raise


class AsyncNotifications(_Steps):
    """The iterator of `async for sequence in region`."""

    __slots__ = ()

    def __aiter__(self) -> AsyncNotifications:
        return self

    async def __anext__(self) -> int:
        try:
            while True:
                await self.region.wait_async()
                if self.is_new():
                    return self.last
        except ClosedError:
            if self.began_open:
                raise StopAsyncIteration from None
            raise
