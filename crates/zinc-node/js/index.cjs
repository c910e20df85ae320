// Zinc for Node, Bun and Deno: named shared memory between processes of different languages, without copies.
"use strict";

const native = require("./native.cjs");
const { ZincError, call } = require("./errors.cjs");
const { OwnedRegion, SharedRegion } = require("./region.cjs");
const { Call } = require("./arguments.cjs");

function list(options) {
  return call(native.list, new Call("list").options(options)).map((info) => ({
    ...info,
    created: new Date(info.created),
  }));
}

function remove(name, options) {
  const given = new Call("remove", name);
  call(native.remove, given.text(name, "name"), given.options(options));
}

module.exports = { OwnedRegion, SharedRegion, ZincError, list, remove, version: native.version() };
