// Options, as Go has them and as C takes them.

package zinc

// #include "shim.h"
import "C"

import (
	"math"
	"time"
	"unsafe"
)

// An Option changes how a region is created, opened, listed or removed. A call ignores the options of others: Create
// does not look at WithReadOnly, nor List at anything but WithDirectory.
type Option func(*options)

// Zero values are the defaults.
type options struct {
	c         C.zinc_options
	directory string
}

// number is a user's or group's number as C has it. One that is none is nobody's.
func number(id int) C.uint32_t {
	if id < 0 || int64(id) > math.MaxUint32 {
		return math.MaxUint32
	}
	return C.uint32_t(id)
}

// span is a time as C has it: none at all is negative, since 0 is the default.
func span(limit time.Duration) C.int64_t {
	if limit <= 0 {
		return -1
	}
	return C.int64_t(limit)
}

// nanoseconds is a timeout as C has it: below zero nothing is left.
func nanoseconds(timeout time.Duration) C.int64_t {
	if timeout == Forever {
		return C.ZINC_FOREVER
	}
	return C.int64_t(max(timeout, 0))
}

// arguments are a call's name and options as C has them.
type arguments struct {
	name    *C.char
	options C.zinc_options
}

// newArguments makes them, for the caller to free; timeout is what an open has that is told none.
func newArguments(op, name string, timeout C.int64_t, opts []Option) (*arguments, error) {
	var o options
	C.zinc_options_init(&o.c, C.sizeof_zinc_options)
	o.c.timeout_ns = timeout
	for i, option := range opts {
		if option == nil {
			return nil, invalid(op, name, "opts[%d] is nil", i)
		}
		option(&o)
	}
	a := &arguments{options: o.c}
	var err error
	if o.directory != "" {
		if a.options.directory, err = cString(op, name, o.directory, ErrInvalidArgument); err != nil {
			return nil, err
		}
	}
	if a.name, err = cString(op, name, name, ErrInvalidName); err != nil {
		a.free()
		return nil, err
	}
	return a, nil
}

func (a *arguments) free() {
	C.free(unsafe.Pointer(a.name))
	C.free(unsafe.Pointer(a.options.directory))
}
