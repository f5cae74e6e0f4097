package catalog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxDepth bounds how deep a document's values lie in each other: four would do.
const maxDepth = 32

// checkMembers refuses an object that has a member twice, in whatever case: which
// of two ages counts must not depend on who reads it.
func checkMembers(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	err := checkValue(d, "the document", 0)
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// checkValue reads one value; in names where it stands, for the operator.
func checkValue(d *json.Decoder, in string, depth int) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	switch {
	case depth > maxDepth:
		return fmt.Errorf("%s has values more than %d deep", in, maxDepth)
	case token == json.Delim('{'):
		return checkObject(d, in, depth)
	case token == json.Delim('['):
		for d.More() {
			if err := checkValue(d, in, depth+1); err != nil {
				return err
			}
		}
		_, err = d.Token()
	}
	return err
}

func checkObject(d *json.Decoder, in string, depth int) error {
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string)
		folded := strings.ToLower(name)
		if seen[folded] {
			return fmt.Errorf("%s has the member %.64q twice: leave one", in, name)
		}
		seen[folded] = true
		if depth > 0 { // else in the document itself
			if err := checkValue(d, in, depth+1); err != nil {
				return err
			}
			continue
		}
		if err := checkValue(d, fmt.Sprintf("an entry of %.64q", name), 1); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

// explain words what does not fit a catalogue's form, for the operator.
func explain(err error) error {
	var kind *json.UnmarshalTypeError
	if !errors.As(err, &kind) {
		return err
	}
	want := map[string]string{"int": "a whole number", "string": "a text", "slice": "a list", "struct": "an object"}[kind.Type.Kind().String()]
	if want == "" {
		want = "of another kind"
	}
	return fmt.Errorf("%q at byte %d is a %s, and must be %s", kind.Field, kind.Offset, kind.Value, want)
}
