// Tensors as JSON, each element through its own Go type.

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"sync"

	"github.com/Mohammed-Aman-Khan/zinc/go"
)

// How tensors of one element type are read and filled.
type element struct {
	read func(*zinc.Region) (shape []int, values []any, err error)
	fill func(*zinc.Region, []json.RawMessage) error
}

var elements = map[zinc.DType]element{
	zinc.Bool: as(func(b zinc.Bool8) bool { return b != 0 }, toBool8),
	zinc.I8:   asItIs[int8](),
	zinc.I16:  asItIs[int16](),
	zinc.I32:  asItIs[int32](),
	zinc.I64: as(func(i int64) string { return strconv.FormatInt(i, 10) },
		func(text string) (int64, error) { return strconv.ParseInt(text, 10, 64) }),
	zinc.U8:  asItIs[uint8](),
	zinc.U16: asItIs[uint16](),
	zinc.U32: asItIs[uint32](),
	zinc.U64: as(func(i uint64) string { return strconv.FormatUint(i, 10) },
		func(text string) (uint64, error) { return strconv.ParseUint(text, 10, 64) }),
	zinc.F16: as(fromHalf, toHalf),
	// A bfloat16 is the upper half of a float32.
	zinc.BF16: as(func(b zinc.BFloat16) float64 { return float64(math.Float32frombits(uint32(b) << 16)) },
		func(value float64) (zinc.BFloat16, error) {
			return zinc.BFloat16(math.Float32bits(float32(value)) >> 16), nil
		}),
	// As a double, which JSON has exactly: of a float32 it gets the shortest text that rounds to it.
	zinc.F32: as(func(value float32) float64 { return float64(value) },
		func(value float64) (float32, error) { return float32(value), nil }),
	zinc.F64: asItIs[float64](),
	zinc.C64: as(func(c complex64) [2]float64 { return [2]float64{float64(real(c)), float64(imag(c))} },
		func(parts [2]float64) (complex64, error) { return complex(float32(parts[0]), float32(parts[1])), nil }),
	zinc.C128: as(func(c complex128) [2]float64 { return [2]float64{real(c), imag(c)} },
		func(parts [2]float64) (complex128, error) { return complex(parts[0], parts[1]), nil }),
}

func asItIs[T zinc.Element]() element {
	return as(func(value T) T { return value }, func(value T) (T, error) { return value, nil })
}

// as reads and fills tensors of T, with elements that JSON has as J.
func as[T zinc.Element, J any](to func(T) J, from func(J) (T, error)) element {
	read := func(r *zinc.Region) ([]int, []any, error) {
		tensor, err := zinc.TensorOf[T](r)
		values := make([]any, len(tensor.Data))
		for i, value := range tensor.Data {
			values[i] = to(value)
		}
		return tensor.Shape, values, err
	}
	fill := func(r *zinc.Region, values []json.RawMessage) error {
		tensor, err := zinc.TensorOf[T](r)
		if err != nil {
			return err
		}
		if len(values) != len(tensor.Data) {
			return fmt.Errorf("%d values for %d elements", len(values), len(tensor.Data))
		}
		for i, text := range values {
			var value J
			if err := json.Unmarshal(text, &value); err != nil {
				return err
			}
			if tensor.Data[i], err = from(value); err != nil {
				return err
			}
		}
		return nil
	}
	return element{read, fill}
}

func toBool8(value bool) (zinc.Bool8, error) {
	if value {
		return 1, nil
	}
	return 0, nil
}

func fromHalf(half zinc.Float16) float64 {
	exponent, fraction := int(half>>10&0x1f), float64(half&0x3ff)
	value := math.Ldexp(1024+fraction, exponent-25)
	switch {
	case exponent == 0:
		value = math.Ldexp(fraction, -24)
	case exponent == 0x1f && fraction == 0:
		value = math.Inf(1)
	case exponent == 0x1f:
		value = math.NaN()
	}
	if half>>15 != 0 {
		value = -value
	}
	return value
}

// What halves there are, by the bits of their value: the cases fill in nothing that would have to be rounded.
var halves = sync.OnceValue(func() map[uint64]zinc.Float16 {
	halves := map[uint64]zinc.Float16{}
	for half := range 1 << 16 {
		halves[math.Float64bits(fromHalf(zinc.Float16(half)))] = zinc.Float16(half)
	}
	return halves
})

func toHalf(value float64) (zinc.Float16, error) {
	half, ok := halves()[math.Float64bits(value)]
	if !ok {
		return 0, fmt.Errorf("%v is no float16", value)
	}
	return half, nil
}

func parse(name string) (zinc.DType, error) {
	dtype, ok := zinc.ParseDType(name)
	if !ok {
		return 0, fmt.Errorf("no element type %q", name)
	}
	return dtype, nil
}

// tensor reads the described tensor, asked for as the named type, or else as what it is.
func tensor(r *zinc.Region, name string) (any, error) {
	dtype, err := typeOf(r)
	if name != "" {
		dtype, err = parse(name)
	}
	if err != nil {
		return nil, err
	}
	shape, values, err := elements[dtype].read(r)
	return object{"dtype": dtype.String(), "shape": shape, "values": values}, err
}

// fill gives every element of the described tensor its value.
func fill(r *zinc.Region, values []json.RawMessage) error {
	dtype, err := typeOf(r)
	if err != nil {
		return err
	}
	return elements[dtype].fill(r, values)
}

func typeOf(r *zinc.Region) (zinc.DType, error) {
	dtype, _, described, err := r.Descriptor()
	if err == nil && !described {
		err = errors.New("nothing is described")
	}
	return dtype, err
}
