"""Quickstart: puts a model's output into a region and tells whoever is waiting. Python or Rust may read it.

The "model" is a number typed on standard input, so that a reader can be started before or after it is there.
"""

import numpy as np
from zinc import SharedRegion

region = SharedRegion.create("pipeline", 64 * 1024 * 1024)
arr = region.as_numpy(dtype=np.float32)  # zero-copy numpy view
print("created", flush=True)

model_output = float(input())
arr[:] = model_output
region.notify()
print("notified", flush=True)

input()  # the region is gone when its owner ends: stay until told
