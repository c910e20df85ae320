// Asynchronous waits: promises that the core's wake-ups settle, on this thread's event loop.
"use strict";

const native = require("./native.cjs");
const { mayTryAgain } = require("./descriptors.cjs");
const { blame, call, failed } = require("./errors.cjs");
const { offAbort, onAbort } = require("./signals.cjs");

/** The looks of the jobs in progress on this thread, by the number that their wake-up brings. */
const pending = new Map();
let last = 0;

/** How many jobs keep the event loop alive. */
let kept = 0;

/** The core wakes this thread through it. It is made with the first job, and by itself keeps no process alive. */
let bell;

function keep(change) {
  const before = kept;
  kept += change;
  if (before === 0 && kept > 0) native.bellRef(bell);
  if (before > 0 && kept === 0) native.bellUnref(bell);
}

/** A number that no pending job has. They are 32 bits, and begin again. */
function free() {
  do last = (last + 1) % 0xffff_ffff; while (pending.has(last));
  return last;
}

/** The caller with its frames, which are there for as long as the public function has not returned. */
function captured(caller) {
  if (!("stack" in caller)) Error.captureStackTrace(caller, caller.above);
  return caller;
}

/**
 * Begins a job of the core, and settles with its outcome. Returns a function that cancels the job without settling.
 *
 * `start(bell, number)` begins the job, `poll` returns null while it goes on, and `cancel` ends it. `caller.above` is the
 * public function whose caller an error is to name.
 */
function begin({ start, poll, cancel, count }, signal, caller, resolve, reject) {
  if (signal?.aborted) {
    reject(signal.reason);
    return () => {};
  }
  bell ??= native.bell((ready) => pending.get(ready)?.());
  const number = free();
  let job;
  const leave = () => {
    if (!pending.delete(number)) return;
    if (signal !== undefined) offAbort(signal, abort);
    count(-1);
    cancel(job);
  };
  const abort = () => {
    leave();
    reject(signal.reason);
  };
  /** Whether it is over. */
  const look = () => {
    let outcome;
    try {
      outcome = poll(job);
    } catch (thrown) {
      leave();
      reject(blame(failed(thrown), captured(caller)));
      return true;
    }
    if (outcome === null) return false;
    leave();
    resolve(outcome);
    return true;
  };
  try {
    job = start(bell, number);
  } catch (thrown) {
    reject(blame(failed(thrown), captured(caller)));
    return leave;
  }
  if (look()) return leave;
  captured(caller);
  pending.set(number, look);
  if (signal !== undefined) onAbort(signal, abort);
  count(1);
  return leave;
}

/** Waits until there is a region of that name, or the time is up. While it does, it keeps the process alive. */
function beginOpen(name, options, signal, caller, resolve, reject, again = true) {
  const job = {
    start: (bell, number) => native.openStart(name, options, bell, number),
    poll: native.openPoll,
    cancel: native.openCancel,
    count: keep,
  };
  begin(job, signal, caller, resolve, (error) => {
    if (!again || !mayTryAgain(error)) return reject(error);
    // What was collected gives its descriptors back in another turn of the loop.
    setTimeout(() => beginOpen(name, options, signal, caller, resolve, reject, false));
  });
}

/** The waits of one handle. While one is in progress, the handle is not forgotten. */
class Waits {
  #region;
  #handle;
  #past;
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

  /** Waits until the handle is notified, or the time is up. Returns a function that cancels the wait. */
  begin(ms, signal, caller, resolve, reject) {
    return this.#begin(this.#handle, ms, signal, caller, resolve, reject);
  }

  #begin(handle, ms, signal, caller, resolve, reject) {
    const job = {
      start: (bell, number) => native.waitStart(handle, ms, bell, number),
      poll: native.waitPoll,
      cancel: native.waitCancel,
      count: (change) => this.#add(change),
    };
    return begin(job, signal, caller, resolve, reject);
  }

  /**
   * Waits until the sequence is greater than `sequence`. It waits with a clone of the handle, so that the other waits miss
   * nothing.
   */
  beginPast(sequence, ms, signal, caller, resolve, reject) {
    const deadline = performance.now() + ms;
    const look = () => {
      try {
        const reached = call(native.sequence, this.#handle);
        if (reached > sequence) return resolve(reached);
        this.#past ??= call(native.clone, this.#handle);
        const left = ms < 0 ? -1 : Math.max(0, deadline - performance.now());
        this.#begin(this.#past, left, signal, caller, (notified) => notified ? look() : resolve(null), reject);
      } catch (error) {
        reject("stack" in caller ? blame(error, caller) : error);
      }
    };
    look();
  }

  interrupt() {
    native.interrupt(this.#handle);
    if (this.#past !== undefined) native.interrupt(this.#past);
  }

  close() {
    if (this.#past !== undefined) native.close(this.#past);
  }

  #add(change) {
    this.#count += change;
    if (this.#alive) keep(change);
  }
}

module.exports = { Waits, beginOpen };
