// Regions as JavaScript has them: bytes, names, options, listing; what is refused before the core is asked.

import assert from "node:assert/strict";
import { closeSync, openSync, readFileSync, unlinkSync, writeSync } from "node:fs";
import { createRequire } from "node:module";
import { inspect, isDeepStrictEqual } from "node:util";
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

test("an argument that cannot be right is an error of the package's own that names it", () =>
  inDirectory((directory) => {
    const region = SharedRegion.create("x", 10, { directory });
    const create = (options) => () => SharedRegion.create("y", 2, options);
    const wrong = [
      [() => SharedRegion.create(null, 2), /^create: the argument name is null; it must be a string$/],
      [() => SharedRegion.create(1, 2), /the argument name is 1;/],
      [() => SharedRegion.open(undefined), /^open: the argument name is undefined;/],
      [() => remove(null), /^remove: the argument name is null;/],
      [() => SharedRegion.create("y", null), /^create "y": the argument capacity is null;/],
      [() => SharedRegion.create("y", "2"), /the argument capacity is "2";/],
      [() => SharedRegion.create("y", -1), /the argument capacity is -1; it must be a whole number from 0 on$/],
      [() => SharedRegion.create("y", 1.5), /the argument capacity is 1\.5;/],
      [() => SharedRegion.create("y", NaN), /the argument capacity is NaN;/],
      [() => SharedRegion.openOrCreate("y", null), /^openOrCreate "y": the argument capacity is null;/],
      [create("/tmp"), /the argument options is "\/tmp"; it must be an object/],
      [create(null), /the argument options is null;/],
      [create({ directory: null }), /the argument directory is null;/],
      [create({ directory: 1 }), /the argument directory is 1;/],
      [create({ mode: "600" }), /the argument mode is "600";/],
      [create({ mode: null }), /the argument mode is null;/],
      [create({ mode: 0 }), /the argument mode is 0;/],
      [create({ mode: -1 }), /the argument mode is -1;/],
      [create({ sparse: 1 }), /the argument sparse is 1; it must be true or false/],
      [create({ persistent: null }), /the argument persistent is null;/],
      [create({ spinUs: -1 }), /the argument spinUs is -1;/],
      [create({ group: 2 ** 32 }), /the argument group is 4294967296;/],
      [() => SharedRegion.open("x", { directory, acceptOwner: -1 }), /the argument acceptOwner is -1;/],
      [() => SharedRegion.createTensor("y", "float8", 2), /^createTensor "y": the argument dtype is "float8";/],
      [() => SharedRegion.createTensor("y", null, 2), /the argument dtype is null;/],
      [() => SharedRegion.createTensor("y", "float32", "wide"), /the argument shape is "wide";/],
      [() => SharedRegion.createTensor("y", "float32", null), /the argument shape is null;/],
      [() => region.describe("int8", [2, -1]), /^describe "x": the argument shape\[1\] is -1;/],
      [() => region.tensor(5), /^tensor "x": the argument dtype is 5;/],
      [() => region.waitPast(-1), /^waitPast "x": the argument sequence is -1;/],
      [() => region.waitPast(1n << 64n), /the argument sequence is 18446744073709551616;/],
      [() => region.waitPast(null), /the argument sequence is null;/],
      [() => region.read(-1), /^read "x": the argument offset is -1;/],
      [() => region.read(0, null), /the argument target is null;/],
      [() => region.read(0, 11), /the argument offset is 0 and the length 11, and the region has 10 bytes/],
      [() => region.read(2 ** 53, 11), /and the region has 10 bytes/],
      [() => region.write(0, "text"), /^write "x": the argument data is "text";/],
      [() => region.write(9, new Uint8Array(2)), /the argument offset is 9 and the length 2,/],
      [() => region.view(0, NaN), /^view "x": the argument length is NaN;/],
      [() => region.view(10, 1), /and the region has 10 bytes/],
      [() => region.notifications({ signal: null }), /^notifications "x": the argument signal is null;/],
    ];
    for (const [call, message] of wrong) {
      assert.throws(call, { name: "ZincError", code: "ERR_ZINC_INVALID_ARGUMENT", message }, String(call));
    }
    for (const call of [() => new SharedRegion(), () => new OwnedRegion()]) {
      assert.throws(call, { name: "TypeError", message: /no public constructor; call SharedRegion\.create/ });
    }
    assert.throws(() => SharedRegion.prototype.notify.call({}), TypeError);
    assert.deepEqual(list({ directory }).map(({ name }) => name), ["x"]);
    region.close();
  }));

test("an unknown option is an error that names it and those that the call knows", () =>
  inDirectory(async (directory) => {
    const region = SharedRegion.create("x", 10, { directory });
    const place = "prefault, sparse, .*, directory.*";
    const wrong = [
      [() => SharedRegion.create("y", 2, { timeout: 5 }), `there is no option timeout; .* are ${place}$`],
      [() => SharedRegion.createTensor("y", "int8", 2, { Mode: 1 }), `there is no option Mode; .* are ${place}$`],
      [() => SharedRegion.open("x", { sparse: true }), "there is no option sparse; .* readOnly, .*"],
      [() => SharedRegion.openOrCreate("x", 1, { readOnly: true }), "there is no option readOnly; "],
      [() => list({ name: "x" }), "^list: there is no option name; the options of this call are directory$"],
      [() => remove("x", { timeout: undefined }), "there is no option timeout; "],
      [() => region.wait({ ms: 5 }), '^wait "x": there is no option ms; .* are timeout and signal$'],
      [() => region.waitPast(0, { ms: 5 }), '^waitPast "x": there is no option ms; '],
      [() => region.notifications({ timeout: 5 }), "there is no option timeout; .* are signal$"],
    ];
    const error = (message) => ({ code: "ERR_ZINC_INVALID_ARGUMENT", message: new RegExp(message) });
    for (const [call, message] of wrong) assert.throws(call, error(message), String(call));
    await assert.rejects(region.waitAsync({ ms: 5 }), error('^waitAsync "x": there is no option ms; '));
    await assert.rejects(region.waitPastAsync(0, { ms: 5 }), error("there is no option ms; "));
    region.close();
  }));

test("a handle, open or closed, can be printed, compared, spread and made JSON of", () =>
  inDirectory((directory) => {
    const region = SharedRegion.createTensor("x", "int8", [2, 3], { directory });
    const peer = SharedRegion.open("x", { directory, readOnly: true });
    const facts = { name: "x", path: `${directory}/zinc.x`, capacity: 6, dtype: "int8", shape: [2, 3] };
    assert.deepEqual(JSON.parse(JSON.stringify({ peer })), { peer: { ...facts, readOnly: true, closed: false } });
    assert.equal(inspect(peer), '<SharedRegion "x": 6 bytes, int8 [2,3], read-only>');
    peer.close();
    const closed = { ...facts, dtype: null, shape: null, readOnly: true, closed: true };
    assert.deepEqual(JSON.parse(JSON.stringify([peer])), [closed]);
    assert.equal(inspect({ peer }).replace(/\s+/g, " "), '{ peer: <SharedRegion "x": 6 bytes, read-only, closed> }');
    for (const handle of [region, peer]) {
      assert.equal(typeof { ...handle }, "object");
      assert.deepEqual(handle, handle);
      assert.equal(isDeepStrictEqual({ handle }, { handle }), true);
      assert.equal(isDeepStrictEqual(handle, SharedRegion.open("x", { directory })), false);
      for (const key in handle) assert.doesNotThrow(() => handle[key]);
    }
    const described = Object.getOwnPropertyDescriptors(SharedRegion.prototype);
    assert.deepEqual(Object.values(described).filter(({ enumerable }) => enumerable), []);
    region.close();
  }));

test("a region with a damaged header can be printed all the same", () =>
  inDirectory((directory) => {
    const region = SharedRegion.createTensor("x", "int8", [2, 3], { directory });
    const file = openSync(region.path, "r+");
    // The header's element type. Its offset is written out, as in `asleep`.
    writeSync(file, Uint8Array.of(0xff, 0xff), 0, 2, 516);
    closeSync(file);
    assert.throws(() => region.dtype, { code: "ERR_ZINC_DESCRIPTOR" });
    assert.equal(inspect(region), '<OwnedRegion "x": 6 bytes>');
    assert.equal(JSON.parse(JSON.stringify(region)).dtype, null);
    region.close();
  }));

test("a region that is created unlinked gets its name when it is filled", () =>
  inDirectory((directory) => {
    const owner = SharedRegion.create("x", 4, { directory, unlinked: true });
    assert.equal(owner.isNamed(), false);
    assert.throws(() => SharedRegion.open("x", { directory }), { code: "ERR_ZINC_NOT_FOUND" });
    owner.write(0, Uint8Array.of(1, 2, 3, 4));
    owner.link();
    owner.link();
    assert.equal(owner.isNamed(), true);
    assert.deepEqual([...SharedRegion.open("x", { directory }).read()], [1, 2, 3, 4]);
    const other = SharedRegion.create("x", 4, { directory, unlinked: true });
    assert.throws(() => other.link(), { code: "ERR_ZINC_ALREADY_EXISTS" });
    unlinkSync(owner.path);
    assert.equal(owner.isNamed(), false);
    assert.throws(() => owner.link(), { code: "ERR_ZINC_UNSUPPORTED" });
    other.link();
    other.unlink();
    assert.equal(other.isNamed(), false);
    other.close();
    owner.close();
    assert.throws(() => owner.isNamed(), { code: "ERR_ZINC_CLOSED" });
    assert.throws(() => owner.link(), { code: "ERR_ZINC_CLOSED" });
    assert.equal("link" in SharedRegion.prototype, false);
  }));

test("a clone is a handle of its own on the same memory, and no owner", () =>
  inDirectory((directory) => {
    const owner = SharedRegion.create("x", 4, { directory });
    const peer = SharedRegion.open("x", { directory });
    owner.notify();
    const clone = peer.clone();
    assert.ok(clone instanceof SharedRegion && !(owner.clone() instanceof OwnedRegion));
    assert.deepEqual([peer.wait(0), clone.wait(0), clone.wait(0)], [true, true, false]);
    assert.equal(peer.clone().wait(0), false, "a clone has seen what the original has");
    peer.notify();
    assert.deepEqual([peer.wait(0), clone.wait(0)], [false, true]);
    new Uint8Array(clone.buffer)[1] = 7;
    assert.equal(new Uint8Array(peer.buffer)[1], 7);
    clone.close();
    assert.equal(new Uint8Array(peer.buffer)[1], 7);
    assert.throws(() => clone.clone(), { code: "ERR_ZINC_CLOSED", message: /^clone "x": this handle was closed/ });
    peer.close();
    owner.close();
  }));
