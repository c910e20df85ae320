"""What it takes to wake an event loop in another process, beside a bare futex, and what the rest is.

    python async_wakeup.py [--json] [--limit NANOSECONDS] [--rounds N] [--trips N]

Two processes, each pinned to a core of its own, notify each other in turns: a round trip is two wake-ups. The target is
a p50 of at most 3 times the bare limit: two Rust processes that wake each other with a futex and nothing else. It is
measured by the bench roundtrip of crates/zinc through cargo, before and after the rest of the run, unless it is given;
the lower of the two counts.

The processes answer each other in several ways, each of which adds something to the one before. Each gets a short turn
in every round, to and fro, and medians over the rounds are reported.

- wait: `region.wait` with the spin off: the futex, and Python's calls.
- hub: the native half of `wait_async`, and epoll. The futex wakes the hub's thread, which wakes the one in epoll.
- asyncio, uvloop: `await region.wait_async()`. The one in epoll is the event loop.
- asyncio, eventfd (and uvloop): no Zinc. Each process writes to an eventfd that the other's loop watches, and sets a
  future for it. What the loop takes for news from another process, whoever brings it.
"""

import argparse
import asyncio
import gc
import json
import os
import select
import statistics
import subprocess
import sys
from itertools import count, repeat
from pathlib import Path
from time import perf_counter_ns

from zinc import SharedRegion
from zinc._zinc import _Bell, _Wait

try:
    import uvloop
except ImportError:
    uvloop = None

sys.path.append(str(Path(__file__).parent))
from roundtrip import PERCENTILES, bare_limit, two_cores

TARGET = 3
WARM_UP = 20


class Side:
    """One of the two processes: how it tells the other, and how it hears from it, in each way."""

    def __init__(self, region, mine, theirs, asks):
        self.region, self.mine, self.theirs, self.asks = region, mine, theirs, asks
        self.bell, self.epoll, self.numbers = _Bell(), select.epoll(), count()
        self.epoll.register(self.bell.fileno(), select.EPOLLIN)
        self.loops = {"asyncio": asyncio.Runner()}
        if uvloop:
            self.loops["uvloop"] = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self.ways = {
            "wait": lambda trips: self.blocking(trips, region.notify, region.wait),
            "hub": lambda trips: self.blocking(trips, region.notify, self.hub),
        }
        for name, runner in self.loops.items():
            self.ways[name] = lambda trips, run=runner.run: run(self.awaiting(trips, region.notify, region.wait_async))
            self.ways[f"{name}, eventfd"] = lambda trips, run=runner.run: run(self.eventfd(trips))

    def hub(self):
        wait, number = _Wait(self.region, None), next(self.numbers)
        while wait.poll(self.bell, number) is None:
            self.epoll.poll()
            self.bell.answer()

    async def eventfd(self, trips):
        loop = asyncio.get_running_loop()
        future = None

        def hear():
            nonlocal future
            future = loop.create_future()
            return future

        def answer():
            os.eventfd_read(self.mine)
            future.set_result(None)

        loop.add_reader(self.mine, answer)
        try:
            return await self.awaiting(trips, lambda: os.eventfd_write(self.theirs, 1), hear)
        finally:
            loop.remove_reader(self.mine)

    def blocking(self, trips, tell, hear):
        if not self.asks:
            for _ in repeat(None, trips):
                hear()
                tell()
            return []
        times, now = [], perf_counter_ns
        for _ in repeat(None, trips):
            began = now()
            tell()
            hear()
            times.append(now() - began)
        return times

    async def awaiting(self, trips, tell, hear):
        if not self.asks:
            for _ in repeat(None, trips):
                await hear()
                tell()
            return []
        times, now = [], perf_counter_ns
        for _ in repeat(None, trips):
            began = now()
            tell()
            await hear()
            times.append(now() - began)
        return times

    def close(self):
        for runner in self.loops.values():
            runner.close()
        self.epoll.close()


def answer(name, core, mine, theirs):
    """The other process: takes the turns that it is told on its standard input."""
    os.sched_setaffinity(0, {core})
    gc.disable()
    side = Side(SharedRegion.open(name, spin_us=0), mine, theirs, asks=False)
    for line in sys.stdin:
        way, trips = json.loads(line)
        side.ways[way](trips)
    side.close()


def measure(rounds, trips):
    """For each way, and each round, what the trips took, sorted."""
    allowed = os.sched_getaffinity(0)
    here, there = two_cores()
    name = f"bench-{os.getpid()}"
    mine, theirs = os.eventfd(0, 0), os.eventfd(0, 0)
    found = {}
    with SharedRegion.create(name, 4096, spin_us=0) as region:
        other = subprocess.Popen(
            [sys.executable, "-P", __file__, "--answer", name, str(there), str(theirs), str(mine)],
            stdin=subprocess.PIPE,
            pass_fds=(mine, theirs),
            text=True,
        )
        os.sched_setaffinity(0, {here})
        gc.disable()
        side = Side(region, mine, theirs, asks=True)
        ways = list(side.ways)
        for _ in range(rounds):
            for way in ways:
                print(json.dumps([way, WARM_UP + trips]), file=other.stdin, flush=True)
                found.setdefault(way, []).append(sorted(side.ways[way](WARM_UP + trips)[WARM_UP:]))
            ways.reverse()
        other.stdin.close()
        if other.wait(60):
            sys.exit(f"the other process failed ({other.returncode})")
        side.close()
    gc.enable()
    os.sched_setaffinity(0, allowed)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print everything as JSON on the last line too")
    parser.add_argument("--limit", type=float, help="the bare limit's p50 in nanoseconds, if it is known")
    parser.add_argument("--rounds", type=int, default=40, help="turns that each way gets (default: %(default)s)")
    parser.add_argument("--trips", type=int, default=400, help="round trips in a turn (default: %(default)s)")
    parser.add_argument("--answer", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.answer:
        name, *numbers = options.answer
        answer(name, *map(int, numbers))
        return

    notes = [f"load before: {' '.join(map(str, os.getloadavg()))}"]
    notes += [] if uvloop else ["uvloop is not installed: without its rows"]
    given = [({"p50 ns": options.limit}, None)] if options.limit else []
    before = given or [bare_limit("bare futex")]
    found = measure(options.rounds, options.trips)
    after = given or [bare_limit("bare futex")]
    limits = [limit for limit, _ in before + after if limit]
    notes += [problem for _, problem in before + after if problem]

    def percentiles(rounds):
        at = {name: int(share * (options.trips - 1)) for name, share in PERCENTILES.items()}
        return {f"{name} ns": statistics.median(times[i] for times in rounds) for name, i in at.items()}

    rows = {way: percentiles(rounds) for way, rounds in found.items()}
    targets = []
    if limits:
        limit = min(limits, key=lambda limit: limit["p50 ns"])
        rows = {"bare futex": limit} | rows
        for loop in ("asyncio", "uvloop"):
            if loop in rows:
                what = f"p50 of {loop} to the bare futex's"
                ratio = rows[loop]["p50 ns"] / limit["p50 ns"]
                targets.append({"what": what, "ratio": ratio, "target": TARGET, "met": ratio <= TARGET})

    for note in notes:
        print(note)
    for name, values in rows.items():
        print(f"{name}: " + ", ".join(f"{what} {value:.0f}" for what, value in values.items()))
    print("\nOne wake-up, half of a round trip at p50, and what each way adds, in microseconds:")
    steps = [("bare futex", None), ("wait", "bare futex"), ("hub", "wait"), ("asyncio", "hub"), ("uvloop", "hub")]
    for way, before in steps:
        if way in rows and (before is None or before in rows):
            half = rows[way]["p50 ns"] / 2000
            added = f", {half - rows[before]['p50 ns'] / 2000:+.1f} to {before}" if before else ""
            alone = rows.get(f"{way}, eventfd")
            beside = f"; the loop takes {alone['p50 ns'] / 2000:.1f} for an eventfd" if alone else ""
            print(f"{way}: {half:.1f}{added}{beside}")
    for target in targets:
        met = "met" if target["met"] else "MISSED"
        print(f"{target['what']}: {target['ratio']:.2f}, target {target['target']}, {met} in this run")
    if options.json:
        print(json.dumps({"notes": notes, "rows": rows, "targets": targets}))


if __name__ == "__main__":
    main()
