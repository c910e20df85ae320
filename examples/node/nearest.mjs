// The words nearest to a word: cosine over the rows of an embedding table that somebody else holds.

const COUNT = 5;

export class Table {
  #rows;
  #words;
  #norms;

  /** Reads every row once. `vocabulary` has a word a line, in the order of the rows. */
  constructor({ data, shape }, vocabulary) {
    if (shape.length !== 2) throw new Error(`${shape.length} dimensions where two were expected`);
    const [rows, columns] = shape;
    this.#words = vocabulary.split("\n");
    if (this.#words.length < rows) throw new Error("fewer words than rows");
    this.#rows = Array.from({ length: rows }, (_, row) => data.subarray(row * columns, (row + 1) * columns));
    this.#norms = this.#rows.map((row) => Math.sqrt(dot(row, row)));
  }

  /**
   * The words of the largest cosine with `word`, the largest first and the lower row first among equals. Neither the
   * word itself nor an entry starting with [ or # is among them: those are the tokenizer's markers and word pieces.
   */
  nearest(word) {
    const own = this.#words.indexOf(word);
    if (own < 0 || own >= this.#rows.length) throw new Error(`${JSON.stringify(word)} is not in the vocabulary`);
    const all = [];
    this.#rows.forEach((row, at) => {
      const candidate = this.#words[at];
      if (at === own || candidate.startsWith("[") || candidate.startsWith("#")) return;
      all.push({ word: candidate, cosine: dot(row, this.#rows[own]) / (this.#norms[at] * this.#norms[own]) });
    });
    return all.sort((a, b) => b.cosine - a.cosine).slice(0, COUNT);
  }
}

/** JavaScript's numbers are doubles, in which every language's reader sums: all find the same order. */
function dot(a, b) {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += a[at] * b[at];
  return sum;
}
