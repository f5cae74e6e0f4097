package words

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Stretch makes an English sentence as long as the longest translations are: each
// of its words 1.4 times as long, and the whole in brackets. {words} and the tags
// of HTML stay as they are.
func Stretch(english string) string {
	if !strings.ContainsFunc(english, unicode.IsLetter) {
		return english
	}
	var b strings.Builder
	b.WriteByte('[')
	from := 0
	inside := rune(0) // what ends the part that stays
	for i, r := range english {
		letter := unicode.IsLetter(r) && inside == 0
		if !letter && from < i {
			b.WriteString(longer(english[from:i]))
			from = i
		}
		if !letter {
			b.WriteRune(r)
			from = i + utf8.RuneLen(r)
		}
		switch {
		case r == inside:
			inside = 0
		case r == '{' && inside == 0:
			inside = '}'
		case r == '<' && inside == 0:
			inside = '>'
		}
	}
	b.WriteString(longer(english[from:]))
	b.WriteByte(']')
	return b.String()
}

// longer adds two letters of five to a word: its own last ones, again.
func longer(word string) string {
	r := []rune(word)
	return word + string(r[len(r)-(2*len(r)+2)/5:])
}
