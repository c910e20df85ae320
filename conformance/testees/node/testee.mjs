// The testee of Node, Bun and Deno: takes the conformance runner's commands, calls the public API, reports what it gave.

import { Buffer } from "node:buffer";
import { writeSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import { setImmediate } from "node:timers";
import { list, OwnedRegion, remove, SharedRegion, version, ZincError } from "../../../crates/zinc-node/js/index.mjs";
import { DTYPES, fromJson, toJson } from "./values.mjs";
import { cancel, waitAsync } from "./waits.mjs";

/** Errors of the testee's own. */
const NO_SUCH_CALL = Symbol("NoSuchCall");

const handles = new Map();

/** The runner's options by the names that JavaScript has for them. */
function options(given) {
  const camel = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [camel(name), value]));
}

/** Gives a region the command's handle. Whatever had it before is closed, since nobody can name it any more. */
function keep(handle, region) {
  handles.get(handle)?.close();
  // A wait in progress must not keep this program from ending with its input.
  handles.set(handle, region.unref());
}

const WITHOUT_HANDLE = {
  hello,
  // Node gives the memory of a detached buffer back in the next turn of its event loop.
  async reset() {
    for (const region of handles.values()) region.close();
    handles.clear();
    await new Promise((turn) => setImmediate(turn));
  },
  create({ handle, name, capacity, dtype, shape, ...rest }) {
    const region = dtype === undefined
      ? SharedRegion.create(name, capacity, options(rest))
      : SharedRegion.createTensor(name, dtype, shape, options(rest));
    keep(handle, region);
  },
  open({ handle, name, ...rest }) {
    keep(handle, SharedRegion.open(name, options(rest)));
  },
  open_or_create({ handle, name, capacity, ...rest }) {
    const region = SharedRegion.openOrCreate(name, capacity, options(rest));
    keep(handle, region);
    return { owner: region instanceof OwnedRegion };
  },
  remove: ({ name, ...rest }) => remove(name, options(rest)),
  list: (rest) => list(options(rest)).map(({ name, capacity, state }) => ({ name, capacity, state })),
  cancel,
  become({ uid }) {
    const { setgroups, setgid, setuid } = process.setgroups ? process : libc();
    setgroups([]);
    setgid(uid);
    setuid(uid);
  },
};

/** The C library's calls, for Deno has none to change groups. */
function libc() {
  const result = "i32";
  const { symbols } = Deno.dlopen("libc.so.6", {
    setgroups: { parameters: ["usize", "pointer"], result },
    setgid: { parameters: ["u32"], result },
    setuid: { parameters: ["u32"], result },
  });
  const checked = (call) => (...words) => {
    if (call(...words) !== 0) throw new Error("the system refuses");
  };
  return {
    setgroups: checked((groups) => symbols.setgroups(groups.length, null)),
    setgid: checked(symbols.setgid),
    setuid: checked(symbols.setuid),
  };
}

const WITH_HANDLE = {
  name: (region) => region.name,
  capacity: (region) => region.capacity,
  sequence: (region) => region.sequence,
  notify: (region) => region.notify(),
  interrupt: (region) => region.interrupt(),
  close: (region) => region.close(),
  wait: (region, { timeout }) => region.wait(timeout),
  wait_past: (region, { sequence, timeout }) => region.waitPast(sequence, timeout),
  unlink: (region) => method(region, "unlink")(),
  link: (region) => method(region, "link")(),
  is_named: (region) => method(region, "isNamed")(),
  persist: (region) => method(region, "persist")(),
  describe: (region, { dtype, shape }) => method(region, "describe")(dtype, shape),
  descriptor: (region) => region.dtype === null ? null : { dtype: region.dtype, shape: region.shape },
  read: (region, { at, length }) => Buffer.from(region.buffer).subarray(at, at + length).toString("hex"),
  write: (region, { at, hex }) => region.write(at, Buffer.from(hex, "hex")),
  tensor(region, asked) {
    const { dtype, shape, data } = region.tensor(asked.dtype);
    return { dtype, shape, values: toJson(dtype, data) };
  },
  fill(region, { values }) {
    const { dtype, data } = region.tensor();
    data.set(fromJson(dtype, values));
  },
  ping_pong(region, { rounds, first = false }) {
    const bytes = new Uint8Array(region.buffer);
    for (let turn = 0; turn < 2 * rounds; turn++) {
      if ((turn % 2 === 0) === first) {
        bytes[0]++;
        region.notify();
      } else {
        region.wait();
      }
    }
  },
};

/** The commands that can run beside others: this program has one thread, and asynchronous waits. */
const BESIDE = {
  wait: (region, { timeout }) => region.waitAsync(timeout),
  wait_past: (region, { sequence, timeout }) => region.waitPastAsync(sequence, { timeout }),
};

/** A method that not every kind of handle has. */
function method(region, name) {
  if (!(name in region)) throw NO_SUCH_CALL;
  return region[name].bind(region);
}

function hello() {
  const can = ["async", "exit-handlers", "setuid", ...DTYPES.map((dtype) => `dtype:${dtype}`)];
  return { protocol: 1, pid: process.pid, version, can };
}

function perform(command, given, beside) {
  if (command in WITHOUT_HANDLE) return WITHOUT_HANDLE[command](given);
  const { handle, ...rest } = given;
  return (beside ? BESIDE : WITH_HANDLE)[command](handles.get(handle), rest);
}

function outcome(error) {
  if (error instanceof ZincError) return { error: error.kind, code: error.number, message: error.message };
  if (error === NO_SUCH_CALL) return { error: error.description };
  if (error.name === "AbortError") return { error: "Cancelled" };
  return { error: "Testee", message: String(error) };
}

/** One outcome for many waits, if all ended alike. */
function together(outcomes) {
  const answers = outcomes.map(({ reason, value }) => reason === undefined ? { ok: value } : outcome(reason));
  const kind = ({ ok, error }) => error ?? String(ok);
  const counts = new Map();
  for (const each of answers) counts.set(kind(each), (counts.get(kind(each)) ?? 0) + 1);
  if (counts.size === 1) return answers[0];
  return { error: "Testee", message: [...counts].map(([each, count]) => `${count} ${each}`).join(", ") };
}

function say(answer) {
  const text = JSON.stringify(answer, (_, value) => {
    if (typeof value !== "bigint") return value;
    return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  });
  writeSync(1, `${text}\n`);
}

async function answer(id, value) {
  try {
    say({ id, ok: await value() });
  } catch (error) {
    say({ id, ...outcome(error) });
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, do: command, background = false, ...rest } = JSON.parse(line);
  if (command === "wait_async") {
    waitAsync(id, handles.get(rest.handle), rest).then((outcomes) => say({ id, ...together(outcomes) }));
    continue;
  }
  const answered = answer(id, () => perform(command, rest, background));
  if (!background) await answered;
}
