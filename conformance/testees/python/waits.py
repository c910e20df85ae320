"""Asynchronous waits: an event loop on a thread of its own, with a task per wait."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter

loop = asyncio.new_event_loop()
threading.Thread(target=loop.run_forever, daemon=True).start()

started: dict[int, list[asyncio.Task[bool]]] = {}


class Cancelled(Exception):
    """The waits were cancelled."""


def start(id, region, timeout, count, answer):
    """Begins the waits, and has `answer` called with a function that gives their common outcome when all are over."""
    begun = threading.Event()

    async def wait():
        try:
            started[id] = [asyncio.create_task(region.wait_async(timeout)) for _ in range(count)]
            # A wait begins with its task's first step, which every one of them takes before this goes on.
            await asyncio.sleep(0)
        finally:
            begun.set()
        return await asyncio.gather(*started[id], return_exceptions=True)

    ended = asyncio.run_coroutine_threadsafe(wait(), loop)
    ended.add_done_callback(lambda ended: answer(lambda: alike(ended.result())))
    begun.wait()


def cancel(id):
    def cancel_all():
        for task in started[id]:
            task.cancel()

    loop.call_soon_threadsafe(cancel_all)


def alike(outcomes):
    """What the waits came to, if all came to the same."""
    counts = Counter(
        type(outcome).__name__ if isinstance(outcome, BaseException) else str(outcome).lower() for outcome in outcomes
    )
    if len(counts) > 1:
        raise ValueError(", ".join(f"{count} {name}" for name, count in counts.items()))
    if isinstance(outcomes[0], asyncio.CancelledError):
        raise Cancelled
    if isinstance(outcomes[0], BaseException):
        raise outcomes[0]
    return outcomes[0]
