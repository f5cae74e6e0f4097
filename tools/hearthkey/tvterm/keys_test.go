package tvterm

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func names(inputs []input) []string {
	var out []string
	for _, in := range inputs {
		if in.quit {
			out = append(out, "quit")
			continue
		}
		if in.key != 0 {
			out = append(out, in.key.String())
		}
	}
	return out
}

var keyTests = []struct {
	typed string
	want  []string
}{
	{"\x1b[A\x1b[B\x1b[C\x1b[D", []string{"Up", "Down", "Right", "Left"}},
	{"\x1bOA\x1bOB\x1bOC\x1bOD\x1bOH\x1bOM", []string{"Up", "Down", "Right", "Left", "Home", "OK"}},
	{"\x1b[1;5A\x1b[1;2D", []string{"Up", "Left"}},
	{"\x1b[H\x1b[1~\x1b[7~\x1b[3~", []string{"Home", "Home", "Home", "Back"}},
	{"\r\n ", []string{"OK", "OK", "OK"}},
	{"\x7f\b", []string{"Back", "Back"}},
	{"0123456789", []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}},
	{"hmp", []string{"Home", "Menu", "PlayPause"}},
	{"q", []string{"quit"}},
	{"\x03", []string{"quit"}},
	{"\x04", []string{"quit"}},
	{"\x1b[\x03", []string{"quit"}},
	{"\x1b\x1b[A", []string{"Back", "Up"}},
	{"\x1b\x1b\x1b", []string{"Back", "Back", "Back"}},
	{"\x1b", []string{"Back"}},
	{"\x1b[", nil},
	{"\x1b[1;5", nil},
	{"\x1b[5~\x1b[24~\x1b[Z", nil}, // Page Up, F12, Shift-Tab
	{"\x1bq1", []string{"1"}},      // Alt-q is not q
	{"xyzÜ€\x00", nil},
	{"\x1b[200~1\x1b[201~", []string{"1"}},
}

func TestKeys(t *testing.T) {
	for _, test := range keyTests {
		var d decoder
		got := names(append(d.feed([]byte(test.typed)), d.flush()...))
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", test.typed, diff)
		}
	}
}

// TestKeysInPieces divides everything at every place: a slow line does that.
func TestKeysInPieces(t *testing.T) {
	for _, test := range keyTests {
		for at := range len(test.typed) + 1 {
			var d decoder
			got := d.feed([]byte(test.typed[:at]))
			got = append(got, d.feed([]byte(test.typed[at:]))...)
			if diff := cmp.Diff(test.want, names(append(got, d.flush()...))); diff != "" {
				t.Errorf("%q divided at %d (-want +got):\n%s", test.typed, at, diff)
			}
		}
		var d decoder
		var got []input
		for i := range len(test.typed) {
			got = append(got, d.feed([]byte{test.typed[i]})...)
		}
		if diff := cmp.Diff(test.want, names(append(got, d.flush()...))); diff != "" {
			t.Errorf("%q byte by byte (-want +got):\n%s", test.typed, diff)
		}
	}
}

// Where a field is typed into, letters are letters.
func TestTypedText(t *testing.T) {
	const typed = "hq m€é\x1b[A7\x7fÜ\xff\xc3x\r"
	for at := range len(typed) + 1 {
		var d decoder
		var got strings.Builder
		for _, in := range append(d.feed([]byte(typed[:at])), d.feed([]byte(typed[at:]))...) {
			if in.text == "" {
				in.text = "<" + in.key.String() + ">"
			}
			got.WriteString(in.text)
		}
		if want := "hq m€é<Up><7><Back>Üx<OK>"; got.String() != want {
			t.Errorf("divided at %d: %q, want %q", at, got.String(), want)
		}
	}
}

func FuzzKeys(f *testing.F) {
	for _, test := range keyTests {
		f.Add([]byte(test.typed))
	}
	f.Fuzz(func(t *testing.T, typed []byte) {
		var d decoder
		for _, in := range append(d.feed(typed), d.flush()...) {
			if !in.quit && !in.key.Valid() && (in.text == "" || !utf8.ValidString(in.text)) {
				t.Errorf("%q gives the key %v", typed, in.key)
			}
		}
		if d.waiting() {
			t.Errorf("%q: still waiting after flush", typed)
		}
	})
}
