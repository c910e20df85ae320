"""What waiting leaves behind: nothing on a loop that closes, ends, or is copied by a fork."""

import asyncio
import gc
import os
import threading
import time
import warnings
import weakref
from contextlib import suppress
from pathlib import Path

import pytest
import uvloop
from zinc import SharedRegion
from zinc._asyncio import bell_of

LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture(params=LOOPS)
def new_loop(request):
    return LOOPS[request.param]


@pytest.fixture
def owner():
    with SharedRegion.create("x", 64) as owner:
        yield owner


@pytest.fixture
def peer(owner):
    with SharedRegion.open("x") as peer:
        yield peer


def descriptors():
    """What this process has open. What the listing itself opens is gone when it is asked what it is."""
    found = set()
    for path in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            found.add((path.name, os.readlink(path)))
    return found


def nothing_else_stays_open(before):
    """Returns once just that is open. The thread that rings may be ringing still, and has a bell until it is done."""
    while descriptors() != before:
        time.sleep(0.001)


def test_a_thousand_loops_leave_no_descriptor_and_no_thread(new_loop, owner, peer):
    async def main():
        tasks = [asyncio.create_task(peer.wait_async()) for _ in range(2)]
        await asyncio.sleep(0)
        owner.notify()
        assert await tasks[0]
        await asyncio.create_task(peer.wait_async(1))
        # Goes with the loop, pending.
        tasks.append(asyncio.create_task(peer.wait_async()))
        await asyncio.sleep(0)

    def once():
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(main())

    once()
    gc.collect()
    before = descriptors()
    gc.disable()
    try:
        for _ in range(1000):
            once()
        # The collector is not needed.
        nothing_else_stays_open(before)
    finally:
        gc.enable()
    names = [Path(path, "comm").read_text().strip() for path in Path("/proc/self/task").iterdir()]
    assert names.count("zinc-hub") == 1


def test_a_loop_that_is_closed_with_pending_waits_is_rid_of_its_bell(new_loop, owner, peer):
    before = descriptors()
    loop = new_loop()
    wait = peer.wait_async()

    async def begin():
        # Awaited by nobody, as a task that a closed loop has forgotten.
        wait.send(None)

    loop.run_until_complete(begin())
    loop.close()
    # Later than the loop's end: its waker rings for nobody.
    owner.notify()
    wait.close()
    del loop
    gc.collect()
    nothing_else_stays_open(before)
    assert peer.wait(0)


def test_the_exception_of_a_cancelled_wait_does_not_keep_the_bell(new_loop, peer):
    async def main():
        task = asyncio.create_task(peer.wait_async())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as cancelled:
            await task
        return cancelled, weakref.ref(bell_of(asyncio.get_running_loop()))

    with asyncio.Runner(loop_factory=new_loop) as runner:
        kept, bell = runner.run(main())
        assert bell() is not None
    assert kept.traceback
    assert bell() is None


def test_a_loop_that_is_forgotten_unclosed_takes_its_bell_along(peer):
    # asyncio's own only: a loop of uvloop's that nobody closes stays for ever, with whatever it watches or nothing.
    def forget():
        loop = asyncio.new_event_loop()
        loop.set_exception_handler(lambda *_: None)
        task = loop.create_task(peer.wait_async())
        loop.run_until_complete(asyncio.sleep(0))
        assert not task.done()

    before = descriptors()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        forget()
        gc.collect()
        gc.collect()
    nothing_else_stays_open(before)


def test_loops_that_come_and_go_in_threads_do_not_meet(new_loop, owner):
    def use():
        with SharedRegion.open("x") as region:
            for _ in range(50):
                with asyncio.Runner(loop_factory=new_loop) as runner:
                    assert runner.run(region.wait_async(1)) is False

    before = descriptors()
    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    nothing_else_stays_open(before)


ENDS = {
    "a task of a loop that ends": """
        async def main():
            asyncio.create_task(region.wait_async())
            await asyncio.sleep(0)
            say()
        with runner:
            runner.run(main())
    """,
    "sys.exit": """
        async def main():
            asyncio.create_task(region.wait_async())
            await asyncio.sleep(0)
            say()
            sys.exit(0)
        with runner:
            runner.run(main())
    """,
    "a loop in a daemon thread": """
        import threading
        async def main():
            asyncio.create_task(region.wait_async())
            await asyncio.sleep(0)
            say()
            await asyncio.Event().wait()
        threading.Thread(target=runner.run, args=(main(),), daemon=True).start()
        hear()
    """,
}


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("source", ENDS.values(), ids=ENDS)
def test_a_pending_wait_does_not_keep_the_process_alive(child, owner, source, loop):
    prelude = f"""
        import asyncio, {loop}
        from zinc import SharedRegion
        region = SharedRegion.open("x")
        runner = asyncio.Runner(loop_factory={loop}.new_event_loop)
    """
    other = child(prelude + source)
    other.hear()
    # While it ends, there is something to wake it for.
    other.say()
    owner.notify()
    assert other.end() == (0, "")


@pytest.mark.parametrize("loop", LOOPS)
def test_a_forked_child_waits_on_a_loop_of_its_own_and_the_parent_on(child, owner, loop):
    source = f"""
        import asyncio, os, {loop}
        from zinc import SharedRegion
        region = SharedRegion.open("x")

        def run(coroutine):
            with asyncio.Runner(loop_factory={loop}.new_event_loop) as runner:
                return runner.run(coroutine)

        async def main():
            task = asyncio.create_task(region.wait_async())
            await asyncio.sleep(0)
            ready, begun = os.pipe()
            if (pid := os.fork()) == 0:
                async def copy():
                    task = asyncio.create_task(region.wait_async())
                    await asyncio.sleep(0)
                    os.write(begun, b"!")
                    return await task
                os._exit(0 if run(copy()) else 1)
            os.read(ready, 1)
            say()
            assert await task
            assert os.waitpid(pid, 0)[1] == 0
            # The child's end has taken nothing of the parent's along.
            task = asyncio.create_task(region.wait_async())
            await asyncio.sleep(0)
            say()
            assert await task

        run(main())
        say("done")
    """
    # Newer Pythons warn of any fork beside threads, and the hub has one.
    other = child(source, flags=("-W", "ignore::DeprecationWarning"))
    other.hear()
    owner.notify()
    other.hear()
    owner.notify()
    assert other.hear() == "done"
    assert other.end() == (0, "")
