// The addon: the one beside this file if it was built here, else that of the package for this platform.
"use strict";

const { platform, arch } = process;

/** How napi-rs calls the platform. A Linux without glibc, which says its version in Node's report, has musl. */
function triple() {
  if (platform !== "linux") return platform === "win32" ? `win32-${arch}-msvc` : `${platform}-${arch}`;
  const { glibcVersionRuntime } = process.report?.getReport?.()?.header ?? { glibcVersionRuntime: true };
  return `linux-${arch}-${glibcVersionRuntime ? "gnu" : "musl"}`;
}

function load() {
  const name = triple();
  const tried = [];
  for (const path of [`./zinc.${name}.node`, `zinc-${name}`]) {
    try {
      return require(path);
    } catch (error) {
      tried.push(`${path}: ${error.message.split("\n")[0]}`);
      if (error.code !== "MODULE_NOT_FOUND") break;
    }
  }
  throw new Error(
    `zinc has no addon for ${name} here. Install zinc anew, without --omit=optional.\n  ${tried.join("\n  ")}`,
  );
}

module.exports = load();
