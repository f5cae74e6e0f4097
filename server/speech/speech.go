// Package speech is what the server says to people in their languages: mails,
// SMS and pages. Its catalogues are PO files, one a language, whose keys are the
// English sentences in the code; protocol/words reads them.
//
// # Promises
//
// Catalogues are read once, when the program starts, and are safe for concurrent
// use. What is missing in one is said in English.
//
// # Duties of the caller
//
// Whoever adds a sentence adds it to the catalogues: "go run ./tools/words" writes
// the entry, and its tests fail until it is translated.
//
// # Tests
//
// tools/words compares the catalogues with the sentences in the code.
package speech

import (
	"embed"

	"golang.org/x/text/language"

	"github.com/hearthkey/hearthkey/protocol/words"
)

//go:embed es.po de.po ar.po
var files embed.FS

var catalogues = load()

func load() map[words.Language]words.Catalogue {
	all := make(map[words.Language]words.Catalogue)
	for _, l := range words.Languages() {
		if l == words.English {
			all[l] = words.Catalogue{}
			continue
		}
		po, err := files.ReadFile(string(l) + ".po")
		if err != nil {
			panic(err) // it is embedded
		}
		if all[l], err = words.Parse(l, po); err != nil {
			panic(err) // a test reads it
		}
	}
	all[words.Pseudo] = all[words.German].Longer()
	return all
}

// In returns the catalogue for a language tag (BCP 47), or English.
func In(tag string) words.Catalogue { return Of(words.Match(tag)) }

// Of returns the catalogue of a language.
func Of(l words.Language) words.Catalogue { return catalogues[l] }

// Accepted returns the best language for an Accept-Language header (RFC 9110
// §12.5.4): the first by weight that there is, or English.
func Accepted(header string) words.Language {
	tags, _, err := language.ParseAcceptLanguage(header)
	if err != nil {
		return words.English
	}
	for _, tag := range tags {
		if l, ok := words.Known(tag.String()); ok {
			return l
		}
	}
	return words.English
}
