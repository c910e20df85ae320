// Waiting and notifying.

package zinc_test

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"syscall"
	"testing"
	"time"

	zinc "github.com/Mohammed-Aman-Khan/zinc/go"
)

// pair is a region's owner and a peer.
func pair(t testing.TB) (*zinc.OwnedRegion, *zinc.Region) {
	t.Helper()
	owner := must(zinc.Create(unique(t), 8))(t)
	t.Cleanup(func() { owner.Close() })
	peer := must(zinc.Open(unique(t)))(t)
	t.Cleanup(func() { peer.Close() })
	return owner, peer
}

func TestWaitDeliversWhatCameBeforeOnce(t *testing.T) {
	owner := must(zinc.Create(unique(t), 1))(t)
	defer owner.Close()
	must(0, errors.Join(owner.Notify(), owner.Notify()))(t)
	peer := must(zinc.Open(unique(t)))(t)
	defer peer.Close()
	if !must(peer.Wait(-1))(t) || must(peer.Wait(0))(t) {
		t.Error("two notifications from before the open are not one answer")
	}
	if sequence := must(peer.Sequence())(t); sequence != 2 {
		t.Error(sequence)
	}
}

func TestTimeoutsAreMillisecondsOrADuration(t *testing.T) {
	_, peer := pair(t)
	for what, wait := range map[string]func() (bool, error){
		"Wait":     func() (bool, error) { return peer.Wait(30) },
		"WaitFor":  func() (bool, error) { return peer.WaitFor(30 * time.Millisecond) },
		"WaitPast": func() (bool, error) { _, notified, err := peer.WaitPast(0, 30); return notified, err },
	} {
		started := time.Now()
		if must(wait())(t) {
			t.Error(what, "was notified")
		}
		if took := time.Since(started); took < 30*time.Millisecond {
			t.Error(what, "gave up after", took)
		}
	}
}

func TestHugeTimeoutsAreForEverAndSoIsMinusOneMillisecond(t *testing.T) {
	owner, peer := pair(t)
	for i, wait := range []func() (bool, error){
		func() (bool, error) { return peer.Wait(-1) },
		func() (bool, error) { return peer.Wait(math.MaxInt) },
		func() (bool, error) { return peer.WaitFor(zinc.Forever) },
		func() (bool, error) { return peer.WaitFor(math.MaxInt64 - 1) },
		func() (bool, error) { _, notified, err := peer.WaitPast(4, -1); return notified, err },
		func() (bool, error) { _, notified, err := peer.WaitPast(5, math.MaxInt); return notified, err },
	} {
		waited := async(func() error {
			notified, err := wait()
			if err == nil && !notified {
				err = errors.New("the time is up")
			}
			return err
		})
		untilParked(t, 1)
		must(0, owner.Notify())(t)
		if err := within(t, "the notified wait", waited); err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
}

func TestANegativeDurationLooksOnce(t *testing.T) {
	_, peer := pair(t)
	for _, past := range []time.Duration{-1, -time.Millisecond, time.Until(time.Now().Add(-time.Hour)), math.MinInt64} {
		waited := async(func() error {
			if notified, err := peer.WaitFor(past); notified || err != nil {
				return fmt.Errorf("%v: %v, %v", past, notified, err)
			}
			return nil
		})
		must(0, within(t, "a wait for no time", waited))(t)
		opened := async(func() error { _, err := zinc.Open("none", zinc.WithTimeout(past)); return err })
		if err := within(t, "an open for no time", opened); !errors.Is(err, zinc.ErrNotFound) {
			t.Error(past, err)
		}
	}
}

func TestANumberOfMillisecondsBelowMinusOneIsAnInvalidArgument(t *testing.T) {
	_, peer := pair(t)
	for _, ms := range []int{-2, -1000, math.MinInt} {
		_, err := peer.Wait(ms)
		_, _, past := peer.WaitPast(0, ms)
		if !errors.Is(err, zinc.ErrInvalidArgument) || !errors.Is(past, zinc.ErrInvalidArgument) {
			t.Error(ms, err, past)
		}
	}
}

func TestOnesOwnNotificationEndsTheWaitsOfClonesOnly(t *testing.T) {
	owner, _ := pair(t)
	clone := must(owner.Clone())(t)
	defer clone.Close()
	must(0, owner.Notify())(t)
	if must(owner.Wait(0))(t) || !must(clone.Wait(0))(t) {
		t.Error("who was notified?")
	}
	if reached, notified, err := owner.WaitPast(0, 0); reached != 1 || !notified || err != nil {
		t.Error("WaitPast counts one's own too:", reached, notified, err)
	}
	if reached, notified, err := owner.WaitPast(1, 0); reached != 0 || notified || err != nil {
		t.Error(reached, notified, err)
	}
}

func TestInterruptEndsTheWaitsInProgressAndNoOthers(t *testing.T) {
	owner, peer := pair(t)
	peer.Interrupt()
	other := async(func() error { _, err := owner.Wait(-1); return err })
	for _, wait := range []struct {
		wait func() error
		has  func()
	}{
		{func() error { _, err := peer.Wait(-1); return err }, func() { untilParked(t, 2) }},
		{func() error { _, _, err := peer.WaitPast(0, -1); return err }, func() { untilParked(t, 2) }},
		{func() error { return peer.WaitContext(t.Context()) }, func() { untilPending(t, 1) }},
	} {
		waited := async(wait.wait)
		wait.has() // begun
		peer.Interrupt()
		if err := within(t, "the interrupted wait", waited); !errors.Is(err, zinc.ErrInterrupted) {
			t.Error(err)
		}
	}
	if must(peer.Wait(0))(t) {
		t.Error("a wait that began later was touched")
	}
	must(0, peer.Notify())(t)
	if err := within(t, "the other handle's wait", other); err != nil {
		t.Error(err)
	}
}

func TestCloseEndsRunningWaits(t *testing.T) {
	for what, close := range map[string]func(*zinc.OwnedRegion, *zinc.Region) error{
		"its own":   func(_ *zinc.OwnedRegion, peer *zinc.Region) error { return peer.Close() },
		"the owner": func(owner *zinc.OwnedRegion, _ *zinc.Region) error { return owner.Close() },
	} {
		owner := must(zinc.Create(unique(t), 8))(t)
		peer := must(zinc.Open(unique(t)))(t)
		var waits []<-chan error
		for range 3 {
			waits = append(waits,
				async(func() error { _, err := peer.Wait(-1); return err }),
				async(func() error { return peer.WaitContext(t.Context()) }))
		}
		untilParked(t, len(waits)/2)
		untilPending(t, len(waits)/2)
		must(0, close(owner, peer))(t)
		for _, wait := range waits {
			if err := within(t, "the wait of a closed Region", wait); !errors.Is(err, zinc.ErrClosed) {
				t.Errorf("%s: %v", what, err)
			}
		}
		must(0, errors.Join(owner.Close(), peer.Close()))(t)
	}
}

func TestCloseBesideWaitsThatBeginIsNeverLost(t *testing.T) {
	for range 300 {
		owner := must(zinc.Create(unique(t), 8))(t)
		waits := []<-chan error{
			async(func() error { _, err := owner.Wait(-1); return err }),
			async(func() error { return owner.WaitContext(t.Context()) }),
		}
		must(0, owner.Close())(t)
		for _, wait := range waits {
			if err := within(t, "a wait beside Close", wait); !errors.Is(err, zinc.ErrClosed) {
				t.Fatal(err)
			}
		}
	}
}

// What many goroutines wait for costs nothing while it does not come.
func TestSixtyFourParkedWaitsUseNoCPU(t *testing.T) {
	const count, measured = 64, 2 * time.Second
	// What is measured is these times; no event could end them.
	over := func(what string) float64 {
		before := processorTime()
		time.Sleep(measured)
		used := processorTime() - before
		t.Logf("%s: %v of CPU in %v, %.4f%% of a processor", what, used, measured, 100*float64(used)/float64(measured))
		return float64(used) / float64(measured)
	}
	over("nobody waits")
	var owners []*zinc.OwnedRegion
	var waits []<-chan error
	for i := range count {
		name := fmt.Sprint(unique(t), i)
		owner := must(zinc.Create(name, 4096))(t)
		defer owner.Close()
		peer := must(zinc.Open(name))(t)
		defer peer.Close()
		owners = append(owners, owner)
		waits = append(waits, async(func() error {
			notified, err := peer.Wait(-1)
			if err == nil && !notified {
				err = errors.New("an endless wait gave up")
			}
			return err
		}))
	}
	untilParked(t, count)
	over(fmt.Sprintf("%d goroutines parked just now", count))
	if share := over(fmt.Sprintf("%d goroutines parked", count)); share > 0.01 {
		t.Errorf("%.2f%% of a processor", 100*share)
	}
	for i, owner := range owners {
		must(0, owner.Notify())(t)
		if err := within(t, "a notified wait", waits[i]); err != nil {
			t.Error(err)
		}
	}
}

func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func TestEveryGoroutineOfAHandleOfItsOwnIsNotified(t *testing.T) {
	const readers, rounds = 8, 2000
	owner, _ := pair(t)
	var waiting sync.WaitGroup
	failed := make(chan error, readers)
	for range readers {
		reader := must(owner.Clone())(t)
		waiting.Add(1)
		go func() {
			defer waiting.Done()
			defer reader.Close()
			for reached := uint64(0); reached < rounds; {
				if _, err := reader.Wait(-1); err != nil {
					failed <- err
					return
				}
				reached, _ = reader.Sequence()
			}
		}()
	}
	for range rounds {
		must(0, owner.Notify())(t)
	}
	within(t, "all readers", async(func() int { waiting.Wait(); return 0 }))
	close(failed)
	for err := range failed {
		t.Error(err)
	}
}

func TestNotifyWaitAndBytesAllocateNothing(t *testing.T) {
	owner, peer := pair(t)
	for what, call := range map[string]func(){
		"Notify":   func() { owner.Notify() },
		"Wait":     func() { peer.Wait(0) },
		"WaitPast": func() { peer.WaitPast(0, 0) },
		"Sequence": func() { peer.Sequence() },
		"Bytes":    func() { _ = peer.Bytes()[0] },
	} {
		if allocations := testing.AllocsPerRun(1000, call); allocations != 0 {
			t.Errorf("%s allocates %v times", what, allocations)
		}
	}
}

func BenchmarkNotify(b *testing.B) {
	owner, _ := pair(b)
	for b.Loop() {
		owner.Notify()
	}
}

func BenchmarkWaitThatIsNotified(b *testing.B) {
	owner, peer := pair(b)
	for b.Loop() {
		owner.Notify()
		peer.Wait(-1)
	}
}

func BenchmarkBytes(b *testing.B) {
	owner, _ := pair(b)
	for b.Loop() {
		_ = owner.Bytes()[0]
	}
}
