package protocol

import (
	"unicode"
	"unicode/utf8"
)

// Legible reports whether a name can be read as it is written: valid UTF-8 with at
// least one character that shows, and none that hides, breaks the line or turns the
// text round. Joiners stay, which scripts and emoji need (Unicode Standard 17.0
// §23.2). A name that nobody sees cannot be told from another, nor said aloud.
func Legible(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	shows := false
	for _, r := range s {
		if Hides(r) {
			return false
		}
		shows = shows || unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S) && !blank(r)
	}
	return shows
}

// Hides reports whether a character does not show as itself: it hides, breaks the line,
// turns the text round, or acts on a terminal. Joiners do not.
func Hides(r rune) bool {
	joiner := r == '\u200c' || r == '\u200d'
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co) && !joiner ||
		!unicode.IsPrint(r) && !unicode.In(r, unicode.Zs, unicode.Cf)
}

// blank reports whether a letter or symbol shows nothing: fillers, and the Braille
// pattern without a dot.
func blank(r rune) bool {
	return unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) || r == '\u2800'
}
