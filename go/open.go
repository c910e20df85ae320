// How a handle comes to be.

package zinc

// #include "shim.h"
import "C"

import (
	"context"
	"runtime"
	"runtime/cgo"
	"syscall"
	"time"
	"unsafe"
)

// Create creates a region of capacity bytes, all zero, and owns it. Close it at the end: see [OwnedRegion].
//
// The name is 1 to 128 bytes of A-Z a-z 0-9 . _ - and does not start with a dot. The memory is really reserved, so
// using it later cannot fail. The remains of a region whose owner died do not count: the name is free. It fails with
// ErrAlreadyExists, ErrInvalidName, ErrInvalidSize, ErrNoSpace, ErrNotARegion (something else has the name),
// ErrPermissionDenied, ErrNotFound (there is no such directory) or ErrOS.
func Create(name string, capacity int, opts ...Option) (*OwnedRegion, error) {
	const op = "Create"
	if capacity < 0 {
		return nil, invalid(op, name, "capacity is %d; a region has 1 byte or more", capacity)
	}
	a, err := newArguments(op, name, 0, opts)
	if err != nil {
		return nil, err
	}
	defer a.free()
	var handle C.shim_region
	var failure C.shim_failure
	status := again(&failure, func() C.int {
		return C.shim_create_with(a.name, C.size_t(capacity), &a.options, &handle, &failure)
	})
	return owned(newRegion(op, name, handle, status, &failure))
}

// CreateTensor creates a region that has just the size for a tensor of these dimensions, outermost first, and says
// so: readers need to be told nothing, see [TensorOf]. It fails as [Create] does, and with ErrDescriptor for more than
// 8 dimensions or too many bytes.
func CreateTensor(name string, dtype DType, shape []int, opts ...Option) (*OwnedRegion, error) {
	const op = "CreateTensor"
	a, err := newArguments(op, name, 0, opts)
	if err != nil {
		return nil, err
	}
	defer a.free()
	lengths, err := toC(op, name, shape)
	if err != nil {
		return nil, err
	}
	var handle C.shim_region
	var failure C.shim_failure
	status := again(&failure, func() C.int {
		return C.shim_create_tensor(a.name, C.uint32_t(dtype), C.size_t(len(lengths)), unsafe.SliceData(lengths),
			&a.options, &handle, &failure)
	})
	return owned(newRegion(op, name, handle, status, &failure))
}

// Open opens a region that exists; [WithTimeout] waits for one to appear. It fails with ErrNotFound (also when its
// owner died), ErrWrongOwner (it belongs to another user than the caller or root, see [WithAcceptOwner]),
// ErrPermissionDenied, ErrNotARegion, ErrVersionMismatch, ErrInvalidName or ErrOS.
func Open(name string, opts ...Option) (*Region, error) {
	const op = "Open"
	a, err := newArguments(op, name, 0, opts)
	if err != nil {
		return nil, err
	}
	defer a.free()
	var handle C.shim_region
	var failure C.shim_failure
	status := again(&failure, func() C.int {
		return C.shim_open_with(a.name, &a.options, &handle, &failure)
	})
	return newRegion(op, name, handle, status, &failure)
}

// OpenContext is [Open] that waits until the region appears, or ctx is done; then it returns ctx's error, and nothing is
// open. [WithTimeout] limits it as well. Meanwhile it takes up no thread: one of Zinc's waits for all such opens.
func OpenContext(ctx context.Context, name string, opts ...Option) (*Region, error) {
	const op = "Open"
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	region, err := openAsync(ctx, op, name, opts)
	if failed, ok := err.(*Error); ok && failed.Errno == syscall.EMFILE {
		collect()
		return openAsync(ctx, op, name, opts)
	}
	return region, err
}

func openAsync(ctx context.Context, op, name string, opts []Option) (*Region, error) {
	a, err := newArguments(op, name, C.ZINC_FOREVER, opts)
	if err != nil {
		return nil, err
	}
	defer a.free()
	over := make(chan opened, 1)
	user := cgo.NewHandle(over)
	var open *C.zinc_async_open
	var failure C.shim_failure
	status := C.shim_open_async(a.name, &a.options, C.uintptr_t(user), &open, &failure)
	if err := failed(op, name, status, &failure); err != nil {
		user.Delete()
		return nil, err
	}
	var end opened
	select {
	case end = <-over:
	case <-ctx.Done():
		if C.zinc_open_cancel(open) > 0 {
			user.Delete()
			return nil, ctx.Err()
		}
		// It is over already, and may have a handle.
		end = <-over
	}
	return newRegion(op, name, end.handle, end.status, &end.failure)
}

// An opened is what an open without a thread came to.
type opened struct {
	status  C.int
	handle  C.shim_region
	failure C.shim_failure
}

// zincGoOpened is called on a thread of Zinc's own, once for each open that was not cancelled.
//
//export zincGoOpened
func zincGoOpened(user C.uintptr_t, status C.int, handle C.shim_region, failure C.shim_failure) {
	own := cgo.Handle(user)
	own.Value().(chan opened) <- opened{status, handle, failure}
	own.Delete()
}

// OpenOrCreate opens the region if it exists, and else creates it with capacity bytes: whoever comes first owns it.
// owner is nil if the region was there; else it is the same handle as region. It fails as [Open] and [Create] do, and
// with ErrInvalidSize if the region is there and smaller than capacity.
func OpenOrCreate(name string, capacity int, opts ...Option) (region *Region, owner *OwnedRegion, err error) {
	const op = "OpenOrCreate"
	if capacity < 0 {
		return nil, nil, invalid(op, name, "capacity is %d; a region has 1 byte or more", capacity)
	}
	a, err := newArguments(op, name, 0, opts)
	if err != nil {
		return nil, nil, err
	}
	defer a.free()
	var handle C.shim_region
	var failure C.shim_failure
	status := again(&failure, func() C.int {
		return C.shim_open_or_create_with(a.name, C.size_t(capacity), &a.options, &handle, &failure)
	})
	region, err = newRegion(op, name, handle, status, &failure)
	if err == nil && status > 0 {
		owner = &OwnedRegion{region}
	}
	return region, owner, err
}

// again makes a call once more if this process has no files left, after forgotten Regions have been closed, which hold
// some. The collector does not know that files run out.
func again(failure *C.shim_failure, call func() C.int) C.int {
	status := call()
	if status >= 0 || syscall.Errno(failure.os) != syscall.EMFILE {
		return status
	}
	collect()
	C.free(unsafe.Pointer(C.shim_message(failure)))
	*failure = C.shim_failure{}
	return call()
}

// collect collects garbage, and lets the cleanups of what it found run: those of the second round's marker come after
// those of the first.
func collect() {
	for range 2 {
		done := make(chan struct{})
		func() { runtime.AddCleanup(new([16]uint64), func(done chan struct{}) { close(done) }, done) }()
		runtime.GC()
		select {
		case <-done:
		case <-time.After(time.Second): // something else's cleanup does not end
		}
	}
}

// newRegion makes a Region of the handle that a call gave, or an error of its failure.
func newRegion(op, name string, handle C.shim_region, status C.int, failure *C.shim_failure) (*Region, error) {
	if err := failed(op, name, status, failure); err != nil {
		return nil, err
	}
	s := &state{handle: handle, name: name}
	if err := failed(op, name, C.shim_view_retain(handle, &s.view, failure), failure); err != nil {
		C.shim_release(handle)
		return nil, err
	}
	s.capacity, s.readOnly = int(C.zinc_view_size(s.view)), C.zinc_view_is_read_only(s.view) > 0
	s.data.Store((*byte)(C.zinc_view_ptr(s.view)))
	r := &Region{state: s}
	r.cleanup = runtime.AddCleanup(r, (*state).forget, s)
	return r, nil
}
