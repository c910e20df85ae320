"""The Python testee: takes the conformance runner's commands, calls the public API, reports what it gave."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import sys
import threading
from functools import partial

import zinc
from zinc import SharedRegion

# numpy and asyncio are imported where they are used: they take longer to start than all the rest, and most cases start
# processes anew.

DTYPES = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32"]
DTYPES += ["float64", "complex64", "complex128"]
if importlib.util.find_spec("ml_dtypes"):  # where numpy has its bfloat16 from
    DTYPES.append("bfloat16")

handles: dict[str, SharedRegion] = {}
stdout_lock = threading.Lock()


class NoSuchCall(Exception):
    """This kind of handle has no such call."""


class ReadOnly(Exception):
    """The handle gives no way to write."""


OWN_ERRORS = ["NoSuchCall", "ReadOnly", "Cancelled"]


def keep(region, handle):
    if handle in handles:
        handles[handle].close()  # Which an exception may still refer to.
    handles[handle] = region
    return region


def create(handle, name, capacity=None, dtype=None, shape=None, **options):
    if dtype is None:
        keep(SharedRegion.create(name, capacity, **options), handle)
    else:
        keep(SharedRegion.create_tensor(name, dtype, shape, **options), handle)


def open_(handle, name, **options):
    keep(SharedRegion.open(name, **options), handle)


def open_or_create(handle, name, capacity, **options):
    region = keep(SharedRegion.open_or_create(name, capacity, **options), handle)
    return {"owner": isinstance(region, zinc.OwnedRegion)}


def list_(**options):
    return [{"name": info.name, "capacity": info.capacity, "state": info.state} for info in zinc.list(**options)]


def reset():
    for region in handles.values():
        region.close()
    handles.clear()
    if "waits" in sys.modules:
        sys.modules["waits"].started.clear()


def views(name, count, **options):
    """Returns how many open files belong to views whose handles are closed."""
    before = len(os.listdir("/proc/self/fd"))
    kept = []
    for _ in range(count):
        with SharedRegion.open(name, **options) as region:
            kept.append(memoryview(region))
    return len(os.listdir("/proc/self/fd")) - before


def read(region, at, length):
    return bytes(region.as_memoryview()[at : at + length]).hex()


def write(region, at, hex):
    data = bytes.fromhex(hex)
    view = region.as_memoryview()
    if view.readonly:
        raise ReadOnly
    view[at : at + len(data)] = data


def tensor(region, dtype=None):
    array = region.as_numpy(dtype)
    return {"dtype": array.dtype.name, "shape": list(array.shape), "values": to_json(array)}


def to_json(array):
    if array.dtype.name in ("int64", "uint64"):
        return [str(value) for value in array.ravel()]
    if array.dtype.kind == "c":
        return [[float(value.real), float(value.imag)] for value in array.ravel()]
    return [float(value) if array.dtype.name == "bfloat16" else value.item() for value in array.ravel()]


def fill(region, values):
    import numpy as np

    array = region.as_numpy()
    if array.dtype.kind == "c":
        values = [complex(*value) for value in values]
    elif array.dtype.name in ("int64", "uint64"):
        values = [int(value) for value in values]
    array[...] = np.array(values, dtype=array.dtype).reshape(array.shape)


def descriptor(region):
    return None if region.dtype is None else {"dtype": region.dtype, "shape": list(region.shape)}


def ping_pong(region, rounds, first=False):
    """Adds 1 to the first byte and notifies, in turns with another process."""
    for turn in range(2 * rounds):
        if (turn % 2 == 0) == first:
            view = region.as_memoryview()
            view[0] = (view[0] + 1) % 256
            region.notify()
        else:
            region.wait()


def fork():
    """A child that holds copies of everything, does nothing, and ends by itself should nobody end it."""
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        while True:
            signal.pause()
    return {"pid": child}


def become(uid):
    """Gives up root's rights for those of another user."""
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)


def hello():
    can = ["async", "exit-handlers", "fork", "setuid", "read-only-views", "views"] + [
        f"dtype:{dtype}" for dtype in DTYPES
    ]
    return {"protocol": 1, "pid": os.getpid(), "version": zinc.__version__, "can": can}


def cancel(wait):
    import waits

    waits.cancel(wait)


def of(method):
    """A command that is a method of the handle, which not every kind of handle has."""

    def call(region, **arguments):
        if not hasattr(region, method):
            raise NoSuchCall
        return getattr(region, method)(**arguments)

    return call


WITHOUT_HANDLE = {
    "hello": hello,
    "list": list_,
    "remove": zinc.remove,
    "reset": reset,
    "views": views,
    "fork": fork,
    "become": become,
    "cancel": cancel,
}
MAKES_HANDLE = {"create": create, "open": open_, "open_or_create": open_or_create}
WITH_HANDLE = {
    "name": lambda region: region.name,
    "capacity": lambda region: region.capacity,
    "sequence": lambda region: region.sequence,
    "descriptor": descriptor,
    "read": read,
    "write": write,
    "tensor": tensor,
    "fill": fill,
    "ping_pong": ping_pong,
    **{
        name: of(name)
        for name in (
            "notify",
            "wait",
            "wait_past",
            "interrupt",
            "close",
            "unlink",
            "link",
            "is_named",
            "persist",
            "describe",
        )
    },
}


def perform(command, arguments):
    if command in WITHOUT_HANDLE:
        return WITHOUT_HANDLE[command](**arguments)
    if command in MAKES_HANDLE:
        return MAKES_HANDLE[command](**arguments)
    return WITH_HANDLE[command](handles[arguments.pop("handle")], **arguments)


def answer(id, value):
    try:
        outcome = {"ok": value()}
    except zinc.ZincError as error:
        outcome = {"error": error.kind, "code": error.code, "message": str(error)}
    except Exception as error:  # noqa: BLE001 - whatever goes wrong is an answer
        kind = type(error).__name__
        outcome = {"error": kind} if kind in OWN_ERRORS else {"error": "Testee", "message": f"{kind}: {error}"}
    with stdout_lock:
        print(json.dumps({"id": id, **outcome}), flush=True)


def wait_async(answer, id, handle, timeout=None, count=1):
    import waits

    waits.start(id, handles[handle], timeout, count, answer)


def main():
    for line in sys.stdin:
        arguments = json.loads(line)
        id, command = arguments.pop("id"), arguments.pop("do")
        if command == "wait_async":
            wait_async(partial(answer, id), id, **arguments)
        elif arguments.pop("background", False):
            threading.Thread(target=answer, args=(id, partial(perform, command, arguments)), daemon=True).start()
        else:
            answer(id, partial(perform, command, arguments))


if __name__ == "__main__":
    main()
