// Described data as the typed array of its type, in place.

import assert from "node:assert/strict";
import { SharedRegion } from "../js/index.mjs";
import { skipped, test } from "./runner.mjs";
import { inDirectory } from "./support.mjs";

const ARRAYS = {
  bool: Uint8Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  float16: globalThis.Float16Array,
  bfloat16: Uint16Array,
  float32: Float32Array,
  float64: Float64Array,
  complex64: Float32Array,
  complex128: Float64Array,
};

test("every element type has the right typed array, over the region's own bytes", () =>
  inDirectory((directory) => {
    for (const [dtype, TypedArray] of Object.entries(ARRAYS)) {
      const owner = SharedRegion.createTensor(dtype, dtype, [2, 3], { directory });
      const peer = SharedRegion.open(dtype, { directory });
      if (TypedArray === undefined) {
        assert.throws(() => owner.tensor(), { code: "ERR_ZINC_UNSUPPORTED" });
        skipped(`${dtype}: this runtime has no array for it`);
        continue;
      }
      const { dtype: named, shape, data } = owner.tensor(dtype);
      assert.equal(named, dtype);
      assert.deepEqual(shape, [2, 3]);
      assert.ok(data instanceof TypedArray);
      assert.equal(data.length, dtype.startsWith("complex") ? 12 : 6);
      assert.equal(data.byteLength, owner.capacity);
      assert.equal(data.buffer, owner.buffer);
      data[5] = data instanceof BigInt64Array || data instanceof BigUint64Array ? 7n : 7;
      assert.equal(peer.tensor().data[5], data[5]);
      owner.close();
    }
  }));

test("a tensor may be a single element, or none, and smaller than its region", () =>
  inDirectory((directory) => {
    const region = SharedRegion.createTensor("x", "float64", [], { directory });
    assert.deepEqual([region.tensor().shape, region.tensor().data.length], [[], 1]);
    region.close();
    const empty = SharedRegion.createTensor("x", "int32", [5, 0], { directory });
    assert.deepEqual([empty.tensor().shape, empty.tensor().data.length], [[5, 0], 0]);
    empty.close();
    const part = SharedRegion.create("x", 101, { directory });
    part.describe("float32", 3);
    assert.deepEqual([part.tensor().shape, part.tensor().data.length], [[3], 3]);
    part.describe("int8", new Set([2, 5]));
    assert.deepEqual(part.shape, [2, 5]);
    assert.throws(() => part.describe("float32", 26), { code: "ERR_ZINC_DESCRIPTOR" });
    part.close();
  }));

test("asking for another type than the described one is an error that names both", () =>
  inDirectory((directory) => {
    const region = SharedRegion.createTensor("x", "float32", 4, { directory });
    assert.throws(() => region.tensor("int32"), { code: "ERR_ZINC_DESCRIPTOR", message: /float32\[4\], not int32/ });
    region.close();
  }));
