package feed

import (
	"bytes"
	"testing"
)

// FuzzKept: whatever is on the disk, reading it ends with a document or an
// error, and what was read is written and read back with the same bytes.
func FuzzKept(f *testing.F) {
	f.Add([]byte(`{"address":"sha256:x","taken":"2026-11-25T20:00:00Z","etag":"\"1\"","document":{"titles":["<&>"]}}`))
	f.Add([]byte(`{"document":null}`))
	f.Add([]byte("\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		k, err := parseKept(data)
		if err != nil {
			if k.Document != nil || k.ETag != "" {
				t.Errorf("an error with a document: %+v", k)
			}
			return
		}
		var out, compact bytes.Buffer
		if k.encode(&out) != nil {
			return // a time that JSON cannot say
		}
		again, err := parseKept(out.Bytes())
		if err != nil || again.Address != k.Address || again.ETag != k.ETag {
			t.Fatalf("%+v is read back as %+v, %v", k, again, err)
		}
		if again.encode(&compact) != nil || !bytes.Equal(compact.Bytes(), out.Bytes()) {
			t.Errorf("%s is written back as %s", out.Bytes(), compact.Bytes())
		}
	})
}
