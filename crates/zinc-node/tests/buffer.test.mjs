// The ArrayBuffer over a region: external, detached at close, collected with its last user.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { SharedRegion } from "../js/index.mjs";
import { collected, skipped, test } from "./runner.mjs";
import { Child, inDirectory, mappings } from "./support.mjs";

test("a handle has one buffer, and another handle another", () =>
  inDirectory((directory) => {
    const owner = SharedRegion.create("x", 100, { directory });
    const peer = SharedRegion.open("x", { directory });
    assert.ok(owner.buffer instanceof ArrayBuffer);
    assert.equal(owner.buffer, owner.buffer);
    assert.notEqual(owner.buffer, peer.buffer);
    assert.equal(mappings(directory), 2);
    owner.close();
    peer.close();
  }));

test("close detaches: a stale view has the length 0, and reads nothing", () =>
  inDirectory(async (directory) => {
    const region = SharedRegion.create("x", 100, { directory });
    const { buffer } = region;
    const [bytes, numbers, view] = [new Uint8Array(buffer), new Float64Array(buffer, 8, 2), new DataView(buffer)];
    bytes[8] = 7;
    region.close();
    assert.deepEqual([buffer.byteLength, bytes.length, numbers.length], [0, 0, 0]);
    assert.equal(bytes[8], undefined);
    bytes[8] = 1;
    assert.throws(() => view.getUint8(0), TypeError);
    assert.throws(() => new Uint8Array(buffer), TypeError);
    await collected(() => mappings(directory) === 0);
  }));

test("bytes that were transferred away before the close stay valid, or cannot be transferred", () =>
  inDirectory((directory) => {
    const region = SharedRegion.create("x", 100, { directory });
    new Uint8Array(region.buffer)[5] = 55;
    const { buffer } = region;
    let taken;
    try {
      taken = buffer.transfer ? buffer.transfer() : structuredClone(buffer, { transfer: [buffer] });
    } catch (error) {
      skipped(`transferring a region's buffer: ${error.name}`);
    }
    region.close();
    if (taken) assert.equal(new Uint8Array(taken)[5], 55);
    assert.equal(buffer.byteLength, 0);
  }));

test("a view stays valid when the owner is gone", () =>
  inDirectory(async (directory) => {
    const owner = Child.start("own", directory, "x");
    await owner.hear();
    const region = SharedRegion.open("x", { directory });
    const bytes = new Uint8Array(region.buffer);
    await owner.kill();
    assert.deepEqual([...bytes.subarray(0, 3)], [1, 2, 3]);
    bytes.fill(9);
    region.close();
  }));

test("a forgotten owner is collected: its memory and its name go", () =>
  inDirectory(async (directory) => {
    (() => {
      const region = SharedRegion.create("x", 100, { directory });
      new Uint8Array(region.buffer)[0] = 1;
      region.notify();
    })();
    await collected(() => mappings(directory) === 0);
    assert.throws(() => SharedRegion.open("x", { directory }), { code: "ERR_ZINC_NOT_FOUND" });
  }));

test("a view that outlives its forgotten handle keeps the memory", () =>
  inDirectory(async (directory) => {
    // Several, of which one will do: Bun takes whatever lies on the stack for a reference.
    let views = Array.from({ length: 8 }, (_, n) => {
      return new Uint8Array(SharedRegion.create(`x${n}`, 100, { directory }).buffer);
    });
    const forgotten = () => views.findIndex((_, n) => !existsSync(`${directory}/zinc.x${n}`));
    await collected(() => forgotten() >= 0);
    const view = views[forgotten()];
    view[99] = 99;
    assert.equal(view[99], 99);
    assert.equal(mappings(directory), 8);
    views = null;
    await collected(() => mappings(directory) < 8);
  }));

test("dispose closes", () =>
  inDirectory((directory) => {
    const region = SharedRegion.create("x", 100, { directory });
    region[Symbol.dispose]();
    assert.equal(region.closed, true);
  }));

test("a region that is larger than the runtime's buffers is an error, or works to its last byte", () =>
  inDirectory((directory) => {
    const capacity = 5 * 2 ** 30;
    const region = SharedRegion.create("x", capacity, { directory, sparse: true });
    let buffer;
    try {
      buffer = region.buffer;
    } catch (error) {
      assert.equal(error.code, "ERR_ZINC_UNSUPPORTED");
      assert.match(error.message, /makes no ArrayBuffer of 5368709120 bytes/);
      skipped(`a buffer of 5 GiB: ${error.message}`);
    }
    if (buffer) {
      new Uint8Array(buffer)[capacity - 1] = 1;
      assert.equal(new Uint8Array(buffer, capacity - 1)[0], 1);
    }
    region.close();
  }));

test("10,000 create-open-close cycles leave no mapping, descriptor or thread behind", () =>
  inDirectory(async (directory) => {
    const child = Child.start("cycles", directory, 10_000);
    const { mappings, files, before, after } = await child.hear();
    assert.deepEqual([mappings, files], [0, 0]);
    const ours = (threads) => threads.filter((name) => name.startsWith("zinc"));
    assert.deepEqual(ours(after), ours(before));
    // The runtimes start helpers of their own when they first need them.
    assert.ok(after.length <= before.length + 3, `${before} before, ${after} after`);
    assert.equal(await child.ended(), 0);
  }));
