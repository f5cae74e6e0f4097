// Package goldentest holds what goes over a wire against files that keep its bytes, so
// that nobody changes a protocol without seeing it.
//
// It is for tests alone, of this module's protocols. Concurrency: none. Its users are
// its tests.
package goldentest

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden frames of the current version anew")

// Wire writes and reads the frames of a protocol.
type Wire[F any] struct {
	Encode   func(F) ([]byte, error)
	Up, Down func([]byte) (F, error) // decoders
}

// Decode reads what a file holds: a frame to a server where its name begins with "up-".
func (w Wire[F]) Decode(file string, data []byte) (F, error) {
	if strings.HasPrefix(file, "up-") {
		return w.Up(data)
	}
	return w.Down(data)
}

// Check encodes each frame, compares it with the file of its name below testdata/v1, and
// decodes the file again. With -update it writes the files.
func (w Wire[F]) Check(t *testing.T, frames map[string]F) {
	t.Helper()
	for file, frame := range frames {
		path := filepath.Join("testdata", "v1", file+".json")
		got, err := w.Encode(frame)
		if err != nil {
			t.Errorf("Encode(%s) = %v", file, err)
			continue
		}
		if *update {
			if err := os.WriteFile(path, append(got, '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(bytes.TrimSpace(want)), string(got)); d != "" {
			t.Errorf("%s: the wire changed (-want +got):\n%s", file, d)
		}
		back, err := w.Decode(file, want)
		if err != nil {
			t.Errorf("decode %s = %v", file, err)
		}
		if d := cmp.Diff(frame, back); d != "" {
			t.Errorf("%s does not survive (-sent +read):\n%s", file, d)
		}
	}
}
