// Asynchronous waits: many of one handle for one command, and their one AbortController.

/** The controllers of waits that may be pending, by their command's id. */
const controllers = new Map();

/** Starts the command's waits; how each of them ended, when all have. */
export async function waitAsync(id, region, { timeout, count = 1 }) {
  const controller = new AbortController();
  controllers.set(id, controller);
  const start = () => region.waitAsync({ timeout, signal: controller.signal });
  const outcomes = await Promise.allSettled(Array.from({ length: count }, start));
  controllers.delete(id);
  return outcomes;
}

export function cancel({ wait }) {
  controllers.get(wait)?.abort();
}
