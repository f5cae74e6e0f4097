package licences

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFormatAndParse(t *testing.T) {
	all := []Licence{
		{"a v1", "MIT", "one\n\ntwo"}, {"b v2", "BSD-3-Clause", "three"}, {"c v1", "MIT", "one\n\ntwo"},
	}
	text := Format(all)
	if want := "=== MIT: a v1, c v1\none\n\ntwo\n=== BSD-3-Clause: b v2\nthree\n"; text != want {
		t.Errorf("Format = %q, want %q", text, want)
	}
	got, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]Licence{all[0], all[2], all[1]}, got); d != "" {
		t.Errorf("Parse (-want +got):\n%s", d)
	}
}

func TestParseRefuses(t *testing.T) {
	for name, s := range map[string]string{"nothing": "", "no head": "text", "no names": "=== MIT: \ntext", "no kind": "=== : a\ntext"} {
		if all, err := Parse(s); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: Parse = %v, %v, want ErrFormat", name, all, err)
		}
	}
}

// TestAll looks at what the program carries.
func TestAll(t *testing.T) {
	all := All()
	if len(all) < 10 {
		t.Fatalf("only %d licences", len(all))
	}
	for _, l := range all {
		if l.Name == "" || l.Kind == "" || len(l.Text) < 500 {
			t.Errorf("%s (%s) has a text of %d bytes", l.Name, l.Kind, len(l.Text))
		}
	}
}
