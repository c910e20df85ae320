"""The Python code of the book: chapters include the parts between anchors, and every part is run here."""

import asyncio
import shutil
import tempfile
import threading
import time
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


async def read_async(name):
    """Wait for the region to appear and for what is in it, while the event loop does other things."""
    region = await SharedRegion.open_async(name, timeout=timedelta(seconds=30))
    if not await region.wait_async(timedelta(seconds=5)):
        raise TimeoutError("there is nothing to read after five seconds")
    return bytes(region)


# ANCHOR_END: async


# ANCHOR: ask
def parts(region):
    """The numbers of the last question and of the last answer, the question, and the answer."""
    data = memoryview(region)
    half = (len(data) - 16) // 2
    return data[:16].cast("Q"), data[16 : 16 + half], data[16 + half :]


def ask(region, asked, timeout):
    """Ask the other side, and return its answer."""
    numbers, question, answer = parts(region)
    if numbers[0] != numbers[1]:
        raise RuntimeError("the last question has no answer yet, so it is not this side's turn")
    question[: len(asked)] = asked
    numbers[0] += 1
    region.notify()
    deadline = time.monotonic() + timeout.total_seconds()
    while numbers[0] != numbers[1]:  # the notification may be an older one
        if not region.wait(timedelta(seconds=deadline - time.monotonic())):
            raise TimeoutError("no answer in time, and it may still come: wait on, or give up the region")
    return bytes(answer[: len(asked)])


def answer_all(region, reply):
    """Answer each question, until the owner closes the region. After a restart, answer only what has no answer yet."""
    numbers, question, answer = parts(region)
    for _ in region:
        if numbers[0] != numbers[1]:
            said = reply(bytes(question))
            answer[: len(said)] = said
            numbers[1] = numbers[0]
            region.notify()


# ANCHOR_END: ask


# ANCHOR: serve
def serve(look):
    """Look at the regions of one owner of the name after another; NotFoundError when none comes in time."""
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
    """Return the region, filled: by this call if it is the first, else by the process that was."""
    region = SharedRegion.open_or_create("board", 4096)
    if isinstance(region, OwnedRegion):
        region.as_numpy()[:] = 7
        region.notify()
    elif not region.wait(timedelta(seconds=5)):
        raise TimeoutError("the owner has not filled the region in five seconds")
    return region


# ANCHOR_END: first_come


# ANCHOR: link
def link():
    """Share a table that no reader ever sees unfilled."""
    owner = SharedRegion.create("table", 4096, unlinked=True)
    owner.as_numpy()[:] = 7
    owner.link()
    return owner


def look():
    """A reader may be started first. It waits for the name, and for nothing else."""
    region = SharedRegion.open("table", timeout=timedelta(seconds=30))
    return region.as_numpy()[4095]


# ANCHOR_END: link


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
    if not region.wait(1000):
        raise TimeoutError("nobody has filled the region in a second")
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


def test_read_async_waits_for_the_region_and_for_what_is_in_it():
    async def main():
        reading = asyncio.create_task(read_async("r"))
        await asyncio.sleep(0)
        with SharedRegion.create("r", 4) as owner:
            memoryview(owner)[:] = b"zinc"
            owner.notify()
            assert await reading == b"zinc"

    asyncio.run(main())


def shout(question):
    return question.upper()


@pytest.fixture
def answering():
    """Starts servers that answer on the region until its owner closes it."""
    threads = []

    def start(reply):
        region = SharedRegion.open("r")
        threads.append(threading.Thread(target=answer_all, args=(region, reply)))
        threads[-1].start()
        return region

    with SharedRegion.create("r", 80) as owner:
        yield owner, start
    for thread in threads:
        thread.join()


def test_ask_gets_an_answer(answering):
    owner, start = answering
    start(shout)
    assert ask(owner, b"zinc", timedelta(seconds=60)) == b"ZINC"
    assert ask(owner, b"lead", timedelta(seconds=60)) == b"LEAD"


def test_ask_without_an_answer_is_an_error_and_never_the_question(answering):
    owner, start = answering
    with pytest.raises(TimeoutError):
        ask(owner, b"zinc", timedelta(milliseconds=10))
    with pytest.raises(RuntimeError, match="turn"):
        ask(owner, b"lead", timedelta(milliseconds=10))
    start(shout)
    owner.wait()
    assert bytes(parts(owner)[2][:4]) == b"ZINC", "the late answer is that to the first question"


def test_a_server_that_starts_anew_answers_no_question_twice(answering):
    owner, start = answering
    first = start(shout)
    assert ask(owner, b"zinc", timedelta(seconds=60)) == b"ZINC"
    first.close()
    asked = []
    later = start(lambda question: asked.append(question) or shout(question))
    assert later.wait_past(1, timedelta(seconds=60)) == 2
    assert ask(owner, b"lead", timedelta(seconds=60)) == b"LEAD"
    assert all(question.startswith(b"lead") for question in asked)


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


def test_first_come_does_not_wait_for_ever_for_an_owner_that_fills_nothing(monkeypatch):
    soon = timedelta(milliseconds=5)
    monkeypatch.setattr(f"{__name__}.timedelta", lambda seconds: soon)
    with SharedRegion.create("board", 4096), pytest.raises(TimeoutError):
        first_come()


def test_a_reader_that_waits_for_the_name_finds_it_filled():
    found = []
    reader = threading.Thread(target=lambda: found.append(look()))
    reader.start()
    with link():
        reader.join()
    assert found == [7]


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
