// A server that answers nearest-word questions straight from the pages that the loader filled.
//
//	reader EMBEDDINGS VOCABULARY
//
// Questions come on standard input, a word a line; examples/README.md describes the lines it prints.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"github.com/Mohammed-Aman-Khan/zinc/go"
)

const patience = 60 * time.Second

type event map[string]any

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: reader EMBEDDINGS VOCABULARY")
		os.Exit(2)
	}
	if err := serve(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "reader:", err)
		os.Exit(1)
	}
}

func serve(embeddingsName, vocabularyName string) error {
	region, err := zinc.Open(embeddingsName, zinc.WithTimeout(patience))
	if err != nil {
		return err
	}
	defer region.Close()
	vocabulary, err := zinc.Open(vocabularyName, zinc.WithTimeout(patience))
	if err != nil {
		return err
	}
	defer vocabulary.Close()
	say := json.NewEncoder(os.Stdout).Encode
	if err := say(event{"event": "ready"}); err != nil {
		return err
	}

	if notified, err := region.WaitFor(patience); err != nil {
		return err
	} else if !notified {
		return fmt.Errorf("%s: nobody notified within %v", embeddingsName, patience)
	}
	touch(region.Bytes())
	firstByte := monotonic()

	embeddings, err := zinc.TensorOf[float32](region)
	if err != nil {
		return err
	}
	words, err := newTable(embeddings, vocabulary.Bytes())
	if err != nil {
		return fmt.Errorf("%s: %w", embeddingsName, err)
	}
	if err := say(event{"event": "timing", "first_byte": firstByte, "all_read": monotonic()}); err != nil {
		return err
	}

	questions := bufio.NewScanner(os.Stdin)
	for questions.Scan() {
		word := strings.TrimSpace(questions.Text())
		nearest, err := words.nearest(word)
		if err != nil {
			return err
		}
		if err := say(event{"event": "answer", "word": word, "nearest": nearest}); err != nil {
			return err
		}
	}
	return questions.Err()
}

// touch reads the first byte, and so makes the system enter its page here.
//
//go:noinline
func touch(data []byte) byte { return data[0] }

// monotonic is CLOCK_MONOTONIC in nanoseconds: one clock for all processes of a machine, so stamps can be compared. Go's
// own monotonic readings cannot leave the process.
func monotonic() int64 {
	const clockMonotonic = 1
	var now syscall.Timespec
	_, _, errno := syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clockMonotonic, uintptr(unsafe.Pointer(&now)), 0)
	if errno != 0 {
		panic(errno)
	}
	return now.Nano()
}
