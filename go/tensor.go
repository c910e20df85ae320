// Looking at the data as elements.

package zinc

// #include "shim.h"
import "C"

import "unsafe"

// Slice gives the data as elements of type T, as many as fit, backed by the mapping: what [Region.Bytes] says holds
// for it too. It does not ask what the data was described as; [TensorOf] does.
func Slice[T Element](r Handle) []T {
	data := r.Bytes()
	return elements[T](data, len(data)/int(unsafe.Sizeof(*new(T))))
}

// A Tensor is a region's data as its owner described it.
type Tensor[T Element] struct {
	// Data has all elements, row-major, backed by the mapping: what [Region.Bytes] says holds for it too.
	Data []T
	// Shape has the length of each dimension, outermost first. It is empty for a single element.
	Shape []int
}

// TensorOf gives the described data as elements of type T. It fails with ErrDescriptor if the data is of another type,
// or not described, and with ErrClosed.
func TensorOf[T Element](r Handle) (Tensor[T], error) {
	shape, data, err := r.base().tensor(DTypeOf[T]())
	if err != nil {
		return Tensor[T]{}, err
	}
	count := 1
	for _, length := range shape {
		count *= length
	}
	return Tensor[T]{Data: elements[T](data, count), Shape: shape}, nil
}

// elements looks at the first bytes of data, which begin on a page boundary, as count elements.
func elements[T Element](data []byte, count int) []T {
	if data == nil {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(data))), count)
}

// tensor gives the shape and the bytes of data that is described as elements of this type.
func (r *Region) tensor(dtype DType) ([]int, []byte, error) {
	const op = "TensorOf"
	var descriptor C.zinc_descriptor
	var view *C.zinc_view
	var failure C.shim_failure
	status := C.shim_tensor(r.handle(), C.uint32_t(dtype), &descriptor, &view, &failure)
	if err := r.check(op, status, &failure); err != nil {
		return nil, nil, err
	}
	// The Region has a view of its own for as long as it is open; only with that may slices be given away.
	C.zinc_view_release(view)
	data := r.Bytes()
	if data == nil {
		// Closed meanwhile: asking anew gives the error.
		return r.tensor(dtype)
	}
	return fromC(&descriptor), data, nil
}

// Descriptor says what the data is: see [OwnedRegion.Describe]. described is false if the owner says nothing. It
// fails with ErrDescriptor if the header is damaged, and with ErrClosed. What it gives fits the region.
func (r *Region) Descriptor() (dtype DType, shape []int, described bool, err error) {
	var descriptor C.zinc_descriptor
	var failure C.shim_failure
	status := C.shim_get_descriptor(r.handle(), &descriptor, &failure)
	if err := r.check("Descriptor", status, &failure); err != nil || status == 0 {
		return 0, nil, false, err
	}
	return DType(descriptor.dtype), fromC(&descriptor), true, nil
}

func fromC(descriptor *C.zinc_descriptor) []int {
	shape := make([]int, descriptor.ndim)
	for i := range shape {
		shape[i] = int(descriptor.shape[i])
	}
	return shape
}
