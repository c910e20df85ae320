// What only the owner of a region may do.

package zinc

// #include "shim.h"
import "C"

import "unsafe"

// An OwnedRegion is the handle that created a region. It does all that a [Region] does, and what only the owner may.
//
// Its Close, or the end of its process, ends the region for everyone, unless it persists.
type OwnedRegion struct {
	*Region
}

func owned(r *Region, err error) (*OwnedRegion, error) {
	if err != nil {
		return nil, err
	}
	return &OwnedRegion{r}, nil
}

// Unlink takes the region's name away now. Who has the region open goes on as before, and the name is free. It fails
// with ErrClosed, or ErrOS.
func (r *OwnedRegion) Unlink() error {
	var failure C.shim_failure
	return r.check("unlink", C.shim_unlink(r.handle(), &failure), &failure)
}

// Persist lets the region outlive this handle and process. It has no owner from now on: it is never reclaimed, its
// waiters get no ErrOwnerDied, and it stays until [Remove] or Unlink. Twice is fine. It fails with ErrClosed.
func (r *OwnedRegion) Persist() error {
	var failure C.shim_failure
	return r.check("persist", C.shim_persist(r.handle(), &failure), &failure)
}

// Describe says what the data is, for everyone: elements of type dtype, row-major from the first byte, with these
// dimensions, outermost first; none at all is a single element. Readers that look meanwhile get the old description or
// the new one, whole. It fails with ErrDescriptor (more than 8 dimensions, or it does not fit) or ErrClosed.
func (r *OwnedRegion) Describe(dtype DType, shape []int) error {
	lengths := toC(shape)
	var failure C.shim_failure
	status := C.shim_describe(r.handle(), C.uint32_t(dtype), C.size_t(len(lengths)), unsafe.SliceData(lengths), &failure)
	return r.check("describe", status, &failure)
}

func toC(shape []int) []C.uint64_t {
	lengths := make([]C.uint64_t, len(shape))
	for i, length := range shape {
		lengths[i] = C.uint64_t(length)
	}
	return lengths
}
