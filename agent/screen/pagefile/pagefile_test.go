package pagefile

import (
	"errors"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestWhatIsPackedComesOut(t *testing.T) {
	read, err := Read(fstest.MapFS{
		"index.html": {Data: []byte("<!doctype html>\n")}, "empty.css": {Data: nil}, "avatars/fox.svg": {Data: []byte("a 5\nb\x00")},
	})
	if err != nil {
		t.Fatal(err)
	}
	packed, err := Pack(read)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Unpack(packed)
	want := map[string][]byte{"index.html": []byte("<!doctype html>\n"), "empty.css": {}, "avatars/fox.svg": []byte("a 5\nb\x00")}
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
	for n := range packed[:len(packed)-1] {
		if _, err := Unpack(packed[:n]); !errors.Is(err, ErrBad) {
			t.Fatalf("the first %d bytes of %d: %v, want ErrBad", n, len(packed), err)
		}
	}
}

func FuzzUnpack(f *testing.F) {
	packed, err := Pack(map[string][]byte{"a": []byte("b")})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packed)
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := Unpack(data); err != nil && !errors.Is(err, ErrBad) {
			t.Errorf("Unpack: %v, want ErrBad", err)
		}
	})
}
