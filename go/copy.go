// Copying in and out, which is safe beside Close.

package zinc

// #include "shim.h"
import "C"

import (
	"fmt"
	"io"
	"unsafe"
)

// ReadAt copies from the data, starting at byte off, as [io.ReaderAt] says. It is safe beside Close.
func (r *Region) ReadAt(p []byte, off int64) (int, error) {
	var n int
	err := r.during("ReadAt", off, func(data []byte) error {
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
	const op = "WriteAt"
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
	if err := r.check(op, C.shim_view_retain(r.handle(), &view, &failure), &failure); err != nil {
		return err
	}
	defer C.zinc_view_release(view)
	if off < 0 {
		return invalid(op, r.Name(), "off is %d; offsets are not negative", off)
	}
	data := unsafe.Slice((*byte)(C.zinc_view_ptr(view)), r.Capacity())
	return use(data[min(off, int64(len(data))):])
}
