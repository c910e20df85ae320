// Package lib is where the core's static libraries are, one for each platform: libzinc_core_GOOS_GOARCH.a.
//
// The go command does not look at such files when it decides what to build anew. So beside each archive is a Go file,
// sum_GOOS_GOARCH.go, that has its checksum: with another archive, this package and all above it are other ones.
package lib
