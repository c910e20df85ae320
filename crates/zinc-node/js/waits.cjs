// Asynchronous waits: promises that the core's wake-ups settle, on this thread's event loop.
"use strict";

const native = require("./native.cjs");
const { failed } = require("./errors.cjs");
const { milliseconds } = require("./arguments.cjs");

/** The waits in progress on this thread, by the number that their wake-up brings. */
const pending = new Map();
let last = 0;

/** How many waits keep the event loop alive. */
let kept = 0;

/** What the core calls for waits by, made with the first of them. By itself it keeps no process alive. */
let bell;

function keep(change) {
  const before = kept;
  kept += change;
  if (before === 0 && kept > 0) native.bellRef(bell);
  if (before > 0 && kept === 0) native.bellUnref(bell);
}

/** A number that no pending wait has; 32 bits of them go round. */
function free() {
  do last = (last + 1) % 0xffff_ffff; while (pending.has(last));
  return last;
}

/** The waits of one handle. While one is in progress, the handle is not forgotten. */
class Waits {
  #region;
  #handle;
  #count = 0;
  #alive = true;

  constructor(region, handle) {
    this.#region = region;
    this.#handle = handle;
  }

  /** Whether these waits keep the process alive. */
  keepAlive(alive) {
    if (alive !== this.#alive) keep(alive ? this.#count : -this.#count);
    this.#alive = alive;
  }

  /** A promise of whether the handle was notified in time; what is wrong with the arguments rejects it, too. */
  start(timeout, signal) {
    return new Promise((resolve, reject) => {
      const ms = milliseconds(timeout);
      signal?.throwIfAborted();
      bell ??= native.bell((ready) => pending.get(ready)?.look());
      const number = free();
      const wait = native.waitStart(this.#handle, ms, bell, number);
      const abort = () => end(reject, signal.reason);
      const end = (settle, outcome) => {
        pending.delete(number);
        signal?.removeEventListener("abort", abort);
        this.#add(-1);
        native.waitCancel(wait);
        settle(outcome);
      };
      const look = () => {
        let notified;
        try {
          notified = native.waitPoll(wait);
        } catch (failure) {
          return end(reject, failed(failure));
        }
        if (notified !== null) end(resolve, notified);
      };
      pending.set(number, { look, region: this.#region });
      signal?.addEventListener("abort", abort);
      this.#add(1);
      look();
    });
  }

  #add(change) {
    this.#count += change;
    if (this.#alive) keep(change);
  }
}

module.exports = { Waits };
