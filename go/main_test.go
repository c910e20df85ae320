// What the tests share: a directory of their own, watchdogs, and children.

package zinc_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience is how long anything may take that should take no time: a watchdog, and nothing that a test relies on.
const patience = 30 * time.Second

// roles are what a child process, which is this program again, can be told to do.
var roles = map[string]func(arguments []string){}

func TestMain(m *testing.M) {
	if role := os.Getenv("ZINC_TEST_ROLE"); role != "" {
		roles[role](os.Args[1:])
		return
	}
	// A directory of this run's own: nothing else is seen, and nothing is left.
	directory, err := os.MkdirTemp("/dev/shm", "zinc-go-")
	if err != nil {
		panic(err)
	}
	os.Setenv("ZINC_DIR", directory)
	code := m.Run()
	left, _ := filepath.Glob(filepath.Join(directory, "*"))
	if len(left) > 0 && code == 0 {
		fmt.Println("FAIL: regions were left:", left)
		code = 1
	}
	os.RemoveAll(directory)
	os.Exit(code)
}

// unique is a region name that no other test uses.
func unique(t testing.TB) string {
	return strings.NewReplacer("/", "-", "#", "-", "=", "-").Replace(t.Name())
}

// must stops the test at an error.
func must[T any](value T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// within fails the test if what it waits for does not come.
func within[T any](t testing.TB, what string, from <-chan T) T {
	t.Helper()
	select {
	case value := <-from:
		return value
	case <-time.After(patience):
		buffer := make([]byte, 1<<20)
		t.Fatalf("waited in vain for %s\n%s", what, buffer[:runtime.Stack(buffer, true)])
		panic("unreachable")
	}
}

// async runs f beside the test.
func async[T any](f func() T) <-chan T {
	result := make(chan T, 1)
	go func() { result <- f() }()
	return result
}

// eventually looks until a fact is so.
func eventually(t testing.TB, what string, isSo func() bool) {
	t.Helper()
	for until := time.Now().Add(patience); !isSo(); time.Sleep(time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// untilParked looks until so many threads of this process sleep in the kernel, waiting for a notification; those that
// Zinc has for waits with a context do not count.
func untilParked(t testing.TB, threads int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d threads are parked", threads), func() bool {
		return parked() >= threads
	})
}

// parked counts threads in a futex call on memory that processes share. The Go runtime's own are on private memory, which
// is a flag of the operation.
func parked() (threads int) {
	const futexWaitBitset = "0x9"
	tasks, _ := filepath.Glob("/proc/self/task/*")
	for _, task := range tasks {
		name, _ := os.ReadFile(task + "/comm")
		text, _ := os.ReadFile(task + "/syscall")
		call := strings.Fields(string(text))
		if len(call) > 2 && call[0] == fmt.Sprint(syscall.SYS_FUTEX) && call[2] == futexWaitBitset &&
			!strings.HasPrefix(string(name), "zinc-") {
			threads++
		}
	}
	return threads
}

// untilPending looks until so many goroutines wait with a context, and have given up their threads.
func untilPending(t testing.TB, goroutines int) {
	t.Helper()
	pending := regexp.MustCompile(`(?m)^goroutine \d+ .*\[select.*\]:\n.*\(\*Region\)\.WaitContext\(`)
	buffer := make([]byte, 16<<20)
	eventually(t, fmt.Sprintf("%d waits with a context are pending", goroutines), func() bool {
		return len(pending.FindAll(buffer[:runtime.Stack(buffer, true)], -1)) >= goroutines
	})
}

// A child is another process with a role, which talks in lines.
type child struct {
	*exec.Cmd
	t     testing.TB
	input io.WriteCloser
	lines chan string
}

func start(t testing.TB, role string, arguments ...string) *child {
	t.Helper()
	command := exec.Command(os.Args[0], arguments...)
	command.Env = append(os.Environ(), "ZINC_TEST_ROLE="+role)
	command.Stderr = os.Stderr
	input := must(command.StdinPipe())(t)
	output := must(command.StdoutPipe())(t)
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	c := &child{command, t, input, make(chan string)}
	go func() {
		defer close(c.lines)
		for lines := bufio.NewScanner(output); lines.Scan(); {
			c.lines <- lines.Text()
		}
	}()
	t.Cleanup(func() {
		// Only after a failed test is there anything left to kill.
		if c.ProcessState == nil {
			c.Process.Kill()
			c.Wait()
		}
	})
	return c
}

func (c *child) hear(expected string) {
	c.t.Helper()
	if line := within(c.t, "a line of the child's", c.lines); line != expected {
		c.t.Fatalf("the child said %q, not %q", line, expected)
	}
}

func (c *child) tell(line string) {
	c.t.Helper()
	if _, err := fmt.Fprintln(c.input, line); err != nil {
		c.t.Fatal(err)
	}
}

// end lets the child see the end of its input, and expects it to end well without another word.
func (c *child) end() {
	c.t.Helper()
	c.input.Close()
	if line, more := <-c.lines; more {
		c.t.Fatalf("the child said %q", line)
	}
	if err := c.Wait(); err != nil {
		c.t.Fatal(err)
	}
}

func (c *child) kill() {
	c.t.Helper()
	c.Process.Kill()
	c.Wait()
}

// What a child does.

func say(line ...any) { fmt.Println(line...) }

// told waits for a line, or the end of the input.
func told() {
	var line string
	fmt.Scanln(&line)
}

func do(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		os.Exit(1)
	}
}

func get[T any](value T, err error) T {
	do(err)
	return value
}
