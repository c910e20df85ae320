// Quickstart: puts a model's output into a region and tells whoever is waiting, in any language.
//
// The "model" is a number typed on standard input, so that a reader can be started before or after it is there.
package main

import (
	"fmt"
	"log"
	"os"

	"github.com/Mohammed-Aman-Khan/zinc/go"
)

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	region, err := zinc.Create("pipeline", 64*1024*1024)
	if err != nil {
		return err
	}
	defer region.Close()                   // the end of the process does not do it in Go
	numbers := zinc.Slice[float32](region) // []float32 backed by mmap, not a copy
	fmt.Println("created")

	var modelOutput float32
	if _, err := fmt.Scanln(&modelOutput); err != nil {
		return err
	}
	for i := range numbers {
		numbers[i] = modelOutput
	}
	if err := region.Notify(); err != nil {
		return err
	}
	fmt.Println("notified")

	_, _ = os.Stdin.Read(make([]byte, 1)) // the region is gone when its owner ends: stay until told
	return nil
}
