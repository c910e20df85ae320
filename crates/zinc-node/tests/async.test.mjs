// Waiting on the event loop: promises, signals, iteration, and what they do not take from anybody else.

import assert from "node:assert/strict";
import { pbkdf2 } from "node:crypto";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { SharedRegion } from "../js/index.mjs";
import { test } from "./runner.mjs";
import { asleep, Child, inDirectory, threads } from "./support.mjs";

/** An owner and a peer of one region; closed afterwards. */
function withPair(body) {
  return () =>
    inDirectory(async (directory) => {
      const owner = SharedRegion.create("x", 8, { directory });
      const peer = SharedRegion.open("x", { directory });
      await body(owner, peer, directory);
      peer.close();
      owner.close();
    });
}

test(
  "a promise is settled by a notification, and by one that came before",
  withPair(async (owner, peer, directory) => {
    owner.notify();
    assert.equal(await peer.waitAsync(), true);
    const pending = peer.waitAsync({ timeout: 60_000 });
    await asleep(directory, "x");
    new Uint8Array(owner.buffer)[0] = 42;
    owner.notify();
    assert.equal(await pending, true);
    assert.equal(new Uint8Array(peer.buffer)[0], 42);
    assert.equal(peer.wait(0), false);
  }),
);

test(
  "a timeout is waited out, and 0 looks once",
  withPair(async (owner, peer) => {
    const before = performance.now();
    assert.equal(await peer.waitAsync({ timeout: 30 }), false);
    assert.ok(performance.now() - before >= 29.9);
    assert.equal(await peer.waitAsync({ timeout: 0 }), false);
    owner.notify();
    assert.equal(await peer.waitAsync({ timeout: 0 }), true);
  }),
);

test(
  "all pending waits of a handle end with one notification, and its own does not count",
  withPair(async (owner, peer) => {
    const pending = Array.from({ length: 1000 }, () => peer.waitAsync());
    peer.notify();
    owner.notify();
    assert.deepEqual(new Set(await Promise.all(pending)), new Set([true]));
    assert.equal(await peer.waitAsync({ timeout: 0 }), false);
  }),
);

test(
  "an abort ends a wait at once with the signal's reason, takes nothing in, and concerns no other",
  withPair(async (owner, peer) => {
    const controller = new AbortController();
    const [ended, other] = [peer.waitAsync({ signal: controller.signal }), peer.waitAsync()];
    const late = new Error("too late");
    controller.abort(late);
    await assert.rejects(ended, late);
    await assert.rejects(peer.waitAsync({ signal: controller.signal }), late);
    await assert.rejects(peer.waitAsync({ signal: AbortSignal.abort() }), { name: "AbortError" });
    await assert.rejects(peer.waitAsync({ signal: AbortSignal.timeout(5) }), { name: "TimeoutError" });
    owner.notify();
    assert.equal(await other, true);
    const last = new AbortController();
    const raced = peer.waitAsync({ signal: last.signal });
    owner.notify();
    last.abort();
    await assert.rejects(raced, { name: "AbortError" });
    assert.equal(await peer.waitAsync({ timeout: 0 }), true);
  }),
);

test(
  "closing and interrupting end the waits of that handle",
  withPair(async (owner, peer, directory) => {
    const other = SharedRegion.open("x", { directory });
    const untouched = other.waitAsync();
    const interrupted = peer.waitAsync();
    peer.interrupt();
    await assert.rejects(interrupted, { code: "ERR_ZINC_INTERRUPTED" });
    const closed = peer.waitAsync({ timeout: 60_000 });
    peer.close();
    await assert.rejects(closed, { code: "ERR_ZINC_CLOSED" });
    owner.notify();
    assert.equal(await untouched, true);
    const ended = other.waitAsync();
    owner.close();
    await assert.rejects(ended, { code: "ERR_ZINC_CLOSED" });
  }),
);

test(
  "for await gives every notification's sequence, and ends with the region",
  withPair(async (owner, peer) => {
    const seen = [];
    owner.notify();
    for await (const sequence of peer) {
      seen.push(sequence);
      if (sequence < 5n) owner.notify();
      else owner.close();
    }
    assert.deepEqual(seen, [1n, 2n, 3n, 4n, 5n]);
  }),
);

test(
  "for await can be left, and begun again",
  withPair(async (owner, peer) => {
    for (let round = 1n; round <= 3n; round++) {
      owner.notify();
      for await (const sequence of peer) {
        assert.equal(sequence, round);
        break;
      }
    }
  }),
);

test(
  "leaving an iteration settles the step that waits, at once, and takes nothing in",
  withPair(async (owner, peer) => {
    const steps = peer.notifications();
    const waiting = [steps.next(), steps.next()];
    const left = steps.return("left");
    assert.deepEqual(await Promise.all([left, ...waiting]), [
      { done: true, value: "left" },
      { done: true, value: undefined },
      { done: true, value: undefined },
    ]);
    assert.deepEqual(await steps.next(), { done: true, value: undefined });
    owner.notify();
    assert.equal(await peer.waitAsync(0), true);
  }),
);

test(
  "steps that are asked for at once get one notification each",
  withPair(async (owner, peer) => {
    const steps = peer[Symbol.asyncIterator]();
    const waiting = [steps.next(), steps.next(), steps.next()];
    for (const sequence of [1n, 2n, 3n]) {
      owner.notify();
      assert.deepEqual(await waiting[Number(sequence) - 1], { done: false, value: sequence });
    }
    await steps.return();
  }),
);

test(
  "an abort ends an iteration with the signal's reason",
  withPair(async (owner, peer) => {
    const controller = new AbortController();
    const late = new Error("too late");
    owner.notify();
    const seen = [];
    await assert.rejects(async () => {
      for await (const sequence of peer.notifications({ signal: controller.signal })) {
        seen.push(sequence);
        setTimeout(() => controller.abort(late), 1);
      }
    }, late);
    assert.deepEqual(seen, [1n]);
    await assert.rejects(peer.notifications({ signal: controller.signal }).next(), late);
  }),
);

test(
  "any number of waits share one listener of a signal, and leave none behind",
  withPair(async (owner, peer) => {
    const { signal } = new AbortController();
    const [add, remove] = [signal.addEventListener, signal.removeEventListener];
    let [now, most] = [0, 0];
    signal.addEventListener = function (...args) {
      most = Math.max(most, ++now);
      return add.apply(this, args);
    };
    signal.removeEventListener = function (...args) {
      now--;
      return remove.apply(this, args);
    };
    const warnings = [];
    const warned = (warning) => warnings.push(warning);
    process.on("warning", warned);
    for (let round = 0; round < 2; round++) {
      const pending = Array.from({ length: 100 }, () => peer.waitAsync({ signal }));
      owner.notify();
      assert.deepEqual(new Set(await Promise.all(pending)), new Set([true]));
    }
    await new Promise((turn) => setTimeout(turn));
    process.off("warning", warned);
    assert.deepEqual([now, most, warnings], [0, 1, []]);
  }),
);

test(
  "one abort ends all waits with its signal",
  withPair(async (_, peer) => {
    const controller = new AbortController();
    const { signal } = controller;
    const pending = Array.from({ length: 100 }, () => peer.waitAsync({ signal }).catch((error) => error.name));
    const other = peer.waitPastAsync(0, { signal }).catch((error) => error.name);
    controller.abort();
    assert.deepEqual(new Set(await Promise.all([...pending, other])), new Set(["AbortError"]));
  }),
);

test(
  "waitPastAsync counts every notification, its own too, and takes none from other waits",
  withPair(async (owner, peer) => {
    const pending = [peer.waitPastAsync(0), peer.waitPastAsync(2n), peer.waitPastAsync(1, { timeout: 60_000 })];
    peer.notify();
    assert.equal(await pending[0], 1n);
    owner.notify();
    assert.ok(await pending[2] >= 2n);
    owner.notify();
    assert.equal(await pending[1], 3n);
    assert.equal(await peer.waitPastAsync(2), 3n);
    assert.equal(await peer.waitPastAsync(3, 5), null);
    assert.deepEqual([await peer.waitAsync(0), await peer.waitAsync(0)], [true, false]);
    const interrupted = peer.waitPastAsync(3);
    peer.interrupt();
    await assert.rejects(interrupted, { code: "ERR_ZINC_INTERRUPTED" });
    const closed = peer.waitPastAsync(3);
    peer.close();
    await assert.rejects(closed, { code: "ERR_ZINC_CLOSED" });
    await assert.rejects(peer.waitPastAsync(0), { code: "ERR_ZINC_CLOSED" });
    const ended = owner.waitPastAsync(3);
    owner.close();
    await assert.rejects(ended, { code: "ERR_ZINC_CLOSED" });
  }),
);

test(
  "the error of an asynchronous wait names who called it",
  withPair(async (_, peer) => {
    const steps = peer.notifications();
    const calls = {
      waitAsync: function theWaiter() {
        return { pending: peer.waitAsync() };
      },
      waitPastAsync: function theWaiter() {
        return { pending: peer.waitPastAsync(0) };
      },
      next: function theWaiter() {
        return { pending: steps.next() };
      },
    };
    for (const [name, call] of Object.entries(calls)) {
      // In an object, as the last call of a function leaves no frame of it in Bun.
      const { pending } = call();
      await new Promise((turn) => setTimeout(turn));
      peer.interrupt();
      const error = await pending.catch((thrown) => thrown);
      assert.equal(error.code, "ERR_ZINC_INTERRUPTED");
      const [first, second] = error.stack.split("\n");
      assert.equal(first, `ZincError: ${error.message}`);
      assert.match(second, /theWaiter .*async\.test\.mjs/, name);
    }
  }),
);

test("64 pending waits hinder neither fs nor crypto, and take no thread each", () =>
  inDirectory(async (directory) => {
    const work = () =>
      Promise.all(Array.from({ length: 16 }, async () => {
        await readFile("/proc/self/stat");
        await promisify(pbkdf2)("password", "salt", 1000, 32, "sha256");
      }));
    await work();
    const before = threads().length;
    const names = Array.from({ length: 64 }, (_, n) => `x${n}`);
    const owners = names.map((name) => SharedRegion.create(name, 1, { directory }));
    const peers = names.map((name) => SharedRegion.open(name, { directory }));
    const pending = peers.map((peer) => peer.waitAsync());
    await work();
    // One that waits, and one that looks after the owners.
    assert.ok(threads().length <= before + 2, `${before} threads, then ${threads()}`);
    for (const owner of owners) owner.notify();
    assert.deepEqual(new Set(await Promise.all(pending)), new Set([true]));
    for (const region of [...peers, ...owners]) region.close();
  }));

test("10,000 waits that are aborted leave the handle as it was", () =>
  inDirectory(async (directory) => {
    const region = SharedRegion.create("x", 1, { directory });
    const peer = SharedRegion.open("x", { directory });
    for (let n = 0; n < 10_000; n++) {
      const controller = new AbortController();
      const pending = peer.waitAsync({ signal: controller.signal });
      controller.abort();
      await assert.rejects(pending);
    }
    region.notify();
    assert.equal(await peer.waitAsync(), true);
    region.close();
  }));

test("a pending wait keeps the process alive, and an unreferenced one does not", () =>
  inDirectory(async (directory) => {
    const region = SharedRegion.create("x", 1, { directory });
    const kept = Child.start("wait", directory, "x", "async");
    const freed = Child.start("unref", directory, "x");
    await Promise.all([kept.hear(), freed.hear()]);
    // Its input ends here, so that only the waits could keep it.
    assert.equal(await freed.ended(), 0);
    const ended = kept.ended();
    await asleep(directory, "x");
    region.notify();
    assert.equal(await kept.hear(), true);
    assert.equal(await ended, 0);
    region.close();
  }));
