// The types for `import`: those of `require`.

export * from "./index.cjs";
