// How a handle comes to be.

package zinc

// #include "shim.h"
import "C"

import (
	"runtime"
	"unsafe"
)

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
	var handle C.shim_region
	var failure C.shim_failure
	status := C.shim_create_with(a.name, C.size_t(capacity), &a.options, &handle, &failure)
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
	var handle C.shim_region
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
	var handle C.shim_region
	var failure C.shim_failure
	status := C.shim_open_with(a.name, &a.options, &handle, &failure)
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
	var handle C.shim_region
	var failure C.shim_failure
	status := C.shim_open_or_create_with(a.name, C.size_t(capacity), &a.options, &handle, &failure)
	region, err = newRegion(op, name, handle, status, &failure)
	if err == nil && status > 0 {
		owner = &OwnedRegion{region}
	}
	return region, owner, err
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
