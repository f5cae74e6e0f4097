package words

import (
	"slices"
	"strings"
	"unicode"
)

// What keeps the direction of an inserted text to itself: FIRST STRONG ISOLATE
// and POP DIRECTIONAL ISOLATE of UAX #9 §2.4.2.
const (
	isolate    = "\u2068"
	endIsolate = "\u2069"
)

// Fill returns sentence, which is in l, with its {words} filled in: pairs of word
// and value. A value is never looked into for words. A word without a value is
// left out.
func Fill(l Language, sentence string, pairs ...string) string {
	if !strings.Contains(sentence, "{") {
		return sentence
	}
	var b strings.Builder
	for s := sentence; ; {
		before, rest, found := strings.Cut(s, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		word, after, _ := strings.Cut(rest, "}")
		for i := 0; i+1 < len(pairs); i += 2 {
			if pairs[i] == word {
				b.WriteString(Isolate(l, pairs[i+1]))
				break
			}
		}
		s = after
	}
}

// Isolate returns value so that it can stand in a sentence of l: what is written
// the other way round is set apart, so that the signs around it stay where they
// belong. Numbers stay as they are.
func Isolate(l Language, value string) string {
	for _, r := range value {
		if !unicode.IsLetter(r) {
			continue
		}
		if rightToLeft(r) != (l.Direction() == RightToLeft) {
			return isolate + value + endIsolate
		}
	}
	if l.Direction() == RightToLeft && strings.ContainsAny(value, "+@:/.") { // +49 170, 10.0.0.7, 21:40
		return isolate + value + endIsolate
	}
	return value
}

func rightToLeft(r rune) bool {
	return unicode.In(r, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana, unicode.Nko)
}

// Placeholders returns the {words} of a sentence, sorted, each once.
func Placeholders(sentence string) []string {
	var out []string
	for {
		_, rest, found := strings.Cut(sentence, "{")
		if !found {
			slices.Sort(out)
			return slices.Compact(out)
		}
		word, after, _ := strings.Cut(rest, "}")
		out, sentence = append(out, word), after
	}
}
