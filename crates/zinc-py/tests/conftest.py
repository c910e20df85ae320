"""What every test has: a directory of its own for its regions, and other processes to talk to."""

import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import pytest

# Longer than anything here takes; only a hang meets it.
PATIENCE = 60

PRELUDE = """
import json, sys

def say(value=None):
    print(json.dumps(value), flush=True)

def hear():
    line = sys.stdin.readline()
    if not line:
        sys.exit("the test is gone")
    return json.loads(line)
"""


@pytest.fixture(autouse=True)
def directory(monkeypatch):
    """A shared-memory directory for this test alone, which this process and its children use."""
    path = Path(tempfile.mkdtemp(prefix="zinc-test-", dir="/dev/shm"))
    monkeypatch.setenv("ZINC_DIR", str(path))
    yield path
    shutil.rmtree(path)


class Child:
    """Another Python, which runs `source` and exchanges JSON lines with the test: its `say` is our `hear`."""

    def __init__(self, source, *args, flags=()):
        program = PRELUDE + textwrap.dedent(source)
        self.process = subprocess.Popen(
            [sys.executable, "-P", *flags, "-c", program, *map(str, args)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @property
    def pid(self):
        return self.process.pid

    def say(self, value=None):
        self.process.stdin.write(json.dumps(value) + "\n")
        self.process.stdin.flush()

    def hear(self):
        line = self.process.stdout.readline()
        if not line:
            _, errors = self.process.communicate(timeout=PATIENCE)
            pytest.fail(f"the child ended with {self.process.returncode}:\n{errors}")
        return json.loads(line)

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        """Ends it as a crash would."""
        self.signal(signal.SIGKILL)
        self.process.wait(PATIENCE)

    def end(self):
        """Waits for its end; gives the exit status and what it wrote to stderr."""
        _, errors = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, errors


@pytest.fixture
def child():
    """Starts children, and sees to their end."""
    children = []

    def start(source, *args, flags=()):
        children.append(Child(source, *args, flags=flags))
        return children[-1]

    yield start
    for started in children:
        if started.process.poll() is None:
            started.process.kill()
        started.process.communicate()


@pytest.fixture
def asleep(directory):
    """Waits until somebody is about to sleep, or sleeps, in a wait on the region of this name."""

    def wait(name):
        # The header's `waiters` word, raised just before a waiter sleeps. Its offset is written out: a witness of the
        # layout that does not follow a mistake in the spec.
        file = os.open(directory / f"zinc.{name}", os.O_RDONLY)
        try:
            while struct.unpack("<Q", os.pread(file, 8, 256)) == (0,):
                time.sleep(0.001)
        finally:
            os.close(file)

    return wait


@pytest.fixture
def mappings(directory):
    """Counts this process's mappings of the test's regions."""
    return lambda: sum(str(directory) in line for line in Path("/proc/self/maps").read_text().splitlines())
