package titles

import (
	"strings"
	"unicode"

	"github.com/hearthkey/hearthkey/protocol/parental"
)

// Bounds of a search; what is longer is cut off.
const (
	maxQuery = 256 // bytes
	maxWords = 16
)

// Search returns at most limit titles whose name has, for every word of the
// query, a word that begins with it. Case and Latin marks do not matter: "emile"
// finds "Émile". Names that begin with the whole query come first, films and
// series before episodes, and otherwise the order is that of the catalogue. A
// query without a letter or a digit finds nothing.
func (x *Index) Search(query string, limit int) []parental.Title {
	whole, words := parse(query)
	if x == nil || len(words) == 0 || limit <= 0 {
		return nil
	}
	var found [4][]int32 // by how well they fit
	for i, name := range x.names {
		if !matches(name, words) {
			continue
		}
		fit := 1
		if strings.HasPrefix(name, whole) {
			fit = 0
		}
		if x.catalog.Titles[i].Kind == parental.Episode {
			fit += 2
		}
		if len(found[fit]) < limit {
			found[fit] = append(found[fit], int32(i))
		}
		if len(found[0]) == limit {
			break
		}
	}
	var out []parental.Title
	for _, list := range found {
		for _, at := range list[:min(len(list), limit-len(out))] {
			out = append(out, x.title(at))
		}
	}
	return out
}

// parse returns the query as names are folded, and each of its words with the
// space before it.
func parse(query string) (whole string, words []string) {
	if len(query) > maxQuery {
		query = query[:maxQuery]
	}
	whole = foldWords(query)
	for rest := whole; rest != "" && len(words) < maxWords; {
		end := strings.IndexByte(rest[1:], ' ') + 1
		if end == 0 {
			end = len(rest)
		}
		words, rest = append(words, rest[:end]), rest[end:]
	}
	return whole, words
}

// matches reports whether every word begins a word of name.
func matches(name string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(name, w) {
			return false
		}
	}
	return true
}

// fold makes a name searchable: its words in lower case, without marks, each
// after a space. Words that a mark joins are there once more as one word, so
// that "cartographers" finds "The Cartographer's Debt" and "spiderman" a hyphen.
func fold(name string) string {
	out := foldWords(name)
	if !strings.ContainsFunc(name, joins) {
		return out
	}
	for field := range strings.FieldsSeq(name) {
		if joined := strings.Map(dropJoint, field); joined != field {
			out += foldWords(joined)
		}
	}
	return out
}

func joins(r rune) bool { return r == '\'' || r == '’' || r == '-' || r == '.' }

func dropJoint(r rune) rune {
	if joins(r) {
		return -1
	}
	return r
}

func foldWords(s string) string {
	var b strings.Builder
	b.Grow(len(s) + 1)
	inside := false
	for _, r := range s {
		switch {
		case r >= 0x300 && r <= 0x36F: // a mark on the letter before
		case r == unicode.ReplacementChar || !inWord(r):
			inside = false
		default:
			if !inside || alone(r) {
				b.WriteByte(' ')
			}
			first, second := unmarked(r)
			b.WriteRune(first)
			if second != 0 {
				b.WriteRune(second)
			}
			inside = true
		}
	}
	return b.String()
}

func inWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r)
}

// alone reports whether r is a word by itself, as in scripts without spaces
// between words: Chinese characters and Japanese kana.
func alone(r rune) bool { return r >= 0x2E80 && r <= 0x9FFF || r >= 0x20000 }
