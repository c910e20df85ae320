// The ArrayBuffer over a region: external, detached at close, collected with its last user.

import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
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

test("a view keeps its owner: the region lives for as long as anybody uses its bytes", () =>
  inDirectory(async (directory) => {
    const forgotten = new Set();
    const registry = new FinalizationRegistry((name) => forgotten.add(name));
    /** An array over a region whose handle nobody keeps. */
    const made = (name, bytesOf) => {
      const region = SharedRegion.create(name, 100, { directory });
      registry.register(region, name);
      return bytesOf(region);
    };
    // Several, of which one will do: Bun takes whatever lies on the stack for a reference.
    const all = (kind, bytesOf) => Array.from({ length: 8 }, (_, n) => made(`${kind}${n}`, bytesOf));
    const ways = {
      buffer: (region) => new Uint8Array(region.buffer),
      view: (region) => new Uint8Array(region.view(96, 4)),
      tensor(region) {
        region.describe("uint8", 100);
        return region.tensor().data;
      },
    };
    const check = (name, array, n) => {
      array[array.length - 1] = n;
      // It is owned still: nobody else may have the name, and it opens.
      const peer = SharedRegion.open(name, { directory });
      assert.equal(new Uint8Array(peer.buffer)[99], n);
      peer.close();
      assert.throws(() => SharedRegion.create(name, 1, { directory }), { code: "ERR_ZINC_ALREADY_EXISTS" });
    };
    const left = (kind) => readdirSync(directory).filter((name) => name.startsWith(`zinc.${kind}`)).length;
    for (const [kind, bytesOf] of Object.entries(ways)) {
      const arrays = all(kind, bytesOf);
      await collected(() => [...forgotten].some((name) => name.startsWith(kind)));
      arrays.forEach((array, n) => check(`${kind}${n}`, array, n));
      arrays.length = 0;
      await collected(() => left(kind) < 8);
    }
  }));

test("bytes that were transferred to another buffer keep their owner", () =>
  inDirectory(async (directory) => {
    if (!ArrayBuffer.prototype.transfer) return skipped("transferred bytes: no ArrayBuffer.prototype.transfer");
    let forgotten = 0;
    const registry = new FinalizationRegistry(() => forgotten++);
    const made = (name) => {
      const region = SharedRegion.create(name, 100, { directory });
      registry.register(region, name);
      return new Uint8Array(region.buffer.transfer());
    };
    const arrays = Array.from({ length: 8 }, (_, n) => made(`x${n}`));
    await collected(() => forgotten > 0);
    arrays.forEach((array, n) => array[0] = n);
    const seen = arrays.map((_, n) => SharedRegion.open(`x${n}`, { directory }).read(0, 1)[0]);
    assert.deepEqual(seen, [0, 1, 2, 3, 4, 5, 6, 7]);
    arrays.length = 0;
    await collected(() => readdirSync(directory).length < 8);
  }));

test("an explicit close ends the region at once, whoever has views of it", () =>
  inDirectory((directory) => {
    const region = SharedRegion.create("x", 100, { directory });
    const arrays = [region.buffer, region.view(0, 10), region.view(90)].map((buffer) => new Uint8Array(buffer));
    const peer = SharedRegion.open("x", { directory });
    assert.deepEqual(arrays.map(({ length }) => length), [100, 10, 10]);
    region.close();
    assert.deepEqual(arrays.map(({ length }) => length), [0, 0, 0]);
    assert.equal(existsSync(`${directory}/zinc.x`), false);
    assert.throws(() => peer.wait(), { code: "ERR_ZINC_CLOSED" });
    peer.close();
  }));

test("a part of a region is an ArrayBuffer of its own over the same bytes", () =>
  inDirectory((directory) => {
    const region = SharedRegion.create("x", 100, { directory });
    const whole = new Uint8Array(region.buffer);
    const parts = [region.view(10, 20), region.view(10, 20), region.view(16n)];
    assert.deepEqual(parts.map(({ byteLength }) => byteLength), [20, 20, 84]);
    new Float64Array(parts[2], 0, 1)[0] = 1.5;
    assert.equal(new DataView(region.buffer).getFloat64(16, true), 1.5);
    whole[10] = 1;
    for (const part of parts.slice(0, 2)) assert.equal(new Uint8Array(part)[0], 1);
    assert.equal(region.view(100).byteLength, 0);
    region.close();
    assert.throws(() => region.view(0), { code: "ERR_ZINC_CLOSED", message: /^view "x": this handle was closed/ });
  }));

test("parts of a region are collected one by one", () =>
  inDirectory(async (directory) => {
    const region = SharedRegion.create("x", 100, { directory });
    let gone = 0;
    const registry = new FinalizationRegistry(() => gone++);
    for (let n = 0; n < 1000; n++) registry.register(region.view(n % 100, 1), n);
    await collected(() => gone > 900);
    new Uint8Array(region.view(99))[0] = 9;
    assert.equal(region.read(99)[0], 9);
    region.close();
  }));

test("read and write copy bytes, within the region, and only where the handle may write", () =>
  inDirectory((directory) => {
    const region = SharedRegion.create("x", 10, { directory });
    const peer = SharedRegion.open("x", { directory, readOnly: true });
    region.write(2, Uint16Array.of(0x0201, 0x0403).subarray(1));
    region.write(8, new DataView(Uint8Array.of(5, 6, 7).buffer, 1));
    region.write(4n, Uint8Array.of(8).buffer);
    region.write(10, new Uint8Array(0));
    const expected = [0, 0, 3, 4, 8, 0, 0, 0, 6, 7];
    assert.deepEqual([...peer.read()], expected);
    assert.deepEqual([...peer.read(2, 3)], [3, 4, 8]);
    assert.deepEqual([...peer.read(8)], [6, 7]);
    assert.equal(peer.read(10).length, 0);
    const target = new Uint16Array(4);
    assert.equal(peer.read(2, target.subarray(1, 2)).buffer, target.buffer);
    assert.deepEqual([...target], [0, 0x0403, 0, 0]);
    assert.deepEqual([...new Uint8Array(peer.read(2, new SharedArrayBuffer(3)))], [3, 4, 8]);
    const copy = peer.read();
    region.write(0, Uint8Array.of(99));
    assert.equal(copy[0], 0);
    // Onto itself, overlapping.
    region.write(1, new Uint8Array(region.buffer, 0, 5));
    assert.deepEqual([...region.read(0, 6)], [99, 99, 0, 3, 4, 8]);
    assert.throws(() => peer.write(0, Uint8Array.of(1)), {
      code: "ERR_ZINC_PERMISSION_DENIED",
      message: /^write "x": this handle is read-only; open the region without readOnly/,
    });
    const wrong = { code: "ERR_ZINC_INVALID_ARGUMENT" };
    assert.throws(() => peer.read(0, 2 ** 50), wrong);
    assert.throws(() => peer.read(9, new Uint8Array(2)), wrong);
    region.close();
    assert.throws(() => region.read(), { code: "ERR_ZINC_CLOSED", message: /^read "x"/ });
    assert.throws(() => region.write(0, copy), { code: "ERR_ZINC_CLOSED", message: /^write "x"/ });
    assert.throws(() => region.buffer, { code: "ERR_ZINC_CLOSED", message: /^buffer "x"/ });
    peer.close();
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
      assert.match(error.message, /makes no ArrayBuffer of 5368709120 bytes .*; take a part of the region with view/);
      skipped(`a buffer of 5 GiB: ${error.message}`);
    }
    if (buffer) {
      new Uint8Array(buffer)[capacity - 1] = 1;
      assert.equal(new Uint8Array(buffer, capacity - 1)[0], 1);
    }
    // A part of it, or a copy, reaches every byte in any runtime.
    const last = new Uint8Array(region.view(capacity - 4096));
    last[4095] = 2;
    assert.deepEqual([...region.read(capacity - 2)], [0, 2]);
    region.write(capacity - 2, Uint8Array.of(3));
    assert.equal(last[4094], 3);
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
