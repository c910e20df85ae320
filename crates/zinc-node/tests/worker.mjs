// A worker thread of the tests: does what it is told about a region.

import { parentPort, workerData } from "node:worker_threads";
import { SharedRegion } from "../js/index.mjs";
import { collected } from "./runner.mjs";

const { role, directory } = workerData;

if (role === "own") {
  const region = SharedRegion.create("w", 10, { directory });
  new Uint8Array(region.buffer)[0] = 7;
  region.waitAsync();
  parentPort.postMessage("ready");
} else if (role === "view") {
  // The handle is forgotten, and its finalizer has run.
  let forgotten = false;
  const registry = new FinalizationRegistry(() => forgotten = true);
  globalThis.arrays = Array.from({ length: 8 }, (_, n) => {
    const region = SharedRegion.create(n === 0 ? "w" : `w${n}`, 10, { directory });
    if (n === 0) registry.register(region, n);
    return new Uint8Array(region.buffer).fill(7);
  });
  await collected(() => forgotten);
  parentPort.on("message", () => {}); // stays until it is terminated
  parentPort.postMessage("ready");
} else {
  const region = SharedRegion.open("x", { directory });
  const bytes = new Uint8Array(region.buffer);
  parentPort.postMessage("ready");
  if (role === "async") await region.waitAsync();
  else region.wait();
  bytes[1] = bytes[0] + 1;
  region.notify();
  parentPort.postMessage(bytes[0]);
}
