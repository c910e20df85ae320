// Waiting until a context is done, without a thread.

package zinc

// #cgo noescape shim_wait_async
// #include "shim.h"
import "C"

import (
	"context"
	"iter"
	"runtime/cgo"
	"time"
)

// look is how long WaitContext waits as Wait does, before it takes the longer way: Zinc's default for how long it looks
// before it sleeps.
const look = 50 * time.Microsecond

// WaitContext is [Region.Wait] until ctx is done, and then returns ctx's error. Nothing is lost by that: a notification
// that came meanwhile ends the next wait.
//
// For the first 50 microseconds it waits as Wait does, so that who answers at once is heard at once. After that it
// takes up no thread: one of Zinc's waits for up to 127 regions, and wakes the goroutine. Servers have thousands of
// goroutines that wait with a context, and in Go those are to cost what one costs that receives from a channel; a
// thread for each would also run into the runtime's limit of 10,000. The price is that a notification comes by way of
// two more threads. Where that is too much, and waits are few, use Wait: it sleeps in the kernel by itself.
func (r *Region) WaitContext(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if notified, err := r.WaitFor(look); notified || err != nil {
		return err
	}
	over := make(chan outcome, 1)
	handle := cgo.NewHandle(over)
	var wait *C.zinc_async_wait
	var failure C.shim_failure
	status := C.shim_wait_async(r.handle(), C.uintptr_t(handle), &wait, &failure)
	if err := r.check("WaitContext", status, &failure); err != nil {
		handle.Delete()
		return err
	}
	var end outcome
	select {
	case end = <-over:
	case <-ctx.Done():
		if C.zinc_wait_cancel(wait) > 0 {
			handle.Delete()
			return ctx.Err()
		}
		// It is over already, and may have taken a notification in.
		end = <-over
	}
	return r.check("WaitContext", end.status, &end.failure)
}

// WaitPastContext is [Region.WaitPast] until ctx is done, and then returns ctx's error. It returns the sequence reached.
// It takes up no thread, as [Region.WaitContext]; unlike there, neither Interrupt nor Close of this Region ends it: end ctx.
func (r *Region) WaitPastContext(ctx context.Context, sequence uint64) (uint64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if reached, notified, err := r.WaitPast(sequence, 0); notified || err != nil {
		return reached, err
	}
	// A handle of its own: the wait moves nothing that Wait has seen, and hears this Region's notifications too.
	clone, err := r.Clone()
	if err != nil {
		return 0, err
	}
	defer clone.Close()
	for {
		if reached, notified, err := r.WaitPast(sequence, 0); notified || err != nil {
			return reached, err
		}
		if err := clone.WaitContext(ctx); err != nil {
			return 0, err
		}
	}
}

// Notifications yields the sequence at each notification that this Region has not seen, until ctx is done, the loop is
// left, or the wait fails: the last pair has the error then, which is ctx's if that is done. Several notifications may
// arrive as one; the sequence tells how many.
func (r *Region) Notifications(ctx context.Context) iter.Seq2[uint64, error] {
	return func(yield func(uint64, error) bool) {
		for {
			err := r.WaitContext(ctx)
			var sequence uint64
			if err == nil {
				sequence, err = r.Sequence()
			}
			if !yield(sequence, err) || err != nil {
				return
			}
		}
	}
}

// An outcome is what a wait without a thread came to.
type outcome struct {
	status  C.int
	failure C.shim_failure
}

// zincGoOver is called on a thread of Zinc's own, once for each wait that was not cancelled.
//
//export zincGoOver
func zincGoOver(wait C.uintptr_t, status C.int, failure C.shim_failure) {
	handle := cgo.Handle(wait)
	handle.Value().(chan outcome) <- outcome{status, failure}
	handle.Delete()
}
