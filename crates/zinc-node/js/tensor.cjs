// Typed views: which array of JavaScript has the elements of a described region.
"use strict";

const { failure } = require("./errors.cjs");
const { DTYPES } = require("./dtypes.gen.cjs");

/** The elements that the addon found, in place. */
function tensor(region, { dtype, shape, elements }) {
  const { array, numbers } = DTYPES[dtype];
  const TypedArray = globalThis[array];
  if (TypedArray === undefined) {
    const why = `this runtime has no ${array} for ${dtype}; make a Uint16Array of the bits over buffer`;
    throw failure("Unsupported", "tensor", region.name, why);
  }
  return { dtype, shape, data: new TypedArray(region.buffer, 0, elements * numbers) };
}

module.exports = { tensor };
