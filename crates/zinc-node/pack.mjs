// Lays out the packages to be published: `zinc` itself, and one for each platform's addon, as napi-rs names them.
//
//     node pack.mjs OUT [ADDON.node ...]
//
// Without addons, the one that was built here. Each addon is called zinc.PLATFORM.node; `npm pack` or `npm publish` in
// the folders under OUT does the rest. `zinc` asks for the packages of just these platforms, in its own version, and npm
// installs the one that fits.

import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const JS = join(ROOT, "crates/zinc-node/js");
const LICENSES = ["LICENSE-APACHE", "LICENSE-MIT"];

const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

function write(folder, content) {
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(content, null, 2)}\n`);
  for (const license of LICENSES) copyFileSync(join(ROOT, license), join(folder, license));
}

/** The package of one addon; its name. */
function platform(out, addon) {
  const file = basename(addon);
  const [, triple] = file.match(/^zinc\.(.+)\.node$/);
  const [os, cpu, abi] = triple.split("-");
  const { version, license, repository, homepage, engines, author } = manifest;
  const name = `${manifest.napi.packageName}-${triple}`;
  const folder = join(out, name);
  mkdirSync(folder, { recursive: true });
  copyFileSync(addon, join(folder, file));
  const libc = { gnu: ["glibc"], musl: ["musl"] }[abi];
  const description = `The addon of ${manifest.name} for ${triple}`;
  write(folder, {
    ...{ name, version, description, license, author, repository, homepage, engines },
    ...{ os: [os], cpu: [cpu], ...(libc && { libc }), main: file, files: [file, ...LICENSES] },
  });
  return name;
}

function main(out, addons) {
  rmSync(out, { recursive: true, force: true });
  const platforms = addons.map((addon) => platform(out, addon));
  const folder = join(out, manifest.name);
  const { devDependencies: _, ...published } = manifest;
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(JS).filter((name) => /\.[cm](js|ts)$/.test(name))) {
    const path = join("crates/zinc-node/js", file);
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(join(ROOT, path), join(folder, path));
  }
  copyFileSync(join(ROOT, "README.md"), join(folder, "README.md"));
  const optionalDependencies = Object.fromEntries(platforms.map((name) => [name, manifest.version]));
  write(folder, { ...published, optionalDependencies });
}

const [out, ...given] = process.argv.slice(2);
if (out === undefined) throw new Error("usage: pack.mjs OUT [ADDON.node ...]");
const built = readdirSync(JS).filter((name) => name.endsWith(".node")).map((name) => join(JS, name));
main(out, given.length > 0 ? given : built);
