// Errors as Go has them: codes to compare with, and what else is known.

package zinc

import (
	"fmt"
	"syscall"
)

// A Code says what went wrong, as one of a fixed list, ErrInvalidName and so on, that is the same in every language.
// Codes are errors themselves, for [errors.Is]. Their numbers never change.
type Code int32

// Error describes the code.
func (c Code) Error() string {
	if facts := c.facts(); facts.code != 0 {
		return "zinc: " + facts.text
	}
	return fmt.Sprintf("zinc: unknown error %d", int32(c))
}

// Name is the code's name as all languages have it, such as "NotFound"; "Unknown" if it is none of the list.
func (c Code) Name() string {
	if facts := c.facts(); facts.code != 0 {
		return facts.name
	}
	return "Unknown"
}

// Is reports whether target is what the standard library has for this code, such as [fs.ErrNotExist] or
// [syscall.ENOENT] for ErrNotFound.
func (c Code) Is(target error) bool {
	facts := c.facts()
	if number, ok := target.(syscall.Errno); ok {
		return number != 0 && number == facts.errno
	}
	return target != nil && target == facts.standard
}

// What is known of a code.
type codeFacts struct {
	code       Code
	name, text string
	standard   error
	errno      syscall.Errno
}

func (c Code) facts() codeFacts {
	for _, facts := range codes {
		if facts.code == c {
			return facts
		}
	}
	return codeFacts{}
}

// An Error is what every function of this package fails with, except that those with a context give the context's
// error when it is done. It matches its Code, what the Code matches, and its Errno with [errors.Is].
type Error struct {
	// Op is what was attempted, such as "Open".
	Op string
	// Region is the name of the region concerned; empty if there is none.
	Region string
	// Code is what went wrong.
	Code Code
	// Message names the operation, the region, the reason, and what to do next.
	Message string
	// Errno is the operating system's error number, if it gave one.
	Errno syscall.Errno
	// Needed and Available are, with ErrNoSpace, how many bytes the region needs in all and how many were free.
	Needed, Available uint64
}

// Error is the message.
func (e *Error) Error() string { return "zinc: " + e.Message }

// Unwrap gives the Code, and the Errno if there is one.
func (e *Error) Unwrap() []error {
	if e.Errno == 0 {
		return []error{e.Code}
	}
	return []error{e.Code, e.Errno}
}
