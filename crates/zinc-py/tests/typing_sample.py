"""Typical code, which mypy --strict must take as it stands. Never run."""

import asyncio
import pickle
from datetime import timedelta
from typing import Any, assert_type

import numpy as np
import numpy.typing as npt
import zinc
from zinc import OwnedRegion, RegionInfo, SharedRegion, ZincError


def writer(model_output: npt.NDArray[np.float32]) -> None:
    region = SharedRegion.create("pipeline", 64 * 1024 * 1024)
    assert_type(region, OwnedRegion)
    arr = region.as_numpy(dtype=np.float32)
    assert_type(arr, npt.NDArray[np.float32])
    arr[:] = model_output
    region.notify()
    region.persist()
    region.unlink()


def reader() -> None:
    with SharedRegion.open("pipeline", timeout=timedelta(seconds=5), read_only=True) as region:
        assert_type(region, SharedRegion)
        assert_type(region.wait(), bool)
        assert_type(region.wait(1000), bool)
        assert_type(region.wait(0.5), bool)
        assert_type(region.wait_past(region.sequence, None), int | None)
        assert_type(region.as_numpy(), npt.NDArray[Any])
        assert_type(region.as_numpy("float32", (2, 3), offset=8), npt.NDArray[Any])
        assert_type(region.dtype, str | None)
        assert_type(region.shape, tuple[int, ...] | None)
        assert_type(memoryview(region)[0], int)
        np.frombuffer(memoryview(region), np.uint8)
        np.from_dlpack(region)
        bytes(region)
        pickle.dumps(region)
        region.unlink()  # type: ignore[attr-defined]


async def follow() -> None:
    region = SharedRegion.open("pipeline")
    assert_type(await region.wait_async(), bool)
    assert_type(await region.wait_async(timedelta(seconds=5)), bool)
    assert_type(await asyncio.wait_for(region.wait_async(0.5), 1), bool)
    assert_type(asyncio.create_task(region.wait_async()), asyncio.Task[bool])
    async with asyncio.TaskGroup() as group:
        assert_type(group.create_task(region.wait_async(1000)), asyncio.Task[bool])
    async for sequence in region:
        assert_type(sequence, int)
    for sequence in region:
        assert_type(sequence, int)
    assert_type(await SharedRegion.open_async("pipeline", timeout=timedelta(seconds=5)), SharedRegion)
    assert_type(asyncio.create_task(SharedRegion.open_async("pipeline")), asyncio.Task[SharedRegion])


def tensors(frame: npt.NDArray[np.uint8]) -> None:
    with SharedRegion.create_tensor("frame", frame.dtype, frame.shape, mode=0o640) as region:
        assert_type(region, OwnedRegion)
        region.describe(np.int16, 7)
        assert_type(region.as_memoryview()[0], int)
        assert_type(region.is_named(), bool)
    with SharedRegion.create_from("frame", frame, replace=True, unlinked=True) as region:
        assert_type(region, OwnedRegion)
        region.link()
        assert_type(region.is_owner, bool)
        assert_type(region.owner_alive, bool)
    zinc.remove("frame", missing_ok=True)
    first = SharedRegion.open_or_create("board", 4096)
    if isinstance(first, OwnedRegion):
        first.unlink()


def errors() -> list[RegionInfo]:
    try:
        return zinc.list(directory="/dev/shm")
    except FileNotFoundError:
        return []
    except ZincError as error:
        assert_type(error.code, int)
        assert_type(error.region, str | None)
        raise


def wrong() -> None:
    SharedRegion.open("x").wait("1")  # type: ignore[arg-type]
    SharedRegion.open("x").wait_async()  # type: ignore[unused-coroutine]
    SharedRegion.create("x", 64, True)  # type: ignore[call-arg]
