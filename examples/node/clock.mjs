// CLOCK_MONOTONIC in nanoseconds: one clock for all processes of a machine, so that its readings can be compared.

const CLOCK_MONOTONIC = 1;
const { Bun, Deno } = globalThis;

/** The C library's call, for the clocks that Bun and Deno have of their own begin with the process. */
async function clockGettime() {
  if (Deno) {
    const { symbols } = Deno.dlopen("libc.so.6", { clock_gettime: { parameters: ["i32", "buffer"], result: "i32" } });
    return symbols.clock_gettime;
  }
  const { dlopen } = await import("bun:ffi");
  return dlopen("libc.so.6", { clock_gettime: { args: ["i32", "ptr"], returns: "i32" } }).symbols.clock_gettime;
}

/** The reading, as a number. */
export const monotonic = await (async () => {
  if (!Bun && !Deno) return () => Number(process.hrtime.bigint());
  const read = await clockGettime();
  const time = new BigInt64Array(2);
  return () => {
    read(CLOCK_MONOTONIC, time);
    return Number(time[0] * 1_000_000_000n + time[1]);
  };
})();
