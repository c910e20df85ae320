// notify and wait between processes, and what ends a wait.

import assert from "node:assert/strict";
import { SharedRegion } from "../js/index.mjs";
import { RUNTIME, test } from "./runner.mjs";
import { asleep, Child, inDirectory } from "./support.mjs";

test("bytes written before a notify are seen by another process in place, and its own come back", () =>
  inDirectory(async (directory) => {
    const region = SharedRegion.create("x", 1000, { directory });
    const child = Child.start("answer", directory, "x");
    await child.hear();
    const bytes = new Uint8Array(region.buffer);
    for (let round = 1; round <= 100; round++) {
      bytes.fill(round);
      region.notify();
      assert.equal(region.wait(60_000), true);
      assert.ok(bytes.every((byte) => byte === round + 1), `round ${round}`);
    }
    assert.equal(region.sequence, 200n);
    region.close();
    assert.equal(await child.hear(), "ERR_ZINC_CLOSED");
    assert.equal(await child.ended(), 0);
  }));

test("a notification from before the region was opened is not lost, and several arrive as one", () =>
  inDirectory((directory) => {
    const owner = SharedRegion.create("x", 1, { directory });
    owner.notify();
    owner.notify();
    const peer = SharedRegion.open("x", { directory });
    assert.deepEqual([peer.wait(), peer.wait(0)], [true, false]);
    assert.equal(peer.sequence, 2n);
  }));

test("a handle's own notify does not end its own wait", () =>
  inDirectory((directory) => {
    const region = SharedRegion.create("x", 1, { directory });
    region.notify();
    assert.equal(region.wait(0), false);
    assert.equal(region.waitPast(0, 0), 1n);
    assert.equal(region.waitPast(1n, 0), null);
  }));

test("a timeout is waited out, in whatever way it is written", () =>
  inDirectory((directory) => {
    const region = SharedRegion.create("x", 1, { directory });
    const durations = globalThis.Temporal ? [Temporal.Duration.from({ milliseconds: 30 })] : [];
    for (const timeout of [30, 30.5, ...durations]) {
      const before = performance.now();
      assert.equal(region.wait(timeout), false);
      assert.ok(performance.now() - before >= 29.9, String(timeout));
    }
    SharedRegion.open("x", { directory }).notify();
    for (const forever of [undefined, null, Infinity]) assert.equal(region.waitPast(0, forever), 1n);
  }));

test("open waits for a region that does not exist yet", () =>
  inDirectory(async (directory) => {
    const child = Child.start("own", directory, "x");
    const region = SharedRegion.open("x", { directory, timeout: 60_000 });
    await child.hear();
    assert.deepEqual([...new Uint8Array(region.buffer, 0, 3)], [1, 2, 3]);
    await child.ended();
  }));

for (const how of ["sync", "async"]) {
  for (const [end, gives] of [["notify", true], ["close", "ERR_ZINC_CLOSED"]]) {
    test(`a sleeping wait (${how}) in another process ends with ${end}`, () =>
      inDirectory(async (directory) => {
        const region = SharedRegion.create("x", 1, { directory });
        const child = Child.start("wait", directory, "x", how);
        await child.hear();
        await asleep(directory, "x");
        region[end]();
        assert.equal(await child.hear(), gives);
        assert.equal(await child.ended(), 0);
        region.close();
      }));
  }
}

test("a wait on a region whose owner is killed fails, however long its timeout", () =>
  inDirectory(async (directory) => {
    const owner = Child.start("own", directory, "x");
    await owner.hear();
    const region = SharedRegion.open("x", { directory });
    const pending = region.waitAsync({ ms: 3_600_000 });
    await owner.kill();
    await assert.rejects(pending, { code: "ERR_ZINC_OWNER_DIED" });
    assert.throws(() => region.wait(), { code: "ERR_ZINC_OWNER_DIED" });
    const next = SharedRegion.create("x", 1, { directory });
    next.close();
  }));

for (const end of ["close", "return", "exit"]) {
  test(`an owner's end by ${end} ends the region, and leaves no file`, () =>
    inDirectory(async (directory) => {
      const owner = Child.start("own", directory, "x", end);
      await owner.hear();
      const region = SharedRegion.open("x", { directory });
      assert.equal(await owner.ended(), 0);
      assert.throws(() => region.wait(), { code: "ERR_ZINC_CLOSED" }, RUNTIME);
      assert.throws(() => SharedRegion.open("x", { directory }), { code: "ERR_ZINC_NOT_FOUND" });
    }));
}
