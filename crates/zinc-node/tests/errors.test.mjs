// Errors: one class, told apart by `code`.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { remove, SharedRegion, ZincError } from "../js/index.mjs";
import { skipped, test } from "./runner.mjs";
import { inDirectory } from "./support.mjs";

function error(call) {
  try {
    call();
  } catch (thrown) {
    return thrown;
  }
  throw new assert.AssertionError({ message: `${call} threw nothing` });
}

test("an error says its kind, the operation, the region, and what to do", () =>
  inDirectory((directory) => {
    const thrown = error(() => SharedRegion.open("absent", { directory }));
    assert.ok(thrown instanceof ZincError && thrown instanceof Error);
    assert.equal(thrown.name, "ZincError");
    assert.equal(thrown.code, "ERR_ZINC_NOT_FOUND");
    assert.equal(thrown.kind, "NotFound");
    assert.equal(thrown.number, -4);
    assert.equal(thrown.operation, "open");
    assert.equal(thrown.region, "absent");
    assert.match(thrown.message, /^open "absent": .*create it first/);
    assert.equal("errno" in thrown, false);
    assert.match(thrown.stack, /errors\.test\.mjs/);
  }));

test("every kind that a caller can meet here has its code", () =>
  inDirectory((directory) => {
    const region = SharedRegion.create("x", 100, { directory });
    writeFileSync(`${directory}/zinc.text`, "no region");
    const calls = {
      ERR_ZINC_INVALID_NAME: () => SharedRegion.create(".hidden", 1, { directory }),
      ERR_ZINC_INVALID_SIZE: () => SharedRegion.create("y", 0, { directory }),
      ERR_ZINC_ALREADY_EXISTS: () => SharedRegion.create("x", 1, { directory }),
      ERR_ZINC_NOT_FOUND: () => remove("absent", { directory }),
      ERR_ZINC_PERMISSION_DENIED: () => remove("x", { directory }),
      ERR_ZINC_NOT_A_REGION: () => SharedRegion.open("text", { directory }),
      ERR_ZINC_DESCRIPTOR: () => region.tensor("float32"),
    };
    for (const [code, call] of Object.entries(calls)) assert.equal(error(call).code, code);
    assert.match(error(() => region.tensor()).message, /says nothing of its data/);
    region.close();
  }));

test("what does not fit says how much is missing", () =>
  inDirectory((directory) => {
    const thrown = error(() => SharedRegion.create("y", 2 ** 45, { directory }));
    assert.equal(thrown.code, "ERR_ZINC_NO_SPACE");
    assert.ok(thrown.needed >= 2 ** 45 && thrown.free >= 0 && thrown.free < thrown.needed);
  }));

test("an error names the call as JavaScript spells it", () =>
  inDirectory((directory) => {
    const calls = {
      openOrCreate: () => SharedRegion.openOrCreate("x", 0, { directory }),
      createTensor: () => SharedRegion.createTensor("x", "int8", new Array(9).fill(1), { directory }),
    };
    for (const [operation, call] of Object.entries(calls)) {
      const thrown = error(call);
      assert.equal(thrown.operation, operation);
      assert.ok(thrown.message.startsWith(`${operation} "x": `), thrown.message);
    }
    const region = SharedRegion.create("x", 1, { directory });
    region.close();
    assert.match(error(() => region.isNamed()).message, /^isNamed "x": /);
  }));

test("every call on a closed handle says so, but close", () =>
  inDirectory(async (directory) => {
    const region = SharedRegion.create("x", 100, { directory });
    region.close();
    const calls = [
      () => region.notify(),
      () => region.wait(0),
      () => region.waitPast(0, 0),
      () => region.sequence,
      () => region.buffer,
      () => region.tensor(),
      () => region.dtype,
      () => region.describe("int8", 1),
      () => region.unlink(),
      () => region.persist(),
    ];
    for (const call of calls) assert.equal(error(call).code, "ERR_ZINC_CLOSED", String(call));
    await assert.rejects(region.waitAsync(), { code: "ERR_ZINC_CLOSED" });
    region.close();
    assert.deepEqual([region.name, region.capacity, region.closed], ["x", 100, true]);
  }));

test("another user's region is refused, unless that user is named", () =>
  inDirectory(async (directory) => {
    if (process.getuid() !== 0) return skipped("another user's region: not root");
    const { chownSync } = await import("node:fs");
    const region = SharedRegion.create("x", 100, { directory });
    chownSync(`${directory}/zinc.x`, 1, 1);
    assert.equal(error(() => SharedRegion.open("x", { directory })).code, "ERR_ZINC_WRONG_OWNER");
    // A number that no user has is not cut down to one that a user has.
    for (const acceptOwner of [2 ** 32 + 1, -1]) {
      assert.throws(() => SharedRegion.open("x", { directory, acceptOwner }), { code: "ERR_ZINC_INVALID_ARGUMENT" });
    }
    SharedRegion.open("x", { directory, acceptOwner: 1 }).close();
    region.close();
  }));
