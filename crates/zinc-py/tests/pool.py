"""Passes a region to a pool and to a process by one of multiprocessing's start methods; prints "ok"."""

import multiprocessing
import os
import sys

import numpy as np
import zinc
from zinc import OwnedRegion, SharedRegion


def fill(region, row):
    # A region that was pickled on its way here is a peer's handle.
    assert type(region) is SharedRegion
    region.as_numpy()[row] = row
    region.notify()
    return os.getpid()


def answer(region, inherited):
    # A forked process has the very object; its end must not end the region.
    assert isinstance(region, OwnedRegion) == inherited
    region.wait()
    region.as_numpy()[0] = 42
    region.notify()


def fail(region):
    SharedRegion.open("absent", directory=region.path.parent)


def main(method):
    context = multiprocessing.get_context(method)
    with SharedRegion.create_tensor("shared", "int64", (8, 100)) as region:
        with context.Pool(2) as pool:
            pids = pool.starmap(fill, [(region, row) for row in range(8)])
            errors = []
            pool.apply_async(fail, (region,), error_callback=errors.append).wait()
            [error] = errors
            assert type(error) is zinc.NotFoundError
            assert (error.region, error.code, error.errno) == ("absent", -4, 2)
        assert os.getpid() not in pids
        assert np.array_equal(region.as_numpy(), np.repeat(np.arange(8), 100).reshape(8, 100))
        assert region.sequence == 8
        assert region.wait(0)

        process = context.Process(target=answer, args=(region, method == "fork"))
        process.start()
        region.notify()
        assert region.wait()
        assert region.as_numpy()[0, 0] == 42
        process.join()
        assert process.exitcode == 0
        SharedRegion.open("shared").close()
    print("ok")


if __name__ == "__main__":
    main(sys.argv[1])
