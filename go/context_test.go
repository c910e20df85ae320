// Waiting until a context is done.

package zinc_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"testing"
	"time"

	zinc "github.com/Mohammed-Aman-Khan/zinc/go"
)

func TestWaitContextIsEndedByANotification(t *testing.T) {
	owner, peer := pair(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for _, ctx := range []context.Context{ctx, context.Background()} {
		for range 3 {
			waited := async(func() error { return peer.WaitContext(ctx) })
			untilPending(t, 1)
			must(0, owner.Notify())(t)
			if err := within(t, "the notified wait", waited); err != nil {
				t.Error(err)
			}
			if must(peer.Wait(0))(t) {
				t.Error("it was not taken in")
			}
		}
	}
	must(0, owner.Notify())(t)
	if err := peer.WaitContext(ctx); err != nil {
		t.Error("one from before:", err)
	}
}

func TestOnesOwnNotificationDoesNotEndWaitContext(t *testing.T) {
	owner, peer := pair(t)
	ctx, cancel := context.WithCancel(t.Context())
	waited := async(func() error { return peer.WaitContext(ctx) })
	untilPending(t, 1)
	for range 100 {
		must(0, peer.Notify())(t)
	}
	untilPending(t, 1)
	cancel()
	if err := within(t, "the cancelled wait", waited); err != context.Canceled {
		t.Error(err)
	}
	if !must(owner.Wait(0))(t) {
		t.Error("the others were not notified")
	}
}

func TestCancelEndsWaitContextAtOnce(t *testing.T) {
	_, peer := pair(t)
	quickest := time.Hour
	for range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		waited := async(func() error { return peer.WaitContext(ctx) })
		untilPending(t, 1)
		started := time.Now()
		cancel()
		if err := within(t, "the cancelled wait", waited); err != context.Canceled {
			t.Error(err)
		}
		quickest = min(quickest, time.Since(started))
	}
	t.Logf("the quickest of 20 took %v", quickest)
	if err := peer.WaitContext(canceled(t)); err != context.Canceled {
		t.Error("a context that was done before:", err)
	}
}

func canceled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func TestADeadlineEndsWaitContext(t *testing.T) {
	_, peer := pair(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := within(t, "the deadline", async(func() error { return peer.WaitContext(ctx) })); err != context.DeadlineExceeded {
		t.Error(err)
	}
	if !os.IsTimeout(context.DeadlineExceeded) {
		t.Error("what a deadline gives is no timeout any more")
	}
}

// A cancel may come at any moment of a wait's life, also right before it goes to sleep.
func TestACancelIsNeverLost(t *testing.T) {
	_, peer := pair(t)
	for round := range 3000 {
		ctx, cancel := context.WithCancel(t.Context())
		waited := async(func() error { return peer.WaitContext(ctx) })
		for range round % 50 {
			runtime.Gosched()
		}
		cancel()
		if err := within(t, "a cancelled wait", waited); err != context.Canceled {
			t.Fatal(err)
		}
	}
}

func TestAnInterruptBesideAWaitThatRunsIsNeverLost(t *testing.T) {
	owner, peer := pair(t)
	for range 500 {
		waited := async(func() error { return peer.WaitContext(t.Context()) })
		// It is notified of nothing that it may take in meanwhile.
		untilPending(t, 1)
		stir := async(func() error { return peer.Notify() })
		peer.Interrupt()
		if err := within(t, "the interrupted wait", waited); !errors.Is(err, zinc.ErrInterrupted) {
			t.Fatal(err)
		}
		must(0, within(t, "the notification", stir))(t)
	}
	must(owner.Wait(0))(t)
}

func TestACancelEndsNobodyElsesWait(t *testing.T) {
	owner, peer := pair(t)
	other, stay := context.WithCancel(t.Context())
	defer stay()
	plain := async(func() error { _, _, err := peer.WaitPast(0, -1); return err })
	withContext := async(func() error { return peer.WaitContext(other) })
	for range 50 {
		ctx, cancel := context.WithCancel(t.Context())
		waited := async(func() error { return peer.WaitContext(ctx) })
		untilPending(t, 2)
		cancel()
		if err := within(t, "the cancelled wait", waited); err != context.Canceled {
			t.Fatal(err)
		}
	}
	untilParked(t, 1)
	must(0, owner.Notify())(t)
	for _, wait := range []<-chan error{plain, withContext} {
		if err := within(t, "the other wait", wait); err != nil {
			t.Error(err)
		}
	}
}

// Of a cancel and a notification that meet, the wait takes one, and leaves the other.
func TestACancelledWaitSwallowsNoNotification(t *testing.T) {
	const rounds = 600
	owner, peer := pair(t)
	cancelled := 0
	for round := range rounds {
		ctx, cancel := context.WithCancel(t.Context())
		waited := async(func() error { return peer.WaitContext(ctx) })
		untilPending(t, 1)
		meet := []func(){cancel, func() { must(0, owner.Notify())(t) }}
		second := async(func() int { meet[round%2](); return 0 })
		for range round % 10 {
			runtime.Gosched()
		}
		meet[1-round%2]()
		within(t, "the other of the two", second)
		err := within(t, "the wait", waited)
		if err != nil {
			cancelled++
		}
		if err != nil && err != context.Canceled {
			t.Fatal(err)
		}
		if left := must(peer.Wait(0))(t); left != (err != nil) {
			t.Fatalf("round %d: the wait gave %v, then there was one: %v", round, err, left)
		}
	}
	t.Logf("%d of %d were cancelled first", cancelled, rounds)
	if cancelled == 0 || cancelled == rounds {
		t.Error("the two never met: the test shows nothing")
	}
}

func TestCancelledWaitsLeakNothing(t *testing.T) {
	owner, peer := pair(t)
	cycle := func() {
		ctx, cancel := context.WithCancel(t.Context())
		waited := async(func() error { return peer.WaitContext(ctx) })
		untilPending(t, 1)
		cancel()
		within(t, "the cancelled wait", waited)
	}
	for range 10 {
		cycle()
	}
	goroutines, threads, files := runtime.NumGoroutine(), entries(t, "task"), entries(t, "fd")
	for range 300 {
		cycle()
	}
	eventually(t, "the goroutines of cancelled waits are gone", func() bool { return runtime.NumGoroutine() <= goroutines })
	// The runtime starts a thread now and then, and keeps it; one for each wait would be 300.
	if now := entries(t, "task"); now > threads+8 {
		t.Errorf("%d threads, then %d", threads, now)
	}
	if now := entries(t, "fd"); now > files+4 {
		t.Errorf("%d open files, then %d", files, now)
	}
	must(0, owner.Notify())(t)
	must(0, peer.WaitContext(t.Context()))(t)
}

// A thread for each would be what a wait without a context costs.
func TestAThousandWaitsWithAContextShareTheirThreads(t *testing.T) {
	const count = 1000
	owner, peer := pair(t)
	before := entries(t, "task")
	var waits []<-chan error
	for range count {
		clone := must(peer.Clone())(t)
		defer clone.Close()
		waits = append(waits, async(func() error { return clone.WaitContext(t.Context()) }))
	}
	untilPending(t, count)
	now := entries(t, "task")
	t.Logf("%d threads, and with %d waits %d", before, count, now)
	if now > before+count/10 {
		t.Errorf("%d threads, and with %d waits %d", before, count, now)
	}
	must(0, owner.Notify())(t)
	for _, wait := range waits {
		must(0, within(t, "a notified wait", wait))(t)
	}
}

func TestOpenContextOpensWhatAppears(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	opened := async(func() error {
		region, err := zinc.OpenContext(ctx, unique(t))
		if err != nil {
			return err
		}
		return region.Close()
	})
	untilOpening(t, 1)
	owner := must(zinc.Create(unique(t), 1))(t)
	defer owner.Close()
	must(0, within(t, "the open", opened))(t)
	must(0, must(zinc.OpenContext(ctx, unique(t)))(t).Close())(t)
}

func TestACancelledOpenReturnsTheContextsErrorAndOpensNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	opened := async(func() error { _, err := zinc.OpenContext(ctx, "never"); return err })
	untilOpening(t, 1)
	cancel()
	if err := within(t, "the cancelled open", opened); err != context.Canceled {
		t.Error(err)
	}
	if _, err := zinc.OpenContext(ctx, "never"); err != context.Canceled {
		t.Error("a context that was done before:", err)
	}
	for _, timeout := range []time.Duration{-1, 0, time.Millisecond} {
		_, err := zinc.OpenContext(t.Context(), "never", zinc.WithTimeout(timeout))
		if !errors.Is(err, zinc.ErrNotFound) {
			t.Error(timeout, err)
		}
	}
}

// untilOpening looks until so many goroutines open with a context, and have given up their threads.
func untilOpening(t *testing.T, goroutines int) {
	t.Helper()
	opening := regexp.MustCompile(`(?m)^goroutine \d+ .*\[select.*\]:\n.*\.openAsync\(`)
	buffer := make([]byte, 1<<20)
	eventually(t, "an open with a context is pending", func() bool {
		return len(opening.FindAll(buffer[:runtime.Stack(buffer, true)], -1)) >= goroutines
	})
}

func TestNotificationsYieldTheSequenceUntilTheContextIsDone(t *testing.T) {
	owner, peer := pair(t)
	ctx, cancel := context.WithCancel(t.Context())
	must(0, owner.Notify())(t)
	ended := async(func() error {
		var expected uint64
		for sequence, err := range peer.Notifications(ctx) {
			if err != nil {
				return err
			}
			if expected++; sequence != expected {
				return fmt.Errorf("%d, not %d", sequence, expected)
			}
			if sequence == 5 {
				cancel()
			} else if err := owner.Notify(); err != nil {
				return err
			}
		}
		return errors.New("ended without an error")
	})
	if err := within(t, "the end of the loop", ended); err != context.Canceled {
		t.Error(err)
	}
	must(0, owner.Notify())(t)
	for sequence, err := range peer.Notifications(t.Context()) {
		if sequence != 6 || err != nil {
			t.Error(sequence, err)
		}
		break
	}
}

func TestWaitPastContextCountsEveryNotificationAndTakesNoneIn(t *testing.T) {
	owner, peer := pair(t)
	for i, notify := range []func() error{owner.Notify, peer.Notify} {
		type end struct {
			reached uint64
			err     error
		}
		waited := async(func() end {
			reached, err := peer.WaitPastContext(t.Context(), uint64(i))
			return end{reached, err}
		})
		untilPending(t, 1)
		must(0, notify())(t)
		if end := within(t, "the wait", waited); end.reached != uint64(i+1) || end.err != nil {
			t.Error(end)
		}
	}
	if !must(peer.Wait(0))(t) {
		t.Error("the owner's notification was taken in")
	}
	ctx, cancel := context.WithCancel(t.Context())
	waited := async(func() error { _, err := peer.WaitPastContext(ctx, 2); return err })
	untilPending(t, 1)
	cancel()
	if err := within(t, "the cancelled wait", waited); err != context.Canceled {
		t.Error(err)
	}
}

func entries(t *testing.T, what string) int { return len(must(os.ReadDir("/proc/self/" + what))(t)) }
