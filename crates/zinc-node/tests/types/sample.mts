// Typical code, which tsc --strict must take as it stands. Never run.

import { list, OwnedRegion, remove, SharedRegion, version, ZincError } from "zinc";
import type { DType, ErrorCode, RegionInfo, Tensor } from "zinc";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(..._same: Same<A, B> extends true ? [] : [never]) {}

export function writer(output: Float32Array) {
  const region = SharedRegion.create("pipeline", 64 * 1024 * 1024);
  same<typeof region, OwnedRegion>();
  new Float32Array(region.buffer).set(output);
  region.notify();
  region.persist();
  region.unlink();
  region.describe("float32", [640, 480]);
  region.describe("uint8", 7);
  const hidden = SharedRegion.create("model", 4, { unlinked: true, mode: 0o640, group: 100 });
  hidden.write(0, output);
  hidden.write(0, output.buffer);
  hidden.link();
  same<ReturnType<typeof hidden.isNamed>, boolean>();
}

export async function opens(signal: AbortSignal) {
  const region = await SharedRegion.openAsync("pipeline", { timeout: Infinity, signal, readOnly: true });
  same<typeof region, SharedRegion>();
  // @ts-expect-error: null is no time.
  await SharedRegion.openAsync("pipeline", { timeout: null });
  // @ts-expect-error: what keeps the thread cannot be aborted.
  SharedRegion.open("pipeline", { signal });
  const clone = region.clone();
  same<typeof clone, SharedRegion>();
  const copy = clone.read();
  same<typeof copy, Uint8Array>();
  same<ReturnType<typeof clone.view>, ArrayBuffer>();
  const floats = clone.read(8, new Float32Array(4));
  same<typeof floats, Float32Array<ArrayBuffer>>();
  clone.view(2 ** 33, 100n);
  return JSON.stringify(clone.toJSON().shape);
}

export function reader() {
  using region = SharedRegion.open("pipeline", { timeout: 5000, readOnly: true });
  same<typeof region, SharedRegion>();
  same<ReturnType<typeof region.wait>, boolean>();
  region.wait();
  region.wait(0.5);
  region.wait(undefined);
  region.wait({ total: () => 5 });
  region.wait({ timeout: 5 });
  region.wait(Infinity);
  // @ts-expect-error: null is no time.
  region.wait(null);
  // @ts-expect-error: the word for a time is timeout.
  region.wait({ ms: 5 });
  const reached = region.waitPast(region.sequence, undefined);
  same<typeof reached, bigint | null>();
  region.waitPast(5);
  same<typeof region.dtype, DType | null>();
  same<typeof region.shape, readonly number[] | null>();
  same<typeof region.buffer, ArrayBuffer>();
  // @ts-expect-error: a peer unlinks nothing.
  region.unlink();
  // @ts-expect-error: a timeout is no text.
  region.wait("1");
  // @ts-expect-error: nobody assigns to a region.
  region.buffer = new ArrayBuffer(1);
}

export async function waits(region: SharedRegion, signal: AbortSignal) {
  const notified = await region.waitAsync({ timeout: 1000, signal });
  same<typeof notified, boolean>();
  await region.waitAsync();
  await region.unref().waitAsync({ signal: AbortSignal.timeout(5) });
  await region.waitAsync(50);
  const reached = await region.waitPastAsync(5n, { timeout: 50, signal });
  same<typeof reached, bigint | null>();
  for await (const sequence of region) same<typeof sequence, bigint>();
  for await (const sequence of region.notifications({ signal })) same<typeof sequence, bigint>();
  await using steps = region.notifications();
  const step = await steps.next();
  if (!step.done) same<typeof step.value, bigint>();
  await steps.return();
  region.interrupt();
}

export function tensors() {
  const region = SharedRegion.createTensor("frame", "int16", [480, 640], { mode: 0o640 });
  same<typeof region, OwnedRegion>();
  const { data, shape } = region.tensor("int16");
  same<typeof data, Int16Array>();
  same<typeof shape, readonly number[]>();
  same<ReturnType<typeof longs>, BigInt64Array>();
  const any: Tensor = region.tensor();
  same<typeof any.dtype, DType>();
  if (any.dtype === "int64") same<typeof any.data, BigInt64Array>();
  switch (any.dtype) {
    case "float32":
      same<typeof any.data, Float32Array>();
      break;
    case "bool":
      same<typeof any.data, Uint8Array>();
  }
  const first = SharedRegion.openOrCreate("board", 4096n, { acceptOwner: 1000 });
  if (first instanceof OwnedRegion) first.unlink();
  // @ts-expect-error: Zinc has no such type.
  region.tensor("float8");
}

function longs(region: SharedRegion) {
  return region.tensor("int64").data;
}

export function errors(): RegionInfo[] {
  try {
    remove("old", { directory: "/dev/shm" });
    return list();
  } catch (error) {
    if (error instanceof ZincError) {
      same<typeof error.code, ErrorCode>();
      same<typeof error.number, number>();
      if (error.code === "ERR_ZINC_NOT_FOUND") return [];
      // @ts-expect-error: there is no such code.
      if (error.code === "ERR_ZINC_NOT_THERE") return [];
    }
    throw error;
  }
}

same<typeof version, string>();
// @ts-expect-error: create and open give regions.
new SharedRegion();
