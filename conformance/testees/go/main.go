// The Go testee: takes the conformance runner's commands, calls the public API, reports what it gave.
package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/Mohammed-Aman-Khan/zinc/go"
)

// A command of the runner, with the arguments of all of them.
type command struct {
	choices
	ID         int64
	Do         string
	Background bool
	Handle     string
	Name       string
	Capacity   int
	DType      string
	Shape      []int
	Count      int
	Wait       int64
	Sequence   uint64
	At         int64
	Length     int
	Hex        string
	Values     []json.RawMessage
	Rounds     int
	First      bool
	UID        int
}

// A failure is an error of the testee's own.
type failure string

const (
	noSuchCall failure = "NoSuchCall"
	readOnly   failure = "ReadOnly"
	cancelled  failure = "Cancelled"
)

func (f failure) Error() string { return string(f) }

type object map[string]any

// A held region. owner is nil if this process only opened it.
type held struct {
	region *zinc.Region
	owner  *zinc.OwnedRegion
}

var (
	handles = map[string]held{}
	mutex   sync.Mutex // of handles
	answers = json.NewEncoder(os.Stdout)
	telling sync.Mutex // of answers
)

// At the end of input the process ends with what it has still open.
func main() {
	commands := json.NewDecoder(os.Stdin)
	for {
		var c command
		if err := commands.Decode(&c); err == io.EOF {
			return
		} else if err != nil {
			fmt.Fprintln(os.Stderr, "a command that is none:", err)
			os.Exit(1)
		}
		switch {
		case c.Do == "wait_async":
			startWaits(&c)
		case c.Background:
			go answer(&c)
		default:
			answer(&c)
		}
	}
}

func answer(c *command) {
	value, err := perform(c)
	report(c, value, err)
}

func report(c *command, value any, err error) {
	reply := object{"id": c.ID, "ok": value}
	if err != nil {
		reply = object{"id": c.ID, "error": "Testee", "message": err.Error()}
		var own failure
		var reported *zinc.Error
		if errors.As(err, &own) {
			reply["error"] = own
		} else if errors.As(err, &reported) {
			reply["error"], reply["code"] = reported.Code.Name(), reported.Code
		}
	}
	telling.Lock()
	defer telling.Unlock()
	if err := answers.Encode(reply); err != nil {
		panic(err)
	}
}

func perform(c *command) (any, error) {
	switch c.Do {
	case "hello":
		return hello(), nil
	case "reset":
		return nil, reset()
	case "create":
		owner, err := create(c)
		if err != nil {
			return nil, err
		}
		return nil, keep(c, held{owner.Region, owner})
	case "open":
		region, err := zinc.Open(c.Name, c.options()...)
		if err != nil {
			return nil, err
		}
		return nil, keep(c, held{region: region})
	case "open_or_create":
		region, owner, err := zinc.OpenOrCreate(c.Name, c.Capacity, c.options()...)
		if err != nil {
			return nil, err
		}
		return object{"owner": owner != nil}, keep(c, held{region, owner})
	case "remove":
		return nil, zinc.Remove(c.Name, c.options()...)
	case "list":
		return list(c)
	case "fork":
		child, err := fork()
		return object{"pid": child}, err
	case "become":
		return nil, become(c.UID)
	case "cancel":
		cancels[c.Wait]()
		return nil, nil
	}
	h, err := find(c.Handle)
	if err != nil {
		return nil, err
	}
	return h.perform(c)
}

func find(handle string) (held, error) {
	mutex.Lock()
	defer mutex.Unlock()
	h, ok := handles[handle]
	if !ok {
		return h, fmt.Errorf("no handle %q", handle)
	}
	return h, nil
}

func (h held) perform(c *command) (any, error) {
	switch c.Do {
	case "name":
		return h.region.Name(), nil
	case "capacity":
		return h.region.Capacity(), nil
	case "sequence":
		return h.region.Sequence()
	case "notify":
		return nil, h.region.Notify()
	case "wait":
		return h.region.Wait(c.milliseconds())
	case "wait_past":
		reached, notified, err := h.region.WaitPast(c.Sequence, c.milliseconds())
		if !notified {
			return nil, err
		}
		return reached, nil
	case "interrupt":
		h.region.Interrupt()
		return nil, nil
	case "close":
		return nil, h.region.Close()
	case "descriptor":
		dtype, shape, described, err := h.region.Descriptor()
		if !described {
			return nil, err
		}
		return object{"dtype": dtype.String(), "shape": shape}, nil
	case "read":
		data := make([]byte, c.Length)
		n, err := h.region.ReadAt(data, c.At)
		if errors.Is(err, io.EOF) { // fewer bytes, where the region ends
			err = nil
		}
		return hex.EncodeToString(data[:n]), err
	case "write":
		return nil, write(h.region, c)
	case "tensor":
		return tensor(h.region, c.DType)
	case "fill":
		return nil, fill(h.region, c.Values)
	case "ping_pong":
		return nil, pingPong(h.region, c.Rounds, c.First)
	}
	return h.performAsOwner(c)
}

func (h held) performAsOwner(c *command) (any, error) {
	if h.owner == nil {
		return nil, noSuchCall
	}
	switch c.Do {
	case "unlink":
		return nil, h.owner.Unlink()
	case "link":
		return nil, h.owner.Link()
	case "is_named":
		return h.owner.IsNamed()
	case "persist":
		return nil, h.owner.Persist()
	case "describe":
		dtype, err := parse(c.DType)
		if err != nil {
			return nil, err
		}
		return nil, h.owner.Describe(dtype, c.Shape)
	}
	return nil, fmt.Errorf("%q is not known here", c.Do)
}

// milliseconds is how long to wait; without any, for ever.
func (c *command) milliseconds() int {
	if c.Timeout == nil {
		return -1
	}
	return *c.Timeout
}

func hello() object {
	can := []string{"async", "fork", "setuid", "read-only-views"}
	for dtype := range elements {
		can = append(can, "dtype:"+dtype.String())
	}
	return object{"protocol": 1, "pid": os.Getpid(), "version": zinc.Version(), "can": can}
}

func create(c *command) (*zinc.OwnedRegion, error) {
	if c.DType == "" {
		return zinc.Create(c.Name, c.Capacity, c.options()...)
	}
	dtype, err := parse(c.DType)
	if err != nil {
		return nil, err
	}
	return zinc.CreateTensor(c.Name, dtype, c.Shape, c.options()...)
}

// keep gives a region the command's handle. Whatever had it before is closed, since nobody can name it any more.
func keep(c *command, h held) error {
	mutex.Lock()
	defer mutex.Unlock()
	before := handles[c.Handle]
	handles[c.Handle] = h
	return before.region.Close()
}

func reset() error {
	mutex.Lock()
	defer mutex.Unlock()
	var failed []error
	for _, h := range handles {
		failed = append(failed, h.region.Close())
	}
	clear(handles)
	clear(cancels)
	return errors.Join(failed...)
}

func list(c *command) (any, error) {
	infos, err := zinc.List(c.options()...)
	regions := []object{}
	for _, info := range infos {
		regions = append(regions, object{"name": info.Name, "capacity": info.Capacity, "state": info.State.String()})
	}
	return regions, err
}

func write(r *zinc.Region, c *command) error {
	data, err := hex.DecodeString(c.Hex)
	if err != nil {
		return err
	}
	_, err = r.WriteAt(data, c.At)
	if errors.Is(err, zinc.ErrPermissionDenied) && r.ReadOnly() {
		return readOnly
	}
	// The slice over the mapping must show what the call that copies has done.
	if err == nil && !bytes.Equal(r.Bytes()[c.At:][:len(data)], data) {
		return errors.New("Bytes does not show what WriteAt wrote")
	}
	return err
}

// pingPong adds 1 to the first byte and notifies, in turns with another process.
func pingPong(r *zinc.Region, rounds int, first bool) error {
	data := r.Bytes()
	for turn := range 2 * rounds {
		if (turn%2 == 0) == first {
			data[0]++
			if err := r.Notify(); err != nil {
				return err
			}
		} else if _, err := r.Wait(-1); err != nil {
			return err
		}
	}
	return nil
}
