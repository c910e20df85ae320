//go:build !linux || !cgo || !(amd64 || arm64)

// What the compiler says where the package cannot be built.

package zinc

var _ int = "Zinc for Go works on Linux, on amd64 and arm64, with cgo: it needs a C compiler, and CGO_ENABLED=1"
