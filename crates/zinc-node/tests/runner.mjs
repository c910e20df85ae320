// The runner that these tests are in: each runtime's own.

const { Bun, Deno } = globalThis;

/** The runtime's name. */
export const RUNTIME = Bun ? "bun" : Deno ? "deno" : "node";

/** Longer than anything here takes, in milliseconds; only a hang meets it. */
const PATIENCE = 60_000;

const define = await (async () => {
  if (Bun) return (await import("bun:test")).test;
  // Timers and processes outlive single tests here, which the sanitizers take for leaks.
  if (Deno) return (name, fn) => Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false });
  return (await import("node:test")).test;
})();

/** Defines a test, which fails if it hangs. */
export function test(name, body) {
  define(name, async () => {
    let watchdog;
    const hang = new Promise((_, reject) => {
      watchdog = setTimeout(() => reject(new Error(`no end within ${PATIENCE / 1000} s`)), PATIENCE);
    });
    try {
      await Promise.race([body(), hang]);
    } finally {
      clearTimeout(watchdog);
    }
  });
}

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
