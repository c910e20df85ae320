"""Notify and wait: what arrives, when a wait ends, and that a sleeping wait holds nothing up."""

import signal
import threading
import time
from datetime import timedelta

import numpy as np
import pytest
import zinc
from zinc import SharedRegion


@pytest.fixture
def owner():
    with SharedRegion.create("x", 64) as owner:
        yield owner


@pytest.fixture
def peer(owner):
    with SharedRegion.open("x") as peer:
        yield peer


@pytest.fixture
def waiting():
    """Runs a call on a thread; `result()` of it gives what it returned or raises what it raised."""
    threads = []

    class Waiting(threading.Thread):
        def __init__(self, call, *args):
            super().__init__(daemon=True)
            self.call, self.args = call, args
            self.start()
            threads.append(self)

        def run(self):
            try:
                self.outcome = self.call(*self.args), None
            except BaseException as error:  # noqa: BLE001
                self.outcome = None, error

        def result(self):
            self.join()
            value, error = self.outcome
            if error:
                raise error
            return value

    yield Waiting
    for thread in threads:
        thread.join()


def test_a_notification_is_taken_in_once_and_several_arrive_as_one(owner, peer):
    assert not peer.wait(0)
    owner.notify()
    owner.notify()
    assert peer.wait()
    assert not peer.wait(0)
    assert (owner.sequence, peer.sequence) == (2, 2)


def test_a_reader_that_opens_late_returns_at_once(owner):
    owner.notify()
    assert SharedRegion.open("x").wait()


def test_ones_own_notification_does_not_end_ones_own_wait(owner, peer):
    owner.notify()
    assert not owner.wait(0)
    peer.notify()
    assert owner.wait(0)


def test_two_handles_play_ping_pong(owner, peer):
    for _ in range(100):
        owner.notify()
        assert peer.wait()
        peer.notify()
        assert owner.wait()
    assert owner.sequence == 200


def test_wait_past_keeps_its_own_count(owner, peer):
    assert peer.wait_past(0, 0) is None
    owner.notify()
    peer.notify()
    assert peer.wait_past(0) == 2, "its own counts too"
    assert peer.wait_past(1, timeout=1000) == 2
    assert peer.wait_past(2, 0) is None
    assert peer.wait(0), "what wait has seen is not touched"


@pytest.mark.parametrize(
    "timeout",
    [0, 0.0, timedelta(0), np.int64(0), np.float64(0), timedelta(microseconds=-1), timedelta(days=-9), timedelta.min],
    ids=repr,
)
def test_a_timeout_of_zero_looks_once(peer, owner, timeout):
    assert peer.wait(timeout) is False
    owner.notify()
    assert peer.wait(timeout) is True


@pytest.mark.parametrize("timeout", [20, 20.5, timedelta(milliseconds=20), np.uint8(20)], ids=repr)
def test_a_timeout_is_waited_out(peer, timeout):
    start = time.monotonic()
    assert peer.wait(timeout) is False
    assert time.monotonic() - start >= 0.02


def test_very_long_timeouts_are_fine(owner, peer):
    for timeout in [2**63, 2**64 - 1, 1e18, timedelta.max]:
        owner.notify()
        assert peer.wait(timeout)
        assert peer.wait_past(0, timeout)


@pytest.mark.parametrize("call", [SharedRegion.wait, lambda region, timeout: region.wait_past(0, timeout)])
@pytest.mark.parametrize(
    "timeout", [-1, -(2**70), -0.5, float("nan"), float("inf"), float("-inf"), np.int64(-3)], ids=repr
)
def test_a_bare_number_that_is_no_time_is_an_invalid_argument(peer, call, timeout):
    for attempt in [lambda: call(peer, timeout), lambda: SharedRegion.open("x", timeout=timeout)]:
        with pytest.raises(zinc.InvalidArgumentError, match=r'^\w+ "x": timeout is .*milliseconds.*None for ever'):
            attempt()


@pytest.mark.parametrize("timeout", [True, False, "1", b"", [1], 1j, np.timedelta64(1, "s"), np.True_], ids=repr)
def test_what_is_no_timeout_is_a_type_error(peer, timeout):
    with pytest.raises(TypeError, match="milliseconds, a timedelta or None"):
        peer.wait(timeout)


def test_impossible_sequences_are_refused(peer):
    with pytest.raises(zinc.InvalidArgumentError):
        peer.wait_past(-1, 0)
    with pytest.raises(OverflowError):
        peer.wait_past(2**64, 0)
    with pytest.raises(TypeError):
        peer.wait_past("1", 0)


def test_iteration_gives_the_sequence_and_ends_when_the_owner_closes(owner, peer, asleep, waiting):
    seen = []

    def follow():
        for sequence in peer:
            seen.append((sequence, memoryview(peer)[0]))
            stepped.set()

    stepped = threading.Event()
    thread = waiting(follow)
    for number in [1, 2, 3]:
        memoryview(owner)[0] = number
        owner.notify()
        stepped.wait()
        stepped.clear()
    owner.close()
    thread.result()
    assert seen == [(1, 1), (2, 2), (3, 3)]
    assert list(peer) == [], "and the end stays the end"


def test_iteration_gives_every_sequence_once_however_fast_they_come(child, owner):
    other = child("""
        from zinc import SharedRegion
        region = SharedRegion.open("x")
        say()
        steps = list(region)
        say(steps == sorted(set(steps)) and steps[-1] == 20000)
    """)
    other.hear()
    for _ in range(20_000):
        owner.notify()
    owner.close()
    assert other.hear() is True


def test_iteration_ends_when_its_handle_is_closed_and_is_an_error_afterwards(owner, peer):
    owner.notify()
    for sequence in peer:
        assert sequence == 1
        peer.close()
    with pytest.raises(zinc.ClosedError):
        next(iter(peer))


def test_iteration_raises_what_else_ends_a_wait(peer, asleep, waiting):
    thread = waiting(list, peer)
    asleep("x")
    while thread.is_alive():
        peer.interrupt()
    with pytest.raises(zinc.WaitInterruptedError):
        thread.result()


def test_other_threads_run_while_one_sleeps(owner, peer, asleep, waiting):
    thread = waiting(peer.wait)
    asleep("x")
    # This thread gets here, and notifies, only if the sleeper has given up the interpreter.
    owner.notify()
    assert thread.result() is True


def test_a_waiting_open_lets_other_threads_run(waiting):
    thread = waiting(lambda: SharedRegion.open("later", timeout=None).name)
    with SharedRegion.create("later", 64):
        assert thread.result() == "later"


def test_open_waits_as_long_as_told():
    start = time.monotonic()
    with pytest.raises(zinc.NotFoundError):
        SharedRegion.open("never", timeout=timedelta(milliseconds=30))
    assert time.monotonic() - start >= 0.03


def test_interrupt_ends_a_wait_of_that_handle_only(owner, peer, asleep, waiting):
    other = SharedRegion.open("x", spin_us=0)
    untouched = waiting(other.wait)
    thread = waiting(peer.wait)
    asleep("x")
    while thread.is_alive():
        peer.interrupt()
    with pytest.raises(zinc.WaitInterruptedError, match='wait "x": this handle was interrupted'):
        thread.result()
    assert not peer.wait(0), "a later wait is not concerned"
    owner.notify()
    assert untouched.result() is True


@pytest.mark.parametrize("which", ["the same handle", "the owner"])
def test_close_ends_a_wait(owner, peer, asleep, waiting, which):
    thread = waiting(peer.wait)
    asleep("x")
    (peer if which == "the same handle" else owner).close()
    with pytest.raises(zinc.ClosedError, match=r'^wait "x": '):
        thread.result()


def test_a_killed_owner_ends_the_wait(child, asleep, waiting):
    other = child("""
        from zinc import SharedRegion
        region = SharedRegion.create("dies", 64)
        region.notify()
        say()
        hear()
    """)
    other.hear()
    peer = SharedRegion.open("dies")
    assert peer.wait(), "what was notified before comes first"
    thread = waiting(peer.wait)
    asleep("dies")
    other.kill()
    with pytest.raises(zinc.OwnerDiedError) as caught:
        thread.result()
    assert isinstance(caught.value, ConnectionError)
    with SharedRegion.create("dies", 32) as successor:
        assert successor.capacity == 32, "the name is free"


WAITS = {
    "wait": "region.wait()",
    "wait without spin": "SharedRegion.open('x', spin_us=0).wait()",
    "wait_past": "region.wait_past(0)",
    "wait with a timeout": "region.wait(10**9)",
    "wait of a read-only handle": "SharedRegion.open('x', read_only=True).wait()",
}


@pytest.mark.parametrize("call", WAITS.values(), ids=WAITS)
def test_ctrl_c_ends_a_wait_at_once_and_leaves_the_region_usable(child, owner, asleep, call):
    other = child(f"""
        from zinc import SharedRegion
        region = SharedRegion.open("x")
        try:
            {call}
        except KeyboardInterrupt:
            say("interrupted")
        region.wait()
        say("notified")
    """)
    asleep("x")
    other.signal(signal.SIGINT)
    assert other.hear() == "interrupted"
    owner.notify()
    assert other.hear() == "notified"
    assert other.end() == (0, "")


def test_ctrl_c_ends_a_waiting_open(child):
    other = child("""
        from zinc import SharedRegion
        import threading
        try:
            threading.Thread(target=say).start()
            SharedRegion.open("never", timeout=None)
        except KeyboardInterrupt:
            say("interrupted")
    """)
    other.hear()
    other.signal(signal.SIGINT)
    assert other.hear() == "interrupted"


def test_a_signal_handler_that_returns_does_not_end_a_wait(child, owner, asleep):
    other = child("""
        import signal
        from zinc import SharedRegion
        signal.signal(signal.SIGUSR1, lambda *_: say("handled"))
        region = SharedRegion.open("x")
        say(region.wait())
    """)
    for _ in range(3):
        asleep("x")
        other.signal(signal.SIGUSR1)
        assert other.hear() == "handled"
    owner.notify()
    assert other.hear() is True


def test_a_wait_returns_plain_bools_and_ints(owner, peer):
    owner.notify()
    assert type(peer.wait(0)) is bool and type(peer.wait_past(0, 0)) is int and type(peer.sequence) is int
