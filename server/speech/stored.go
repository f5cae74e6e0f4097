package speech

import "github.com/hearthkey/hearthkey/protocol/words"

var stored = prepare()

func prepare() map[words.Language]words.Phrases {
	all := make(map[words.Language]words.Phrases)
	for l, c := range catalogues {
		all[l] = c.Phrases(phrases)
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
