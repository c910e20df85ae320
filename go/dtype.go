// Element types: their codes, and the Go types that they are.

package zinc

import (
	"fmt"
	"reflect"
)

// A DType is the type of a tensor's elements: F32 and so on. Numbers are little-endian. The codes never change.
type DType uint32

// What is known of an element type.
type dtypeFacts struct {
	dtype   DType
	name    string
	size    int
	element reflect.Type
}

// String is the name that all languages use, such as "float32".
func (d DType) String() string {
	if facts := d.facts(); facts.dtype != 0 {
		return facts.name
	}
	return fmt.Sprintf("DType(%d)", uint32(d))
}

// Size is how many bytes an element has; 0 if d is no element type.
func (d DType) Size() int { return d.facts().size }

func (d DType) facts() dtypeFacts {
	for _, facts := range dtypes {
		if facts.dtype == d {
			return facts
		}
	}
	return dtypeFacts{}
}

// ParseDType gives the element type of a name such as "float32".
func ParseDType(name string) (DType, bool) {
	for _, facts := range dtypes {
		if facts.name == name {
			return facts.dtype, true
		}
	}
	return 0, false
}

// DTypeOf gives the element type that T is.
func DTypeOf[T Element]() DType {
	element := reflect.TypeFor[T]()
	for _, facts := range dtypes {
		if facts.element == element {
			return facts.dtype
		}
	}
	panic("zinc: " + element.String() + " is an Element without an element type")
}

// A Bool8 is a bool in shared memory, where another process may have left any byte: 0 is false. Go's own bool must be 0
// or 1, or the program's behaviour is undefined.
type Bool8 uint8

// A Float16 is the bits of an IEEE 754 half-precision number. Go has no arithmetic for it; packages such as
// github.com/x448/float16 convert it.
type Float16 uint16

// A BFloat16 is the bits of a bfloat16, the upper half of a float32's.
type BFloat16 uint16

// An Element is a Go type that data in a region can be looked at as: any bytes are a value of it.
type Element interface {
	Bool8 | int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 |
		Float16 | BFloat16 | float32 | float64 | complex64 | complex128
}
