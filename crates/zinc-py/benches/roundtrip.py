"""A round trip between two Python processes: notify, wait for the answer.

    python roundtrip.py [--json] [--limit NANOSECONDS] [--rounds N] [--batches N]

Both processes are pinned, each to a core of its own. The target is a p50 of at most 3.5 times the bare limit: two
Rust processes that each store to a cache line on which the other spins. The limit is measured in the same run, by
the bench roundtrip of crates/zinc through cargo, unless it is given. With --json, everything comes once more as JSON,
on the last line.

How one round trip is measured, though reading the clock in Python takes about as long as half of one: the clock is
read once for each, right after `notify`, while the other process takes the notification in and answers. So the
reading is not on the way of the round trip, and the difference of two readings is one round trip. As a check, batches
of 100 round trips with the clock read only at their ends are run in between; the p50 of their averages stands beside.
"""

import argparse
import gc
import json
import os
import statistics
import subprocess
import sys
from itertools import pairwise, repeat
from pathlib import Path
from time import perf_counter_ns

from zinc import SharedRegion

TARGET = 3.5
PERCENTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99.9": 0.999}
ROOT = Path(__file__).parents[3]
LIMIT_BENCH = ["cargo", "bench", "--quiet", "--package", "zinc", "--bench", "roundtrip", "--", "--json"]
LIMIT_ROW = "cache line"
BATCH = 100


def answer(name, core):
    """The other process: answers until the region closes."""
    os.sched_setaffinity(0, {core})
    gc.disable()
    region = SharedRegion.open(name)
    wait, notify = region.wait, region.notify
    notify()
    try:
        while True:
            wait()
            notify()
    except ValueError:  # closed
        pass


def single(wait, notify, trips):
    times = []
    add, now = times.append, perf_counter_ns
    for _ in repeat(None, trips + 1):
        notify()
        add(now())
        wait(1000)
    return sorted(after - before for before, after in pairwise(times))


def batched(wait, notify, trips):
    times = [perf_counter_ns()]
    for _ in repeat(None, trips // BATCH):
        for _ in repeat(None, BATCH):
            notify()
            wait(1000)
        times.append(perf_counter_ns())
    return statistics.median(after - before for before, after in pairwise(times)) / BATCH


def measure(rounds, trips):
    """Each percentile, and the p50 of the batches' averages, in nanoseconds: the median over the rounds."""
    here, there = two_cores()
    name = f"bench-{os.getpid()}"
    found = []
    with SharedRegion.create(name, 4096) as region:
        other = subprocess.Popen([sys.executable, __file__, "--answer", name, str(there)])
        os.sched_setaffinity(0, {here})
        gc.disable()
        if not region.wait(60_000):
            sys.exit("the other process did not start")
        batched(region.wait, region.notify, trips)  # to warm up
        for _ in range(rounds):
            sample = single(region.wait, region.notify, trips)
            round_ = {f"{what} ns": sample[int(share * (len(sample) - 1))] for what, share in PERCENTILES.items()}
            found.append(round_ | {"p50 of batches ns": batched(region.wait, region.notify, trips)})
        made = trips + rounds * (trips + 1 + trips)
        if region.sequence != 1 + 2 * made:
            sys.exit(f"{made} round trips made {region.sequence} notifications")
    other.wait(60)
    gc.enable()
    return {what: statistics.median(round_[what] for round_ in found) for what in found[0]}


def two_cores():
    """The first processor that this process may use, and the first on another core."""

    def core(cpu):
        siblings = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
        return siblings.read_text() if siblings.exists() else cpu

    first, *others = sorted(os.sched_getaffinity(0))
    for other in others:
        if core(other) != core(first):
            return first, other
    sys.exit("two processes want two cores, and this machine gives one")


def bare_limit(limit=LIMIT_ROW):
    """The percentiles of a limit's round trip in Rust, or why they are not known."""
    try:
        done = subprocess.run(LIMIT_BENCH, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        return None, f"the bare limit is not known ({error}); give --limit"
    return json.loads(done.stdout.splitlines()[-1])["rows"][limit], None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print everything as JSON on the last line too")
    parser.add_argument("--limit", type=float, help="the bare limit's p50 in nanoseconds, if it is known")
    parser.add_argument("--rounds", type=int, default=20, help="how many times to measure (default: %(default)s)")
    parser.add_argument("--batches", type=int, default=1000, help=f"{BATCH} round trips of each (default: %(default)s)")
    parser.add_argument("--answer", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.answer:
        name, core = options.answer
        answer(name, int(core))
        return

    notes = [f"load before: {' '.join(map(str, os.getloadavg()))}"]
    limit, problem = ({"p50 ns": options.limit}, None) if options.limit else bare_limit()
    notes += [problem] if problem else []
    row = measure(options.rounds, BATCH * options.batches)
    rows, targets = {"Python to Python": row}, []
    if limit:
        rows["bare limit"] = limit
        ratio = row["p50 ns"] / limit["p50 ns"]
        what = "Python to Python p50 to the bare limit's"
        targets.append({"what": what, "ratio": ratio, "target": TARGET, "met": ratio <= TARGET})

    for note in notes:
        print(note)
    for name, values in rows.items():
        print(f"{name}: " + ", ".join(f"{what} {value:.0f}" for what, value in values.items()))
    for target in targets:
        met = "met" if target["met"] else "MISSED"
        print(f"{target['what']}: {target['ratio']:.2f}, target {target['target']}, {met} in this run")
    if options.json:
        print(json.dumps({"notes": notes, "rows": rows, "targets": targets}))


if __name__ == "__main__":
    main()
