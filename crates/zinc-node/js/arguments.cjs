// Arguments as people write them, checked and made what the addon takes.
"use strict";

const { DTYPES } = require("./dtypes.gen.cjs");
const { NUMBERS, OPTIONS } = require("./options.gen.cjs");

const NANOSECONDS_PER_MILLISECOND = 1e6;
const NANOSECONDS_PER_MICROSECOND = 1000;
const LARGEST_ID = 0xffff_ffff;

function shown(value) {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

function text(value, what) {
  if (typeof value !== "string") throw new TypeError(`${what} is a string, not ${shown(value)}`);
  return value;
}

/** A whole number from 0 on; a BigInt is one, too. */
function whole(value, what) {
  if (typeof value !== "number" && typeof value !== "bigint") {
    throw new TypeError(`${what} is a number, not ${shown(value)}`);
  }
  const number = Number(value);
  if (!Number.isInteger(number) || number < 0) {
    throw new RangeError(`${what} is a whole number from 0 on, not ${shown(value)}`);
  }
  return number;
}

/** Milliseconds: a number, or a Temporal.Duration. Without one, and for Infinity, -1: for ever. */
function milliseconds(timeout) {
  if (typeof timeout === "number" && timeout >= 0 && timeout < Infinity) return timeout;
  return otherwise(timeout);
}

function otherwise(timeout) {
  if (timeout === undefined || timeout === null || timeout === Infinity) return -1;
  if (typeof timeout === "number") {
    throw new RangeError(`a timeout is a number of milliseconds from 0 on, not ${timeout}; undefined is for ever`);
  }
  if (globalThis.Temporal && timeout instanceof Temporal.Duration) {
    return milliseconds(timeout.total({ unit: "milliseconds" }));
  }
  throw new TypeError(`a timeout is a number of milliseconds or a Temporal.Duration, not ${shown(timeout)}`);
}

function sequence(value) {
  const number = typeof value === "bigint" ? value : BigInt(whole(value, "a sequence"));
  if (number < 0n || number >= 1n << 64n) throw new RangeError(`a sequence is from 0 to 2^64 - 1, not ${number}`);
  return number;
}

function dtype(name) {
  if (!Object.hasOwn(DTYPES, text(name, "an element type"))) {
    throw new TypeError(`an element type is one of ${Object.keys(DTYPES).join(", ")}, not ${shown(name)}`);
  }
  return name;
}

/** Lengths, outermost first; a single number is one dimension. */
function shape(lengths) {
  const all = typeof lengths === "object" && lengths !== null ? Array.from(lengths) : [lengths];
  return all.map((length) => whole(length, "a length"));
}

/** A user's or group's number. */
function id(value, what) {
  const number = whole(value, what);
  if (number > LARGEST_ID) throw new RangeError(`${what} is at most ${LARGEST_ID}, not ${shown(value)}`);
  return number;
}

/** What each type of option is as a number: nanoseconds where it is a time, and 0 is the default. */
const ENCODE = {
  mode: whole,
  user: id,
  group: id,
  // 0 is no time at all, which is negative here.
  duration: (value, what) => whole(value, what) * NANOSECONDS_PER_MICROSECOND || -1,
  // A time of -1 is for ever, be it of milliseconds or nanoseconds.
  timeout(value) {
    const time = milliseconds(value);
    return time < 0 ? time : time * NANOSECONDS_PER_MILLISECOND;
  },
};

/** The options as the addon takes them: flags, numbers and a path. */
function options(given = {}) {
  if (typeof given !== "object" || given === null) throw new TypeError(`options are an object, not ${shown(given)}`);
  const plain = { flags: 0, numbers: new Array(NUMBERS).fill(0) };
  for (const [name, { type, flag, place }] of Object.entries(OPTIONS)) {
    const value = given[name];
    if (value === undefined) continue;
    if (type === "path") plain.directory = text(value, name);
    else if (place !== undefined) plain.numbers[place] = ENCODE[type](value, name);
    if (flag !== undefined && (type !== "bool" || value)) plain.flags |= flag;
  }
  return plain;
}

module.exports = { dtype, milliseconds, options, sequence, shape, text, whole };
