// What every test has: a directory of its own for its regions, other processes to talk to, and counts of what is held.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, readlinkSync, readSync, rmSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { RUNTIME } from "./runner.mjs";

const CHILD = fileURLToPath(new URL("child.mjs", import.meta.url));
const COMMANDS = {
  node: ["--expose-gc", CHILD],
  bun: [CHILD],
  deno: ["run", "--quiet", "--allow-all", "--v8-flags=--expose-gc", CHILD],
};

/** Runs `body` with a shared-memory directory that is gone afterwards. */
export async function inDirectory(body) {
  const directory = mkdtempSync("/dev/shm/zinc-test-");
  try {
    await body(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Another process: its `say` is our `hear`. */
export class Child {
  #process;
  #lines;
  #exit;

  constructor(program, args, env = {}) {
    const stdio = ["pipe", "pipe", "inherit"];
    this.#process = spawn(program, args, { stdio, env: { ...process.env, ...env } });
    this.#exit = once(this.#process, "exit");
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  /** The same runtime, in a role of child.mjs. */
  static start(role, ...args) {
    return new Child(process.execPath, [...COMMANDS[RUNTIME], role, ...args.map(String)]);
  }

  /** The same, which may have only so many files open. */
  static limited(files, role, ...args) {
    const command = [process.execPath, ...COMMANDS[RUNTIME], role, ...args.map(String)];
    return new Child("sh", ["-c", `ulimit -n ${files} && exec "$@"`, "sh", ...command]);
  }

  static python(source, ...args) {
    const lines = source.split("\n").filter((line) => line.trim());
    const indent = lines[0].search(/\S/);
    const text = lines.map((line) => line.slice(indent)).join("\n");
    return new Child(process.env.ZINC_PYTHON, ["-P", "-c", text, ...args.map(String)]);
  }

  get pid() {
    return this.#process.pid;
  }

  say(value = null) {
    this.#process.stdin.write(`${JSON.stringify(value)}\n`);
  }

  async hear() {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`the child said nothing more, and ended: ${await this.ended()}`);
    return JSON.parse(value);
  }

  /** Ends it as a crash would. */
  async kill() {
    this.#process.kill("SIGKILL");
    await this.#exit;
  }

  /** Ends its input; its exit status, or the signal that ended it. */
  async ended() {
    this.#process.stdin.end();
    const [code, signal] = await this.#exit;
    return code ?? signal;
  }
}

/** Waits until somebody is about to sleep, or sleeps, in a wait on the region of this name. */
export async function asleep(directory, name) {
  // The header's `waiters` word, raised just before a waiter sleeps. Its offset is written out: a witness of the layout
  // that does not follow a mistake in the spec.
  const file = openSync(`${directory}/zinc.${name}`, "r");
  const word = new Uint8Array(8);
  try {
    for (;;) {
      readSync(file, word, 0, 8, 256);
      if (word.some((byte) => byte !== 0)) return;
      await new Promise((turn) => setTimeout(turn, 1));
    }
  } finally {
    closeSync(file);
  }
}

/** This process's mappings of files in the directory, those of removed files among them. */
export function mappings(directory) {
  return readFileSync("/proc/self/maps", "utf8").split("\n").filter((line) => line.includes(directory)).length;
}

/** This process's open files in the directory. */
export function openFiles(directory) {
  const path = (fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return ""; // closed meanwhile: the one that this list was read through
    }
  };
  return readdirSync("/proc/self/fd").filter((fd) => path(fd).startsWith(directory)).length;
}

/** The names of this process's threads; those of Zinc's own begin with "zinc". */
export function threads() {
  const name = (thread) => readFileSync(`/proc/self/task/${thread}/comm`, "utf8").trim();
  return readdirSync("/proc/self/task").map(name);
}
