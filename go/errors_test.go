// Errors, and the constants that all languages share.

package zinc_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	zinc "github.com/Mohammed-Aman-Khan/zinc/go"
)

func TestErrorsMatchTheStandardLibrarys(t *testing.T) {
	owner := must(zinc.Create(unique(t), 1))(t)
	defer owner.Close()
	_, exists := zinc.Create(unique(t), 1)
	_, notFound := zinc.Open("none")
	_, name := zinc.Create("no/such", 1)
	_, size := zinc.Create("x", 0)
	_, negative := zinc.Create("x", -1)
	_, space := zinc.Create("x", 1<<50)
	_, long := zinc.Create("x", 1, zinc.WithDirectory(strings.Repeat("x", 5000)))
	for _, c := range []struct {
		err  error
		want []error
	}{
		{exists, []error{zinc.ErrAlreadyExists, fs.ErrExist, syscall.EEXIST}},
		{notFound, []error{zinc.ErrNotFound, fs.ErrNotExist, os.ErrNotExist, syscall.ENOENT}},
		{name, []error{zinc.ErrInvalidName, fs.ErrInvalid}},
		{size, []error{zinc.ErrInvalidSize, fs.ErrInvalid}},
		{negative, []error{zinc.ErrInvalidArgument, fs.ErrInvalid, syscall.EINVAL}},
		{space, []error{zinc.ErrNoSpace, syscall.ENOSPC}},
		{long, []error{zinc.ErrOS, syscall.ENAMETOOLONG}},
	} {
		for _, want := range c.want {
			if !errors.Is(c.err, want) {
				t.Errorf("%v: is not %v", c.err, want)
			}
		}
		for _, other := range []error{zinc.ErrClosed, fs.ErrClosed, errors.ErrUnsupported, syscall.EPIPE, syscall.Errno(0)} {
			if errors.Is(c.err, other) {
				t.Errorf("%v: is %v", c.err, other)
			}
		}
	}
}

func TestCodesAloneMatchTheStandardLibrarysToo(t *testing.T) {
	for code, want := range map[zinc.Code]error{
		zinc.ErrPermissionDenied: fs.ErrPermission,
		zinc.ErrWrongOwner:       fs.ErrPermission,
		zinc.ErrClosed:           fs.ErrClosed,
		zinc.ErrUnsupported:      errors.ErrUnsupported,
		zinc.ErrInterrupted:      syscall.EINTR,
		zinc.ErrOwnerDied:        syscall.ECONNRESET,
	} {
		if !errors.Is(code, want) || errors.Is(code, fs.ErrNotExist) {
			t.Errorf("%v is not %v alone", code, want)
		}
	}
	if errors.Is(zinc.Code(-999), nil) || errors.Is(zinc.ErrOS, syscall.Errno(0)) {
		t.Error("a code without a counterpart matches nothing")
	}
}

func TestAnErrorSaysWhatAndWhere(t *testing.T) {
	_, err := zinc.Open("none")
	var detail *zinc.Error
	if !errors.As(err, &detail) {
		t.Fatal(err)
	}
	if detail.Op != "Open" || detail.Region != "none" || detail.Code != zinc.ErrNotFound {
		t.Errorf("%+v", detail)
	}
	if !strings.HasPrefix(detail.Message, `Open "none": `) || err.Error() != "zinc: "+detail.Message {
		t.Errorf("%q, %q", detail.Message, err)
	}
	_, err = zinc.Create("huge", 1<<50)
	if !errors.As(err, &detail) || detail.Needed < 1<<50 || detail.Available == 0 || detail.Available >= 1<<50 {
		t.Errorf("%+v", detail)
	}
}

func TestErrorsAreTheirOwnGoroutines(t *testing.T) {
	done := make(chan error)
	const goroutines = 16
	for i := range goroutines {
		name := strings.Repeat("n", i+1)
		go func() {
			for range 500 {
				_, err := zinc.Open(name)
				var detail *zinc.Error
				if !errors.As(err, &detail) || !strings.HasPrefix(detail.Message, `Open "`+name+`": `) {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range goroutines {
		if err := within(t, "the goroutines", done); err != nil {
			t.Errorf("somebody else's error: %v", err)
		}
	}
}

func TestANameWithANULOpensNothingElse(t *testing.T) {
	owner := must(zinc.Create("nul", 1))(t)
	defer owner.Close()
	if _, err := zinc.Open("nul\x00x"); !errors.Is(err, zinc.ErrInvalidName) {
		t.Error(err)
	}
	if _, err := zinc.List(zinc.WithDirectory("/dev/shm\x00x")); !errors.Is(err, zinc.ErrInvalidArgument) || !errors.Is(err, syscall.EINVAL) {
		t.Error(err)
	}
}

func TestOpenWaitsForARegionToAppear(t *testing.T) {
	started := time.Now()
	_, err := zinc.Open(unique(t), zinc.WithTimeout(50*time.Millisecond))
	if !errors.Is(err, zinc.ErrNotFound) || time.Since(started) < 50*time.Millisecond {
		t.Error(err, time.Since(started))
	}
	opened := async(func() error {
		region, err := zinc.Open(unique(t), zinc.WithTimeout(zinc.Forever))
		if err == nil {
			err = region.Close()
		}
		return err
	})
	owner := must(zinc.Create(unique(t), 1))(t)
	defer owner.Close()
	if err := within(t, "the open", opened); err != nil {
		t.Error(err)
	}
}

// The table and the constants, against the header that every language's come from the same file as.
func TestCodesAreTheHeaders(t *testing.T) {
	constants := map[int]string{}
	source := string(must(os.ReadFile("codes.gen.go"))(t))
	for _, line := range regexp.MustCompile(`(?m)^\t(Err\w+) Code = (-\d+)$`).FindAllStringSubmatch(source, -1) {
		constants[must(strconv.Atoi(line[2]))(t)] = line[1]
	}
	lines := regexp.MustCompile(`ZINC_ERROR_([A-Z_]+) = (-\d+),`).FindAllStringSubmatch(header(t), -1)
	if len(lines) == 0 || len(lines) != len(constants) {
		t.Fatalf("the header has %d codes, the package %d", len(lines), len(constants))
	}
	for _, line := range lines {
		number := must(strconv.Atoi(line[2]))(t)
		name := strings.ReplaceAll(line[1], "_", "")
		if !strings.EqualFold(constants[number], "Err"+name) || !strings.EqualFold(zinc.Code(number).Name(), name) {
			t.Errorf("%s, %d, is called %s and %s", line[1], number, constants[number], zinc.Code(number).Name())
		}
	}
	if zinc.Code(-999).Name() != "Unknown" {
		t.Error(zinc.Code(-999).Name())
	}
}

func header(t *testing.T) string {
	return string(must(os.ReadFile("zinc.h"))(t))
}

// A module has nothing from outside its folder, so it has copies.
func TestWhatIsCopiedIsAsItIsInTheProject(t *testing.T) {
	for mine, original := range map[string]string{
		"zinc.h":         "crates/zinc-sys/include/zinc.h",
		"LICENSE-APACHE": "LICENSE-APACHE",
		"LICENSE-MIT":    "LICENSE-MIT",
	} {
		want, err := os.ReadFile(filepath.Join("..", original))
		if errors.Is(err, fs.ErrNotExist) {
			t.Skip("skipped: the module is not in the project's checkout")
		}
		if copied := must(os.ReadFile(mine))(t); !bytes.Equal(copied, want) {
			t.Errorf("go/%s is not %s: copy it, or run `cargo xtask generate`", mine, original)
		}
	}
}
