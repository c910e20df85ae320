// Errors as C tells them, and the strings that C takes.

package zinc

// #cgo noescape shim_message
// #cgo nocallback shim_message
// #include "shim.h"
import "C"

import (
	"fmt"
	"strings"
	"syscall"
	"unsafe"
)

// failed makes an error of what a call left in failure, if its status says that it failed.
func failed(op, region string, status C.int, failure *C.shim_failure) error {
	if status >= 0 {
		return nil
	}
	err := &Error{
		Op: op, Region: region, Code: Code(status), Errno: syscall.Errno(failure.os),
		Needed: uint64(failure.needed), Available: uint64(failure.available),
	}
	message := C.shim_message(failure)
	defer C.free(unsafe.Pointer(message))
	if err.Message = C.GoString(message); message == nil {
		err.Message = op + ": " + err.Code.Name()
	}
	return err
}

// invalid is the error of a wrong argument, which the text names.
func invalid(op, region, format string, values ...any) error {
	message := fmt.Sprintf("%s %q: %s", op, region, fmt.Sprintf(format, values...))
	return &Error{Op: op, Region: region, Code: ErrInvalidArgument, Message: message, Errno: syscall.EINVAL}
}

// Errors name operations as Go does.
func init() { C.zinc_spell_operations(C.ZINC_SPELLING_PASCAL) }

// cString copies s to C memory, for the caller to free. C would take a NUL in it for its end, and so mean another thing.
func cString(op, region, s string, code Code) (*C.char, error) {
	if strings.IndexByte(s, 0) >= 0 {
		message := fmt.Sprintf("%s %q: %q has a NUL byte in it; leave it out", op, region, s)
		return nil, &Error{Op: op, Region: region, Code: code, Message: message, Errno: syscall.EINVAL}
	}
	return C.CString(s), nil
}
