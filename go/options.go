// Options, as Go has them and as C takes them.

package zinc

// #include "shim.h"
import "C"

import (
	"io/fs"
	"time"
	"unsafe"
)

// An Option changes how a region is created, opened or found. What an option says nothing to, does not heed it:
// Create does not look at WithReadOnly, nor List at anything but WithDirectory.
type Option func(*options)

// Zero values are the defaults.
type options struct {
	c         C.zinc_options
	directory string
}

// WithMode lets others open the region that is created: mode is the permission bits of its file, which the umask does
// not touch. The default is 0o600, this user alone. Who may read only (0o640, say) opens [WithReadOnly].
func WithMode(mode fs.FileMode) Option {
	return func(o *options) { o.c.mode = C.uint32_t(mode) }
}

// WithDirectory says where the region lives: a directory on a tmpfs or hugetlbfs. The default is the environment
// variable ZINC_DIR, else /dev/shm.
func WithDirectory(directory string) Option {
	return func(o *options) { o.directory = directory }
}

// WithAcceptOwner opens regions of the user with this number too. The default is the caller's own and root's.
func WithAcceptOwner(uid int) Option {
	return func(o *options) { o.c.accept_owner = C.uint32_t(uid) }
}

// WithReserve says whether to take all memory of the region that is created now, so that using it cannot fail later;
// the default is true. A region that is not reserved takes memory as it is written to, and kills the writer with
// SIGBUS when there is none left.
func WithReserve(reserve bool) Option {
	return func(o *options) { o.flag(C.ZINC_OPTION_SPARSE, !reserve) }
}

// WithPrefault enters all pages in this process's page table at once, so that the first touch of each costs nothing.
func WithPrefault() Option {
	return func(o *options) { o.flag(C.ZINC_OPTION_PREFAULT, true) }
}

// WithPersistent lets the region that is created outlive its owner from the start, as [OwnedRegion.Persist] does.
func WithPersistent() Option {
	return func(o *options) { o.flag(C.ZINC_OPTION_PERSISTENT, true) }
}

// WithReadOnly opens without the right to write to the data: writing to the slices then ends the program. Waiting
// works, and so does notifying if this user may write to the region's file. If not, this is the only way to open it,
// and waiting looks every few milliseconds instead of being woken.
func WithReadOnly() Option {
	return func(o *options) { o.flag(C.ZINC_OPTION_READ_ONLY, true) }
}

// WithSpin bounds how long a wait looks for its notification before it sleeps; 0 sleeps at once. The default is the
// environment variable ZINC_SPIN_US (in microseconds), else 50 microseconds; within it, waits adapt themselves.
func WithSpin(limit time.Duration) Option {
	return func(o *options) {
		o.c.spin_ns = C.int64_t(limit)
		if limit == 0 {
			o.c.spin_ns = -1
		}
	}
}

// WithTimeout lets [Open] wait this long for a region that does not exist yet; a negative time is for ever. The
// default is not to wait. It blocks the goroutine's thread.
func WithTimeout(timeout time.Duration) Option {
	return func(o *options) { o.c.timeout_ns = C.int64_t(timeout) }
}

func (o *options) flag(bit C.uint32_t, set bool) {
	o.c.flags &^= bit
	if set {
		o.c.flags |= bit
	}
}

// arguments are a call's name and options as C has them.
type arguments struct {
	name    *C.char
	options C.zinc_options
}

// newArguments makes them, for the caller to free.
func newArguments(op, name string, opts []Option) (*arguments, error) {
	var o options
	C.zinc_options_init(&o.c, C.sizeof_zinc_options)
	for _, option := range opts {
		option(&o)
	}
	a := &arguments{options: o.c}
	var err error
	if o.directory != "" {
		if a.options.directory, err = cString(op, name, o.directory, ErrOS); err != nil {
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
