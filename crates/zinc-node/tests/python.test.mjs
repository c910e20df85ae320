// Python and this runtime over one region: each sees in place what the other wrote.

import assert from "node:assert/strict";
import process from "node:process";
import { SharedRegion } from "../js/index.mjs";
import { skipped, test } from "./runner.mjs";
import { Child, inDirectory } from "./support.mjs";

test("bytes written by Python are seen here in place, and the reverse", () =>
  inDirectory(async (directory) => {
    if (!process.env.ZINC_PYTHON) return skipped("together with Python: ZINC_PYTHON names no interpreter with zinc");
    const python = Child.python(
      `
        import sys
        import numpy as np
        from zinc import SharedRegion

        region = SharedRegion.create_tensor("x", "float32", (1000, 100), directory=sys.argv[1])
        array = region.as_numpy()
        array[...] = np.arange(100_000, dtype=np.float32).reshape(1000, 100)
        region.notify()
        print("0", flush=True)
        region.wait(60_000)
        print(float(array[999, 99]), int((array == -1).sum()), sep="\\n", flush=True)
        sys.stdin.read()
      `,
      directory,
    );
    await python.hear();
    const region = SharedRegion.open("x", { directory });
    assert.equal(await region.waitAsync({ timeout: 60_000 }), true);
    const { data, shape } = region.tensor("float32");
    assert.deepEqual(shape, [1000, 100]);
    assert.ok(data.every((value, at) => value === at));
    data.fill(-1, 0, 99_999);
    data[99_999] = 0.5;
    region.notify();
    assert.deepEqual([await python.hear(), await python.hear()], [0.5, 99_999]);
    assert.equal(await python.ended(), 0);
    region.close();
  }));
