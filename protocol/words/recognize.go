package words

import (
	"slices"
	"strconv"
	"strings"
)

// Phrases says again, in another language, what was made from English sentences
// of a list and kept as text.
type Phrases struct {
	c   Catalogue
	all []phrase
}

// phrase is an English sentence, cut at its {words}.
type phrase struct {
	id     string
	one    string   // of a plural: the form for one, by which the catalogue knows it
	pieces []string // one more than words
	words  []string
}

// Phrases prepares a list of English sentences. Those with more of their own
// text are tried first.
func (c Catalogue) Phrases(ids []string) Phrases {
	p := Phrases{c: c}
	for _, id := range ids {
		p.all = append(p.all, cut(id))
		if other := c.plurals[id]; other != "" {
			counted := cut(other)
			counted.one = id
			p.all = append(p.all, counted)
		}
	}
	slices.SortStableFunc(p.all, func(a, b phrase) int { return b.weight() - a.weight() })
	return p
}

func cut(id string) phrase {
	p := phrase{id: id}
	s := id
	for {
		before, rest, found := strings.Cut(s, "{")
		p.pieces = append(p.pieces, before)
		if !found {
			return p
		}
		word, after, _ := strings.Cut(rest, "}")
		p.words, s = append(p.words, word), after
	}
}

func (p phrase) weight() int { return len(strings.Join(p.pieces, "")) }

// Say says english, one or several sentences of the list, in the language. What
// is not known stays as it is.
func (p Phrases) Say(english string) string {
	if said, ok := p.exact(english); ok {
		return said
	}
	if list, ok := p.list(english); ok {
		return list
	}
	var said []string
	for english != "" {
		text, rest := p.first(english)
		said, english = append(said, text), strings.TrimLeft(rest, " ")
	}
	return strings.Join(said, " ")
}

// exact says a sentence of the catalogue without words in it.
func (p Phrases) exact(english string) (said string, ok bool) {
	if !p.c.Has(english) {
		return "", false
	}
	if other := p.c.plurals[english]; other != "" {
		return p.c.Count(1, english, other), true
	}
	return p.c.Sentence(english), true
}

// list says things of the list that stand with commas or semicolons between them.
func (p Phrases) list(english string) (said string, ok bool) {
	parts := strings.FieldsFunc(english, func(r rune) bool { return r == ';' || r == ',' })
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
		if !p.c.Has(parts[i]) {
			return "", false
		}
		parts[i] = p.c.Sentence(parts[i])
	}
	comma := ", "
	if p.c.Language() == Arabic {
		comma = "، "
	}
	return strings.Join(parts, comma), len(parts) > 1
}

// first says the sentence that english begins with.
func (p Phrases) first(english string) (said, rest string) {
	for _, f := range p.all {
		pairs, rest, ok := f.match(english)
		if !ok {
			continue
		}
		for i := 1; i < len(pairs); i += 2 {
			pairs[i] = p.value(pairs[i])
		}
		return p.text(f, pairs), rest
	}
	return english, ""
}

// text says a phrase.
func (p Phrases) text(f phrase, pairs []string) string {
	if f.one == "" {
		return p.c.Text(f.id, pairs...)
	}
	n := 0
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i] == "n" {
			n, _ = strconv.Atoi(pairs[i+1])
		}
	}
	return p.c.Count(n, f.one, f.id, pairs...)
}

// value says what stands in a sentence: one of the list, or several with commas
// between them. Anything else is a name.
func (p Phrases) value(english string) string {
	if said, ok := p.exact(english); ok {
		return said
	}
	for _, f := range p.all {
		if pairs, rest, ok := f.match(english); ok && rest == "" && len(pairs) > 0 {
			return p.text(f, pairs)
		}
	}
	return english
}

// match matches the beginning of s, up to a space or its end.
func (p phrase) match(s string) (pairs []string, rest string, ok bool) {
	if s, ok = strings.CutPrefix(s, p.pieces[0]); !ok {
		return nil, "", false
	}
	values, rest, ok := p.values(s, 0)
	for i, v := range values {
		pairs = append(pairs, p.words[i], v)
	}
	return pairs, rest, ok
}

// values finds what stands for the words from the i-th on.
func (p phrase) values(s string, i int) (values []string, rest string, ok bool) {
	if i == len(p.words) {
		return nil, s, s == "" || s[0] == ' '
	}
	piece := p.pieces[i+1]
	for at := 1; at <= len(s); at++ {
		if !strings.HasPrefix(s[at:], piece) || piece == "" && at < len(s) || !p.fits(i, s[:at]) {
			continue
		}
		if more, rest, ok := p.values(s[at+len(piece):], i+1); ok {
			return append([]string{s[:at]}, more...), rest, true
		}
	}
	return nil, "", false
}

// fits reports whether a value can be that of the i-th word: {n} is a number.
func (p phrase) fits(i int, value string) bool {
	return p.words[i][0] != 'n' || len(p.words[i]) > 2 || strings.Trim(value, "0123456789") == ""
}
