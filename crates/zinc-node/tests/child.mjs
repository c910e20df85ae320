// The other process of a test: does what its first argument names, and speaks JSON lines.

import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline";
import { Worker } from "node:worker_threads";
import { SharedRegion } from "../js/index.mjs";
import { collected } from "./runner.mjs";
import { mappings, openFiles, threads } from "./support.mjs";

const [role, directory, ...args] = process.argv.slice(2);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

function say(value = null) {
  console.log(JSON.stringify(value));
}

async function hear() {
  const { value, done } = await lines.next();
  if (done) process.exit(0);
  return JSON.parse(value);
}

const ROLES = {
  /** Owns a region until its input ends, and then ends as it is told: by itself, by exit(), by close(). */
  async own(name, end) {
    const region = SharedRegion.create(name, 4096, { directory });
    new Uint8Array(region.buffer).set([1, 2, 3]);
    say();
    for await (const _ of lines) region.notify();
    if (end === "close") region.close();
    if (end === "exit") process.exit(0);
  },

  /** Adds 1 to every byte of the region, each time that it is notified. */
  answer(name) {
    const region = SharedRegion.open(name, { directory });
    const bytes = new Uint8Array(region.buffer);
    say();
    try {
      for (;;) {
        region.wait();
        bytes.forEach((byte, at) => bytes[at] = byte + 1);
        region.notify();
      }
    } catch (error) {
      say(error.code);
    }
  },

  /** Waits, awaits or iterates, and says how it ended. */
  async wait(name, how) {
    const region = SharedRegion.open(name, { directory });
    say();
    try {
      say(how === "sync" ? region.wait() : await region.waitAsync());
    } catch (error) {
      say(error.code);
    }
  },

  /** Ends although waits are pending, for the handle is unreferenced. */
  async unref(name) {
    const region = SharedRegion.open(name, { directory });
    region.waitAsync({ timeout: 3_600_000 });
    region.unref();
    region.waitAsync();
    say();
    await hear();
    process.stdin.pause();
  },

  /** Exits while a worker waits. */
  async exitBesideWorker() {
    const worker = new Worker(new URL("worker.mjs", import.meta.url), { workerData: { role: "sync", directory } });
    await once(worker, "message");
    say();
    await hear();
  },

  /** Opens over and over, and closes nothing. */
  async forgetful(count) {
    SharedRegion.create("kept", 4096, { directory, persistent: true }).close();
    // In functions of their own, so that nothing of them stays on the stack.
    const open = () => void SharedRegion.open("kept", { directory });
    const view = async () => void (await SharedRegion.openAsync("kept", { directory })).buffer;
    const said = { opened: 0, awaited: 0 };
    for (; said.opened < Number(count); said.opened++) open();
    for (; said.awaited < Number(count); said.awaited++) await view();
    say(said);
  },

  /** Creates, opens, uses and closes, over and over; says what that left behind. */
  async cycles(count) {
    const cycle = (way) => {
      const owner = SharedRegion.create("cycle", 4096, { directory });
      const peer = SharedRegion.open("cycle", { directory });
      // Every other way to leave something behind: a buffer, an asynchronous wait.
      if (way % 2 === 1) new Uint8Array(peer.buffer)[0] = new Uint8Array(owner.buffer)[0] + 1;
      const pending = way % 3 === 1 ? peer.waitAsync() : null;
      owner.notify();
      if (pending === null) peer.wait();
      peer.close();
      owner.close();
      return pending?.catch(() => {});
    };
    for (let n = 0; n < 100; n++) await cycle(n);
    const before = threads();
    for (let n = 0; n < Number(count); n++) await cycle(n);
    await collected(() => mappings(directory) === 0);
    say({ mappings: mappings(directory), files: openFiles(directory), before, after: threads() });
  },
};

await ROLES[role](...args);
