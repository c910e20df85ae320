package zinc

// #cgo linux,amd64 LDFLAGS: ${SRCDIR}/internal/lib/libzinc_core_linux_amd64.a
// #cgo linux,arm64 LDFLAGS: ${SRCDIR}/internal/lib/libzinc_core_linux_arm64.a
// #cgo linux LDFLAGS: -static-libgcc -lpthread -ldl -lrt -lm
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
	"io"
	"runtime"
	"sync/atomic"
	"unsafe"

	_ "github.com/Mohammed-Aman-Khan/zinc/go/internal/lib" // makes `go mod vendor` take the archives along
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
	handle   *C.zinc_region
	name     string
	capacity int
	readOnly bool

	// A share in the memory, so that slices can outlive a handle that was forgotten.
	view *C.zinc_view
	// The first byte; nil once the Region is closed.
	data atomic.Pointer[byte]
	// Whether slices of the memory were given away.
	lent atomic.Bool

	clones clones
}

// A Handle is a *Region or an *OwnedRegion.
type Handle interface {
	Bytes() []byte
	base() *Region
}

func (r *Region) base() *Region { return r }

// Create creates a region of capacity bytes, all zero, and owns it. Close it at the end: see [OwnedRegion].
//
// The name is 1 to 128 bytes of A-Z a-z 0-9 . _ - and does not start with a dot. The memory is really reserved, so
// using it later cannot fail. The remains of a region whose owner died do not count: the name is free. It fails with
// ErrAlreadyExists, ErrInvalidName, ErrInvalidSize, ErrNoSpace, ErrNotARegion (something else has the name),
// ErrPermissionDenied, ErrNotFound (there is no such directory) or ErrOS.
func Create(name string, capacity int, opts ...Option) (*OwnedRegion, error) {
	const op = "create"
	a, err := newArguments(op, name, opts)
	if err != nil {
		return nil, err
	}
	defer a.free()
	var handle *C.zinc_region
	var failure C.shim_failure
	status := C.shim_create(a.name, C.size_t(capacity), &a.options, &handle, &failure)
	return owned(newRegion(op, name, handle, status, &failure))
}

// CreateTensor creates a region that has just the size for a tensor of these dimensions, outermost first, and says
// so: readers need to be told nothing, see [TensorOf]. It fails as [Create] does, and with ErrDescriptor for more than
// 8 dimensions or too many bytes.
func CreateTensor(name string, dtype DType, shape []int, opts ...Option) (*OwnedRegion, error) {
	const op = "create_tensor"
	a, err := newArguments(op, name, opts)
	if err != nil {
		return nil, err
	}
	defer a.free()
	lengths := toC(shape)
	var handle *C.zinc_region
	var failure C.shim_failure
	status := C.shim_create_tensor(a.name, C.uint32_t(dtype), C.size_t(len(lengths)), unsafe.SliceData(lengths),
		&a.options, &handle, &failure)
	return owned(newRegion(op, name, handle, status, &failure))
}

// Open opens a region that exists; [WithTimeout] waits for one to appear. It fails with ErrNotFound (also when its
// owner died), ErrWrongOwner (it belongs to another user than the caller or root, see [WithAcceptOwner]),
// ErrPermissionDenied, ErrNotARegion, ErrVersionMismatch, ErrInvalidName or ErrOS.
func Open(name string, opts ...Option) (*Region, error) {
	const op = "open"
	a, err := newArguments(op, name, opts)
	if err != nil {
		return nil, err
	}
	defer a.free()
	var handle *C.zinc_region
	var failure C.shim_failure
	status := C.shim_open(a.name, &a.options, &handle, &failure)
	return newRegion(op, name, handle, status, &failure)
}

// OpenOrCreate opens the region if it exists, and else creates it with capacity bytes: whoever comes first owns it.
// owner is nil if the region was there; else it is the same handle as region. It fails as [Open] and [Create] do, and
// with ErrInvalidSize if the region is there and smaller than capacity.
func OpenOrCreate(name string, capacity int, opts ...Option) (region *Region, owner *OwnedRegion, err error) {
	const op = "open_or_create"
	a, err := newArguments(op, name, opts)
	if err != nil {
		return nil, nil, err
	}
	defer a.free()
	var handle *C.zinc_region
	var failure C.shim_failure
	status := C.shim_open_or_create(a.name, C.size_t(capacity), &a.options, &handle, &failure)
	region, err = newRegion(op, name, handle, status, &failure)
	if err == nil && status > 0 {
		owner = &OwnedRegion{region}
	}
	return region, owner, err
}

// Clone gives a second handle of the same memory, which has seen what this one has and goes on independently: both
// may wait at the same time, and each is notified. It is never the owner, and is closed on its own.
func (r *Region) Clone() (*Region, error) {
	const op = "clone"
	defer runtime.KeepAlive(r)
	var handle *C.zinc_region
	var failure C.shim_failure
	status := C.shim_clone(r.handle(), &handle, &failure)
	return newRegion(op, r.Name(), handle, status, &failure)
}

// newRegion makes a Region of the handle that a call gave, or an error of its failure.
func newRegion(op, name string, handle *C.zinc_region, status C.int, failure *C.shim_failure) (*Region, error) {
	if err := failed(op, name, status, failure); err != nil {
		return nil, err
	}
	s := &state{handle: handle, name: name, capacity: int(C.zinc_capacity(handle))}
	s.readOnly = C.zinc_is_read_only(handle) > 0
	if err := failed(op, name, C.shim_view(handle, &s.view, failure), failure); err != nil {
		C.zinc_close(handle)
		return nil, err
	}
	s.data.Store((*byte)(C.zinc_view_ptr(s.view)))
	r := &Region{state: s}
	r.cleanup = runtime.AddCleanup(r, (*state).forget, s)
	return r, nil
}

// handle is what the C functions know the region by: null for no Region at all, which they have an error for.
func (r *Region) handle() *C.zinc_region {
	if r == nil || r.state == nil {
		return nil
	}
	return r.state.handle
}

// check makes an error of a method's failure, and keeps the Region from being collected during its call.
func (r *Region) check(op string, status C.int, failure *C.shim_failure) error {
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
// Do not use the slice after Close: see the package documentation. Its first byte is on a page boundary.
func (r *Region) Bytes() []byte {
	if r == nil || r.state == nil {
		return nil
	}
	s := r.state
	data := s.data.Load()
	if data == nil {
		return nil
	}
	if !s.lent.Load() {
		s.lent.Store(true)
	}
	runtime.KeepAlive(r)
	return unsafe.Slice(data, s.capacity)
}

// ReadAt copies from the data, starting at byte off, as [io.ReaderAt] says. It is safe beside Close.
func (r *Region) ReadAt(p []byte, off int64) (int, error) {
	var n int
	err := r.during("read", off, func(data []byte) error {
		if n = copy(p, data); n < len(p) {
			return io.EOF
		}
		return nil
	})
	return n, err
}

// WriteAt copies to the data, starting at byte off, as [io.WriterAt] says. It is safe beside Close, and fails with
// ErrPermissionDenied if the Region is read-only. What does not fit is [io.ErrShortWrite].
func (r *Region) WriteAt(p []byte, off int64) (int, error) {
	const op = "write"
	var n int
	err := r.during(op, off, func(data []byte) error {
		if r.ReadOnly() {
			message := fmt.Sprintf("%s %q: this Region is read-only; open it without WithReadOnly", op, r.Name())
			return &Error{Op: op, Region: r.Name(), Code: ErrPermissionDenied, Message: message}
		}
		if n = copy(data, p); n < len(p) {
			return io.ErrShortWrite
		}
		return nil
	})
	return n, err
}

// during runs use on the data from byte off on, which stays mapped meanwhile.
func (r *Region) during(op string, off int64, use func(data []byte) error) error {
	var view *C.zinc_view
	var failure C.shim_failure
	if err := r.check(op, C.shim_view(r.handle(), &view, &failure), &failure); err != nil {
		return err
	}
	defer C.zinc_view_release(view)
	if off < 0 {
		message := fmt.Sprintf("%s %q: the offset %d is negative", op, r.Name(), off)
		return &Error{Op: op, Region: r.Name(), Code: ErrInvalidSize, Message: message}
	}
	data := unsafe.Slice((*byte)(C.zinc_view_ptr(view)), r.Capacity())
	return use(data[min(off, int64(len(data))):])
}

// Notify tells everyone who waits, or will, that there is something to look at.
//
// All that was written before is visible to whoever the notification reaches. It takes some nanoseconds, and a system
// call only if somebody sleeps; it never blocks. It does not end waits of this very Region; those of clones it does.
// It fails with ErrClosed, or ErrPermissionDenied if this user may only read the region.
func (r *Region) Notify() error {
	var failure C.shim_failure
	return r.check("notify", C.shim_notify(r.handle(), &failure), &failure)
}

// Sequence is how many notifications there were, by anyone. It fails with ErrClosed after Close.
func (r *Region) Sequence() (uint64, error) {
	var sequence C.uint64_t
	var failure C.shim_failure
	err := r.check("sequence", C.shim_sequence(r.handle(), &sequence, &failure), &failure)
	return uint64(sequence), err
}

// Interrupt ends the waits that are in progress on this Region, in whatever goroutine, with ErrInterrupted. Waits that
// begin later, and those of clones, are not touched.
func (r *Region) Interrupt() {
	if r == nil || r.state == nil {
		return
	}
	C.zinc_interrupt(r.handle())
	r.state.clones.interrupt()
	runtime.KeepAlive(r)
}

// Close closes this handle. Its waits, in whatever goroutine, end with ErrClosed, and so does every later call. The
// memory is unmapped: see the package documentation for slices of it.
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
	s.clones.close()
	C.zinc_view_release(s.view)
	r.cleanup.Stop()
	return r.check("close", status, &failure)
}

// forget closes what was never closed. Slices cannot be asked whether they are still in use, so if there are any,
// the memory stays.
func (s *state) forget() {
	C.zinc_close(s.handle)
	s.clones.close()
	if !s.lent.Load() {
		C.zinc_view_release(s.view)
	}
}
