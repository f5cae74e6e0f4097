package nav

import (
	"slices"
	"strconv"
	"strings"

	"github.com/hearthkey/hearthkey/protocol/words"
)

// A text is kept as what it says, and gets its language when it is shown: so a
// toast, a notice or an error that waits is in the language of who reads it. In
// between it is a string with marks that no text from outside has, since clean
// and the fields take out control characters:
//
//	begin number (word name is value)* end
const (
	begin    = '\x01'
	word     = '\x02'
	is       = '\x03'
	end      = '\x04'
	fullStop = '\x05' // between sentences
	allMarks = "\x01\x05"
)

// text is message id, to be said with its {words} filled in: pairs of word and
// value. A value is never looked into for words. Without any pairs the words stay
// as they are, for whoever draws the View. {n} chooses the form of a number.
func text(id message, pairs ...string) string {
	var b strings.Builder
	b.WriteByte(begin)
	b.WriteString(strconv.Itoa(int(id)))
	for i := 0; i+1 < len(pairs); i += 2 {
		b.WriteByte(word)
		b.WriteString(pairs[i])
		b.WriteByte(is)
		b.WriteString(pairs[i+1])
	}
	b.WriteByte(end)
	return b.String()
}

// said returns s in the language that the TV speaks.
func (m *Model) said(s string) string { return said(m.language(), s) }

// said returns s in a language.
func said(l words.Language, s string) string {
	if !strings.ContainsAny(s, allMarks) {
		return s
	}
	var b strings.Builder
	for s != "" {
		i := strings.IndexAny(s, allMarks)
		if i < 0 {
			b.WriteString(s)
			break
		}
		b.WriteString(s[:i])
		if s[i] == fullStop {
			stop(&b)
			s = s[i+1:]
			continue
		}
		n := whole(s[i:])
		b.WriteString(one(l, s[i:i+n]))
		s = s[i+n:]
	}
	return b.String()
}

// stop ends a sentence that has no end of its own.
func stop(b *strings.Builder) {
	if s := b.String(); s != "" {
		if !slices.ContainsFunc([]string{".", "?", "!", "؟", "…"}, func(end string) bool { return strings.HasSuffix(s, end) }) {
			b.WriteByte('.')
		}
		b.WriteByte(' ')
	}
}

// whole is the length of the text that s begins with, with the texts in it.
func whole(s string) int {
	depth := 0
	for i := range len(s) {
		switch s[i] {
		case begin:
			depth++
		case end:
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(s)
}

// one says one text.
func one(l words.Language, s string) string {
	parts := split(strings.TrimSuffix(s[1:], string(end)))
	id, err := strconv.Atoi(parts[0])
	if err != nil || id < 0 || id >= int(messageEnd) {
		return ""
	}
	var pairs []string
	number := -1
	for _, p := range parts[1:] {
		name, value, _ := strings.Cut(p, string(is))
		if value = said(l, value); name == "n" {
			number, _ = strconv.Atoi(value)
		}
		pairs = append(pairs, name, value)
	}
	sentence := form(l, sentenceIn(l, message(id)), number)
	if len(pairs) == 0 {
		return sentence
	}
	return words.Fill(l, sentence, pairs...)
}

// split cuts a text at its own word marks, and not at those of texts in it.
func split(s string) []string {
	var parts []string
	depth, from := 0, 0
	for i := range len(s) {
		switch s[i] {
		case begin:
			depth++
		case end:
			depth--
		case word:
			if depth == 0 {
				parts, from = append(parts, s[from:i]), i+1
			}
		}
	}
	return append(parts, s[from:])
}

// form chooses the form for a number, where there are several.
func form(l words.Language, sentence string, n int) string {
	forms := strings.Split(sentence, "|")
	if len(forms) == 1 {
		return sentence
	}
	if len(forms) != len(l.Categories()) || n < 0 {
		return forms[len(forms)-1]
	}
	return forms[l.Form(n)]
}

// catalogues are the messages in the other languages. They are written by
// tools/words.
var catalogues = map[words.Language]*[messageEnd]string{
	words.Spanish: &spanish, words.German: &german, words.Arabic: &arabic,
}

// sentenceIn returns a message with its {words}, in English where the language
// has none.
func sentenceIn(l words.Language, id message) string {
	if l == words.Pseudo {
		forms := strings.Split(sentence(id), "|")
		for i := range forms {
			forms[i] = words.Stretch(forms[i])
		}
		return strings.Join(forms, "|")
	}
	if c := catalogues[l]; c != nil && c[id] != "" {
		return c[id]
	}
	return sentence(id)
}
