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


@pytest.mark.parametrize("view", [*VIEWS.values(), SharedRegion.as_memoryview], ids=[*VIEWS, "as_memoryview"])
def test_a_view_alone_keeps_its_owner(view):
    kept = view(SharedRegion.create("x", 4096))
    gc.collect()
    with SharedRegion.open("x") as peer:
        memoryview(peer)[7] = 42
        assert kept[7] == 42
        del kept
        gc.collect()
        with pytest.raises(zinc.ClosedError):
            peer.wait()
    with pytest.raises(zinc.NotFoundError):
        SharedRegion.open("x")


def test_an_explicit_close_closes_the_owner_at_once_whatever_views_there_are():
    owner = SharedRegion.create("x", 4096)
    views = [view(owner) for view in VIEWS.values()]
    peer = SharedRegion.open("x")
    owner.close()
    with pytest.raises(zinc.ClosedError):
        peer.wait()
    assert all(view[0] == 0 for view in views)


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
        region.as_memoryview,
        region.__dlpack__,
        region.__enter__,
        lambda: region.owner_alive,
        region.link,
        region.is_named,
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


def test_with_a_closed_region_is_an_error():
    region = SharedRegion.create("x", 64)
    region.close()
    with pytest.raises(zinc.ClosedError, match=r'^with "x": '), region:
        pytest.fail("the body ran")


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


def test_remove_of_what_is_missing_may_be_fine():
    with pytest.raises(zinc.NotFoundError):
        zinc.remove("x")
    zinc.remove("x", missing_ok=True)
    with SharedRegion.create("x", 64), pytest.raises(zinc.PermissionDeniedError):
        zinc.remove("x", missing_ok=True)


def test_replace_takes_away_what_nobody_owns_and_nothing_else():
    SharedRegion.create("x", 64, persistent=True).close()
    reader = SharedRegion.open("x")
    with pytest.raises(zinc.AlreadyExistsError, match="persistent"):
        SharedRegion.create("x", 32)
    with SharedRegion.create("x", 32, replace=True) as owner:
        with pytest.raises(zinc.ClosedError):
            reader.wait()
        assert SharedRegion.open("x").id == owner.id
        for call in (SharedRegion.create, lambda *args, **options: SharedRegion.create_tensor("x", "u1", 8, **options)):
            with pytest.raises(zinc.AlreadyExistsError):
                call("x", 16, replace=True)
        assert owner.is_named()
    assert zinc.list() == []


def test_replace_takes_the_place_of_a_dead_owners_region(child):
    other = child("""
        from zinc import SharedRegion
        region = SharedRegion.create("x", 64)
        say()
        hear()
    """)
    other.hear()
    other.kill()
    assert SharedRegion.create("x", 32, replace=True).capacity == 32


def test_an_unlinked_region_replaces_when_it_is_linked():
    SharedRegion.create_from("x", np.arange(3), persistent=True).close()
    with SharedRegion.create("x", 8, unlinked=True, replace=True) as owner:
        assert SharedRegion.open("x").as_numpy().tolist() == [0, 1, 2]
        owner.link()
        assert SharedRegion.open("x").id == owner.id


def test_a_region_gets_its_name_when_it_is_filled():
    with SharedRegion.create("x", 64, unlinked=True) as owner:
        assert not owner.is_named() and zinc.list() == []
        with pytest.raises(zinc.NotFoundError):
            SharedRegion.open("x")
        memoryview(owner)[:] = bytes([7]) * 64
        owner.link()
        owner.link()
        assert owner.is_named()
        assert bytes(SharedRegion.open("x")) == bytes([7]) * 64
        owner.unlink()
        assert not owner.is_named()
        with pytest.raises(zinc.UnsupportedError, match="lost it"):
            owner.link()


def test_link_over_a_living_owners_name_may_be_tried_again():
    late = SharedRegion.create("x", 64, unlinked=True)
    with SharedRegion.create("x", 32), pytest.raises(zinc.AlreadyExistsError):
        late.link()
    late.link()
    assert SharedRegion.open("x").capacity == 64


def test_an_owner_hears_that_its_name_was_removed(directory):
    owner = SharedRegion.create("x", 64)
    os.unlink(directory / "zinc.x")
    assert not owner.is_named() and owner.owner_alive


def test_a_region_made_from_an_array_is_filled_when_it_is_found(child):
    reader = child("""
        from zinc import SharedRegion
        region = SharedRegion.open("x", timeout=None)
        say([region.wait(0), region.dtype, region.as_numpy().tolist()])
        hear()
    """)
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    with SharedRegion.create_from("x", array.T, mode=0o640) as owner:
        assert reader.hear() == [True, "float32", array.T.tolist()]
        assert owner.path.stat().st_mode & 0o777 == 0o640
        reader.say()
    with SharedRegion.create_from("y", [[1, 2], [3, 4]], unlinked=True) as owner:
        assert (owner.dtype, owner.shape, owner.is_named()) == ("int64", (2, 2), False)
    for wrong in [np.array(["text"]), np.zeros(2, ">f4"), object()]:
        with pytest.raises(TypeError, match="cannot be described"):
            SharedRegion.create_from("z", wrong)
    with SharedRegion.create("z", 1), pytest.raises(zinc.AlreadyExistsError):
        SharedRegion.create_from("z", array)
    assert zinc.list() == []


def test_is_owner_and_owner_alive_follow_the_owners_life(child):
    other = child("""
        import os
        from zinc import SharedRegion
        region = SharedRegion.create("x", 64)
        say([region.is_owner, region.owner_alive])
        reading, writing = os.pipe()
        if os.fork() == 0:
            os.write(writing, bytes([region.is_owner, region.owner_alive]))
            os._exit(0)
        say(list(os.read(reading, 2)))
        hear()
    """)
    assert other.hear() == [True, True]
    assert other.hear() == [False, True], "a forked child's copy owns nothing"
    peer = SharedRegion.open("x")
    assert (peer.is_owner, peer.owner_alive) == (False, True)
    other.kill()
    assert not peer.owner_alive

    closed = SharedRegion.create("y", 64)
    peer = SharedRegion.open("y")
    closed.close()
    assert not closed.is_owner and not peer.owner_alive

    with SharedRegion.create("z", 64) as kept:
        kept.persist()
        assert kept.is_owner, "it may still unlink"
        assert not kept.owner_alive, "a persistent region has no owner"
        kept.unlink()


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
            memoryview(peer)[0, 0]
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
