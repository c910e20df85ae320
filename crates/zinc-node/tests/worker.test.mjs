// Worker threads: each opens for itself, none disturbs another, and a handle does not travel.

import assert from "node:assert/strict";
import { once } from "node:events";
import { MessageChannel, Worker } from "node:worker_threads";
import { SharedRegion } from "../js/index.mjs";
import { RUNTIME, test } from "./runner.mjs";
import { asleep, Child, inDirectory } from "./support.mjs";

async function start(role, directory) {
  const worker = new Worker(new URL("worker.mjs", import.meta.url), { workerData: { role, directory } });
  assert.deepEqual(await once(worker, "message"), ["ready"]);
  return worker;
}

for (const role of ["sync", "async"]) {
  test(`a worker opens for itself, and waits (${role}) while other threads go on`, () =>
    inDirectory(async (directory) => {
      const region = SharedRegion.create("x", 10, { directory });
      const workers = await Promise.all([start(role, directory), start(role, directory)]);
      await asleep(directory, "x");
      const bytes = new Uint8Array(region.buffer);
      bytes[0] = 41;
      const said = workers.map((worker) => once(worker, "message"));
      region.notify();
      assert.deepEqual(await Promise.all(said), [[41], [41]]);
      assert.equal(await region.waitAsync(), true);
      assert.equal(bytes[1], 42);
      await Promise.all(workers.map((worker) => worker.terminate()));
      region.close();
    }));

  test(`a worker is terminated in the middle of a wait (${role})`, () =>
    inDirectory(async (directory) => {
      const region = SharedRegion.create("x", 10, { directory });
      const worker = await start(role, directory);
      await asleep(directory, "x");
      await worker.terminate();
      // What it left behind wakes nobody and hurts nobody.
      region.notify();
      region.close();
    }));
}

test("posting a handle is an error, not a crash", () =>
  inDirectory((directory) => {
    const region = SharedRegion.create("x", 10, { directory });
    const { port1, port2 } = new MessageChannel();
    for (const post of [() => port1.postMessage(region), () => structuredClone({ deep: [region] })]) {
      // Bun's error does not say what cannot be cloned.
      const message = RUNTIME === "bun" ? /can not be cloned/ : /cannot be posted to another thread; open it there/;
      assert.throws(post, { name: "DataCloneError", message });
    }
    port1.close();
    port2.close();
    region.notify();
    region.close();
  }));

test("a worker's end ends the regions that it owned", () =>
  inDirectory(async (directory) => {
    const worker = await start("own", directory);
    const region = SharedRegion.open("w", { directory });
    const bytes = new Uint8Array(region.buffer);
    await worker.terminate();
    assert.equal(bytes[0], 7);
    await assert.rejects(region.waitAsync({ timeout: 60_000 }), { code: "ERR_ZINC_CLOSED" });
    region.close();
  }));

test("a worker's end ends the regions of which it had only views left", () =>
  inDirectory(async (directory) => {
    const worker = await start("view", directory);
    const region = SharedRegion.open("w", { directory });
    assert.equal(region.read(0, 1)[0], 7);
    await worker.terminate();
    await assert.rejects(region.waitAsync(60_000), { code: "ERR_ZINC_CLOSED" });
    region.close();
  }));

test("a process exits while a worker of it waits", () =>
  inDirectory(async (directory) => {
    const region = SharedRegion.create("x", 10, { directory });
    const child = Child.start("exitBesideWorker", directory);
    await child.hear();
    await asleep(directory, "x");
    assert.equal(await child.ended(), 0);
    region.close();
  }));
