// Regions and their handles in one process.

package zinc_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	zinc "github.com/Mohammed-Aman-Khan/zinc/go"
)

func TestBytesAreTheSameMemoryInEveryHandle(t *testing.T) {
	owner := must(zinc.Create(unique(t), 10_000))(t)
	defer owner.Close()
	peer := must(zinc.Open(unique(t)))(t)
	defer peer.Close()

	mine, theirs := owner.Bytes(), peer.Bytes()
	if len(mine) != 10_000 || cap(mine) != 10_000 || len(theirs) != 10_000 {
		t.Fatalf("%d of %d bytes, %d", len(mine), cap(mine), len(theirs))
	}
	if !bytes.Equal(mine, make([]byte, 10_000)) {
		t.Error("a new region is not all zero")
	}
	mine[0], mine[9_999] = 1, 2
	theirs[5_000] = 3
	if theirs[0] != 1 || theirs[9_999] != 2 || mine[5_000] != 3 {
		t.Error("what one handle writes is not what another reads")
	}
	if &mine[0] == &theirs[0] {
		t.Error("two handles are one mapping: the test shows nothing")
	}
	if &mine[0] != &owner.Bytes()[0] {
		t.Error("Bytes copies")
	}
}

func TestAHandleKnowsItsRegion(t *testing.T) {
	before := time.Now()
	owner := must(zinc.Create(unique(t), 77))(t)
	defer owner.Close()
	peer := must(zinc.Open(unique(t), zinc.WithReadOnly()))(t)
	defer peer.Close()

	if owner.Name() != unique(t) || peer.Name() != unique(t) || owner.Capacity() != 77 || peer.Capacity() != 77 {
		t.Errorf("%v, %v", owner, peer)
	}
	if owner.ReadOnly() || !peer.ReadOnly() {
		t.Error("which is read-only?")
	}
	info := must(peer.Info())(t)
	path := filepath.Join(os.Getenv("ZINC_DIR"), "zinc."+unique(t))
	if info.Name != unique(t) || info.Path != path || info.Capacity != 77 || info.OwnerPID != os.Getpid() ||
		info.State != zinc.StateOwned || info.ID == [16]byte{} {
		t.Errorf("%+v", info)
	}
	if info.Created.Before(before.Add(-time.Minute)) || info.Created.After(time.Now().Add(time.Minute)) {
		t.Errorf("created %v, now %v", info.Created, before)
	}
	if want := fmt.Sprintf("Region(%q, 77 bytes)", unique(t)); fmt.Sprint(peer) != want || fmt.Sprint(owner) != want {
		t.Errorf("%v, %v, not %s", peer, owner, want)
	}
}

func TestOpenOrCreateSaysWhoOwns(t *testing.T) {
	first, owner, err := zinc.OpenOrCreate(unique(t), 10)
	if err != nil || owner == nil || owner.Region != first {
		t.Fatal(first, owner, err)
	}
	defer owner.Close()
	second, none, err := zinc.OpenOrCreate(unique(t), 10)
	if err != nil || none != nil {
		t.Fatal(second, none, err)
	}
	defer second.Close()
	if third, none, err := zinc.OpenOrCreate(unique(t), 11); !errors.Is(err, zinc.ErrInvalidSize) || third != nil || none != nil {
		t.Error(third, none, err)
	}
}

func TestUnlinkFreesTheName(t *testing.T) {
	owner := must(zinc.Create(unique(t), 1))(t)
	defer owner.Close()
	must(0, owner.Unlink())(t)
	if _, err := zinc.Open(unique(t)); !errors.Is(err, zinc.ErrNotFound) {
		t.Error(err)
	}
	must(0, owner.Notify())(t)
	second := must(zinc.Create(unique(t), 1))(t)
	must(0, second.Close())(t)
}

func TestAnUnlinkedRegionIsFoundFromItsLinkOn(t *testing.T) {
	owner := must(zinc.Create(unique(t), 1, zinc.WithUnlinked()))(t)
	defer owner.Close()
	owner.Bytes()[0] = 7
	if _, err := zinc.Open(unique(t)); must(owner.IsNamed())(t) || !errors.Is(err, zinc.ErrNotFound) {
		t.Error("it has its name already:", err)
	}
	must(0, owner.Link())(t)
	peer := must(zinc.Open(unique(t), zinc.WithCopyOnWrite()))(t)
	defer peer.Close()
	if !must(owner.IsNamed())(t) || peer.Bytes()[0] != 7 {
		t.Error("it is not what was linked")
	}
	if peer.Bytes()[0] = 8; owner.Bytes()[0] != 7 {
		t.Error("a private write is in the region")
	}
	must(0, owner.Unlink())(t)
	if must(owner.IsNamed())(t) {
		t.Error("it still has its name")
	}
	if err := owner.Link(); !errors.Is(err, zinc.ErrUnsupported) {
		t.Error(err)
	}
}

func TestAGroupIsTheFilesAndIsAccepted(t *testing.T) {
	group := os.Getgid()
	owner := must(zinc.Create(unique(t), 1, zinc.WithGroup(group), zinc.WithMode(0o660)))(t)
	defer owner.Close()
	if stat := must(os.Stat(must(owner.Info())(t).Path))(t).Sys().(*syscall.Stat_t); int(stat.Gid) != group {
		t.Error(stat.Gid)
	}
	must(0, must(zinc.Open(unique(t), zinc.WithAcceptGroup(group)))(t).Close())(t)
}

func TestAWrongArgumentIsNamed(t *testing.T) {
	owner := must(zinc.Create(unique(t), 1))(t)
	defer owner.Close()
	_, capacity := zinc.Create("x", -7)
	_, _, either := zinc.OpenOrCreate("x", -7)
	_, shape := zinc.CreateTensor("x", zinc.U8, []int{1, -7})
	_, option := zinc.Open("x", nil)
	_, off := owner.ReadAt(nil, -7)
	_, mode := zinc.Create("x", 1, zinc.WithMode(600))
	for argument, err := range map[string]error{
		"capacity is -7": capacity, "capacity is -7;": either, "shape[1] is -7": shape, "opts[0]": option,
		"off is -7": off, "mode": mode, "shape[0] is -7": owner.Describe(zinc.U8, []int{-7}),
	} {
		if !errors.Is(err, zinc.ErrInvalidArgument) || !strings.Contains(err.Error(), argument) {
			t.Errorf("%s: %v", argument, err)
		}
	}
}

func TestARegionThatPersistsStaysUntilRemove(t *testing.T) {
	for name, create := range map[string]func(name string) (*zinc.OwnedRegion, error){
		"later": func(name string) (*zinc.OwnedRegion, error) {
			owner, err := zinc.Create(name, 3)
			if err == nil {
				err = owner.Persist()
			}
			return owner, err
		},
		"from the start": func(name string) (*zinc.OwnedRegion, error) {
			return zinc.Create(name, 3, zinc.WithPersistent())
		},
	} {
		name = unique(t) + strings.ReplaceAll(name, " ", "-")
		owner := must(create(name))(t)
		copy(owner.Bytes(), "abc")
		must(0, owner.Close())(t)
		peer := must(zinc.Open(name))(t)
		if string(peer.Bytes()) != "abc" {
			t.Errorf("%s: %q", name, peer.Bytes())
		}
		if info := must(peer.Info())(t); info.State != zinc.StatePersistent {
			t.Errorf("%s: %v", name, info.State)
		}
		must(0, zinc.Remove(name))(t)
		if err := zinc.Remove(name); !errors.Is(err, zinc.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
		must(0, peer.Close())(t)
	}
}

func TestRemoveRefusesALivingOwnersRegion(t *testing.T) {
	owner := must(zinc.Create(unique(t), 1))(t)
	defer owner.Close()
	if err := zinc.Remove(unique(t)); !errors.Is(err, zinc.ErrPermissionDenied) {
		t.Error(err)
	}
}

func TestListNamesWhatIsThereInOrder(t *testing.T) {
	directory := must(os.MkdirTemp(os.Getenv("ZINC_DIR"), "list-"))(t)
	defer os.Remove(directory)
	in := zinc.WithDirectory(directory)
	if found, err := zinc.List(in); err != nil || len(found) != 0 {
		t.Fatal(found, err)
	}
	b := must(zinc.Create("b", 2, in))(t)
	a := must(zinc.Create("a", 1, in, zinc.WithPersistent()))(t)
	found := must(zinc.List(in))(t)
	if len(found) != 2 || found[0].Name != "a" || found[0].Capacity != 1 || found[0].State != zinc.StatePersistent ||
		found[1].Name != "b" || found[1].Capacity != 2 || found[1].State != zinc.StateOwned {
		t.Errorf("%+v", found)
	}
	must(0, errors.Join(a.Close(), b.Close(), zinc.Remove("a", in)))(t)
	if _, err := zinc.List(zinc.WithDirectory(directory + "/none")); !errors.Is(err, zinc.ErrNotFound) {
		t.Error(err)
	}
}

func TestModeIsTheFilesWhateverTheUmask(t *testing.T) {
	old := syscall.Umask(0o077)
	defer syscall.Umask(old)
	for mode, options := range map[fs.FileMode][]zinc.Option{0o600: nil, 0o640: {zinc.WithMode(0o640)}} {
		owner := must(zinc.Create(unique(t), 1, options...))(t)
		info := must(owner.Info())(t)
		if file := must(os.Stat(info.Path))(t); file.Mode().Perm() != mode {
			t.Errorf("%v, not %v", file.Mode(), mode)
		}
		must(0, owner.Close())(t)
	}
}

func TestANumberThatNoUserHasIsNotCutDownToOneThatAUserHas(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("another user's region: not root")
	}
	name := unique(t)
	owner := must(zinc.Create(name, 64))(t)
	if err := os.Chown(must(owner.Info())(t).Path, 1, 1); err != nil {
		t.Fatal(err)
	}
	for _, nobody := range []int{1<<32 | 1, -1} {
		if _, err := zinc.Open(name, zinc.WithAcceptOwner(nobody)); !errors.Is(err, zinc.ErrWrongOwner) {
			t.Errorf("accepting %d gives %v", nobody, err)
		}
	}
	peer := must(zinc.Open(name, zinc.WithAcceptOwner(1)))(t)
	must(0, peer.Close())(t)
	must(0, owner.Close())(t)
}

func TestASparseRegionTakesNoMemoryAndAReservedOneAllOfIt(t *testing.T) {
	const size = 4 << 20
	for _, made := range []struct {
		kind    string
		options []zinc.Option
		fits    func(taken int64) bool
	}{
		{"reserved", nil, func(taken int64) bool { return taken >= size }},
		{"reserved and prefaulted", []zinc.Option{zinc.WithPrefault()}, func(taken int64) bool { return taken >= size }},
		{"sparse", []zinc.Option{zinc.WithSparse()}, func(taken int64) bool { return taken < size/2 }},
	} {
		owner := must(zinc.Create(unique(t), size, made.options...))(t)
		info := must(owner.Info())(t)
		stat := must(os.Stat(info.Path))(t).Sys().(*syscall.Stat_t)
		if taken := stat.Blocks * 512; !made.fits(taken) {
			t.Errorf("%s: %d bytes are taken", made.kind, taken)
		}
		must(0, owner.Close())(t)
	}
}

func TestUseAfterCloseIsAnError(t *testing.T) {
	use := map[string]func(*zinc.OwnedRegion) error{
		"Notify":     func(r *zinc.OwnedRegion) error { return r.Notify() },
		"Wait":       func(r *zinc.OwnedRegion) error { _, err := r.Wait(-1); return err },
		"WaitFor":    func(r *zinc.OwnedRegion) error { _, err := r.WaitFor(zinc.Forever); return err },
		"WaitPast":   func(r *zinc.OwnedRegion) error { _, _, err := r.WaitPast(0, -1); return err },
		"Context":    func(r *zinc.OwnedRegion) error { return r.WaitContext(t.Context()) },
		"Sequence":   func(r *zinc.OwnedRegion) error { _, err := r.Sequence(); return err },
		"Info":       func(r *zinc.OwnedRegion) error { _, err := r.Info(); return err },
		"Clone":      func(r *zinc.OwnedRegion) error { _, err := r.Clone(); return err },
		"Descriptor": func(r *zinc.OwnedRegion) error { _, _, _, err := r.Descriptor(); return err },
		"TensorOf":   func(r *zinc.OwnedRegion) error { _, err := zinc.TensorOf[float32](r); return err },
		"ReadAt":     func(r *zinc.OwnedRegion) error { _, err := r.ReadAt(make([]byte, 1), 0); return err },
		"WriteAt":    func(r *zinc.OwnedRegion) error { _, err := r.WriteAt(make([]byte, 1), 0); return err },
		"Unlink":     func(r *zinc.OwnedRegion) error { return r.Unlink() },
		"Persist":    func(r *zinc.OwnedRegion) error { return r.Persist() },
		"Link":       func(r *zinc.OwnedRegion) error { return r.Link() },
		"IsNamed":    func(r *zinc.OwnedRegion) error { _, err := r.IsNamed(); return err },
		"PastCtx":    func(r *zinc.OwnedRegion) error { _, err := r.WaitPastContext(t.Context(), 0); return err },
		"Describe":   func(r *zinc.OwnedRegion) error { return r.Describe(zinc.U8, []int{1}) },
	}
	closed := must(zinc.Create(unique(t), 1))(t)
	must(0, closed.Close())(t)
	for what, region := range map[string]*zinc.OwnedRegion{
		"closed": closed, "no Region": {}, "a Region that was never opened": {Region: &zinc.Region{}},
	} {
		for name, use := range use {
			want := map[bool][]error{
				true:  {zinc.ErrClosed, fs.ErrClosed},
				false: {zinc.ErrInvalidArgument, fs.ErrInvalid},
			}[region == closed]
			if err := use(region); !errors.Is(err, want[0]) || !errors.Is(err, want[1]) {
				t.Errorf("%s: %s: %v", what, name, err)
			}
		}
		if data := region.Bytes(); data != nil {
			t.Errorf("%s: %d bytes", what, len(data))
		}
		if data := zinc.Slice[float64](region); data != nil {
			t.Errorf("%s: %d elements", what, len(data))
		}
		region.Interrupt()
		if err := region.Close(); err != nil {
			t.Errorf("%s: closing again: %v", what, err)
		}
	}
	if closed.Name() != unique(t) || closed.Capacity() != 1 {
		t.Error("name and capacity are forgotten:", closed)
	}
}

func TestCloseGivesTheMemoryBack(t *testing.T) {
	owner := must(zinc.Create(unique(t), 1<<20))(t)
	defer owner.Close()
	before := mappings(t, unique(t))
	peer := must(zinc.Open(unique(t)))(t)
	peer.Bytes()[0] = 1
	waited := async(func() error { return peer.WaitContext(t.Context()) })
	untilPending(t, 1)
	must(0, owner.Notify())(t)
	must(0, within(t, "the notified wait", waited))(t)
	clone := must(peer.Clone())(t)
	if mappings(t, unique(t)) <= before {
		t.Fatal("the region is not seen in /proc/self/maps: the test shows nothing")
	}
	must(0, errors.Join(peer.Close(), clone.Close()))(t)
	if after := mappings(t, unique(t)); after != before {
		t.Errorf("%d mappings before, %d after", before, after)
	}
}

// mappings is how many of this process's there are of a region's file.
func mappings(t *testing.T, name string) int {
	return strings.Count(string(must(os.ReadFile("/proc/self/maps"))(t)), "/zinc."+name)
}

func TestCloseByManyGoroutinesIsOneClose(t *testing.T) {
	for range 200 {
		owner := must(zinc.Create(unique(t), 1))(t)
		var closers sync.WaitGroup
		for range 8 {
			closers.Add(1)
			go func() {
				defer closers.Done()
				if err := owner.Close(); err != nil {
					t.Error(err)
				}
			}()
		}
		closers.Wait()
	}
}

func TestReadAtAndWriteAtDoAsTheirInterfacesSay(t *testing.T) {
	owner := must(zinc.Create(unique(t), 10))(t)
	defer owner.Close()
	if n, err := owner.WriteAt([]byte("0123456789"), 0); n != 10 || err != nil {
		t.Error(n, err)
	}
	if n, err := owner.WriteAt([]byte("abc"), 8); n != 2 || err != io.ErrShortWrite {
		t.Error(n, err)
	}
	text, err := io.ReadAll(io.NewSectionReader(owner, 5, 100))
	if string(text) != "567ab" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	for _, off := range []int64{10, 11, 1 << 62} {
		if n, err := owner.ReadAt(make([]byte, 1), off); n != 0 || err != io.EOF {
			t.Error(off, n, err)
		}
		if n, err := owner.WriteAt(make([]byte, 1), off); n != 0 || err != io.ErrShortWrite {
			t.Error(off, n, err)
		}
	}
	if _, err := owner.ReadAt(make([]byte, 1), -1); !errors.Is(err, fs.ErrInvalid) {
		t.Error(err)
	}
	peer := must(zinc.Open(unique(t), zinc.WithReadOnly()))(t)
	defer peer.Close()
	if n, err := peer.WriteAt([]byte("x"), 0); n != 0 || !errors.Is(err, fs.ErrPermission) {
		t.Error(n, err)
	}
	var _ io.ReaderAt = peer
	var _ io.WriterAt = owner
}

func TestReadAtAndWriteAtAreSafeBesideClose(t *testing.T) {
	owner := must(zinc.Create(unique(t), 1<<20))(t)
	defer owner.Close()
	for range 100 {
		peer := must(zinc.Open(unique(t)))(t)
		copied := async(func() error {
			buffer := make([]byte, peer.Capacity())
			for {
				if _, err := peer.ReadAt(buffer, 0); err != nil {
					return err
				}
				if _, err := peer.WriteAt(buffer, 0); err != nil {
					return err
				}
			}
		})
		must(0, peer.Close())(t)
		if err := within(t, "the error of a closed Region", copied); !errors.Is(err, zinc.ErrClosed) {
			t.Fatal(err)
		}
	}
}

func TestWritingToAReadOnlySliceFaultsAndNothingIsWritten(t *testing.T) {
	owner := must(zinc.Create(unique(t), 1))(t)
	defer owner.Close()
	peer := must(zinc.Open(unique(t), zinc.WithReadOnly()))(t)
	defer peer.Close()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the write went through")
			}
		}()
		peer.Bytes()[0] = 1
	}()
	if owner.Bytes()[0] != 0 {
		t.Error("the write is there")
	}
}
