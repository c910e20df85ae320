// A round trip between two processes of one runtime: notify, wait for the answer; on the spot, and by promises.
//
//     node roundtrip.mjs [--json] [--limits CACHE_LINE,FUTEX] [--rounds N] [--only RUNTIME]
//
// Every runtime that is there is measured: Node, and Bun and Deno from node_modules. Both processes are pinned, each to
// a core of its own (taskset). The targets: a p50 of `notify` and `wait` of at most 4 times the bare cache line's, two
// Rust processes that each store to a line on which the other spins; a p50 of `notify` and `waitAsync` of at most 2
// times the bare futex's, two Rust processes that sleep in the kernel and wake each other. Both limits are measured in
// the same run, by the bench roundtrip of crates/zinc through cargo, unless they are given in nanoseconds.
//
// The clock takes about as long as half a round trip, so it is read once for a batch of round trips: what is reported
// are percentiles of the batches' averages, in which outliers count.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { loadavg } from "node:os";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { SharedRegion } from "../js/index.mjs";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const SELF = fileURLToPath(import.meta.url);
const WAYS = {
  sync: { target: 4, batch: 100, batches: 500, limit: "cache line" },
  async: { target: 2, batch: 10, batches: 50, limit: "bare futex" },
};

const TRIPS = {
  sync(region, trips) {
    for (let trip = 0; trip < trips; trip++) {
      region.notify();
      region.wait(10_000);
    }
  },
  async async(region, trips) {
    for (let trip = 0; trip < trips; trip++) {
      region.notify();
      await region.waitAsync({ timeout: 10_000 });
    }
  },
};

/** The other process: answers until the region closes. */
async function answer(name, way) {
  const region = SharedRegion.open(name);
  region.notify();
  try {
    if (way === "sync") {
      for (;;) {
        region.wait();
        region.notify();
      }
    }
    for await (const _ of region) region.notify();
  } catch (error) {
    if (error.code !== "ERR_ZINC_CLOSED") throw error;
  }
}

/** The asking process: prints the averages of its batches, sorted, in nanoseconds. */
async function ask(name, way, rounds) {
  const { batch, batches } = WAYS[way];
  const region = SharedRegion.create(name, 4096);
  console.log("created");
  if (!region.wait(60_000)) throw new Error("the other process did not start");
  await TRIPS[way](region, 20 * batch);
  const found = [];
  for (let n = 0; n < rounds * batches; n++) {
    const before = performance.now();
    await TRIPS[way](region, batch);
    found.push(((performance.now() - before) * 1e6) / batch);
  }
  region.close();
  console.log(JSON.stringify(found.sort((a, b) => a - b)));
}

async function measure(runtime, way, rounds, [here, there]) {
  const name = `bench-${process.pid}-${way}`;
  const start = (cpu, part) => {
    const words = ["-c", cpu, ...runtime, SELF, part, name, way, String(rounds)];
    return spawn("taskset", words, { stdio: ["ignore", "pipe", "inherit"] });
  };
  const asking = start(here, "--ask");
  const lines = createInterface({ input: asking.stdout })[Symbol.asyncIterator]();
  if ((await lines.next()).value !== "created") throw new Error(`${runtime[0]} made no region`);
  const answering = start(there, "--answer");
  const found = JSON.parse((await lines.next()).value);
  if (answering.exitCode === null) await once(answering, "exit");
  const at = (share) => found[Math.floor(share * (found.length - 1))];
  return { "p50 ns": at(0.5), "p90 ns": at(0.9), "p99 ns": at(0.99) };
}

/** The first processor that this process may use, and the first on another core. */
function twoCores() {
  const list = readFileSync("/proc/self/status", "utf8").match(/^Cpus_allowed_list:\s*(.*)$/m)[1];
  const cpus = list.split(",").flatMap((range) => {
    const [first, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, n) => first + n);
  });
  const core = (cpu) => {
    const siblings = `/sys/devices/system/cpu/cpu${cpu}/topology/thread_siblings_list`;
    return existsSync(siblings) ? readFileSync(siblings, "utf8") : String(cpu);
  };
  const other = cpus.find((cpu) => core(cpu) !== core(cpus[0]));
  if (other === undefined) throw new Error("two processes want two cores, and this machine gives one");
  return [String(cpus[0]), String(other)];
}

/** The p50 of Rust's bare ways, by name. */
function limits(given) {
  if (given) {
    const [line, futex] = given.split(",").map(Number);
    return { "cache line": line, "bare futex": futex };
  }
  const words = ["bench", "--quiet", "--package", "zinc", "--bench", "roundtrip", "--", "--json"];
  const said = execFileSync("cargo", words, { cwd: ROOT, encoding: "utf8" }).trimEnd();
  const { rows } = JSON.parse(said.slice(said.lastIndexOf("\n") + 1));
  const quickest = (word) => {
    const found = Object.entries(rows).filter(([name]) => name.startsWith(word)).map(([, row]) => row["p50 ns"]);
    return Math.min(...found);
  };
  return { "cache line": quickest("cache line"), "bare futex": quickest("bare futex") };
}

function runtimes(only) {
  const modules = `${ROOT}node_modules`;
  const bun = `${modules}/@oven/bun-linux-${process.arch === "arm64" ? "aarch64" : process.arch}/bin/bun`;
  const deno = `${modules}/@deno/linux-${process.arch}-glibc/deno`;
  const all = { node: [process.execPath], bun: [bun], deno: [deno, "run", "--allow-all"] };
  return Object.entries(all).filter(([name, [path]]) => (!only || only === name) && existsSync(path));
}

async function main() {
  const { values } = parseArgs({
    options: {
      json: { type: "boolean" },
      limits: { type: "string" },
      rounds: { type: "string", default: "20" },
      only: { type: "string" },
      way: { type: "string" },
    },
  });
  const notes = [`load before: ${loadavg().map((load) => load.toFixed(2)).join(" ")}`];
  const bare = limits(values.limits);
  const rows = Object.fromEntries(Object.entries(bare).map(([name, p50]) => [name, { "p50 ns": p50 }]));
  const targets = [];
  const cores = twoCores();
  for (const [name, runtime] of runtimes(values.only)) {
    for (const [way, { target, limit }] of Object.entries(WAYS).filter(([way]) => (values.way ?? way) === way)) {
      const row = await measure(runtime, way, Number(values.rounds), cores);
      rows[`${name}, ${way}`] = row;
      const ratio = row["p50 ns"] / bare[limit];
      targets.push({ what: `p50 of ${name}, ${way} to the ${limit}`, ratio, target, met: ratio <= target });
    }
  }
  for (const note of notes) console.log(note);
  for (const [name, row] of Object.entries(rows)) {
    console.log(`${name}: ${Object.entries(row).map(([what, value]) => `${what} ${value.toFixed(0)}`).join(", ")}`);
  }
  for (const { what, ratio, target, met } of targets) {
    console.log(`${what}: ${ratio.toFixed(2)}, target ${target}, ${met ? "met" : "MISSED"} in this run`);
  }
  if (values.json) console.log(JSON.stringify({ notes, rows, targets }));
}

const [part, name, way, rounds] = process.argv.slice(2);
if (part === "--ask") await ask(name, way, Number(rounds));
else if (part === "--answer") await answer(name, way);
else await main();
