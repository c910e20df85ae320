// Data as elements, described or not.

package zinc_test

import (
	"bytes"
	"errors"
	"math"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"unsafe"

	zinc "github.com/Mohammed-Aman-Khan/zinc/go"
)

func TestSliceLooksAtTheBytesAsElements(t *testing.T) {
	owner := must(zinc.Create(unique(t), 15))(t)
	defer owner.Close()
	numbers := zinc.Slice[uint32](owner)
	if len(numbers) != 3 || cap(numbers) != 3 {
		t.Fatal(len(numbers), cap(numbers))
	}
	numbers[1] = 0x04030201
	if !bytes.Equal(owner.Bytes()[4:8], []byte{1, 2, 3, 4}) {
		t.Error(owner.Bytes())
	}
	if halves := zinc.Slice[zinc.Float16](owner.Region); len(halves) != 7 || halves[2] != 0x0201 {
		t.Error(halves)
	}
	if wide := zinc.Slice[complex128](owner); wide == nil || len(wide) != 0 {
		t.Error("elements that do not fit:", wide)
	}
}

func TestADescribedTensorSaysItsTypeAndShape(t *testing.T) {
	owner := must(zinc.CreateTensor(unique(t), zinc.F32, []int{2, 3}))(t)
	defer owner.Close()
	if owner.Capacity() != 24 {
		t.Error(owner.Capacity())
	}
	copy(must(zinc.TensorOf[float32](owner))(t).Data, []float32{0, 1, 2, 3, 4, 5})

	peer := must(zinc.Open(unique(t)))(t)
	defer peer.Close()
	dtype, shape, described, err := peer.Descriptor()
	if dtype != zinc.F32 || !slices.Equal(shape, []int{2, 3}) || !described || err != nil {
		t.Error(dtype, shape, described, err)
	}
	tensor := must(zinc.TensorOf[float32](peer))(t)
	if !slices.Equal(tensor.Shape, []int{2, 3}) || !slices.Equal(tensor.Data, []float32{0, 1, 2, 3, 4, 5}) {
		t.Error(tensor)
	}
	if &tensor.Data[0] != &zinc.Slice[float32](peer)[0] {
		t.Error("a tensor is a copy")
	}
	if _, err := zinc.TensorOf[int32](peer); !errors.Is(err, zinc.ErrDescriptor) {
		t.Error(err)
	}
}

func TestWhatIsNotDescribedIsNoTensor(t *testing.T) {
	owner := must(zinc.Create(unique(t), 24))(t)
	defer owner.Close()
	if _, _, described, err := owner.Descriptor(); described || err != nil {
		t.Error(described, err)
	}
	if _, err := zinc.TensorOf[float64](owner); !errors.Is(err, zinc.ErrDescriptor) {
		t.Error(err)
	}
	for _, shape := range [][]int{{4}, {-1}, {1, 1, 1, 1, 1, 1, 1, 1, 1}, {math.MaxInt, math.MaxInt}} {
		want := zinc.ErrDescriptor
		if shape[0] < 0 {
			want = zinc.ErrInvalidArgument
		}
		if err := owner.Describe(zinc.F64, shape); !errors.Is(err, want) {
			t.Error(shape, err)
		}
		if shape[0] == 4 {
			continue
		}
		if _, err := zinc.CreateTensor(unique(t)+"2", zinc.F64, shape); !errors.Is(err, want) {
			t.Error(shape, err)
		}
	}
	if err := owner.Describe(zinc.DType(99), nil); !errors.Is(err, zinc.ErrInvalidArgument) {
		t.Error(err)
	}
	must(0, owner.Describe(zinc.F64, nil))(t)
	if scalar := must(zinc.TensorOf[float64](owner))(t); len(scalar.Data) != 1 || len(scalar.Shape) != 0 {
		t.Error(scalar)
	}
	must(0, owner.Describe(zinc.F64, []int{3, 0}))(t)
	if empty := must(zinc.TensorOf[float64](owner))(t); len(empty.Data) != 0 || !slices.Equal(empty.Shape, []int{3, 0}) {
		t.Error(empty)
	}
}

func TestEveryElementTypeHasItsGoType(t *testing.T) {
	checkElement[zinc.Bool8](t, zinc.Bool, "bool")
	checkElement[int8](t, zinc.I8, "int8")
	checkElement[int16](t, zinc.I16, "int16")
	checkElement[int32](t, zinc.I32, "int32")
	checkElement[int64](t, zinc.I64, "int64")
	checkElement[uint8](t, zinc.U8, "uint8")
	checkElement[uint16](t, zinc.U16, "uint16")
	checkElement[uint32](t, zinc.U32, "uint32")
	checkElement[uint64](t, zinc.U64, "uint64")
	checkElement[zinc.Float16](t, zinc.F16, "float16")
	checkElement[zinc.BFloat16](t, zinc.BF16, "bfloat16")
	checkElement[float32](t, zinc.F32, "float32")
	checkElement[float64](t, zinc.F64, "float64")
	checkElement[complex64](t, zinc.C64, "complex64")
	checkElement[complex128](t, zinc.C128, "complex128")
	if dtype, ok := zinc.ParseDType("float128"); ok {
		t.Error(dtype)
	}
	if none := zinc.DType(99); none.Size() != 0 || none.String() != "DType(99)" {
		t.Error(none)
	}
}

// checkElement compares with the header, which every language's constants come from the same file as.
func checkElement[T zinc.Element](t *testing.T, dtype zinc.DType, name string) {
	t.Helper()
	parsed, ok := zinc.ParseDType(name)
	if zinc.DTypeOf[T]() != dtype || dtype.String() != name || parsed != dtype || !ok {
		t.Errorf("%v, %v, %v, %v", zinc.DTypeOf[T](), dtype, parsed, ok)
	}
	line := regexp.MustCompile("`" + name + "`: (\\d+) bytes? each\\.\\s+ZINC_DTYPE_[A-Z0-9]+ = (\\d+),").FindStringSubmatch(header(t))
	if line == nil {
		t.Fatalf("the header does not have %s", name)
	}
	size, code := must(strconv.Atoi(line[1]))(t), must(strconv.Atoi(line[2]))(t)
	if dtype.Size() != size || int(unsafe.Sizeof(*new(T))) != size || int(dtype) != code {
		t.Errorf("%s: size %d, code %d; the header says %d, %d", name, dtype.Size(), dtype, size, code)
	}
	owner := must(zinc.CreateTensor(unique(t), dtype, []int{3}))(t)
	defer owner.Close()
	if tensor := must(zinc.TensorOf[T](owner))(t); len(tensor.Data) != 3 {
		t.Errorf("%s: %v", name, tensor)
	}
}
