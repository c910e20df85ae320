"""The Python code of the book: chapters include the parts between anchors, and every part is run here."""

import asyncio
import shutil
import tempfile
import threading
from datetime import timedelta

import numpy as np
import pytest
import zinc
from zinc import OwnedRegion, SharedRegion


# ANCHOR: follow
def follow(region, look):
    """Look each time there is something new, until the owner closes the region."""
    while True:
        try:
            if region.wait(timedelta(seconds=5)):
                look()
            else:
                print("nothing new for five seconds")
        except zinc.ClosedError:
            return


# ANCHOR_END: follow


# ANCHOR: async
async def follow_async(region, look):
    """Look each time there is something new, without a thread of its own, until the owner closes the region."""
    async for _ in region:
        look()


async def ask_async(region, question):
    """Put a question into the region and wait for the answer, while the event loop does other things."""
    memoryview(region)[: len(question)] = question
    region.notify()
    return await region.wait_async(1000)


# ANCHOR_END: async


# ANCHOR: ask
def ask(region, question):
    """Put a question into the region and wait for the answer, which comes in the same bytes."""
    memoryview(region)[: len(question)] = question
    region.notify()
    return region.wait(1000)


# ANCHOR_END: ask


# ANCHOR: serve
def serve(look):
    """Serve one owner of the name after another, until none comes in time."""
    while True:
        with SharedRegion.open("pipeline", timeout=1000) as region:
            try:
                while region.wait():
                    look(region)
            except (zinc.ClosedError, zinc.OwnerDiedError):
                pass


# ANCHOR_END: serve


# ANCHOR: first_come
def first_come():
    """Give the region, filled: by this call if it is the first, else by whoever was."""
    region = SharedRegion.open_or_create("board", 4096)
    if isinstance(region, OwnedRegion):
        region.as_numpy()[:] = 7
        region.notify()
    else:
        region.wait()
    return region


# ANCHOR_END: first_come


# ANCHOR: persist
def persist():
    """Leave a region behind, and take it away by its name."""
    with SharedRegion.create("cache", 4096) as owner:
        owner.persist()

    region = SharedRegion.open("cache")  # still there; nobody owns it
    zinc.remove("cache")
    with pytest.raises(zinc.ClosedError):
        region.wait()


# ANCHOR_END: persist


# ANCHOR: tensor
def tensor():
    """Share a matrix; whoever opens it learns its type and shape from the region."""
    owner = SharedRegion.create_tensor("weights", "float32", (3, 4))
    owner.as_numpy()[:] = 0.5
    owner.notify()

    # In another process, written in whatever language:
    region = SharedRegion.open("weights", read_only=True)
    region.wait(1000)
    weights = region.as_numpy()
    assert (weights.dtype, weights.shape) == (np.float32, (3, 4))
    assert weights.sum() == 6
    assert np.from_dlpack(region).sum() == 6  # so can other libraries' from_dlpack


# ANCHOR_END: tensor


# ANCHOR: describe
def put(region, array):
    """Fill a region with an array of any shape that fits, and say what it is."""
    region.describe(array.dtype, array.shape)
    region.as_numpy()[...] = array
    region.notify()


# ANCHOR_END: describe


# ANCHOR: part
def part():
    """Lay out several arrays in one region by hand."""
    region = SharedRegion.create("pair", 8192)
    numbers = region.as_numpy("int64", shape=(100,))
    image = region.as_numpy("uint8", shape=(64, 64), offset=4096)
    return numbers, image


# ANCHOR_END: part


@pytest.fixture(autouse=True)
def place(monkeypatch):
    path = tempfile.mkdtemp(prefix="zinc-book-", dir="/dev/shm")
    monkeypatch.setenv("ZINC_DIR", path)
    yield
    shutil.rmtree(path)


def test_follow_looks_until_the_owner_closes():
    owner = SharedRegion.create("r", 1)
    owner.notify()
    looks = []

    def look():
        looks.append(None)
        owner.notify() if len(looks) < 3 else owner.close()

    follow(SharedRegion.open("r"), look)
    assert len(looks) == 3


def test_follow_async_looks_until_the_owner_closes():
    owner = SharedRegion.create("r", 1)
    owner.notify()
    looks = []

    def look():
        looks.append(None)
        owner.notify() if len(looks) < 3 else owner.close()

    asyncio.run(follow_async(SharedRegion.open("r"), look))
    assert len(looks) == 3


def test_ask_async_and_its_answer_take_turns_on_one_loop():
    async def answer(owner):
        await owner.wait_async()
        memoryview(owner)[:] = bytes(owner).upper()
        owner.notify()

    async def main():
        owner = SharedRegion.create("r", 16)
        region = SharedRegion.open("r")
        answered, _ = await asyncio.gather(ask_async(region, b"zinc"), answer(owner))
        assert answered
        assert bytes(region)[:4] == b"ZINC"

    asyncio.run(main())


def test_ask_gets_an_answer_in_the_same_bytes():
    owner = SharedRegion.create("r", 16)
    region = SharedRegion.open("r")

    def answer():
        owner.wait()
        memoryview(owner)[:] = bytes(owner).upper()
        owner.notify()

    thread = threading.Thread(target=answer)
    thread.start()
    assert ask(region, b"zinc")
    thread.join()
    assert bytes(region)[:4] == b"ZINC"


def test_serve_goes_from_owner_to_owner():
    def owner(value):
        region = SharedRegion.create("pipeline", 1)
        memoryview(region)[0] = value
        region.notify()
        return region

    current = [owner(1)]
    seen = []

    def look(region):
        seen.append(bytes(region)[0])
        current.pop().close()
        if len(seen) < 3:
            current.append(owner(len(seen) + 1))

    with pytest.raises(zinc.NotFoundError):
        serve(look)
    assert seen == [1, 2, 3]


def test_first_come_is_filled_once():
    first, second = first_come(), first_come()
    assert isinstance(first, OwnedRegion)
    assert not isinstance(second, OwnedRegion)
    assert bytes(first) == bytes(second) == bytes([7]) * 4096


def test_persist():
    persist()
    assert zinc.list() == []


def test_tensor():
    tensor()


def test_put_describes_each_content_anew():
    owner = SharedRegion.create("batch", 1 << 20)
    for shape in [(16, 128), (9, 128), ()]:
        put(owner, np.full(shape, 3, np.int64))
        array = SharedRegion.open("batch").as_numpy()
        assert array.shape == shape
        assert (array == 3).all()


def test_parts_do_not_overlap_and_outlive_the_handle():
    numbers, image = part()
    numbers[:] = 1
    image[:] = 2
    assert numbers.sum() == 100
    assert image.sum() == 2 * 64 * 64
