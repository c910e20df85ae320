#!/bin/sh
# The demo's hand-over between programs of their own: handover.sh WRITER READER. The reader is started first.

set -eu
writer=$1 reader=$2
ZINC_DIR=$(mktemp -d /dev/shm/zinc-ctest-XXXXXX)
work=$(mktemp -d)
export ZINC_DIR
trap 'rm -rf "$work" "$ZINC_DIR"' EXIT

cat > "$work/vectors.txt" <<'END'
[mask] 1 0
same 2 0
##piece 3 0
again 4 0
diagonal 1 1
"quoted\ 0 1
opposite -1 0
close 9 1
END
cat > "$work/expected" <<'END'
same: again 1.000000, close 0.993884, diagonal 0.707107, "quoted\ 0.000000, opposite -1.000000
diagonal: close 0.780869, same 0.707107, again 0.707107, "quoted\ 0.707107, opposite -0.707107
END

# The reader's input is open until it has answered, the writer's until the reader is done.
mkfifo "$work/hold"
printf 'same\ndiagonal\n' | timeout 60 "$reader" embeddings vocabulary > "$work/said" &
reading=$!
timeout 60 "$writer" embeddings vocabulary "$work/vectors.txt" < "$work/hold" > "$work/wrote" &
writing=$!
exec 3> "$work/hold"
wait "$reading"
exec 3>&-
wait "$writing"

python3 - "$work/said" > "$work/answers" <<'END'
import json, sys
said = [json.loads(line) for line in open(sys.argv[1])]
assert [line["event"] for line in said] == ["ready", "timing", "answer", "answer"], said
assert 0 < said[1]["first_byte"] <= said[1]["all_read"], said[1]
for line in said[2:]:
    near = (f"{near['word']} {near['cosine'] + 0.0:.6f}" for near in line["nearest"])
    print(f"{line['word']}: {', '.join(near)}")
END
diff "$work/expected" "$work/answers"
rmdir "$ZINC_DIR"
