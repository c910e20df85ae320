"""The examples that no other suite runs, as whole programs."""

import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from zinc import SharedRegion

EXAMPLES = Path(__file__).parents[3] / "examples/python"


@contextmanager
def program(name, *arguments):
    command = [sys.executable, "-P", EXAMPLES / name, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as started:
        try:
            yield started
        finally:
            started.kill()


def test_follow_says_what_is_new_in_each_region_until_its_owner_closes(child):
    dies = child("""
        from zinc import SharedRegion
        region = SharedRegion.create("dies", 8)
        say()
        hear()
    """)
    dies.hear()
    with (
        SharedRegion.create("a", 64) as a,
        SharedRegion.create("b", 4) as b,
        program("follow.py", "a", "b", "dies") as follow,
    ):
        for region, shown in [(a, "01 00 00 00 00 00 00 00"), (b, "01 00 00 00"), (a, "02 00 00 00 00 00 00 00")]:
            memoryview(region)[0] += 1
            region.notify()
            assert follow.stdout.readline() == f"{region.name}: {shown}\n"
        b.close()
        assert follow.stdout.readline() == "b: the end\n"
        dies.kill()
        assert follow.stdout.readline() == "dies: the end\n"
        a.close()
        assert follow.stdout.readline() == "a: the end\n"
        assert follow.wait() == 0
        assert "died without closing it" in follow.stderr.read()


def test_ctrl_c_ends_follow():
    with SharedRegion.create("a", 4) as a, program("follow.py", "a") as follow:
        a.notify()
        assert follow.stdout.readline() == "a: 00 00 00 00\n"
        follow.send_signal(signal.SIGINT)
        assert follow.wait() != 0
        assert follow.stderr.read().endswith("KeyboardInterrupt\n")
