// The packages as npm installs them, in a clean folder: the first lines of the README run, and the types are found.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { RUNTIME, test } from "./runner.mjs";
import { inDirectory } from "./support.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const PROGRAM = `
  import { SharedRegion } from "zinc";
  import { createRequire } from "node:module";

  const modelOutput = Float32Array.from({ length: 1000 }, (_, n) => n);
  const region = SharedRegion.create("pipeline", 64 * 1024 * 1024);
  const numbers = new Float32Array(region.buffer);
  numbers.set(modelOutput);
  region.notify();

  const reader = createRequire(import.meta.url)("zinc").SharedRegion.open("pipeline");
  console.log(await reader.waitAsync({ timeout: 1000 }), new Float32Array(reader.buffer)[999]);
  region.close();
`;

test("the packed packages install into a clean folder, and work there", () =>
  inDirectory((directory) => {
    const folder = mkdtempSync(join(tmpdir(), "zinc-installed-"));
    const run = (program, words, cwd = folder) => {
      return execFileSync(program, words, { cwd, encoding: "utf8", env: { ...process.env, ZINC_DIR: directory } });
    };
    try {
      run("node", [here("../pack.mjs"), join(folder, "packages")]);
      const packages = readdirSync(join(folder, "packages"));
      assert.deepEqual(packages.map((name) => name.startsWith("zinc")), [true, true]);
      const tarballs = packages.map((name) => {
        const [{ filename }] = JSON.parse(run("npm", ["pack", "--json"], join(folder, "packages", name)));
        return join(folder, "packages", name, filename);
      });
      writeFileSync(join(folder, "package.json"), '{ "private": true }');
      run("npm", ["install", "--offline", "--no-package-lock", "--no-audit", "--no-fund", ...tarballs]);
      writeFileSync(join(folder, "program.mjs"), PROGRAM);
      const words = RUNTIME === "deno" ? ["run", "--quiet", "--allow-all", "program.mjs"] : ["program.mjs"];
      assert.equal(run(process.execPath, words), "true 999\n");

      cpSync(here("types/sample.mts"), join(folder, "sample.mts"));
      const options = ["--noEmit", "--strict", "--target", "esnext", "--module", "nodenext", "--lib", "esnext"];
      const types = ["--typeRoots", here("../../../node_modules/@types"), "--types", "node"];
      run(here("../../../node_modules/.bin/tsc"), [...options, ...types, "sample.mts"]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }));
