// The runner that these tests are in: each runtime's own.

const { Bun, Deno } = globalThis;

/** The runtime's name. */
export const RUNTIME = Bun ? "bun" : Deno ? "deno" : "node";

/** Defines a test. */
export const test = await (async () => {
  if (Bun) return (await import("bun:test")).test;
  // Timers and processes outlive single tests here, which the sanitizers take for leaks.
  if (Deno) return (name, fn) => Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false });
  return (await import("node:test")).test;
})();

/** Says that a part is not tested here, and why. */
export function skipped(reason) {
  console.log(`\nskipped in ${RUNTIME}: ${reason}`);
}

/** Collects what nobody holds, and lets finalizers run, until `done` says that it is so. */
export async function collected(done) {
  while (!done()) {
    Bun ? Bun.gc(true) : globalThis.gc();
    await new Promise((turn) => setTimeout(turn, 1));
  }
}
