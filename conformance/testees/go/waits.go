// Asynchronous waits: a goroutine each, with the context of the command that started them.
package main

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/Mohammed-Aman-Khan/zinc/go"
)

// cancels has the means to cancel the waits of each command, by its id. The command loop alone uses it.
var cancels = map[int64]context.CancelFunc{}

// startWaits starts the command's waits, and answers it when all are over.
func startWaits(c *command) {
	h, err := find(c.Handle)
	if err != nil {
		report(c, nil, err)
		return
	}
	ctx, cancel := c.context()
	cancels[c.ID] = cancel
	count := max(c.Count, 1)
	ends := make(chan error, count)
	var started sync.WaitGroup
	started.Add(count)
	for range count {
		go waitContext(ctx, h.region, &started, ends)
	}
	started.Wait()
	allSleep(waitContext)
	go func() {
		defer cancel()
		outcomes := map[string]int{}
		var last error
		for range count {
			last = <-ends
			outcomes[name(last)]++
		}
		if len(outcomes) > 1 {
			counts := []string{}
			for name, count := range outcomes {
				counts = append(counts, fmt.Sprint(count, " ", name))
			}
			report(c, nil, errors.New(strings.Join(counts, ", ")))
			return
		}
		notified, err := outcome(last)
		report(c, notified, err)
	}()
}

func (c *command) context() (context.Context, context.CancelFunc) {
	if c.Timeout == nil {
		return context.WithCancel(context.Background())
	}
	return context.WithTimeout(context.Background(), time.Duration(*c.Timeout)*time.Millisecond)
}

// A frame of its own on the stack, by which allSleep knows it.
//
//go:noinline
func waitContext(ctx context.Context, r *zinc.Region, started *sync.WaitGroup, ends chan<- error) {
	started.Done()
	ends <- r.WaitContext(ctx)
}

// outcome is what a wait came to, as the protocol has it.
func outcome(err error) (notified bool, failed error) {
	switch {
	case errors.Is(err, context.Canceled):
		return false, cancelled
	case errors.Is(err, context.DeadlineExceeded):
		return false, nil
	}
	return err == nil, err
}

func name(err error) string {
	notified, failed := outcome(err)
	var reported *zinc.Error
	switch {
	case errors.As(failed, &reported):
		return reported.Code.Name()
	case failed != nil:
		return failed.Error()
	}
	return fmt.Sprint(notified)
}

// allSleep waits until every goroutine that runs f sleeps, and none is on its way to that. Then all have begun.
func allSleep(f any) {
	entry := runtime.FuncForPC(reflect.ValueOf(f).Pointer()).Name()
	names := map[uintptr]string{}
	nameOf := func(pc uintptr) string {
		if _, known := names[pc]; !known {
			frame, _ := runtime.CallersFrames([]uintptr{pc}).Next()
			names[pc] = frame.Function
		}
		return names[pc]
	}
	sleeps := func(stack []uintptr) bool {
		for _, pc := range stack {
			if nameOf(pc) == entry {
				return strings.HasPrefix(nameOf(stack[0]), "runtime.gopark")
			}
		}
		return true
	}
	for {
		records := make([]runtime.StackRecord, runtime.NumGoroutine()+16)
		n, whole := runtime.GoroutineProfile(records)
		all := whole
		for i := 0; all && i < n; i++ {
			all = sleeps(records[i].Stack())
		}
		if all {
			return
		}
		runtime.Gosched()
	}
}
