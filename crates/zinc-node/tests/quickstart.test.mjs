// The lines of the quickstart run in two processes, whether the reader came before the notify or after it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { RUNTIME, test } from "./runner.mjs";
import { inDirectory } from "./support.mjs";

const COUNT = 16 * 1024 * 1024;

/** A quickstart program, with its region in `directory`. */
function start(part, directory) {
  const path = fileURLToPath(new URL(`../../../examples/node/quickstart_${part}.mjs`, import.meta.url));
  const words = RUNTIME === "deno" ? ["run", "--quiet", "--allow-all", path] : [path];
  const env = { ...process.env, ZINC_DIR: directory };
  const program = spawn(process.execPath, words, { env, stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: program.stdout })[Symbol.asyncIterator]();
  return {
    hear: async () => (await lines.next()).value,
    tell: (line) => program.stdin.write(`${line}\n`),
    end: async () => {
      program.stdin.end();
      const [code] = program.exitCode === null ? await once(program, "exit") : [program.exitCode];
      assert.equal(code, 0);
    },
  };
}

async function check(reader, value) {
  const [, first, last, count, waited] = (await reader.hear()).match(/^first (.*) last (.*) of (.*), waited (.*) ms$/);
  assert.deepEqual([first, last, count], [value, value, String(COUNT)]);
  assert.ok(Number(waited) < 1000, "the wait was not ended by the notify");
  await reader.end();
}

for (const [order, value] of [["before", "42.5"], ["after", "-0.25"]]) {
  test(`the quickstart's reader that comes ${order} the notify sees what was written`, () =>
    inDirectory(async (directory) => {
      const writer = start("writer", directory);
      assert.equal(await writer.hear(), "created");
      let reader;
      if (order === "before") {
        reader = start("reader", directory);
        assert.equal(await reader.hear(), "opened");
      }
      writer.tell(value);
      assert.equal(await writer.hear(), "notified");
      if (order === "after") {
        reader = start("reader", directory);
        assert.equal(await reader.hear(), "opened");
      }
      await check(reader, value);
      writer.tell("");
      await writer.end();
    }));
}
