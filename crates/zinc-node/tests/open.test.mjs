// Opening: waiting for a region without keeping the thread, cancelling that, and descriptors that run out.

import assert from "node:assert/strict";
import { SharedRegion } from "../js/index.mjs";
import { test } from "./runner.mjs";
import { Child, inDirectory, openFiles } from "./support.mjs";

test("a promised region is opened when somebody creates it, while the thread goes on", () =>
  inDirectory(async (directory) => {
    const pending = SharedRegion.openAsync("x", { directory, timeout: 60_000 });
    const forever = SharedRegion.openAsync("x", { directory, timeout: Infinity, readOnly: true });
    let turns = 0;
    const ticking = setInterval(() => turns++, 1);
    while (turns < 3) await new Promise((turn) => setTimeout(turn, 1));
    clearInterval(ticking);
    const child = Child.start("own", directory, "x");
    const region = await pending;
    assert.ok(region instanceof SharedRegion);
    assert.deepEqual([(await forever).readOnly, region.readOnly], [true, false]);
    await child.hear();
    assert.deepEqual([...region.read(0, 3)], [1, 2, 3]);
    await child.ended();
  }));

test("openAsync looks once without a timeout, and rejects with what open throws", () =>
  inDirectory(async (directory) => {
    await assert.rejects(SharedRegion.openAsync("x", { directory }), { code: "ERR_ZINC_NOT_FOUND" });
    const before = performance.now();
    const late = SharedRegion.openAsync("x", { directory, timeout: 30 });
    await assert.rejects(late, { code: "ERR_ZINC_NOT_FOUND", message: /^open "x": / });
    assert.ok(performance.now() - before >= 29.9);
    await assert.rejects(SharedRegion.openAsync("..", { directory }), { code: "ERR_ZINC_INVALID_NAME" });
    const owner = SharedRegion.create("x", 10, { directory });
    assert.equal((await SharedRegion.openAsync("x", { directory })).capacity, 10);
    assert.equal((await SharedRegion.openAsync("x", { directory, signal: undefined })).capacity, 10);
    const wrong = [
      [[null], /^openAsync: the argument name is null;/],
      [["x", { directory, timeout: null }], /^openAsync "x": the argument timeout is null;/],
      [["x", { directory, signal: null }], /^openAsync "x": the argument signal is null;/],
      [["x", { directory, ms: 5 }], /^openAsync "x": there is no option ms; .* and signal$/],
      [["x", null], /^openAsync "x": the argument options is null;/],
    ];
    for (const [args, message] of wrong) {
      await assert.rejects(SharedRegion.openAsync(...args), { code: "ERR_ZINC_INVALID_ARGUMENT", message });
    }
    owner.close();
  }));

test("an abort ends an open at once with the signal's reason, and leaves nothing open", () =>
  inDirectory(async (directory) => {
    const controller = new AbortController();
    const { signal } = controller;
    const pending = Array.from({ length: 100 }, () => SharedRegion.openAsync("x", { directory, timeout: 1e9, signal }));
    const reason = new Error("enough");
    controller.abort(reason);
    for (const each of pending) await assert.rejects(each, reason);
    await assert.rejects(SharedRegion.openAsync("x", { directory, signal }), reason);
    const timed = SharedRegion.openAsync("x", { directory, timeout: Infinity, signal: AbortSignal.timeout(5) });
    await assert.rejects(timed, { name: "TimeoutError" });
    const owner = SharedRegion.create("x", 10, { directory });
    owner.close();
    assert.equal(openFiles(directory), 0);
  }));

test("the error of an open that waited names who called it", () =>
  inDirectory(async (directory) => {
    function theOpener() {
      return { pending: SharedRegion.openAsync("x", { directory, timeout: 1 }) };
    }
    const error = await theOpener().pending.catch((thrown) => thrown);
    assert.match(error.stack.split("\n")[1], /theOpener .*open\.test\.mjs/);
  }));

test("a process whose descriptors are taken by forgotten handles collects them, and opens", () =>
  inDirectory(async (directory) => {
    const child = Child.limited(200, "forgetful", directory, 2000);
    assert.deepEqual(await child.hear(), { opened: 2000, awaited: 2000 });
    assert.equal(await child.ended(), 0);
  }));
