// Regions as JavaScript has them: bytes, names, options, listing; what is refused before the core is asked.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { list, OwnedRegion, remove, SharedRegion, version, ZincError } from "../js/index.mjs";
import { test } from "./runner.mjs";
import { inDirectory } from "./support.mjs";

test("two handles see the same bytes, written in place", () =>
  inDirectory((directory) => {
    const owner = SharedRegion.create("x", 10, { directory });
    const peer = SharedRegion.open("x", { directory });
    const [written, seen] = [new Uint8Array(owner.buffer), new Uint8Array(peer.buffer)];
    assert.deepEqual(seen, new Uint8Array(10));
    written.set([1, 2, 3], 4);
    assert.deepEqual([...seen], [0, 0, 0, 0, 1, 2, 3, 0, 0, 0]);
    seen[9] = 9;
    assert.equal(written[9], 9);
    assert.equal(owner.buffer.byteLength, 10);
    owner.close();
  }));

test("a region tells what it is", () =>
  inDirectory((directory) => {
    const before = Date.now();
    const owner = SharedRegion.create("x", 100n, { directory });
    const peer = SharedRegion.open("x", { directory, readOnly: true });
    assert.ok(owner instanceof OwnedRegion && owner instanceof SharedRegion);
    assert.ok(!(peer instanceof OwnedRegion));
    assert.equal("unlink" in peer, false);
    for (const region of [owner, peer]) {
      assert.equal(region.name, "x");
      assert.equal(region.capacity, 100);
      assert.equal(region.path, `${directory}/zinc.x`);
      assert.equal(region.ownerPid, process.pid);
      assert.equal(region.sequence, 0n);
      assert.equal(region.dtype, null);
      assert.equal(region.shape, null);
      assert.ok(region.created instanceof Date && Math.abs(region.created - before) < 60_000);
    }
    assert.deepEqual(owner.id, peer.id);
    assert.equal(owner.id.length, 16);
    assert.deepEqual([owner.readOnly, peer.readOnly], [false, true]);
    assert.equal(String(peer), 'SharedRegion "x": 100 bytes, read-only');
    owner.describe("int16", [2, 3]);
    assert.deepEqual([peer.dtype, peer.shape], ["int16", [2, 3]]);
    assert.equal(String(owner), 'OwnedRegion "x": 100 bytes, int16 [2,3]');
    owner.close();
    assert.equal(String(owner), 'OwnedRegion "x": 100 bytes, closed');
    assert.deepEqual([owner.closed, peer.closed], [true, false]);
    peer.close();
  }));

test("whoever comes first owns", () =>
  inDirectory((directory) => {
    const first = SharedRegion.openOrCreate("x", 10, { directory });
    const second = SharedRegion.openOrCreate("x", 10, { directory });
    assert.deepEqual([first instanceof OwnedRegion, second instanceof OwnedRegion], [true, false]);
    first.close();
  }));

test("regions are listed, persisted, unlinked and removed", () =>
  inDirectory((directory) => {
    const kept = SharedRegion.create("kept", 10, { directory });
    const gone = SharedRegion.create("gone", 20, { directory });
    SharedRegion.create("born", 30, { directory, persistent: true }).close();
    kept.persist();
    const facts = () => list({ directory }).map(({ name, capacity, state }) => [name, capacity, state]);
    assert.deepEqual(facts(), [["born", 30, "persistent"], ["gone", 20, "owned"], ["kept", 10, "persistent"]]);
    const [info] = list({ directory });
    assert.ok(info.created instanceof Date && info.id.length === 16 && info.path.endsWith("zinc.born"));
    gone.unlink();
    kept.close();
    remove("born", { directory });
    assert.deepEqual(facts(), [["kept", 10, "persistent"]]);
    remove("kept", { directory });
    assert.deepEqual(facts(), []);
    gone.close();
  }));

test("import and require give the same classes, of the release that package.json says", () => {
  const required = createRequire(import.meta.url)("zinc");
  assert.equal(required.SharedRegion, SharedRegion);
  assert.equal(required.ZincError, ZincError);
  const manifest = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8"));
  assert.equal(version, manifest.version);
});

test("arguments that cannot be right are refused by type and by range", () =>
  inDirectory((directory) => {
    const region = SharedRegion.create("x", 10, { directory });
    const wrong = {
      TypeError: [
        () => SharedRegion.create(1, 2),
        () => SharedRegion.create("y", "2"),
        () => SharedRegion.create("y", 2, "/tmp"),
        () => SharedRegion.create("y", 2, { directory: 1 }),
        () => SharedRegion.create("y", 2, { mode: "600" }),
        () => SharedRegion.createTensor("y", "float8", 2),
        () => SharedRegion.createTensor("y", "float32", "wide"),
        () => region.wait("1"),
        () => region.wait({}),
        () => region.tensor(5),
        () => new SharedRegion(),
        () => new OwnedRegion(),
        () => SharedRegion.prototype.notify.call({}),
      ],
      RangeError: [
        () => SharedRegion.create("y", -1),
        () => SharedRegion.create("y", 1.5),
        () => SharedRegion.create("y", NaN),
        () => region.wait(-1),
        () => region.wait(NaN),
        () => region.waitPast(-1),
        () => region.waitPast(1n << 64n),
        () => region.describe("int8", [-1]),
      ],
    };
    for (const [name, calls] of Object.entries(wrong)) {
      for (const call of calls) assert.throws(call, { name }, String(call));
    }
    assert.deepEqual(list({ directory }).map(({ name }) => name), ["x"]);
    region.close();
  }));
