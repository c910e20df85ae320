// What is known of regions, by handle or by name.

package zinc

// #include "shim.h"
import "C"

import (
	"fmt"
	"time"
)

// Info is what is known of a region.
type Info struct {
	Name string
	// Path is its file.
	Path string
	// Capacity is its bytes of data.
	Capacity int
	// ID is random bytes that tell it from any other region that had or will have the name.
	ID [16]byte
	// Created is when it was created, by the wall clock.
	Created time.Time
	// OwnerPID is the process that created it, for people: process numbers are reused.
	OwnerPID int
	// State is whether somebody owned it when this was asked: for a Region, when it was made.
	State State
}

// A State says whether somebody owns a region.
type State uint32

const (
	// StateOwned: its owner is alive.
	StateOwned State = C.ZINC_STATE_OWNED
	// StatePersistent: it has no owner and stays until it is removed.
	StatePersistent State = C.ZINC_STATE_PERSISTENT
	// StateDead: its owner died without closing it; the next Create of the name takes it away.
	StateDead State = C.ZINC_STATE_DEAD
)

// String is "owned", "persistent" or "dead".
func (s State) String() string {
	switch s {
	case StateOwned:
		return "owned"
	case StatePersistent:
		return "persistent"
	case StateDead:
		return "dead"
	}
	return fmt.Sprintf("State(%d)", uint32(s))
}

// Info gives what is known of the region. It fails with ErrClosed after Close.
func (r *Region) Info() (Info, error) {
	const op = "Info"
	// The strings are the handle's, which another goroutine may close while they are copied.
	var clone C.shim_region
	var failure C.shim_failure
	if err := r.check(op, C.shim_clone(r.handle(), &clone, &failure), &failure); err != nil {
		return Info{}, err
	}
	defer C.shim_release(clone)
	info := C.zinc_region_info{size: C.sizeof_zinc_region_info}
	if err := r.check(op, C.shim_info(clone, &info, &failure), &failure); err != nil {
		return Info{}, err
	}
	return toGo(&info), nil
}

// List lists the regions that this user may read, in the order of their names, in the directory that [WithDirectory]
// says. It fails with ErrNotFound if there is no such directory, and with ErrOS.
func List(opts ...Option) ([]Info, error) {
	const op = "List"
	a, err := newArguments(op, "", 0, opts)
	if err != nil {
		return nil, err
	}
	defer a.free()
	var listing *C.zinc_listing
	var count C.size_t
	var failure C.shim_failure
	if err := failed(op, "", C.shim_list(&a.options, &listing, &count, &failure), &failure); err != nil {
		return nil, err
	}
	defer C.zinc_listing_free(listing)
	infos := make([]Info, 0, count)
	for i := range count {
		info := C.zinc_region_info{size: C.sizeof_zinc_region_info}
		if C.zinc_listing_get(listing, i, &info) > 0 {
			infos = append(infos, toGo(&info))
		}
	}
	return infos, nil
}

// Remove takes away a persistent region, or the remains of a dead owner's, in the directory that [WithDirectory] says.
// Who has it open keeps it; waits on it end with ErrClosed. It fails with ErrNotFound, ErrPermissionDenied (its owner
// is alive, or this user may not), ErrNotARegion, ErrInvalidName or ErrOS.
func Remove(name string, opts ...Option) error {
	const op = "Remove"
	a, err := newArguments(op, name, 0, opts)
	if err != nil {
		return err
	}
	defer a.free()
	var failure C.shim_failure
	return failed(op, name, C.shim_remove(a.name, &a.options, &failure), &failure)
}

// Version is the release of Zinc's core, such as "0.1.0".
func Version() string { return C.GoString(C.zinc_version()) }

// toGo copies what C says of a region.
func toGo(info *C.zinc_region_info) Info {
	result := Info{
		Name:     C.GoString(info.name),
		Path:     C.GoString(info.path),
		Capacity: int(info.capacity),
		Created:  time.Unix(0, int64(info.created_ns)),
		OwnerPID: int(info.owner_pid),
		State:    State(info.state),
	}
	for i, b := range info.id {
		result.ID[i] = byte(b)
	}
	return result
}
