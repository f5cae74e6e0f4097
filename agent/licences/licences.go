// Package licences is the list of software of others that the agent is made of,
// with the whole text of each licence, as its authors ask for wherever a program
// is passed on. The TV shows it.
//
// The list is licences.txt, packed beside it, made by tools/licences from the modules that the
// agent's program is linked from; a test there holds it against go.mod. The
// package has no state.
package licences

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Licence is the licence of one module.
type Licence struct {
	Name string // of the module, with its version
	Kind string // by its SPDX identifier
	Text string
}

// ErrFormat is wrapped by Parse for what is no list of licences.
var ErrFormat = errors.New("licences: not a list of licences")

//go:embed licences.txt.gz
var packed []byte // licences.txt, a tenth of its size: a TV carries every byte

// All returns the licences of what the agent is made of, by name.
func All() []Licence {
	list, err := unpack(packed)
	if err != nil {
		panic(err) // it is embedded, and tools/licences has tested it
	}
	all, err := Parse(list)
	if err != nil {
		panic(err)
	}
	return all
}

func unpack(packed []byte) (string, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return "", fmt.Errorf("unpack licences: %w", err)
	}
	list, err := io.ReadAll(r)
	if err != nil {
		return "", fmt.Errorf("unpack licences: %w", err)
	}
	return string(list), nil
}

// Marks of the format: a line that begins a text, with the names that share it
// behind its kind.
const (
	begins = "=== "
	behind = ": "
	beside = ", "
)

// Format writes licences as Parse reads them: those of one text together, in the
// order of the first.
func Format(all []Licence) string {
	var b strings.Builder
	told := map[string]bool{}
	for i, l := range all {
		if told[l.Text] {
			continue
		}
		told[l.Text] = true
		names := []string{l.Name}
		for _, other := range all[i+1:] {
			if other.Text == l.Text {
				names = append(names, other.Name)
			}
		}
		b.WriteString(begins + l.Kind + behind + strings.Join(names, beside) + "\n" + l.Text + "\n")
	}
	return b.String()
}

// Parse reads what Format wrote.
func Parse(s string) ([]Licence, error) {
	var all []Licence
	for _, block := range strings.Split("\n"+s, "\n"+begins)[1:] {
		head, text, _ := strings.Cut(block, "\n")
		kind, names, ok := strings.Cut(head, behind)
		if !ok || kind == "" || names == "" {
			return nil, fmt.Errorf("%w: %.80q", ErrFormat, head)
		}
		for _, name := range strings.Split(names, beside) {
			all = append(all, Licence{Name: name, Kind: kind, Text: strings.TrimSuffix(text, "\n")})
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%w: it is empty", ErrFormat)
	}
	return all, nil
}
