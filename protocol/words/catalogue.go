package words

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// ErrCatalogue is what every error of [Parse] wraps.
var ErrCatalogue = errors.New("words: bad catalogue")

// Bounds of a catalogue.
const (
	maxCatalogue = 1 << 20 // bytes
	maxEntries   = 5000
)

// Entry is one sentence of a catalogue.
type Entry struct {
	ID     string   // in English; of a plural, the form for one
	Plural string   // in English, for other numbers; empty: not counted
	Said   []string // in the language; of a plural one for each of its categories
}

// Catalogue is what is said in one language. The zero Catalogue speaks English.
type Catalogue struct {
	language Language
	said     map[string][]string
	plurals  map[string]string // of those that are counted, by the form for one
}

// Language is what c speaks.
func (c Catalogue) Language() Language {
	if c.language == "" {
		return English
	}
	return c.language
}

// Has reports whether c has a sentence of its own for the English one.
func (c Catalogue) Has(id string) bool { return len(c.said[id]) > 0 }

// Sentence returns the sentence for an English one, with its {words}.
func (c Catalogue) Sentence(id string) string {
	if said := c.said[id]; len(said) > 0 {
		return said[len(said)-1]
	}
	if c.language == Pseudo {
		return Stretch(id)
	}
	return id
}

// Longer returns the catalogue of [Pseudo], for the sentences of c.
func (c Catalogue) Longer() Catalogue {
	p := Catalogue{Pseudo, make(map[string][]string, len(c.said)), c.plurals}
	for id := range c.said {
		p.said[id] = []string{Stretch(id)}
		if other := c.plurals[id]; other != "" {
			p.said[id] = append(p.said[id], Stretch(other))
		}
	}
	return p
}

// IDs returns the English sentences of c, sorted.
func (c Catalogue) IDs() []string { return slices.Sorted(maps.Keys(c.said)) }

// Counted returns the sentence for n things, with its {words}: one is the
// English sentence for one, other that for other numbers.
func (c Catalogue) Counted(n int, one, other string) string {
	if said := c.said[one]; len(said) > 1 {
		return said[c.language.Form(n)]
	}
	if n == 1 {
		return c.Sentence(one)
	}
	return c.Sentence(other)
}

// Text says an English sentence, with its {words} filled in as [Fill] does.
func (c Catalogue) Text(id string, pairs ...string) string {
	return Fill(c.language, c.Sentence(id), pairs...)
}

// Count is Text for n things; {n} is the number.
func (c Catalogue) Count(n int, one, other string, pairs ...string) string {
	return Fill(c.language, c.Counted(n, one, other), append(slices.Clip(pairs), "n", strconv.Itoa(n))...)
}

// Parse reads a catalogue of l: a PO file in UTF-8, as GNU gettext's manual
// describes it ("The Format of PO Files"), without contexts. Its plural forms are
// those of [Language.Categories]. Entries that are not translated are left out.
// An error wraps ErrCatalogue, and says which line or sentence.
func Parse(l Language, po []byte) (Catalogue, error) {
	entries, err := Entries(l, po)
	if err != nil {
		return Catalogue{}, err
	}
	c := Catalogue{l, make(map[string][]string, len(entries)), make(map[string]string)}
	for _, e := range entries {
		if len(e.Said) > 0 {
			c.said[e.ID] = e.Said
			if e.Plural != "" {
				c.plurals[e.ID] = e.Plural
			}
		}
	}
	return c, nil
}

// Entries reads what Parse reads, in its order, with those that are not
// translated.
func Entries(l Language, po []byte) ([]Entry, error) {
	if len(po) > maxCatalogue {
		return nil, fmt.Errorf("%w: over %d bytes", ErrCatalogue, maxCatalogue)
	}
	var all []Entry
	seen := make(map[string]bool)
	r := reader{language: l}
	for line := range strings.Lines(string(po) + "\n\n") {
		e, err := r.line(strings.TrimSpace(line))
		switch {
		case err != nil:
			return nil, err
		case e == nil || e.ID == "": // the header has no id
			continue
		case seen[e.ID] || len(all) == maxEntries:
			return nil, fmt.Errorf("%w: %q is there twice, or there are over %d", ErrCatalogue, e.ID, maxEntries)
		}
		if err := e.check(l); err != nil {
			return nil, err
		}
		seen[e.ID] = true
		all = append(all, *e)
	}
	return all, nil
}

// check finds what would lose a name, or say a number wrongly.
func (e *Entry) check(l Language) error {
	for _, s := range e.Said {
		if s == "" {
			e.Said = nil
			break
		}
	}
	if e.Plural != "" && len(e.Said) > 0 && len(e.Said) != len(l.Categories()) {
		return fmt.Errorf("%w: %q has %d forms, want %d", ErrCatalogue, e.ID, len(e.Said), len(l.Categories()))
	}
	all := e.ID
	if e.Plural != "" {
		all = e.Plural
	}
	want := Placeholders(all)
	for i, s := range e.Said {
		got := Placeholders(s)
		if e.Plural != "" && l.exact(i) { // "two results" need no number
			want := slices.DeleteFunc(slices.Clone(want), func(w string) bool { return w == "n" })
			got = slices.DeleteFunc(got, func(w string) bool { return w == "n" })
			if slices.Equal(got, want) {
				continue
			}
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("%w: %q has the words %v, want %v", ErrCatalogue, s, got, want)
		}
	}
	return nil
}

// exact reports whether a form is for one number only.
func (l Language) exact(form int) bool {
	c := l.Categories()[form]
	return c == Zero || c == One || c == Two
}
