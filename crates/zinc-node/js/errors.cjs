// Errors: one class, whose `code` tells the kinds apart.
"use strict";

const { KINDS } = require("./kinds.gen.cjs");

class ZincError extends Error {
  constructor({ kind, message, ...details }) {
    super(message);
    const { code, number } = KINDS[kind];
    Object.assign(this, { code, kind, number });
    for (const [name, value] of Object.entries(details)) {
      if (value !== undefined && value !== null) this[name] = value;
    }
  }
}
Object.defineProperty(ZincError.prototype, "name", { value: "ZincError", configurable: true, writable: true });

/** An error that only this package can meet, worded as the core words its own. */
function failure(kind, operation, region, why) {
  const message = region === undefined ? `${operation}: ${why}` : `${operation} ${JSON.stringify(region)}: ${why}`;
  return new ZincError({ kind, message, operation, region });
}

/** What to throw for what the addon threw: it throws the parts of an error of the core, or an error of the runtime. */
function failed(thrown) {
  const isOfTheCore = !(thrown instanceof ZincError) && Object.hasOwn(KINDS, thrown?.kind ?? "");
  return isOfTheCore ? new ZincError(thrown) : thrown;
}

/** Calls a function of the addon. */
function call(native, ...args) {
  try {
    return native(...args);
  } catch (thrown) {
    throw failed(thrown);
  }
}

/** The stack of an error whose call returned long ago: `caller.stack` was captured in that call. */
function blame(error, caller) {
  const frames = caller.stack;
  // A program's own Error.prepareStackTrace may make something else of it.
  if (error instanceof ZincError && typeof frames === "string" && frames.includes("\n")) {
    error.stack = `${error.name}: ${error.message}${frames.slice(frames.indexOf("\n"))}`;
  }
  return error;
}

module.exports = { ZincError, blame, call, failed, failure };
