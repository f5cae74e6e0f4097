package speech

import (
	"regexp"

	"github.com/hearthkey/hearthkey/protocol/words"
)

var (
	stored = prepare(func(words.Catalogue) []string { return phrases })
	shown  = prepare(func(c words.Catalogue) []string { return append(patterns(c), phrases...) })
)

func prepare(list func(words.Catalogue) []string) map[words.Language]words.Phrases {
	all := make(map[words.Language]words.Phrases)
	for l, c := range catalogues {
		all[l] = c.Phrases(list(c))
	}
	return all
}

// made is a sentence that code puts together: what is in between is {v1} or, a
// number, {n1}. One that would begin with what is in between could be anything.
var made = regexp.MustCompile(`^[^{]+\{[vn]\d\}|^\{n\d\} [a-z]|^\{v\d\}[^{]{10,}|^\{v\d\}, season |^[^{]*[A-Za-z][^{]*$`)

// patterns are the sentences of the catalogue that code puts together, and those
// that are counted.
func patterns(c words.Catalogue) []string {
	var all []string
	for _, id := range c.IDs() {
		if made.MatchString(id) {
			all = append(all, id)
		}
	}
	return all
}

// Stored says in a language what the domain keeps in English: what was changed,
// and why something is suspicious. What it does not know stays as it is.
func Stored(l words.Language, english string) string {
	if l == words.English {
		return english
	}
	return stored[l].Say(english)
}

// Shown says in a language what the code of the pages makes in English, and what
// the domain keeps.
func Shown(l words.Language, english string) string {
	if l == words.English {
		return english
	}
	return shown[l].Say(english)
}
