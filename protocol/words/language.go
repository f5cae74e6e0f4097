package words

import "strings"

// Language is a language that Hearthkey speaks, by its BCP 47 tag.
type Language string

// The languages.
const (
	English Language = "en" // of the keys, and whatever is missing in another
	Spanish Language = "es"
	German  Language = "de"
	Arabic  Language = "ar"

	// Pseudo is CLDR's pseudo-locale of English with everything longer, for tests
	// of layout and of texts that are in no catalogue. Nobody is offered it.
	Pseudo Language = "en-XA"
)

// Languages returns all of them but Pseudo, in the order in which a person chooses.
func Languages() []Language { return []Language{English, Spanish, German, Arabic} }

// Direction is which way a language is written, as HTML's dir writes it.
type Direction string

// The directions.
const (
	LeftToRight Direction = "ltr"
	RightToLeft Direction = "rtl"
)

// Direction returns which way l is written.
func (l Language) Direction() Direction {
	if l == Arabic {
		return RightToLeft
	}
	return LeftToRight
}

// Own is what the language calls itself, for choices that everybody can read.
func (l Language) Own() string {
	switch l {
	case Spanish:
		return "Español"
	case German:
		return "Deutsch"
	case Arabic:
		return "العربية"
	}
	return "English"
}

// Known returns the language of one BCP 47 tag ("es-MX", "AR"), by its primary
// language (RFC 5646 §2.2.1), and whether Hearthkey speaks it.
func Known(tag string) (Language, bool) {
	if strings.EqualFold(tag, string(Pseudo)) {
		return Pseudo, true
	}
	primary, _, _ := strings.Cut(strings.ReplaceAll(tag, "_", "-"), "-")
	for _, l := range Languages() {
		if strings.EqualFold(primary, string(l)) {
			return l, true
		}
	}
	return English, false
}

// Match returns the language of the first tag that Hearthkey speaks, as a lookup
// does (RFC 4647 §3.4), or English.
func Match(tags ...string) Language {
	for _, tag := range tags {
		if l, ok := Known(tag); ok {
			return l
		}
	}
	return English
}
