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

const FOREVER = [Infinity, { timeout: Infinity }, {}, undefined, { timeout: undefined }];

/** Ways to say a time that is no time, with what the error says of it. */
const NO_TIMES = [[null, "null"], [-1, "-1"], [-0.5, "-0.5"], [NaN, "NaN"], ["1", '"1"'], [true, "true"], [5n, "5"]];

/** A `Temporal.Duration`, or what stands for one where the runtime has none. */
function duration(milliseconds) {
  if (globalThis.Temporal) return Temporal.Duration.from({ milliseconds });
  return { total: ({ unit }) => unit === "milliseconds" ? milliseconds : NaN };
}

test("one time says the same to every call: milliseconds, alone or as the option timeout, or a duration", () =>
  inDirectory(async (directory) => {
    const region = SharedRegion.create("x", 1, { directory });
    const calls = {
      wait: (timeout) => region.wait(timeout),
      waitPast: (timeout) => region.waitPast(5, timeout) ?? false,
      waitAsync: (timeout) => region.waitAsync(timeout),
      waitPastAsync: async (timeout) => await region.waitPastAsync(5, timeout) ?? false,
    };
    const times = [30, 30.5, { timeout: 30 }, duration(30), { timeout: duration(30) }];
    for (const [name, call] of Object.entries(calls)) {
      for (const timeout of times) {
        const before = performance.now();
        assert.equal(await call(timeout), false);
        assert.ok(performance.now() - before >= 29.9, `${name} ${JSON.stringify(timeout)}`);
      }
      // Nothing is left of a duration below zero.
      for (const nothing of [0, -0, { timeout: 0 }, duration(0), duration(-30)]) {
        assert.equal(await call(nothing), false);
      }
    }
    const opens = [30, duration(30)].map((timeout) => {
      const before = performance.now();
      assert.throws(() => SharedRegion.open("absent", { directory, timeout }), { code: "ERR_ZINC_NOT_FOUND" });
      return performance.now() - before;
    });
    assert.ok(Math.min(...opens) >= 29.9, String(opens));
    assert.throws(() => SharedRegion.open("absent", { directory, timeout: undefined }), { code: "ERR_ZINC_NOT_FOUND" });
    region.close();
  }));

test("Infinity and no time at all are for ever, which a notification ends", () =>
  inDirectory(async (directory) => {
    const region = SharedRegion.create("x", 1, { directory });
    const other = SharedRegion.open("x", { directory });
    for (const forever of FOREVER) {
      const pending = [region.waitAsync(forever), region.waitPastAsync(region.sequence, forever)];
      other.notify();
      assert.deepEqual(await Promise.all(pending), [true, region.sequence]);
      other.notify();
      assert.equal(region.wait(forever), true);
      assert.equal(region.waitPast(region.sequence - 1n, forever), region.sequence);
    }
    assert.equal(SharedRegion.open("x", { directory, timeout: Infinity }).name, "x");
    region.close();
  }));

test("what is no time is an error of every call that names it", () =>
  inDirectory(async (directory) => {
    const region = SharedRegion.create("x", 1, { directory });
    for (const [time, shown] of NO_TIMES) {
      const message = `the argument timeout is ${shown}; it must be milliseconds from 0 on`;
      const error = { code: "ERR_ZINC_INVALID_ARGUMENT", message: new RegExp(message) };
      const options = { directory, timeout: time };
      assert.throws(() => SharedRegion.open("x", options), error);
      for (const timeout of [time, { timeout: time }]) {
        assert.throws(() => region.wait(timeout), error);
        assert.throws(() => region.waitPast(0, timeout), error);
        await assert.rejects(region.waitAsync(timeout), error);
        await assert.rejects(region.waitPastAsync(0, timeout), error);
      }
    }
    const signal = { code: "ERR_ZINC_INVALID_ARGUMENT", message: /the argument signal is (null|an object|5);/ };
    for (const wrong of [null, {}, 5]) await assert.rejects(region.waitAsync({ signal: wrong }), signal);
    region.close();
  }));

test("a signal that is aborted already keeps a wait from beginning", () =>
  inDirectory((directory) => {
    const region = SharedRegion.create("x", 1, { directory });
    const signal = AbortSignal.abort();
    assert.throws(() => region.wait({ timeout: 60_000, signal }), { name: "AbortError" });
    assert.throws(() => region.waitPast(0, { signal }), { name: "AbortError" });
    assert.equal(region.wait({ timeout: 0, signal: new AbortController().signal }), false);
    region.close();
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
    const pending = region.waitAsync({ timeout: 3_600_000 });
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
