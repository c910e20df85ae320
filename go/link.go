// What is linked into every program: the core's archive, and what of the system it needs.

package zinc

// #cgo linux,amd64 LDFLAGS: ${SRCDIR}/internal/lib/libzinc_core_linux_amd64.a
// #cgo linux,arm64 LDFLAGS: ${SRCDIR}/internal/lib/libzinc_core_linux_arm64.a
// #cgo linux LDFLAGS: -static-libgcc -lpthread -ldl -lrt -lm
import "C"

// Importing the archives' folder makes `go mod vendor` take it along, and their checksums part of every build.
import _ "github.com/Mohammed-Aman-Khan/zinc/go/internal/lib"
