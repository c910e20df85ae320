// The handles that waits with a context sleep on.

package zinc

// #include "shim.h"
import "C"

import "sync"

// clones are the handles that a Region's waits with a context sleep on, each on one of its own.
//
// A clone is kept for the next such wait: it knows how long to look before it sleeps, which a new one has to learn.
type clones struct {
	mutex  sync.Mutex
	closed bool
	busy   map[*clone]struct{}
	idle   []*clone
}

type clone struct {
	handle      C.shim_region
	interrupted bool
}

// take gives a clone of r's handle that no other wait uses.
func (c *clones) take(r *Region) (*clone, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	taken := &clone{}
	if last := len(c.idle) - 1; last >= 0 {
		taken, c.idle = c.idle[last], c.idle[:last]
	} else {
		// While the mutex is held: Close closes the handle first and then, with the mutex, all clones there are.
		var failure C.shim_failure
		if err := r.check("wait", C.shim_clone(r.handle(), &taken.handle, &failure), &failure); err != nil {
			return nil, err
		}
	}
	if c.busy == nil {
		c.busy = make(map[*clone]struct{})
	}
	c.busy[taken] = struct{}{}
	return taken, nil
}

// giveBack ends the use of a clone, and reports whether it was interrupted. The clone is kept if it is intact, that
// is, neither closed nor about to be.
func (c *clones) giveBack(used *clone, intact bool) (interrupted bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	delete(c.busy, used)
	if intact && !used.interrupted && !c.closed {
		c.idle = append(c.idle, used)
	} else {
		C.shim_release(used.handle)
	}
	return used.interrupted
}

// interrupt ends the waits that there are, even where they are not asleep yet.
func (c *clones) interrupt() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for used := range c.busy {
		used.interrupted = true
		C.shim_release(used.handle)
	}
}

// close ends the waits, and gives back what they held.
func (c *clones) close() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.closed = true
	for used := range c.busy {
		C.shim_release(used.handle)
	}
	for _, unused := range c.idle {
		C.shim_release(unused.handle)
	}
	c.idle = nil
}
