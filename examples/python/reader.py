"""A reader in Python: answers nearest-word questions straight from the pages that the loader filled.

    python reader.py EMBEDDINGS VOCABULARY

Questions come on standard input, a word a line; examples/README.md describes the lines it prints.
"""

import json
import sys
import time

import numpy as np
from zinc import SharedRegion

PATIENCE_MS = 60_000


def say(event, **fields):
    print(json.dumps({"event": event, **fields}), flush=True)


def main(embeddings_name, vocabulary_name):
    table = SharedRegion.open(embeddings_name, timeout=PATIENCE_MS)
    vocabulary = SharedRegion.open(vocabulary_name, timeout=PATIENCE_MS)
    say("ready")

    if not table.wait(PATIENCE_MS):
        sys.exit(f"{embeddings_name}: nobody notified within {PATIENCE_MS} ms")
    _ = table.as_memoryview()[0]
    first_byte = time.monotonic_ns()

    embeddings = table.as_numpy()  # dtype and shape come with the region
    norms = np.sqrt(np.einsum("ij,ij->i", embeddings, embeddings, dtype=np.float64))
    say("timing", first_byte=first_byte, all_read=time.monotonic_ns())

    words = bytes(vocabulary).decode().split("\n")[: len(embeddings)]
    candidate = np.array([not word.startswith(("[", "#")) for word in words])
    for line in sys.stdin:
        own = words.index(line.strip())
        dots = np.einsum("ij,j->i", embeddings, embeddings[own], dtype=np.float64)
        cosines = np.where(candidate, dots / (norms * norms[own]), -np.inf)
        cosines[own] = -np.inf
        nearest = np.argsort(-cosines, kind="stable")[:5]
        say("answer", word=words[own], nearest=[{"word": words[i], "cosine": cosines[i]} for i in nearest])


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
