// Command bench measures a round trip between two Go processes: notify, wait for the answer.
//
//	go run ./internal/bench [-rounds N] [-trips N] [-json]
//
// Both processes are pinned, each to a processor of its own. Beside Zinc they play, in the same run and by turns, the
// least that the machine allows: in C, each side writes a cache line on which the other spins, stored, stored and
// watched without a pause, or swapped; or both add to one word, as a sequence needs. Zinc is compared with whichever
// line was quickest, and with the word; ratios are taken within rounds, so that what else the machine does hits all
// alike. The target is a p50 of at most 3 times the line's.
//
// The clock is read once for each trip, right after the notify, while the other process takes it in and answers: so
// the reading is not on the way, and the difference of two readings is one trip. As a check, batches of 100 trips with
// the clock read only at their ends are run too; the p50 of their averages stands beside.
//
// Timing is printed and never asserted: see the load that is printed with it.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	zinc "github.com/Mohammed-Aman-Khan/zinc/go"
)

// target is the p50 that a trip may take, as a multiple of the bare line's.
const target = 3.0

// A way is one of the ways in which two processes answer each other.
type way interface {
	// begin makes as many trips as there are times, and notes when each had begun.
	begin(region *zinc.Region, times []int64)
	// answer is the other side of it.
	answer(region *zinc.Region, trips int)
}

var ways = []struct {
	name string
	way
}{
	{"cache line, stored", stored},
	{"cache line, without a pause", withoutPause},
	{"cache line, swapped", swapped},
	{"one word, added to by both", added},
	{"Go to Go", trips{}},
	{"Go to Go, in batches", batches{}},
}

// The places in ways of the bare lines, of the word, and of Go.
const bareLines, word, goWay = 3, 3, 4

func main() {
	rounds := flag.Int("rounds", 40, "how many times to measure each way")
	count := flag.Int("trips", 20_000, "round trips of each")
	asJSON := flag.Bool("json", false, "print everything as JSON on the last line too")
	answering := flag.String("answer", "", "for the other process: the region, the processor, and the trips")
	flag.Parse()
	log.SetFlags(0)
	runtime.LockOSThread()
	if *answering != "" {
		answer(strings.Fields(*answering), *count)
		return
	}
	here, there := twoProcessors()
	if there < 0 {
		fmt.Println("skipped: a round trip between two processors needs two, and this process may use one")
		return
	}
	load, _ := os.ReadFile("/proc/loadavg")
	notes := []string{fmt.Sprintf("two processes on processors %d and %d, %d rounds of %d trips; load before: %s",
		here, there, *rounds, *count, strings.Join(strings.Fields(string(load))[:3], " "))}

	region, err := zinc.Create(fmt.Sprint("bench-", os.Getpid()), 4096)
	check(err)
	defer region.Close()
	pin(here)
	other := startOther(region.Name(), there, *count)
	found := make([][]percentiles, len(ways))
	for range *rounds {
		for i, way := range ways {
			other.order(i)
			found[i] = append(found[i], measure(way, region.Region, *count))
		}
	}
	other.end()

	rows := map[string]percentiles{}
	quickest := 0
	for i, way := range ways {
		rows[way.name] = medians(found[i])
		if i < bareLines && rows[way.name].P50 < rows[ways[quickest].name].P50 {
			quickest = i
		}
	}
	ratio := medianRatio(found[goWay], found[quickest])
	verdict := map[bool]string{true: "met", false: "MISSED"}[ratio <= target]
	what := fmt.Sprintf("p50 of %s to %s", ways[goWay].name, ways[quickest].name)

	fmt.Println(notes[0])
	for _, way := range ways {
		row := rows[way.name]
		fmt.Printf("%-28s p50 %6.0f ns   p99 %6.0f ns\n", way.name, row.P50, row.P99)
	}
	fmt.Printf("%s: %.2f, target %.1f, %s in this run\n", what, ratio, target, verdict)
	fmt.Printf("p50 of %s to %s: %.2f\n", ways[goWay].name, ways[word].name, medianRatio(found[goWay], found[word]))
	if *asJSON {
		targets := []any{map[string]any{"what": what, "ratio": ratio, "target": target, "met": ratio <= target}}
		check(json.NewEncoder(os.Stdout).Encode(map[string]any{"notes": notes, "rows": rows, "targets": targets}))
	}
}

// answer is the other process: it takes the turns that its standard input names.
func answer(arguments []string, count int) {
	processor, err := strconv.Atoi(arguments[1])
	check(err)
	pin(processor)
	region, err := zinc.Open(arguments[0])
	check(err)
	orders := bufio.NewScanner(os.Stdin)
	for orders.Scan() {
		way, err := strconv.Atoi(orders.Text())
		check(err)
		ways[way].answer(region, warmUp(count)+count)
	}
}

// The other process, as seen by this one.
type otherProcess struct {
	orders *os.File
	ended  chan error
}

func startOther(region string, processor, trips int) *otherProcess {
	program, err := os.Executable()
	check(err)
	command := exec.Command(program, "-trips", strconv.Itoa(trips), "-answer", fmt.Sprint(region, " ", processor))
	reading, orders, err := os.Pipe()
	check(err)
	command.Stdin, command.Stderr = reading, os.Stderr
	// It may be spinning when this process is stopped, and would for ever.
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	check(command.Start())
	reading.Close()
	ended := make(chan error, 1)
	go func() {
		err := command.Wait()
		if err != nil {
			// Without the other side this one would spin for ever.
			log.Fatalf("the other process: %v", err)
		}
		ended <- nil
	}()
	return &otherProcess{orders, ended}
}

func (o *otherProcess) order(way int) {
	_, err := fmt.Fprintln(o.orders, way)
	check(err)
}

func (o *otherProcess) end() {
	check(o.orders.Close())
	<-o.ended
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
