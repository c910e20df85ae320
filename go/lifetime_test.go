// What the garbage collector may close, and what it must not.

package zinc_test

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"strconv"
	"syscall"
	"testing"

	zinc "github.com/Mohammed-Aman-Khan/zinc/go"
)

func TestAForgottenOwnerIsClosed(t *testing.T) {
	func() { must(zinc.Create(unique(t), 1))(t) }()
	peer, err := zinc.Open(unique(t))
	if errors.Is(err, zinc.ErrNotFound) {
		return // found already
	}
	defer must(peer, err)(t).Close()
	waited := async(func() error { _, err := peer.Wait(-1); return err })
	eventually(t, "the owner is collected", func() bool { runtime.GC(); return len(waited) > 0 })
	if err := <-waited; !errors.Is(err, zinc.ErrClosed) {
		t.Error(err)
	}
}

func TestAForgottenRegionGivesItsMemoryBackUnlessSlicesMayBeLeft(t *testing.T) {
	for _, lend := range []bool{false, true} {
		name := unique(t) + map[bool]string{false: "unlent", true: "lent"}[lend]
		owner := must(zinc.Create(name, 1<<20))(t)
		owner.Bytes()[1<<20-1] = 7
		before := mappings(t, name)
		data := func() []byte {
			peer := must(zinc.Open(name))(t)
			if lend {
				return peer.Bytes()
			}
			return nil
		}()
		collected := forgotten(t)
		eventually(t, "it is collected", func() bool { runtime.GC(); return collected() })
		if lend {
			if data[1<<20-1] != 7 {
				t.Error("the slice does not show the region any more")
			}
			continue
		}
		eventually(t, "the memory is given back", func() bool { runtime.GC(); return mappings(t, name) == before })
		must(0, owner.Close())(t)
	}
}

// What another goroutine's slice meets is neither a fault nor somebody else's memory.
func TestASliceFromBeforeCloseMeetsZerosWhileItsRegionIsReachable(t *testing.T) {
	name := unique(t)
	owner := must(zinc.Create(name, 1<<20))(t)
	defer owner.Close()
	peer := must(zinc.Open(name))(t)
	before := mappings(t, name)
	data := peer.Bytes()
	data[1<<20-1] = 7
	must(0, peer.Close())(t)
	if now := mappings(t, name); now != before-1 {
		t.Errorf("the memory is not given back: %d mappings, then %d", before, now)
	}
	for range 50 {
		other := must(zinc.Open(name))(t)
		defer other.Close()
		other.Bytes()[0] = 9
	}
	if data[0] != 0 || data[1<<20-1] != 0 {
		t.Error("not zeros:", data[0], data[1<<20-1])
	}
	data[0] = 1
	if owner.Bytes()[0] != 9 {
		t.Error("a write through the slice is in the region")
	}
	runtime.KeepAlive(peer)
}

func TestASliceOfAClosedRegionShowsItWhileACloneIsOpen(t *testing.T) {
	owner := must(zinc.Create(unique(t), 8))(t)
	defer owner.Close()
	peer := must(zinc.Open(unique(t)))(t)
	clone := must(peer.Clone())(t)
	defer clone.Close()
	data := peer.Bytes()
	must(0, peer.Close())(t)
	owner.Bytes()[7] = 3
	if data[7] != 3 {
		t.Error(data)
	}
	runtime.KeepAlive(peer)
}

func TestTheAddressesOfAClosedRegionAreFreeOnceItIsForgotten(t *testing.T) {
	const much = 1 << 40
	before := addresses(t)
	func() {
		owner := must(zinc.Create(unique(t), much, zinc.WithSparse()))(t)
		owner.Bytes()[much-1] = 1
		must(0, owner.Close())(t)
		if now := addresses(t); now < before+much {
			t.Errorf("free while the Region is reachable: %d, then %d", before, now)
		}
		runtime.KeepAlive(owner)
	}()
	eventually(t, "they are free", func() bool { runtime.GC(); return addresses(t) < before+much/2 })
}

// addresses is for how many bytes this process has addresses.
func addresses(t *testing.T) int {
	t.Helper()
	size := regexp.MustCompile(`VmSize:\s+(\d+) kB`).FindSubmatch(must(os.ReadFile("/proc/self/status"))(t))
	return must(strconv.Atoi(string(size[1])))(t) * 1024
}

// forgotten says when the collector has found what was forgotten before.
func forgotten(t *testing.T) func() bool {
	func() { must(zinc.Create(unique(t)+"-marker", 1))(t) }()
	return func() bool {
		marker, err := zinc.Open(unique(t) + "-marker")
		if err == nil {
			marker.Close()
		}
		return err != nil
	}
}

func TestARegionInUseIsNotCollected(t *testing.T) {
	owner := must(zinc.Create(unique(t), 1))(t)
	defer owner.Close()
	waited := func() <-chan error {
		peer := must(zinc.Open(unique(t)))(t)
		return async(func() error { _, err := peer.Wait(-1); return err })
	}()
	withContext := func() <-chan error {
		peer := must(zinc.Open(unique(t)))(t)
		return async(func() error { return peer.WaitContext(t.Context()) })
	}()
	untilParked(t, 1)
	untilPending(t, 1)
	collected := forgotten(t)
	eventually(t, "others are collected", func() bool { runtime.GC(); return collected() })
	must(0, owner.Notify())(t)
	for _, wait := range []<-chan error{waited, withContext} {
		if err := within(t, "the wait of a Region that nothing else refers to", wait); err != nil {
			t.Error(err)
		}
	}
}

func TestForgottenRegionsGiveTheirFilesBackWhenNoneAreLeft(t *testing.T) {
	var old syscall.Rlimit
	must(0, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &old))(t)
	few := old
	few.Cur = uint64(entries(t, "fd") + 40)
	must(0, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &few))(t)
	defer syscall.Setrlimit(syscall.RLIMIT_NOFILE, &old)
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	for i := range 200 {
		if _, err := zinc.Create(fmt.Sprint(unique(t), i), 1); err != nil {
			t.Fatalf("%d: %v", i, err)
		}
	}
	collected := forgotten(t)
	eventually(t, "all are collected", func() bool { runtime.GC(); return collected() && len(must(zinc.List())(t)) == 0 })
}

func TestATensorOutlivesItsForgottenRegion(t *testing.T) {
	owner := must(zinc.CreateTensor(unique(t), zinc.I64, []int{1000}))(t)
	defer owner.Close()
	must(zinc.TensorOf[int64](owner))(t).Data[999] = -5
	tensor := func() zinc.Tensor[int64] {
		return must(zinc.TensorOf[int64](must(zinc.Open(unique(t)))(t)))(t)
	}()
	collected := forgotten(t)
	eventually(t, "the Region is collected", func() bool { runtime.GC(); return collected() })
	if tensor.Data[999] != -5 {
		t.Error(tensor.Data[999])
	}
}
