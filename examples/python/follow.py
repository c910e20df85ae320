"""Follows any number of regions on one event loop, without a thread for each: says when there is something new.

    python follow.py NAME [NAME ...]

It waits for the regions to appear, and follows each until its owner closes it. Ctrl-C ends all of it.
"""

import asyncio
import sys

import zinc
from zinc import SharedRegion

PATIENCE_MS = 60_000


async def follow(name):
    region = await SharedRegion.open_async(name, timeout=PATIENCE_MS)
    try:
        async for _ in region:
            print(f"{region.name}: {bytes(region.as_memoryview()[:8]).hex(' ')}", flush=True)
    except zinc.OwnerDiedError as error:
        print(error, file=sys.stderr)
    print(f"{region.name}: the end", flush=True)


async def main(names):
    async with asyncio.TaskGroup() as group:
        for name in names:
            group.create_task(follow(name))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    asyncio.run(main(sys.argv[1:]))
