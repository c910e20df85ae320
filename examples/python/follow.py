"""Follows any number of regions on one event loop, without a thread for each: says when there is something new.

    python follow.py NAME [NAME ...]

It waits for the regions to appear, and follows each until its owner closes it. Ctrl-C ends everything.
"""

import asyncio
import sys

import zinc
from zinc import SharedRegion

PATIENCE_MS = 60_000


async def follow(region):
    try:
        async for _ in region:
            print(f"{region.name}: {bytes(memoryview(region)[:8]).hex(' ')}", flush=True)
    except zinc.OwnerDiedError as error:
        print(error, file=sys.stderr)
    print(f"{region.name}: the end", flush=True)


async def main(regions):
    async with asyncio.TaskGroup() as group:
        for region in regions:
            group.create_task(follow(region))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    regions = [SharedRegion.open(name, timeout=PATIENCE_MS) for name in sys.argv[1:]]
    asyncio.run(main(regions))
