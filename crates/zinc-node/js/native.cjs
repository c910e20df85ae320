// The addon: the one beside this file if it was built here, else that of the package for this platform.
"use strict";

const { platform, arch } = process;

/** What napi-rs calls this platform. On Linux the C library decides, and npm installs the package that fits. */
const NAMES = {
  linux: [`linux-${arch}-gnu`, `linux-${arch}-musl`],
  darwin: [`darwin-${arch}`],
  win32: [`win32-${arch}-msvc`],
}[platform] ?? [`${platform}-${arch}`];

function load() {
  const tried = [];
  for (const path of NAMES.flatMap((name) => [`./zinc.${name}.node`, `zinc-${name}`])) {
    try {
      return require(path);
    } catch (error) {
      tried.push(`${path}: ${error.message.split("\n")[0]}`);
    }
  }
  const why = tried.join("\n  ");
  throw new Error(`zinc finds no addon for ${platform} ${arch}; was it installed without optional packages?\n  ${why}`);
}

module.exports = load();
