// Quickstart: waits for what a writer of any language put into the region, and reads it where it lies.

import { SharedRegion } from "zinc";

const region = SharedRegion.open("pipeline");
console.log("opened");

const started = performance.now();
if (!region.wait(1000)) throw new Error("nobody notified within a second"); // or: await region.waitAsync(1000)
const numbers = new Float32Array(region.buffer); // the shared memory itself, not a copy

const waited = performance.now() - started;
const count = numbers.length;
console.log(`first ${numbers[0]} last ${numbers[count - 1]} of ${count}, waited ${waited.toFixed(3)} ms`);
