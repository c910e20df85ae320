// Arguments as people write them, checked and made what the addon takes.
"use strict";

const { isAnyArrayBuffer } = require("node:util").types;
const { failure } = require("./errors.cjs");
const { DTYPES } = require("./dtypes.gen.cjs");
const { NUMBERS, OPTIONS } = require("./options.gen.cjs");

const NANOSECONDS_PER_MILLISECOND = 1e6;
const NANOSECONDS_PER_MICROSECOND = 1000;
const LARGEST_ID = 0xffff_ffff;
const SEQUENCES = 1n << 64n;

/** The options of waits. */
const WAITING = ["timeout", "signal"];

function shown(value) {
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object" && value !== null) return "an object";
  return typeof value === "function" ? "a function" : String(value);
}

function names(list) {
  return list.length > 1 ? `${list.slice(0, -1).join(", ")} and ${list.at(-1)}` : list.join();
}

/** A call whose arguments are looked at: what errors name. */
class Call {
  #operation;
  #subject;

  /** The subject is the region's handle or, where there is none yet, its name. */
  constructor(operation, subject) {
    this.#operation = operation;
    this.#subject = subject;
  }

  #fail(why) {
    const subject = this.#subject;
    return failure("InvalidArgument", this.#operation, typeof subject === "string" ? subject : subject?.name, why);
  }

  #wrong(what, value, wanted) {
    return this.#fail(`the argument ${what} is ${shown(value)}; it must be ${wanted}`);
  }

  text(value, what) {
    if (typeof value !== "string") throw this.#wrong(what, value, "a string");
    return value;
  }

  /** A whole number from 0 on, as a number; a BigInt is one, too. */
  whole(value, what) {
    const number = typeof value === "bigint" ? Number(value) : value;
    if (!Number.isInteger(number) || number < 0) throw this.#wrong(what, value, "a whole number from 0 on");
    return number;
  }

  /** A user's or group's number. */
  id(value, what) {
    const number = this.whole(value, what);
    if (number > LARGEST_ID) throw this.#wrong(what, value, `at most ${LARGEST_ID}`);
    return number;
  }

  /** Permission bits; the core knows which mean something, and takes 0 for the default. */
  mode(value, what) {
    const number = this.whole(value, what);
    if (number === 0) throw this.#wrong(what, value, "permission bits, such as 0o600");
    return number;
  }

  flag(value, what) {
    if (typeof value !== "boolean") throw this.#wrong(what, value, "true or false");
    return value;
  }

  sequence(value) {
    const number = Number.isInteger(value) ? BigInt(value) : value;
    if (typeof number !== "bigint" || number < 0n || number >= SEQUENCES) {
      throw this.#wrong("sequence", value, "a whole number from 0 to 2^64 - 1");
    }
    return number;
  }

  dtype(name) {
    if (typeof name !== "string" || !Object.hasOwn(DTYPES, name)) {
      throw this.#wrong("dtype", name, `one of ${Object.keys(DTYPES).join(", ")}`);
    }
    return name;
  }

  /** Lengths, outermost first; a single number is one dimension. */
  shape(lengths) {
    if (typeof lengths === "number" || typeof lengths === "bigint") return [this.whole(lengths, "shape")];
    if (typeof lengths !== "object" || lengths === null || !(Symbol.iterator in lengths)) {
      throw this.#wrong("shape", lengths, "a whole number, or an iterable of them");
    }
    return Array.from(lengths, (length, at) => this.whole(length, `shape[${at}]`));
  }

  /** The bytes of a buffer or of a view of one, as a Uint8Array. */
  bytes(value, what) {
    if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    if (isAnyArrayBuffer(value)) return new Uint8Array(value);
    throw this.#wrong(what, value, "a typed array, a DataView or an ArrayBuffer");
  }

  /** Milliseconds: a number, or a Temporal.Duration. -1 is for ever, which Infinity stands for. */
  time(value, what) {
    if (value === Infinity) return -1;
    if (typeof value === "number" && value >= 0) return value;
    // Also those of polyfills. Nothing is left of a time that is below zero.
    const total = typeof value?.total === "function" ? value.total({ unit: "milliseconds" }) : NaN;
    if (!Number.isNaN(total)) return Math.max(0, total);
    const wanted = "milliseconds from 0 on, a Temporal.Duration, or Infinity to wait for ever";
    throw this.#wrong(what, value, value === null ? `${wanted}; or leave it out` : wanted);
  }

  signal(value) {
    const isSignal = typeof value?.aborted === "boolean" && typeof value.addEventListener === "function";
    if (value !== undefined && !isSignal) throw this.#wrong("signal", value, "an AbortSignal");
    return value;
  }

  /** How a wait is said to end: `{ ms, signal }`. Without a time, for ever. */
  waiting(given) {
    if (given === undefined) return { ms: -1, signal: undefined };
    if (typeof given !== "object" || given === null || typeof given.total === "function") {
      return { ms: this.time(given, "timeout"), signal: undefined };
    }
    const { timeout, signal } = this.keys(given, WAITING);
    return { ms: timeout === undefined ? -1 : this.time(timeout, "timeout"), signal: this.signal(signal) };
  }

  /** An object that has no other keys than these. */
  keys(given, known) {
    if (typeof given !== "object" || given === null) {
      throw this.#wrong("options", given, "an object; or leave it out");
    }
    for (const key in given) {
      if (known.includes(key)) continue;
      throw this.#fail(`there is no option ${key}; the options of this call are ${names(known)}`);
    }
    return given;
  }

  /** The options as the addon takes them: flags, numbers and a path. */
  options(given = {}, more = []) {
    const known = OPTIONS_OF[SAME_OPTIONS[this.#operation] ?? this.#operation];
    this.keys(given, [...known, ...more]);
    const plain = { flags: 0, numbers: new Array(NUMBERS).fill(0) };
    for (const name of known) {
      const value = given[name];
      if (value === undefined) continue;
      const { type, flag, place } = OPTIONS[name];
      const encoded = ENCODE[type](this, value, name);
      if (type === "path") plain.directory = encoded;
      else if (place !== undefined) plain.numbers[place] = encoded;
      if (flag !== undefined && encoded !== false) plain.flags |= flag;
    }
    return plain;
  }
}

/** The options of each call. */
const OPTIONS_OF = {};
for (const [name, { calls }] of Object.entries(OPTIONS)) {
  for (const call of calls) (OPTIONS_OF[call] ??= []).push(name);
}

/** The calls that take another's options. */
const SAME_OPTIONS = { createTensor: "create", openAsync: "open" };

/** What each type of option is for the addon: nanoseconds where it is a time, and 0 is the default. */
const ENCODE = {
  bool: (call, value, what) => call.flag(value, what),
  path: (call, value, what) => call.text(value, what),
  mode: (call, value, what) => call.mode(value, what),
  user: (call, value, what) => call.id(value, what),
  group: (call, value, what) => call.id(value, what),
  // 0 is no time at all, which is negative here.
  duration: (call, value, what) => call.whole(value, what) * NANOSECONDS_PER_MICROSECOND || -1,
  // A time of -1 is for ever, be it of milliseconds or nanoseconds.
  timeout(call, value, what) {
    const time = call.time(value, what);
    return time < 0 ? time : time * NANOSECONDS_PER_MILLISECOND;
  },
};

module.exports = { Call };
