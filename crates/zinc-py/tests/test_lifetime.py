"""Views outlive handles, handles end when told to, and nothing is left behind."""

import gc
import os
import struct
import threading
import weakref

import numpy as np
import pytest
import zinc
from zinc import OwnedRegion, SharedRegion

VIEWS = {
    "memoryview": memoryview,
    "as_numpy": lambda region: region.as_numpy(),
    "frombuffer": lambda region: np.frombuffer(region, np.uint8),
    "from_dlpack": np.from_dlpack,
    "slice of an array": lambda region: region.as_numpy()[:100],
}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_a_view_outlives_close_and_handle(view, mappings):
    owner = SharedRegion.create("x", 4096)
    other = SharedRegion.open("x")
    theirs = memoryview(other)
    kept = view(owner)
    owner.close()
    del owner
    gc.collect()
    kept[7] = 42
    assert theirs[7] == 42, "still the same memory"
    theirs[8] = 43
    assert kept[8] == 43

    other.close()
    theirs.release()
    del kept
    gc.collect()
    assert mappings() == 0, "the last view takes the mapping along"


def test_close_with_live_views_raises_nothing_and_closes():
    region = SharedRegion.create("x", 4096)
    views = [view(region) for view in VIEWS.values()]
    region.close()
    assert region.closed
    with pytest.raises(zinc.NotFoundError):
        SharedRegion.open("x")
    assert all(view[0] == 0 for view in views)


def test_close_without_views_gives_the_memory_back(mappings):
    region = SharedRegion.create("x", 4096)
    assert mappings() > 0
    region.close()
    assert mappings() == 0


def test_a_closed_handle_says_so_and_close_is_idempotent():
    region = SharedRegion.create("x", 4096)
    region.close()
    region.close()
    assert region.closed
    for use in [
        region.notify,
        lambda: region.wait(0),
        lambda: region.wait_past(0, 0),
        lambda: region.sequence,
        lambda: region.dtype,
        lambda: region.shape,
        lambda: memoryview(region),
        lambda: np.frombuffer(region, np.uint8),
        region.as_numpy,
        region.__dlpack__,
        region.unlink,
        region.persist,
        lambda: region.describe("uint8", 1),
    ]:
        with pytest.raises(zinc.ClosedError):
            use()
    assert (region.name, region.capacity, len(region)) == ("x", 4096, 4096)
    assert repr(region) == '<zinc.OwnedRegion "x": 4096 bytes, closed>'


def test_with_closes_also_after_an_exception():
    with SharedRegion.create("x", 64) as region:
        assert isinstance(region, OwnedRegion)
    assert region.closed
    with pytest.raises(ZeroDivisionError), SharedRegion.create("x", 64) as region:
        1 / 0  # noqa: B018
    assert region.closed


def test_the_owners_close_takes_the_name_and_a_dropped_owner_too():
    for end in (SharedRegion.close, lambda region: None):
        region = SharedRegion.create("x", 64)
        end(region)
        del region
        gc.collect()
        with pytest.raises(zinc.NotFoundError):
            SharedRegion.open("x")


def test_a_peers_close_leaves_the_region():
    owner = SharedRegion.create("x", 64)
    SharedRegion.open("x").close()
    SharedRegion.open("x").close()
    owner.notify()


def test_unlink_frees_the_name_and_leaves_the_memory():
    owner = SharedRegion.create("x", 64)
    peer = SharedRegion.open("x")
    owner.unlink()
    with pytest.raises(zinc.NotFoundError):
        SharedRegion.open("x")
    owner.notify()
    assert peer.wait(0)


def test_a_persistent_region_outlives_its_owner():
    owner = SharedRegion.create("x", 64)
    memoryview(owner)[0] = 7
    owner.persist()
    owner.close()
    with SharedRegion.open("x") as peer:
        assert memoryview(peer)[0] == 7
    with SharedRegion.create("y", 64, persistent=True):
        pass
    assert [(found.name, found.state) for found in zinc.list()] == [("x", "persistent"), ("y", "persistent")]
    zinc.remove("x")
    zinc.remove("y")
    assert zinc.list() == []


def test_views_taken_while_another_thread_closes_are_whole_or_refused():
    for _ in range(50):
        region = SharedRegion.create("x", 4096)
        start = threading.Barrier(2)
        problems = []

        def take(region=region, start=start, problems=problems):
            start.wait()
            try:
                while True:
                    view = memoryview(region)
                    struct.pack_into("<Q", view, 8, 1)
                    if struct.unpack_from("<Q", view, 8) != (1,):
                        problems.append(bytes(view))
            except zinc.ClosedError:
                pass

        thread = threading.Thread(target=take)
        thread.start()
        start.wait()
        region.close()
        thread.join()
        assert problems == []


def test_a_thousand_regions_leave_no_descriptor_and_no_mapping(mappings, directory):
    def cycle():
        with SharedRegion.create_tensor("x", "float32", (8, 8)) as owner, SharedRegion.open("x") as peer:
            owner.as_numpy()[:] = 1
            owner.notify()
            assert peer.wait(0)
            np.from_dlpack(peer)[0, 0]
            peer.__dlpack__()
            memoryview(peer)[0]
            assert not peer.wait(0)

    def held():
        gc.collect()
        return len(os.listdir("/proc/self/fd")), mappings()

    cycle()
    before = held()
    for _ in range(1000):
        cycle()
    assert held() == before
    assert os.listdir(directory) == []


def test_a_handle_can_be_referred_to_weakly():
    region = SharedRegion.create("x", 64)
    reference = weakref.ref(region)
    assert reference() is region
    del region
    gc.collect()
    assert reference() is None
