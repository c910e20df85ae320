// Waiting: for a time, for ever, or until a context is done.

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
	"context"
	"fmt"
	"math"
	"runtime"
	"time"
)

// Wait waits for a notification that this Region has not seen, for up to ms milliseconds; 0 looks once, a negative
// number waits for ever. It reports whether there was one.
//
// It returns at once if one is there already, be it from before the region was opened; several may arrive as one. What
// the notifier wrote before is visible afterwards. A wait first looks again and again for up to some ten microseconds
// (see [WithSpin]), then its thread sleeps in the kernel, where it costs nothing.
//
// It fails with ErrClosed when the owner closes the region, or another goroutine this Region; ErrOwnerDied within a
// second of its process's death; ErrInterrupted by [Region.Interrupt]. Notifications from before are delivered first.
func (r *Region) Wait(ms int) (bool, error) {
	var failure C.shim_failure
	status := C.shim_wait(r.handle(), C.int64_t(ms), &failure)
	return status > 0, r.check("wait", status, &failure)
}

// WaitFor is [Region.Wait] with a [time.Duration].
func (r *Region) WaitFor(timeout time.Duration) (bool, error) {
	var failure C.shim_failure
	status := C.shim_wait_ns(r.handle(), C.int64_t(timeout), &failure)
	return status > 0, r.check("wait", status, &failure)
}

// WaitPast waits until the sequence is greater than sequence, for callers who keep count themselves; it gives the
// sequence reached, and whether one was in time. The time is as for [Region.Wait], and so are the errors.
//
// It counts every notification, this Region's own too, and does not move what Wait has seen.
func (r *Region) WaitPast(sequence uint64, ms int) (reached uint64, notified bool, err error) {
	const each = int64(time.Millisecond)
	ns := max(min(int64(ms), math.MaxInt64/each), -1) * each
	return r.waitPast(r.handle(), sequence, ns)
}

func (r *Region) waitPast(handle C.shim_region, sequence uint64, ns int64) (uint64, bool, error) {
	var reached C.uint64_t
	var failure C.shim_failure
	status := C.shim_wait_past(handle, C.uint64_t(sequence), C.int64_t(ns), &reached, &failure)
	return uint64(reached), status > 0, r.check("wait", status, &failure)
}

// WaitContext is [Region.Wait] until ctx is done, and then gives ctx's error. Nothing is lost by that: a notification
// that came meanwhile ends the next wait.
func (r *Region) WaitContext(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if notified, err := r.Wait(0); notified || err != nil {
		return err
	}
	return r.cancellable(ctx, func(handle C.shim_region) error {
		for {
			// A notification after this count, which the look would miss, ends the sleep.
			sequence, err := r.Sequence()
			if err != nil {
				return err
			}
			if notified, err := r.Wait(0); notified || err != nil {
				return err
			}
			if _, _, err := r.waitPast(handle, sequence, -1); err != nil {
				return err
			}
		}
	})
}

// WaitPastContext is [Region.WaitPast] until ctx is done, and then gives ctx's error.
func (r *Region) WaitPastContext(ctx context.Context, sequence uint64) (reached uint64, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if reached, notified, err := r.waitPast(r.handle(), sequence, 0); notified || err != nil {
		return reached, err
	}
	err = r.cancellable(ctx, func(handle C.shim_region) (err error) {
		reached, _, err = r.waitPast(handle, sequence, -1)
		return err
	})
	return reached, err
}

// cancellable runs a wait on a handle that is closed when ctx is done.
//
// An interrupt would not do: it ends only what is in progress, so one that comes right before the sleep is lost, and it
// ends the waits of other goroutines too. A handle of the wait's own that is closed ends it whenever it begins.
func (r *Region) cancellable(ctx context.Context, wait func(handle C.shim_region) error) error {
	clone, err := r.state.clones.take(r)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { C.shim_release(clone.handle) })
	err = wait(clone.handle)
	done := !stop()
	interrupted := r.state.clones.giveBack(clone, !done)
	runtime.KeepAlive(r)
	switch {
	case err == nil:
		return nil
	case done:
		return ctx.Err()
	case interrupted:
		message := fmt.Sprintf("wait %q: Interrupt was called on this Region", r.Name())
		return &Error{Op: "wait", Region: r.Name(), Code: ErrInterrupted, Message: message}
	default:
		return err
	}
}
