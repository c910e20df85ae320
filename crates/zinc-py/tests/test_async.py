"""Waiting on event loops: what arrives, what ends a wait, and that cancelling one loses nothing."""

import asyncio
import ctypes
import inspect
import select
import signal
import struct
import threading
import time
from datetime import timedelta

import numpy as np
import pytest
import uvloop
import zinc
from zinc import SharedRegion
from zinc._asyncio import bell_of

# Longer than anything here takes; only a hang meets it.
PATIENCE = 60
LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture(params=LOOPS)
def run(request):
    """`asyncio.run`, on one kind of loop and then on the other."""

    def run(coroutine):
        with asyncio.Runner(loop_factory=LOOPS[request.param]) as runner:
            return runner.run(coroutine)

    return run


@pytest.fixture
def owner():
    with SharedRegion.create("x", 64) as owner:
        yield owner


@pytest.fixture
def peer(owner):
    with SharedRegion.open("x") as peer:
        yield peer


async def begun(coroutine):
    """A task that has begun to wait."""
    task = asyncio.create_task(coroutine)
    await asyncio.sleep(0)
    assert not task.done()
    return task


def until_the_bell_rings():
    """Holds the loop up until there is something for it to hear, which it then has not heard yet."""
    bell = bell_of(asyncio.get_running_loop()).bell
    assert select.select([bell.fileno()], [], [], PATIENCE)[0]
    return bell


def test_a_pending_wait_lets_the_loop_run_and_ends_with_a_notification(run, owner, peer):
    async def main():
        task = await begun(peer.wait_async())
        owner.notify()
        assert await task is True
        assert not peer.wait(0), "taken in, and once"

    run(main())


def test_what_is_there_already_is_given_without_a_turn_of_the_loop(run, owner, peer):
    owner.notify()
    owner.notify()

    async def main():
        with pytest.raises(StopIteration) as returned:
            peer.wait_async().send(None)
        assert returned.value.value is True
        assert await peer.wait_async(0) is False, "both arrived as one"

    run(main())


def test_two_loops_in_two_threads_play_ping_pong(run, owner, peer):
    async def answer():
        async for _ in peer:
            peer.notify()

    async def ask():
        for _ in range(200):
            owner.notify()
            assert await owner.wait_async()
        owner.close()

    thread = threading.Thread(target=run, args=(answer(),))
    thread.start()
    run(ask())
    thread.join()
    assert peer.sequence == 400


@pytest.mark.parametrize("timeout", [20, 20.5, timedelta(milliseconds=20), np.uint8(20)], ids=repr)
def test_a_timeout_is_waited_out_and_counts_from_the_await(run, peer, timeout):
    wait = peer.wait_async(timeout)
    time.sleep(0.02)

    async def main():
        start = time.monotonic()
        assert await wait is False
        assert time.monotonic() - start >= 0.02

    run(main())


@pytest.mark.parametrize("timeout", [0, 0.0, timedelta(0), timedelta(microseconds=-1), timedelta(days=-1)], ids=repr)
def test_a_timeout_of_zero_looks_once(run, owner, peer, timeout):
    async def main():
        assert await peer.wait_async(timeout) is False
        owner.notify()
        assert await peer.wait_async(timeout) is True

    run(main())


def test_timeouts_end_in_their_own_order(run, peer):
    async def main():
        order = []

        async def wait(milliseconds):
            assert await peer.wait_async(milliseconds) is False
            order.append(milliseconds)

        await asyncio.gather(*map(wait, [90, 30, 60]))
        assert order == [30, 60, 90]

    run(main())


@pytest.mark.parametrize("timeout", [2**64 - 1, 1e18, timedelta.max, None], ids=repr)
def test_very_long_timeouts_are_fine(run, owner, peer, timeout):
    async def main():
        task = await begun(peer.wait_async(timeout=timeout))
        owner.notify()
        assert await task

    run(main())


def test_what_is_no_timeout_is_refused_by_the_call(peer):
    for timeout in [-1, -0.5, float("nan"), float("inf")]:
        with pytest.raises(zinc.InvalidArgumentError, match=r'^wait_async "x": timeout is '):
            peer.wait_async(timeout)
    for timeout in [True, "1", [1]]:
        with pytest.raises(TypeError, match="milliseconds, a timedelta or None"):
            peer.wait_async(timeout)


def test_it_is_a_plain_coroutine_and_says_so_when_it_is_forgotten(peer):
    wait = peer.wait_async()
    assert inspect.iscoroutine(wait)
    wait.close()
    with pytest.warns(RuntimeWarning, match=r"'SharedRegion\.wait_async' was never awaited"):
        peer.wait_async()


def test_a_wait_keeps_its_handle(run, owner):
    async def main():
        task = await begun(SharedRegion.open("x").wait_async())
        owner.notify()
        assert await task

    run(main())


def test_all_that_wait_on_a_handle_end_together_and_handles_are_independent(run, owner, peer):
    async def main():
        other = SharedRegion.open("x")
        tasks = [await begun(region.wait_async()) for region in [peer] * 1000 + [other]]
        owner.notify()
        assert await asyncio.gather(*tasks) == [True] * 1001
        own = await begun(peer.wait_async())
        peer.notify()
        assert await other.wait_async(), "whose notification it is not"
        assert not own.done()
        owner.notify()
        assert await own

    run(main())


def test_iteration_gives_each_notification_and_ends_when_the_owner_closes(run, owner, peer):
    seen = []

    async def follow():
        async for sequence in peer:
            assert sequence == len(seen) + 1
            seen.append(memoryview(peer)[0])
            owner_moves.set()

    async def main():
        task = await begun(follow())
        for number in [1, 2, 3]:
            memoryview(owner)[0] = number
            owner.notify()
            await owner_moves.wait()
            owner_moves.clear()
        memoryview(owner)[0] = 4
        owner.notify()
        owner.close()
        await task
        assert seen == [1, 2, 3, 4], "what was notified before the end comes first"
        assert [1 async for _ in peer] == [], "and the end stays the end"

    owner_moves = asyncio.Event()
    run(main())


@pytest.mark.parametrize("by", ["its body", "another task"])
def test_iteration_ends_when_its_handle_is_closed(run, owner, peer, by):
    async def follow():
        async for _ in peer:
            if by == "its body":
                peer.close()

    async def main():
        task = await begun(follow())
        owner.notify() if by == "its body" else peer.close()
        await task

    run(main())


def test_iteration_over_a_handle_that_was_closed_before_is_an_error(run, peer):
    async def main():
        peer.close()
        with pytest.raises(zinc.ClosedError, match=r'^wait "x": this handle was closed'):
            async for _ in peer:
                pass

    run(main())


def test_iterations_share_what_their_handle_has_seen(run, owner, peer):
    async def main():
        owner.notify()
        async for _ in peer:
            break
        task = await begun(anext(aiter(peer)))
        owner.notify()
        assert await task == 2

    run(main())


@pytest.mark.parametrize("which", ["the same handle", "the owner"])
def test_close_ends_pending_waits(run, owner, peer, which):
    async def main():
        tasks = [await begun(peer.wait_async()), await begun(peer.wait_async(10**9))]
        (peer if which == "the same handle" else owner).close()
        for task in tasks:
            with pytest.raises(zinc.ClosedError, match=r'^wait "x": '):
                await task

    run(main())


def test_interrupt_ends_the_pending_waits_of_its_handle_only(run, owner, peer):
    async def main():
        async def follow():
            async for _ in peer:
                pass

        wait, iteration = await begun(peer.wait_async()), await begun(follow())
        other = SharedRegion.open("x")
        untouched = await begun(other.wait_async())
        later = peer.wait_async()
        peer.interrupt()
        for task in (wait, iteration):
            with pytest.raises(zinc.WaitInterruptedError, match='wait "x": this handle was interrupted'):
                await task
        later = await begun(later)
        owner.notify()
        assert await untouched and await later

    run(main())


def test_a_killed_owner_ends_wait_and_iteration(run, child):
    other = child("""
        from zinc import SharedRegion
        region = SharedRegion.create("dies", 64)
        region.notify()
        say()
        hear()
    """)
    other.hear()

    async def main():
        region = SharedRegion.open("dies")
        steps = aiter(region)
        await anext(steps)
        tasks = [await begun(region.wait_async()), await begun(anext(steps))]
        other.kill()
        for task in tasks:
            with pytest.raises(zinc.OwnerDiedError):
                await task

    run(main())


def test_cancelled_waits_take_nothing_in_and_leave_the_next_alone(run, owner, peer):
    async def fails(task):
        await task
        raise ArithmeticError

    async def main():
        task = await begun(peer.wait_async())
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        with pytest.raises(TimeoutError):
            await asyncio.wait_for(peer.wait_async(), 0.01)

        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                async for _ in peer:
                    pass

        with pytest.raises(ExceptionGroup) as raised:
            async with asyncio.TaskGroup() as group:
                waits = [group.create_task(peer.wait_async()) for _ in range(3)]
                group.create_task(fails(asyncio.sleep(0)))
        assert raised.group_contains(ArithmeticError)
        assert all(wait.cancelled() for wait in waits)

        task = await begun(peer.wait_async())
        owner.notify()
        assert await task

    run(main())


@pytest.mark.parametrize("heard", ["later", "between cancel and task", "before"])
def test_a_wait_that_is_cancelled_after_its_wake_up_has_taken_nothing(run, owner, peer, heard):
    async def main():
        # What the loop does of its own accord in its next turn; the task goes on in that turn or in the one after.
        hear = bell_of(asyncio.get_running_loop()).answer
        task = await begun(peer.wait_async())
        owner.notify()
        until_the_bell_rings()
        if heard == "before":
            hear()
        task.cancel()
        if heard == "between cancel and task":
            hear()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await peer.wait_async(0) is True

    run(main())


def test_a_cancelled_wait_is_over_though_its_exception_is_kept(run, owner, peer):
    async def main():
        tasks = [await begun(peer.wait_async()) for _ in range(3)]
        tasks[0].cancel()
        with pytest.raises(asyncio.CancelledError) as kept:
            await tasks[0]
        assert kept.traceback
        owner.notify()
        heard = []
        while len(heard) < 2:
            heard += until_the_bell_rings().answer()
        assert sorted(heard) == sorted(bell_of(asyncio.get_running_loop()).waiting)
        for task in tasks[1:]:
            task.cancel()

    run(main())


def test_whoever_holds_the_interpreter_does_not_hold_up_a_wake_up(run, owner, peer):
    # Unlike select.poll, this call keeps the interpreter for all of its time.
    poll = ctypes.PyDLL(None).poll

    async def main():
        task = await begun(peer.wait_async())
        bell = bell_of(asyncio.get_running_loop()).bell
        readable = ctypes.create_string_buffer(struct.pack("ihh", bell.fileno(), select.POLLIN, 0))
        owner.notify()
        assert poll(readable, 1, PATIENCE * 1000) == 1
        assert await task

    run(main())


def test_one_handle_wakes_loops_in_several_threads(run, owner, peer):
    begin = threading.Barrier(5)
    outcomes = []

    async def main():
        task = await begun(peer.wait_async())
        begin.wait()
        outcomes.append(await task)

    threads = [threading.Thread(target=run, args=(main(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    begin.wait()
    owner.notify()
    for thread in threads:
        thread.join()
    assert outcomes == [True] * 4


def test_every_reader_on_every_loop_ends_with_the_last_that_was_written(run):
    owners = [SharedRegion.create(f"r{number}", 8) for number in range(40)]
    ready = threading.Barrier(5)
    last = {}

    async def follow(name):
        with SharedRegion.open(name) as region:
            view = memoryview(region)
            async for _ in region:
                last[name] = struct.unpack("<Q", view)[0]

    async def main(names):
        tasks = [await begun(follow(name)) for name in names]
        ready.wait()
        await asyncio.gather(*tasks)

    names = [owner.name for owner in owners]
    threads = [threading.Thread(target=run, args=(main(names[part::4]),)) for part in range(4)]
    for thread in threads:
        thread.start()
    ready.wait()
    for number in range(1, 251):
        for owner in owners:
            struct.pack_into("<Q", owner, 0, number)
            owner.notify()
    for owner in owners:
        owner.close()
    for thread in threads:
        thread.join()
    assert last == dict.fromkeys(names, 250)


@pytest.mark.parametrize("loop", LOOPS)
def test_ctrl_c_ends_a_pending_wait_and_leaves_the_region_usable(child, owner, asleep, loop):
    other = child(f"""
        import asyncio, {loop}
        from zinc import SharedRegion
        region = SharedRegion.open("x")
        with asyncio.Runner(loop_factory={loop}.new_event_loop) as runner:
            try:
                runner.run(region.wait_async())
            except KeyboardInterrupt:
                say("interrupted")
            runner.run(region.wait_async())
            say("notified")
    """)
    asleep("x")
    other.signal(signal.SIGINT)
    assert other.hear() == "interrupted"
    owner.notify()
    assert other.hear() == "notified"
    assert other.end() == (0, "")


def test_an_open_is_awaited_while_the_loop_runs(run):
    async def main():
        task = await begun(SharedRegion.open_async("later", timeout=None))
        with SharedRegion.create("later", 64) as owner:
            region = await task
            assert type(region) is SharedRegion and region.id == owner.id
            owner.notify()
            assert await region.wait_async()

    run(main())


def test_an_open_of_what_is_there_takes_no_turn_of_the_loop(run, owner):
    async def main():
        with pytest.raises(StopIteration) as returned:
            SharedRegion.open_async("x", read_only=True).send(None)
        assert returned.value.value.read_only and returned.value.value.id == owner.id

    run(main())


def test_an_open_counts_its_time_from_the_await_and_says_how_long_it_was(run):
    opening = SharedRegion.open_async("never", timeout=20)
    time.sleep(0.02)

    async def main():
        start = time.monotonic()
        with pytest.raises(zinc.NotFoundError, match=r'^open "never": no region .* none appeared within 20 ms; '):
            await opening
        assert time.monotonic() - start >= 0.02
        with pytest.raises(zinc.NotFoundError, match="create it first"):
            await SharedRegion.open_async("never")

    run(main())


def test_what_no_open_can_be_is_refused_by_the_call(run):
    with pytest.raises(zinc.InvalidArgumentError, match=r'^open_async "x": timeout is -1'):
        SharedRegion.open_async("x", timeout=-1)
    with pytest.raises(TypeError, match="patience"):
        SharedRegion.open_async("x", patience=1)

    async def main():
        with pytest.raises(zinc.InvalidNameError):
            await SharedRegion.open_async("a/b")

    run(main())


def test_a_cancelled_open_ends_at_once_and_opens_nothing(run, mappings):
    async def main():
        task = await begun(SharedRegion.open_async("later", timeout=None))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(SharedRegion.open_async("later", timeout=None), 0.01)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await SharedRegion.open_async("later", timeout=timedelta(days=1))

        late = await begun(SharedRegion.open_async("later", timeout=None))
        with SharedRegion.create("later", 64):
            until_the_bell_rings()
            late.cancel()
            with pytest.raises(asyncio.CancelledError):
                await late
            assert mappings() == 1, "the owner's"

    run(main())


def test_opens_and_waits_share_a_loop_and_none_disturbs_another(run, owner, peer):
    async def main():
        names = [f"r{number}" for number in range(50)]
        opens = [asyncio.create_task(SharedRegion.open_async(name, timeout=None)) for name in names]
        wait = await begun(peer.wait_async())
        owners = [SharedRegion.create(name, 64) for name in reversed(names)]
        regions = await asyncio.gather(*opens)
        assert [region.name for region in regions] == names
        assert not wait.done()
        owner.notify()
        assert await wait
        del owners

    run(main())
