// The examples of the documentation.

package zinc_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"time"

	zinc "github.com/Mohammed-Aman-Khan/zinc/go"
)

// The two sides are two processes as a rule; here they are two handles.
func Example() {
	writer, err := zinc.Create("pipeline", 4096)
	if err != nil {
		log.Fatal(err)
	}
	defer writer.Close()

	reader, err := zinc.Open("pipeline")
	if err != nil {
		log.Fatal(err)
	}
	defer reader.Close()

	copy(writer.Bytes(), "hello")
	if err := writer.Notify(); err != nil {
		log.Fatal(err)
	}

	notified, err := reader.Wait(1000)
	fmt.Println(notified, err, string(reader.Bytes()[:5]))
	// Output: true <nil> hello
}

// A reader that is started first waits for its region to appear.
func ExampleOpen() {
	region, err := zinc.Open("not-there", zinc.WithTimeout(10*time.Millisecond))
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Println("no such region:", region == nil)
	}
	// Output: no such region: true
}

func ExampleOpenOrCreate() {
	region, owner, err := zinc.OpenOrCreate("shared", 4096)
	if err != nil {
		log.Fatal(err)
	}
	defer region.Close()
	if owner != nil {
		copy(region.Bytes(), "first")
	}
	fmt.Println(owner != nil, string(region.Bytes()[:5]))
	// Output: true first
}

func ExampleSlice() {
	region, err := zinc.Create("floats", 4*1000)
	if err != nil {
		log.Fatal(err)
	}
	defer region.Close()
	floats := zinc.Slice[float32](region)
	floats[999] = 0.5
	fmt.Println(len(floats), floats[999])
	// Output: 1000 0.5
}

// Readers are told nothing but the name.
func ExampleTensorOf() {
	owner, err := zinc.CreateTensor("weights", zinc.F32, []int{2, 3})
	if err != nil {
		log.Fatal(err)
	}
	defer owner.Close()

	reader, err := zinc.Open("weights")
	if err != nil {
		log.Fatal(err)
	}
	defer reader.Close()
	weights, err := zinc.TensorOf[float32](reader)
	fmt.Println(weights.Shape, weights.Data, err)

	_, err = zinc.TensorOf[int32](reader)
	fmt.Println(errors.Is(err, zinc.ErrDescriptor))
	// Output:
	// [2 3] [0 0 0 0 0 0] <nil>
	// true
}

func ExampleRegion_WaitContext() {
	region, err := zinc.Create("quiet", 1)
	if err != nil {
		log.Fatal(err)
	}
	defer region.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	fmt.Println(region.WaitContext(ctx))
	// Output: context deadline exceeded
}

// Keeping count oneself, one sees how many notifications there were.
func ExampleRegion_WaitPast() {
	region, err := zinc.Create("counted", 1)
	if err != nil {
		log.Fatal(err)
	}
	defer region.Close()
	for range 3 {
		if err := region.Notify(); err != nil {
			log.Fatal(err)
		}
	}
	reached, notified, err := region.WaitPast(0, 1000)
	fmt.Println(reached, notified, err)
	// Output: 3 true <nil>
}
