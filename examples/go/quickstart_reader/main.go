// Quickstart: waits for what a writer of any language put into the region, and reads it where it lies.
package main

import (
	"encoding/binary"
	"fmt"
	"log"
	"math"
	"time"

	"github.com/Mohammed-Aman-Khan/zinc/go"
)

func main() {
	region, err := zinc.Open("pipeline")
	if err != nil {
		log.Fatal(err)
	}
	defer region.Close()
	fmt.Println("opened")

	started := time.Now()
	if notified, err := region.Wait(1000); err != nil || !notified {
		log.Print("nobody notified within a second: ", err)
		return
	}
	data := region.Bytes() // []byte backed by mmap, not a copy

	waited := time.Since(started).Seconds() * 1000
	first, last := number(data[:4]), number(data[len(data)-4:])
	fmt.Printf("first %v last %v of %d, waited %.3f ms\n", first, last, len(data)/4, waited)
}

func number(data []byte) float32 {
	return math.Float32frombits(binary.LittleEndian.Uint32(data))
}
