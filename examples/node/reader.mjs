// A server that answers nearest-word questions straight from the pages that the loader filled.
//
//     node reader.mjs EMBEDDINGS VOCABULARY
//
// Bun and Deno run it too. Questions come on standard input, a word a line; examples/README.md describes the lines it
// prints.

import { createInterface } from "node:readline";
import { SharedRegion } from "zinc";
import { monotonic } from "./clock.mjs";
import { Table } from "./nearest.mjs";

const PATIENCE = 60_000; // milliseconds

function say(event) {
  console.log(JSON.stringify(event));
}

const [embeddingsName, vocabularyName] = process.argv.slice(2);
if (vocabularyName === undefined) throw new Error("usage: reader.mjs EMBEDDINGS VOCABULARY");

const options = { timeout: PATIENCE };
const region = await SharedRegion.openAsync(embeddingsName, options);
const vocabulary = await SharedRegion.openAsync(vocabularyName, options);
say({ event: "ready" });

if (!await region.waitAsync(options)) throw new Error(`${embeddingsName}: nobody notified`);
const embeddings = region.tensor("float32");
if (!Number.isFinite(embeddings.data[0])) throw new Error(`${embeddingsName}: no numbers`);
const firstByte = monotonic();

const words = new Table(embeddings, new TextDecoder().decode(vocabulary.buffer));
say({ event: "timing", first_byte: firstByte, all_read: monotonic() });

for await (const line of createInterface({ input: process.stdin })) {
  const word = line.trim();
  say({ event: "answer", word, nearest: words.nearest(word) });
}
