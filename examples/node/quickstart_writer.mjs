// Quickstart: puts a model's output into a region and tells whoever is waiting, in any language.
//
// The "model" is a number typed on standard input, so that a reader can be started before or after it is there.

import { createInterface } from "node:readline";
import { SharedRegion } from "zinc";

const region = SharedRegion.create("pipeline", 64 * 1024 * 1024);
const numbers = new Float32Array(region.buffer); // the shared memory itself, not a copy
console.log("created");

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { value: line, done } = await lines.next();
if (done) throw new Error("standard input ended without a number");
numbers.fill(Number(line)); // the model's output
region.notify();
console.log("notified");

await lines.next(); // the region is gone when its owner ends: stay until told
region.close();
process.stdin.pause();
