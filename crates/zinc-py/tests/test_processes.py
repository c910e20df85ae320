"""Regions across fork, spawn, pickle and users."""

import copy
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import zinc
from zinc import OwnedRegion, SharedRegion

POOL = Path(__file__).with_name("pool.py")


def test_the_lines_of_the_readme_run_without_a_warning(child, monkeypatch):
    monkeypatch.delenv("ZINC_DIR")
    name = f"pipeline-{os.getpid()}"
    writer = child(
        f"""
        from zinc import SharedRegion
        import numpy as np
        model_output = np.arange(16 * 1024 * 1024, dtype=np.float32)

        region = SharedRegion.create("{name}", 64 * 1024 * 1024)
        arr = region.as_numpy(dtype=np.float32)  # zero-copy numpy view
        arr[:] = model_output
        region.notify()

        say()
        hear()
        """,
        flags=("-W", "error"),
    )
    writer.hear()
    with SharedRegion.open(name) as region:
        assert region.wait(1000)
        assert region.as_numpy(dtype=np.float32)[-1] == 16 * 1024 * 1024 - 1
    writer.say()
    assert writer.end() == (0, "")
    with pytest.raises(zinc.NotFoundError):
        SharedRegion.open(name)


def test_the_owners_exit_ends_the_region(child):
    other = child("""
        from zinc import SharedRegion
        region = SharedRegion.create("x", 64)
        say()
        hear()
    """)
    other.hear()
    peer = SharedRegion.open("x")
    other.say()
    assert other.end() == (0, "")
    with pytest.raises(zinc.ClosedError):
        peer.wait()
    with pytest.raises(zinc.NotFoundError):
        SharedRegion.open("x")


def test_a_forked_childs_end_leaves_the_parents_region(child):
    other = child("""
        import os, sys, zinc
        from zinc import SharedRegion
        region = SharedRegion.create("x", 64)
        view = memoryview(region)
        for leave in (os._exit, sys.exit):
            pid = os.fork()
            if pid == 0:
                try:
                    region.unlink()
                except zinc.PermissionDeniedError:
                    view[0] += 1
                region.notify()
                if leave is sys.exit:
                    region.close()
                leave(0)
            assert os.waitpid(pid, 0) == (pid, 0)
        say([view[0], region.sequence, region.wait(0)])
        with SharedRegion.open("x") as peer:
            say(peer.wait(0))
        hear()
    """)
    assert other.hear() == [2, 2, True]
    assert other.hear() is True
    with SharedRegion.open("x") as peer:
        assert peer.wait(0)
        other.say()
        assert other.end() == (0, "")
        with pytest.raises(zinc.ClosedError):
            peer.wait()


def test_a_killed_owner_is_noticed_though_its_forked_child_lives(child):
    other = child("""
        import os, signal
        from zinc import SharedRegion
        region = SharedRegion.create("x", 64)
        if pid := os.fork():
            say(pid)
        signal.pause()
    """)
    survivor = other.hear()
    try:
        peer = SharedRegion.open("x")
        other.kill()
        with pytest.raises(zinc.OwnerDiedError):
            peer.wait()
    finally:
        os.kill(survivor, 9)


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_region_goes_to_a_pool_and_a_process_as_an_argument(method):
    done = subprocess.run([sys.executable, POOL, method], check=False, capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "ok\n"


def test_a_region_is_pickled_as_its_name_and_comes_back_as_a_peer(monkeypatch, directory):
    with SharedRegion.create("x", 64) as owner:
        memoryview(owner)[3] = 9
        data = pickle.dumps(owner)
        monkeypatch.setenv("ZINC_DIR", "/elsewhere")
        for peer in (pickle.loads(data), copy.copy(owner), copy.deepcopy(owner)):
            assert type(peer) is SharedRegion and not hasattr(peer, "unlink")
            assert (peer.name, peer.path, peer.id) == ("x", directory / "zinc.x", owner.id)
            assert memoryview(peer)[3] == 9
            peer.close()
        reader = SharedRegion.open("x", directory=directory, read_only=True, spin_us=7, accept_owner=os.getuid())
        again = pickle.loads(pickle.dumps(reader))
        assert again.read_only
        assert again.__reduce__() == reader.__reduce__()
    with pytest.raises(zinc.NotFoundError):
        pickle.loads(data)
    with (
        SharedRegion.create("x", 64, directory=directory) as other,
        pytest.raises(zinc.NotFoundError, match="another one has its name") as caught,
    ):
        pickle.loads(data)
    assert (caught.value.region, caught.value.operation) == ("x", "open")
    with SharedRegion.create("x", 64, directory=directory) as other:
        assert pickle.loads(pickle.dumps(other)).id == other.id


def test_a_pickled_array_is_a_copy_of_its_data():
    with SharedRegion.create_tensor("x", "int32", 3) as region:
        array = region.as_numpy()
        copies = [pickle.loads(pickle.dumps(array)), copy.deepcopy(array)]
        array[:] = 5
        assert [each.tolist() for each in copies] == [[0, 0, 0]] * 2
        shared = copy.deepcopy(region)
        assert shared.as_numpy().tolist() == [5, 5, 5], "a copied handle is of the same memory"
        shared.close()


def test_a_private_copy_is_private_after_pickling_too(directory):
    with SharedRegion.create("x", 64) as owner:
        private = SharedRegion.open("x", copy_on_write=True)
        for handle in (private, pickle.loads(pickle.dumps(private))):
            view = memoryview(handle)
            assert not view.readonly and not handle.read_only
            view[3] = 9
        assert memoryview(owner)[3] == 0


def test_a_pickled_region_is_found_from_another_working_directory(monkeypatch, directory):
    monkeypatch.chdir(directory.parent)
    with SharedRegion.create("x", 64, directory=directory.name) as owner:
        data = pickle.dumps(owner)
        monkeypatch.chdir("/")
        assert pickle.loads(data).id == owner.id


def test_owner_and_peer_are_types_of_their_own():
    owner = SharedRegion.create("x", 64)
    peer = SharedRegion.open("x")
    assert type(owner) is OwnedRegion and type(peer) is SharedRegion
    for name in ("unlink", "persist", "describe"):
        assert hasattr(owner, name) and not hasattr(peer, name)
    with pytest.raises(TypeError):
        OwnedRegion.unlink(peer)
    with pytest.raises(TypeError):
        type("Sub", (OwnedRegion,), {})


def test_open_or_create_says_who_came_first():
    first = SharedRegion.open_or_create("x", 64)
    second = SharedRegion.open_or_create("x", 64)
    assert type(first) is OwnedRegion and type(second) is SharedRegion
    assert first.id == second.id


def test_a_region_tells_about_itself(directory):
    owner = SharedRegion.create_tensor("x", "float32", (4, 4))
    peer = SharedRegion.open("x", read_only=True)
    assert repr(owner) == '<zinc.OwnedRegion "x": 64 bytes, float32 (4, 4)>'
    assert repr(peer) == '<zinc.SharedRegion "x": 64 bytes, float32 (4, 4), read-only>'
    assert peer.owner_pid == os.getpid() and len(peer.id) == 16 and peer.created.tzinfo is not None
    assert peer.path == directory / "zinc.x"
    [info] = zinc.list()
    for name in ("name", "path", "capacity", "id", "created", "owner_pid"):
        assert getattr(info, name) == getattr(peer, name) == getattr(owner, name)
    assert info.state == "owned"
    assert repr(info) == '<zinc.RegionInfo "x": 64 bytes, owned>'


def test_options_reach_the_region(directory, tmp_path_factory):
    other = directory / "other"
    other.mkdir()
    with SharedRegion.create("x", 64, mode=0o640, directory=other, prefault=True, spin_us=0) as region:
        assert region.path.stat().st_mode & 0o777 == 0o640
        assert zinc.list() == []
        assert [info.name for info in zinc.list(directory=str(other))] == ["x"]
        SharedRegion.open("x", directory=other, prefault=True).close()
    sparse = SharedRegion.create("y", 1 << 40, sparse=True)
    assert sparse.path.stat().st_blocks * 512 < 1 << 20
    memoryview(sparse)[-1] = 1
    with SharedRegion.create("z", 64, persistent=True, directory=other):
        pass
    zinc.remove("z", directory=other)


def test_a_private_region_takes_writes_that_nobody_else_sees():
    owner = SharedRegion.create_tensor("x", "int64", 4)
    private = SharedRegion.open("x", copy_on_write=True)
    assert private.copy_on_write and not private.read_only and not owner.copy_on_write
    for view in (private.as_numpy(), np.asarray(private), np.from_dlpack(private)):
        assert view.flags.writeable
    private.as_numpy()[1] = 7
    assert (owner.as_numpy()[1], private.as_numpy()[1]) == (0, 7)
    assert pickle.loads(pickle.dumps(private)).copy_on_write
    assert "copy-on-write" in repr(private)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_a_group_shares_a_region_whichever_of_its_members_owns_it(child, directory):
    directory.chmod(0o777)
    member = """
        import os
        import zinc
        from zinc import SharedRegion
        os.setgroups([4700])
        os.setgid({id})
        os.setuid({id})
    """
    planter = child(
        member.replace("{id}", "4711")
        + """
        region = SharedRegion.create("shared", 64, mode=0o660, group=4700)
        say(os.stat(os.environ["ZINC_DIR"] + "/zinc.shared").st_gid)
        hear()
    """
    )
    assert planter.hear() == 4700
    opener = child(
        member.replace("{id}", "4712")
        + """
        for options in [{}, {"accept_group": 4701}, {"accept_group": 4700}, {"accept_owner": 4711}]:
            try:
                with SharedRegion.open("shared", **options) as region:
                    region.notify()
                    say(True)
            except zinc.ZincError as error:
                say(type(error).__name__)
    """
    )
    assert [opener.hear() for _ in range(4)] == ["WrongOwnerError", "WrongOwnerError", True, True]


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_another_users_region_needs_to_be_accepted(child, directory):
    directory.chmod(0o777)
    planter = child("""
        import os
        from zinc import SharedRegion
        os.setuid(4711)
        region = SharedRegion.create("planted", 64, mode=0o666)
        readable = SharedRegion.create("readable", 64, mode=0o644)
        say()
        hear()
    """)
    planter.hear()
    opener = child("""
        import os
        import zinc
        from zinc import SharedRegion
        os.setuid(4712)
        def attempt(name, **options):
            try:
                with SharedRegion.open(name, **options) as region:
                    region.notify()
                    return True
            except zinc.ZincError as error:
                return type(error).__name__
        say(attempt("planted"))
        say(attempt("planted", accept_owner=4711))
        say(attempt("readable", accept_owner=4711))
        say(attempt("readable", accept_owner=4711, read_only=True))
        reader = SharedRegion.open("readable", accept_owner=4711, read_only=True)
        say(reader.wait(1))
        say(reader.wait())
    """)
    assert [opener.hear() for _ in range(5)] == [
        "WrongOwnerError",
        True,
        "PermissionDeniedError",
        "PermissionDeniedError",
        False,
    ]
    with SharedRegion.open("readable", accept_owner=4711) as mine:
        mine.notify()
    assert opener.hear() is True


def test_a_second_interpreter_is_refused_and_the_first_goes_on(child):
    other = child("""
        import asyncio
        try:
            import _interpreters as interpreters  # from Python 3.13 on
            legacy = interpreters.create("legacy")
        except ImportError:
            import _xxsubinterpreters as interpreters
            legacy = interpreters.create(isolated=False)
        import zinc
        from zinc import SharedRegion

        region = SharedRegion.create("x", 64)
        for _ in range(2):
            interpreters.run_string(legacy, '''if True:
                try:
                    import zinc
                except ImportError as error:
                    print(error, flush=True)
                else:
                    print("imported", flush=True)
            ''')
        interpreters.destroy(legacy)
        try:
            SharedRegion.open("absent")
        except zinc.NotFoundError as error:
            say(isinstance(error, zinc.ZincError))

        async def main():
            peer = SharedRegion.open("x")
            task = asyncio.create_task(peer.wait_async())
            await asyncio.sleep(0)
            region.notify()
            return await task

        say(asyncio.run(main()))
    """)
    for _ in range(2):
        assert "another interpreter of this process has imported zinc" in other.process.stdout.readline()
    assert other.hear() is True
    assert other.hear() is True
    assert other.end() == (0, "")
