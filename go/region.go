// A handle of a region: what it knows, what it tells others, and its end.

package zinc

// #cgo noescape shim_close
// #cgo nocallback shim_close
// #cgo noescape shim_notify
// #cgo nocallback shim_notify
// #cgo noescape shim_sequence
// #cgo nocallback shim_sequence
// #include "shim.h"
import "C"

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"unsafe"
)

// A Region is a handle of named shared memory. [Open] gives one, and so does every [OwnedRegion].
//
// Goroutines that share a Region share what Wait has seen; [Region.Clone] gives one with its own.
type Region struct {
	state   *state
	cleanup runtime.Cleanup
}

// What of a Region must survive it until it is closed. Nothing in here refers to the Region.
type state struct {
	handle   C.shim_region
	name     string
	capacity int
	readOnly bool

	// A share in the memory, so that slices can outlive a handle that was forgotten. Close retires it, which gives the
	// memory back but not the addresses.
	view *C.zinc_view
	// The first byte; nil once the Region is closed.
	data atomic.Pointer[byte]
	// Whether slices of the memory were given away.
	lent atomic.Bool
}

// A Handle is a *Region or an *OwnedRegion.
type Handle interface {
	Bytes() []byte
	base() *Region
}

func (r *Region) base() *Region { return r }

// Clone gives a second handle of the same memory, which has seen what this one has and goes on independently: both
// may wait at the same time, and each is notified. It is never the owner, and is closed on its own.
func (r *Region) Clone() (*Region, error) {
	const op = "Clone"
	var handle C.shim_region
	var failure C.shim_failure
	status := C.shim_clone(r.handle(), &handle, &failure)
	if err := r.check(op, status, &failure); err != nil {
		return nil, err
	}
	return newRegion(op, r.Name(), handle, status, &failure)
}

// handle is what the C functions know the region by: 0 for no Region at all, which check has an error for.
func (r *Region) handle() C.shim_region {
	if r == nil || r.state == nil {
		return 0
	}
	return r.state.handle
}

// check makes an error of a method's failure, and keeps the Region from being collected during its call.
func (r *Region) check(op string, status C.int, failure *C.shim_failure) error {
	if status < 0 && r.handle() == 0 {
		C.free(unsafe.Pointer(C.shim_message(failure)))
		return invalid(op, "", "the Region is none; take one that Open or Create returned")
	}
	if status < 0 {
		return failed(op, r.Name(), status, failure)
	}
	runtime.KeepAlive(r)
	return nil
}

// Name is the region's name. It stays known after Close.
func (r *Region) Name() string {
	if r == nil || r.state == nil {
		return ""
	}
	return r.state.name
}

// Capacity is how many bytes of data there are: exactly what the creator asked for. It stays known after Close.
func (r *Region) Capacity() int {
	if r == nil || r.state == nil {
		return 0
	}
	return r.state.capacity
}

// ReadOnly reports whether writing to the slices would end the program; see [WithReadOnly].
func (r *Region) ReadOnly() bool { return r != nil && r.state != nil && r.state.readOnly }

// String describes the region for people.
func (r *Region) String() string { return fmt.Sprintf("Region(%q, %d bytes)", r.Name(), r.Capacity()) }

// Bytes gives the data, backed by the mapping and not a copy: the same physical memory in every process. It is nil
// after Close.
//
// The slice shows the region until Close, and does not keep the Region reachable: see the package documentation. Its
// first byte is on a page boundary.
func (r *Region) Bytes() []byte {
	if r == nil || r.state == nil {
		return nil
	}
	s := r.state
	// Before the look: a Close at the same time either hides the data from it, or knows that they were given away.
	if !s.lent.Load() {
		s.lent.Store(true)
	}
	data := s.data.Load()
	if data == nil {
		return nil
	}
	runtime.KeepAlive(r)
	return unsafe.Slice(data, s.capacity)
}

// Notify tells everyone who waits, or will, that there is something to look at.
//
// All that was written before is visible to whoever the notification reaches. It takes some nanoseconds, and a system
// call only if somebody sleeps; it never blocks. It does not end waits of this very Region; those of clones it does.
// It fails with ErrClosed, or ErrPermissionDenied if this user may only read the region.
func (r *Region) Notify() error {
	var failure C.shim_failure
	return r.check("Notify", C.shim_notify(r.handle(), &failure), &failure)
}

// Sequence is how many notifications there were, by anyone. It fails with ErrClosed after Close.
func (r *Region) Sequence() (uint64, error) {
	var sequence C.uint64_t
	var failure C.shim_failure
	err := r.check("Sequence", C.shim_sequence(r.handle(), &sequence, &failure), &failure)
	return uint64(sequence), err
}

// Interrupt ends the waits that are in progress on this Region, in whatever goroutine, with ErrInterrupted. Waits that
// begin later, and those of clones, are not touched.
func (r *Region) Interrupt() {
	if r == nil || r.state == nil {
		return
	}
	// That the Region is closed is no failure here: no wait is in progress on it.
	var failure C.shim_failure
	_ = r.check("Interrupt", C.shim_interrupt(r.handle(), &failure), &failure)
}

// Close closes this handle. Its waits, in whatever goroutine, end with ErrClosed, and so does every later call. The
// memory is given back: see the package documentation for slices of it.
//
// The owner's Close also takes the name away, marks the region closed and wakes everyone, unless the region persists;
// it fails if the name cannot be taken away, and has closed the handle all the same. To close twice is fine.
func (r *Region) Close() error {
	if r == nil || r.state == nil {
		return nil
	}
	s := r.state
	var failure C.shim_failure
	status := C.shim_close(s.handle, &failure)
	s.data.Store(nil)
	if s.lent.Load() {
		C.zinc_view_retire(s.view)
	} else {
		C.zinc_view_release(s.view)
		r.cleanup.Stop()
	}
	return r.check("Close", status, &failure)
}

// forget frees the addresses of what was closed, and closes what never was. Slices cannot be asked whether they are
// still in use, so if there are any of a Region that was never closed, its memory stays.
func (s *state) forget() {
	closed := s.data.Load() == nil
	C.shim_release(s.handle)
	if closed || !s.lent.Load() {
		C.zinc_view_release(s.view)
	}
}
