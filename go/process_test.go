// What two processes are to each other.

package zinc_test

import (
	"errors"
	"os"
	"testing"
	"time"

	zinc "github.com/Mohammed-Aman-Khan/zinc/go"
)

func init() {
	roles["quickstart"] = func([]string) {
		region, _ := zinc.Open("pipeline")
		say("opened")
		region.Wait(1000)
		data := region.Bytes() // []byte backed by mmap, not a copy
		say(string(data[:5]), len(data))
	}
	roles["waiter"] = func(arguments []string) {
		region := get(zinc.Open(arguments[0]))
		say("opened")
		_, err := region.Wait(-1)
		var reason *zinc.Error
		if !errors.As(err, &reason) {
			do(errors.New("the wait was not ended by an error"))
		}
		say(reason.Code.Name())
	}
	roles["owner"] = func(arguments []string) {
		owner := get(zinc.Create(arguments[0], 5))
		copy(owner.Bytes(), "child")
		do(owner.Notify())
		say("created")
		told()
		if arguments[1] == "close" {
			do(owner.Close())
		}
	}
	roles["answerer"] = func(arguments []string) {
		region := get(zinc.Open(arguments[0]))
		for range turns {
			if !get(region.Wait(-1)) {
				do(errors.New("not notified"))
			}
			zinc.Slice[uint64](region)[0]++
			do(region.Notify())
		}
	}
}

func TestTheQuickstartsLinesRunAsTheyStand(t *testing.T) {
	for _, order := range []string{"the reader waits", "the notification is there"} {
		t.Run(order, func(t *testing.T) {
			region := must(zinc.Create("pipeline", 64<<20))(t)
			defer region.Close()
			show := func() {
				copy(region.Bytes(), "hello")
				must(0, region.Notify())(t)
			}
			if order != "the reader waits" {
				show()
			}
			reader := start(t, "quickstart")
			reader.hear("opened")
			if order == "the reader waits" {
				show()
			}
			reader.hear("hello 67108864")
			reader.end()
		})
	}
}

func TestWaitersOfAnOwnerThatClosesGetClosed(t *testing.T) {
	owner := must(zinc.Create(unique(t), 1))(t)
	defer owner.Close()
	waiter := start(t, "waiter", unique(t))
	waiter.hear("opened")
	must(0, owner.Close())(t)
	waiter.hear("Closed")
	waiter.end()
}

// However an owner's process ends: killed, or returning from main without Close. With the race detector a Go program
// returns through C's exit, which closes what its owner did not.
func TestWaitersOfAnOwnerThatIsGoneAreToldWithinASecond(t *testing.T) {
	for how, end := range map[string]func(*child){"killed": (*child).kill, "returned": (*child).end} {
		t.Run(how, func(t *testing.T) {
			owner := start(t, "owner", "gone", "leave")
			owner.hear("created")
			peer := must(zinc.Open("gone"))(t)
			defer peer.Close()
			if !must(peer.Wait(0))(t) {
				t.Error("the notification from before is lost")
			}
			waits := map[string]<-chan error{
				"Wait":        async(func() error { _, err := peer.Wait(-1); return err }),
				"WaitContext": async(func() error { return peer.WaitContext(t.Context()) }),
			}
			untilParked(t, 1)
			untilPending(t, 1)
			end(owner)
			ended := time.Now()
			for what, wait := range waits {
				err := within(t, "the waiter of a dead owner", wait)
				if !errors.Is(err, zinc.ErrOwnerDied) && !(how == "returned" && errors.Is(err, zinc.ErrClosed)) {
					t.Errorf("%s: %v", what, err)
				}
			}
			t.Logf("told after %v", time.Since(ended))
			if string(peer.Bytes()) != "child" {
				t.Error("the bytes are gone")
			}
			// The name is free for the next owner.
			must(0, must(zinc.Create("gone", 1))(t).Close())(t)
		})
	}
}

func TestAnOwnerThatClosesLeavesNoName(t *testing.T) {
	owner := start(t, "owner", unique(t), "close")
	owner.hear("created")
	peer := must(zinc.Open(unique(t)))(t)
	defer peer.Close()
	info := must(peer.Info())(t)
	if info.OwnerPID != owner.Process.Pid {
		t.Error(info.OwnerPID, owner.Process.Pid)
	}
	owner.end()
	if _, err := os.Stat(info.Path); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

const turns = 20_000

func TestTwoProcessesTakeTurnsOverOneRegion(t *testing.T) {
	owner := must(zinc.Create(unique(t), 8))(t)
	defer owner.Close()
	other := start(t, "answerer", unique(t))
	counter := zinc.Slice[uint64](owner)
	for i := range uint64(turns) {
		counter[0]++
		must(0, owner.Notify())(t)
		if !must(owner.Wait(int(patience / time.Millisecond)))(t) {
			t.Fatal("no answer")
		}
		if counter[0] != 2*(i+1) {
			t.Fatalf("turn %d: the counter is at %d", i, counter[0])
		}
	}
	other.end()
}
