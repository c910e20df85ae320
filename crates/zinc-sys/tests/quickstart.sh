#!/bin/sh
# The first lines that anyone writes, in two processes: quickstart.sh WRITER READER. The reader comes before the
# notification, then after it.

set -eu
writer=$1 reader=$2
ZINC_DIR=$(mktemp -d /dev/shm/zinc-ctest-XXXXXX)
work=$(mktemp -d)
export ZINC_DIR
trap 'rm -rf "$work" "$ZINC_DIR"' EXIT
mkfifo "$work/tell" "$work/wrote" "$work/read"

hear() { # FD LINE
  read -r line <&"$1"
  test "$line" = "$2" || { echo "heard '$line', not '$2'"; exit 1; }
}

start_writer() {
  timeout 60 "$writer" < "$work/tell" > "$work/wrote" &
  writing=$!
  exec 3> "$work/tell" 4< "$work/wrote"
  hear 4 created
}

start_reader() {
  timeout 60 "$reader" > "$work/read" &
  reading=$!
  exec 5< "$work/read"
  hear 5 opened
}

finish() { # NUMBER
  read -r line <&5
  case $line in
    "first $1 last $1 of 16777216, waited "*" ms") ;;
    *) echo "the reader said: $line"; exit 1 ;;
  esac
  wait "$reading"
  echo >&3
  exec 3>&- 4<&- 5<&-
  wait "$writing"
}

start_writer
start_reader
echo 42.5 >&3
hear 4 notified
finish 42.5

start_writer
echo -0.25 >&3
hear 4 notified
start_reader
finish -0.25

rmdir "$ZINC_DIR"
