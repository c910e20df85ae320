// Tensors as JSON, each element as JavaScript's typed arrays have it.

/** The element types that this runtime has arrays for. */
export const DTYPES = [
  "bool",
  "int8",
  "int16",
  "int32",
  "int64",
  "uint8",
  "uint16",
  "uint32",
  "uint64",
  ...("Float16Array" in globalThis ? ["float16"] : []),
  "bfloat16",
  "float32",
  "float64",
  "complex64",
  "complex128",
];

/** A float32 whose upper half is a bfloat16. */
const single = new Float32Array(1);
const bits = new Uint32Array(single.buffer);

const FROM = {
  bool: Boolean,
  int64: String,
  uint64: String,
  bfloat16(value) {
    bits[0] = value << 16;
    return single[0];
  },
};

const TO = {
  bool: Number,
  int64: BigInt,
  uint64: BigInt,
  bfloat16(value) {
    single[0] = value;
    return bits[0] >>> 16;
  },
};

export function toJson(dtype, data) {
  const values = Array.from(data, FROM[dtype]);
  if (!dtype.startsWith("complex")) return values;
  return Array.from({ length: values.length / 2 }, (_, n) => [values[2 * n], values[2 * n + 1]]);
}

export function fromJson(dtype, values) {
  return values.flat().map((value) => (TO[dtype] ?? Number)(value));
}
