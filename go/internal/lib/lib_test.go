package lib

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"runtime"
	"testing"
)

// An archive without its checksum would be linked by some builds and not by others.
func TestTheChecksumIsTheArchives(t *testing.T) {
	archive, err := os.ReadFile(fmt.Sprintf("libzinc_core_%s_%s.a", runtime.GOOS, runtime.GOARCH))
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(archive); hex.EncodeToString(sum[:]) != SHA256 {
		t.Error("run `cargo xtask build go`: the archive has another checksum than the file beside it says")
	}
}
