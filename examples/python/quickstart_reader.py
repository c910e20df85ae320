"""Quickstart: waits for what a writer of any language put into the region, and reads it where it lies."""

import time

import numpy as np
from zinc import SharedRegion

region = SharedRegion.open("pipeline")
print("opened", flush=True)

started = time.monotonic()
region.wait(1000)
arr = region.as_numpy(dtype=np.float32)

waited = time.monotonic() - started
print(f"first {arr[0]} last {arr[-1]} of {arr.size}, waited {waited * 1000:.3f} ms", flush=True)
