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

/** What to throw for what the addon threw: it throws an error's parts, or a TypeError of its own. */
function failed(failure) {
  return failure instanceof Error ? failure : new ZincError(failure);
}

/** Calls a function of the addon. */
function call(native, ...args) {
  try {
    return native(...args);
  } catch (failure) {
    throw failed(failure);
  }
}

module.exports = { ZincError, call, failed };
