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
	return r.check("Unlink", C.shim_unlink(r.handle(), &failure), &failure)
}

// Link gives a region its name that was created [WithUnlinked]. From now on others find it, with all that was written
// and notified before. Nothing happens if it has its name. It fails with ErrAlreadyExists or ErrNotARegion if the name is
// taken, and may then be tried again; with ErrUnsupported if the region lost its name before: a file does not get it
// back; with ErrPermissionDenied, ErrClosed or ErrOS.
func (r *OwnedRegion) Link() error {
	var failure C.shim_failure
	return r.check("Link", C.shim_link(r.handle(), &failure), &failure)
}

// IsNamed reports whether the region's name leads to it at this moment, so that others can open it. It does not before
// Link, after Unlink, and when somebody has removed or replaced the file. It fails with ErrClosed, ErrPermissionDenied
// (in a forked child) or ErrOS.
func (r *OwnedRegion) IsNamed() (bool, error) {
	var failure C.shim_failure
	status := C.shim_is_named(r.handle(), &failure)
	return status > 0, r.check("IsNamed", status, &failure)
}

// Persist lets the region outlive this handle and process. It has no owner from now on: it is never reclaimed, its
// waiters get no ErrOwnerDied, and it stays until [Remove] or Unlink. Twice is fine. It fails with ErrClosed.
func (r *OwnedRegion) Persist() error {
	var failure C.shim_failure
	return r.check("Persist", C.shim_persist(r.handle(), &failure), &failure)
}

// Describe says what the data is, for everyone: elements of type dtype, row-major from the first byte, with these
// dimensions, outermost first; none at all is a single element. Readers that look meanwhile get the old description or
// the new one, whole. It fails with ErrDescriptor (more than 8 dimensions, or it does not
// fit), ErrInvalidArgument (a negative length) or ErrClosed.
func (r *OwnedRegion) Describe(dtype DType, shape []int) error {
	lengths, err := toC("Describe", r.Name(), shape)
	if err != nil {
		return err
	}
	var failure C.shim_failure
	status := C.shim_describe(r.handle(), C.uint32_t(dtype), C.size_t(len(lengths)), unsafe.SliceData(lengths), &failure)
	return r.check("Describe", status, &failure)
}

// toC is the shape as C has it, which knows no negative lengths.
func toC(op, region string, shape []int) ([]C.uint64_t, error) {
	lengths := make([]C.uint64_t, len(shape))
	for i, length := range shape {
		if length < 0 {
			return nil, invalid(op, region, "shape[%d] is %d; lengths are not negative", i, length)
		}
		lengths[i] = C.uint64_t(length)
	}
	return lengths, nil
}
