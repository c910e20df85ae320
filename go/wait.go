// Waiting, for a time or for ever.

package zinc

// #cgo noescape shim_wait
// #cgo nocallback shim_wait
// #cgo noescape shim_wait_ns
// #cgo nocallback shim_wait_ns
// #cgo noescape shim_wait_past
// #cgo nocallback shim_wait_past
// #include "shim.h"
import "C"

import (
	"math"
	"time"
)

// Forever, as a time to wait, is until the end of the region or the Region.
const Forever time.Duration = math.MaxInt64

// Wait waits for a notification that this Region has not seen, for up to ms milliseconds; 0 looks once, and -1
// waits for ever; any other number below zero is ErrInvalidArgument. It reports whether there was one.
//
// It returns at once if one is there already, be it from before the region was opened; several may arrive as one. What
// the notifier wrote before is visible afterwards. A wait first looks again and again for up to 50 µs
// (see [WithSpin]), then its thread sleeps in the kernel, where it costs nothing.
//
// It fails with ErrClosed when the owner closes the region, or another goroutine this Region; ErrOwnerDied within a
// second of its process's death; ErrInterrupted by [Region.Interrupt]. Notifications from before are delivered first.
func (r *Region) Wait(ms int) (bool, error) {
	var failure C.shim_failure
	status := C.shim_wait(r.handle(), C.int64_t(ms), &failure)
	return status > 0, r.check("Wait", status, &failure)
}

// WaitFor is [Region.Wait] with a [time.Duration]. Below zero nothing is left, as after a deadline: it looks once.
// [Forever] waits for ever.
func (r *Region) WaitFor(timeout time.Duration) (bool, error) {
	var failure C.shim_failure
	status := C.shim_wait_ns(r.handle(), nanoseconds(timeout), &failure)
	return status > 0, r.check("Wait", status, &failure)
}

// WaitPast waits until the sequence is greater than sequence, for callers who keep count themselves; it returns the
// sequence reached, and whether one was in time. The time is as for [Region.Wait], and so are the errors.
//
// It counts every notification, this Region's own too, and does not move what Wait has seen. [Region.WaitPastContext] does it
// with a context.
func (r *Region) WaitPast(sequence uint64, ms int) (reached uint64, notified bool, err error) {
	const each = int64(time.Millisecond)
	ns := int64(ms)
	if ns > 0 {
		ns = min(ns, math.MaxInt64/each) * each
	}
	var past C.uint64_t
	var failure C.shim_failure
	status := C.shim_wait_past(r.handle(), C.uint64_t(sequence), C.int64_t(ns), &past, &failure)
	return uint64(past), status > 0, r.check("WaitPast", status, &failure)
}
