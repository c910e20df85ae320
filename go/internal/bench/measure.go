package main

import (
	"log"
	"math/bits"
	"slices"
	"syscall"
	"time"
	"unsafe"

	zinc "github.com/Mohammed-Aman-Khan/zinc/go"
)

// trips is Zinc as it comes, each trip timed.
type trips struct{}

func (trips) begin(region *zinc.Region, times []int64) {
	for i := range times {
		check(region.Notify())
		times[i] = now()
		wait(region)
	}
}

func (trips) answer(region *zinc.Region, count int) {
	for range count {
		wait(region)
		check(region.Notify())
	}
}

// batches is the same, timed in batches: each trip of a batch counts as having taken its average.
type batches struct{ trips }

const batch = 100

func (batches) begin(region *zinc.Region, times []int64) {
	for first := 0; first < len(times); first += batch {
		part := times[first:min(first+batch, len(times))]
		started := now()
		for range part {
			check(region.Notify())
			wait(region)
		}
		took := now() - started
		for i := range part {
			part[i] = started + took*int64(i)/int64(len(part))
		}
	}
}

func wait(region *zinc.Region) {
	notified, err := region.Wait(10_000)
	check(err)
	if !notified {
		log.Fatal("the other process does not answer")
	}
}

var start = time.Now()

// now is nanoseconds on a monotonic clock. This form of it does not read the wall clock too.
func now() int64 { return int64(time.Since(start)) }

// Nanoseconds.
type percentiles struct {
	P50 float64 `json:"p50 ns"`
	P99 float64 `json:"p99 ns"`
}

// warmUp is how many trips do not count: they fetch code and lines, and let the adaptive spin settle.
func warmUp(count int) int { return count / 20 }

func measure(way way, region *zinc.Region, count int) percentiles {
	times := make([]int64, warmUp(count)+count)
	way.begin(region, times)
	times = times[warmUp(count):]
	for i := range len(times) - 1 {
		times[i] = times[i+1] - times[i]
	}
	took := times[:len(times)-1]
	slices.Sort(took)
	at := func(share float64) float64 { return float64(took[int(share*float64(len(took)-1))]) }
	return percentiles{P50: at(0.5), P99: at(0.99)}
}

// medians over the rounds.
func medians(rounds []percentiles) percentiles {
	var p50, p99 []float64
	for _, round := range rounds {
		p50, p99 = append(p50, round.P50), append(p99, round.P99)
	}
	return percentiles{P50: median(p50), P99: median(p99)}
}

// medianRatio is that of the p50s within rounds.
func medianRatio(mine, limit []percentiles) float64 {
	var ratios []float64
	for i := range mine {
		ratios = append(ratios, mine[i].P50/limit[i].P50)
	}
	return median(ratios)
}

func median(values []float64) float64 {
	slices.Sort(values)
	return (values[(len(values)-1)/2] + values[len(values)/2]) / 2
}

// A set of processors, as the kernel has it.
type processors [1024 / bits.UintSize]uint

// twoProcessors gives the first two processors that this thread may use; -1 for what there is not.
func twoProcessors() (here, there int) {
	var set processors
	_, _, errno := syscall.RawSyscall(syscall.SYS_SCHED_GETAFFINITY, 0, unsafe.Sizeof(set), uintptr(unsafe.Pointer(&set)))
	if errno != 0 {
		log.Fatalf("sched_getaffinity: %v", errno)
	}
	found := []int{-1, -1}
	for processor, next := 0, 0; processor < 1024 && next < 2; processor++ {
		if set[processor/bits.UintSize]&(1<<(processor%bits.UintSize)) != 0 {
			found[next] = processor
			next++
		}
	}
	return found[0], found[1]
}

// pin keeps this thread, to which the goroutine is locked, on one processor.
func pin(processor int) {
	var set processors
	set[processor/bits.UintSize] = 1 << (processor % bits.UintSize)
	_, _, errno := syscall.RawSyscall(syscall.SYS_SCHED_SETAFFINITY, 0, unsafe.Sizeof(set), uintptr(unsafe.Pointer(&set)))
	if errno != 0 {
		log.Fatalf("sched_setaffinity: %v", errno)
	}
}
