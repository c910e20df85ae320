// Package zinc shares named memory between processes of different languages on one machine.
//
// One process creates a named region, others open it by name, and everyone gets a zero-copy view of the same bytes.
// [Region.Notify] and [Region.Wait] say when to look. Nothing is serialized, nothing is copied, and nothing runs in
// between: no daemon, no broker.
//
//	region, _ := zinc.Open("pipeline")
//	region.Wait(1000)
//	data := region.Bytes() // []byte backed by mmap, not a copy
//
// # Owners and peers
//
// [Create] gives an [OwnedRegion]: whoever created the region owns it, and alone can unlink it, describe it, or let it
// outlive itself. [Open] gives a [Region], which has no such methods. The owner's [Region.Close] takes the name away
// and ends everyone's waits with [ErrClosed]; if its process dies, they get [ErrOwnerDied] within a
// second after the kernel has closed its files.
//
// The Go runtime ends a process without running anyone's exit handlers. So an owner that returns from main, or calls
// [os.Exit] or [log.Fatal], without having called Close counts as one that died. Write
//
//	region, err := zinc.Create("pipeline", 64<<20)
//	if err != nil {
//		return err
//	}
//	defer region.Close()
//
// # Slices and Close
//
// [Region.Bytes], [Slice] and [TensorOf] give slices over the mapping itself. Go cannot know who still has one, so the
// rule is yours to keep: do not use them after Close. What can be checked, is: after Close these functions give nil
// or an error, so that a program that asks anew each time panics with an index out of range, which it can recover
// from. [Region.ReadAt] and [Region.WriteAt] copy, and are safe beside Close.
//
// A slice from before Close meets zeros, and what is written to it is lost: the memory is given back at once, but its
// addresses stay taken for as long as the Region is reachable. So a goroutine that is still at work on a slice when
// another calls Close comes to no harm, learns of it by ErrClosed from its next call, and until then may have seen
// zeros. Once nothing refers to the Region any more, its addresses are free, and using a slice of it ends the program,
// or meets whatever is mapped there by then; [runtime.KeepAlive] is for goroutines that have nothing but the slice.
//
// A Region that is forgotten without Close is closed when the garbage collector finds it, as an [os.File] is. If
// slices were taken from it, its memory stays mapped until the process ends, so that they stay valid. Keep an owner
// reachable for as long as the region should live; a deferred Close does so.
//
// # Who may write when
//
// Notify and Wait order memory: what the notifier wrote before is visible after the wait, across processes as within
// one. Beyond that, the bytes are shared memory without locks, and the race detector does not watch them. Let
// processes take turns, or use [sync/atomic] on pointers into them.
//
// # Errors
//
// Every error is an [*Error], which holds one of a fixed list of codes that is the same in every language. They match
// what the standard library has of the kind:
//
//	errors.Is(err, zinc.ErrNotFound)
//	errors.Is(err, fs.ErrNotExist) // the same
//
// # Goroutines and threads
//
// All methods may be called from any goroutine at any time. A goroutine in [Region.Wait], or one of its kin with a
// timeout, takes up a thread meanwhile, as one in a system call does; the thread sleeps in the kernel and costs no CPU,
// but the Go runtime ends the program at 10,000 threads, see [runtime/debug.SetMaxThreads]. One in
// [Region.WaitContext] takes up no thread once it has waited a moment.
//
// # Building
//
// The package is cgo over Zinc's core, which is linked into the program: a built program needs no libzinc. It needs a
// C compiler to build, and works on Linux, on amd64 and arm64.
package zinc
