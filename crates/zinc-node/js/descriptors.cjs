// A second try when the process has as many files open as it may: forgotten handles may have some of them.
"use strict";

const native = require("./native.cjs");
const { call } = require("./errors.cjs");

const EMFILE = 24;

/** The runtime's garbage collection, where a program can ask for it: Bun, and Node and Deno with `--expose-gc`. */
function collect() {
  if (globalThis.Bun) globalThis.Bun.gc(true);
  else if (typeof globalThis.gc === "function") globalThis.gc();
  else return false;
  native.closeCollected();
  return true;
}

/** Whether another try may find a descriptor free. */
function mayTryAgain(error) {
  return error?.errno === EMFILE && collect();
}

/** Calls a function of the addon that needs descriptors, once more if there are none and garbage can be collected. */
function callWithDescriptors(native, ...args) {
  try {
    return call(native, ...args);
  } catch (error) {
    if (!mayTryAgain(error)) throw error;
  }
  return call(native, ...args);
}

module.exports = { callWithDescriptors, mayTryAgain };
