package parental

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Rating is what a national system said of a title.
type Rating struct {
	System string `json:"system"` // e.g. "FSK"; see [Systems]
	Label  string `json:"label"`  // e.g. "12", as the system writes it
}

// Age returns the youngest age that the rating is for, in years, and false
// where the system or the label is not in the table.
//
// Case, spaces and punctuation do not matter, and the system's name may stand
// before the label: "FSK 12", "PG13" and "u/a 7+" are known. Nothing else is
// guessed: what is spelled otherwise counts as unrated.
func (r Rating) Age() (int, bool) {
	s := find(r.System)
	if s == nil {
		return 0, false
	}
	if age, ok := s.age(r.Label); ok {
		return age, true
	}
	for _, name := range [...]string{s.ID, r.System} {
		rest, ok := after(r.Label, name)
		if first, _ := utf8.DecodeRuneInString(rest); ok && !unicode.IsLetter(first) {
			return s.age(rest)
		}
	}
	return 0, false
}

// System is a national system of age ratings for films or television.
type System struct {
	ID     string // e.g. "FSK"
	Grades []Grade
}

// Grade is one label of a system.
type Grade struct {
	Label string
	Age   int // years, from which one may watch it alone
}

// Systems returns the table, which nobody may change. [Sources] tells where it
// comes from.
func Systems() []System {
	var all []System
	for _, region := range regions {
		all = append(all, *region...)
	}
	return all
}

var regions = [...]*[]System{&europe, &asia, &americas}

// names are other names of systems: those of before, and of bodies that rate by
// the same labels and ages.
var names = [...]struct{ name, id string }{
	{"FSF", "FSK"}, {"CSA", "Arcom"}, {"CCE", "IGAC"}, {"MIBAC", "MiC"}, {"MBACT", "MiC"}, {"MEKU", "KAVI"}, {"SMAIS", "FRISK"},
	{"NCS", "ACB"}, {"KCC", "KMRB"}, {"MDA", "IMDA"}, {"MPAA", "MPA"}, {"OFRB", "CHVRS"}, {"CBSC", "AGVOT"}, {"DJCTQ", "ClassInd"},
}

// find returns the system of that name, or nil.
func find(name string) *System {
	for _, n := range &names {
		if same(n.name, name) {
			name = n.id
			break
		}
	}
	for _, region := range regions {
		for i := range *region {
			if s := &(*region)[i]; same(s.ID, name) {
				return s
			}
		}
	}
	return nil
}

func (s *System) age(label string) (int, bool) {
	label = s.bare(label)
	for _, g := range s.Grades {
		if same(g.Label, label) {
			return g.Age, true
		}
	}
	return 0, false
}

// bare leaves out the letters that American television puts after a label for
// what is in it, such as TV-14-DL: they change no age.
func (s *System) bare(label string) string {
	i := strings.LastIndexByte(label, '-')
	if s.ID != "TVPG" || i < 0 || strings.ContainsFunc(label[i:], tells) {
		return label
	}
	return label[:i]
}

// tells reports whether r, after a label, could change its age.
func tells(r rune) bool {
	return (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '+') && !strings.ContainsRune("DLSVdlsv", r)
}

// same reports whether a and b are the same but for case, spaces and
// punctuation. Nothing is the same as a text without letters and digits.
func same(a, b string) bool {
	digit, some := true, false
	for {
		x, restA := next(a, digit)
		y, restB := next(b, digit)
		if x != y || x == 0 {
			return x == y && some
		}
		a, b, digit, some = restA, restB, unicode.IsDigit(x), true
	}
}

// after returns what is left of s after prefix, compared like [same].
func after(s, prefix string) (rest string, ok bool) {
	digit := true
	for {
		want, more := next(prefix, digit)
		if want == 0 {
			return s, ok
		}
		got, left := next(s, digit)
		if got != want {
			return "", false
		}
		prefix, s, ok, digit = more, left, true, unicode.IsDigit(got)
	}
}

// next returns the next rune of s that tells texts apart, in lower case, and
// what follows it; 0 at the end. A plus sign beside a digit tells nothing, +13
// and 13+ are 13; but C+ is not C.
func next(s string, digit bool) (rune, string) {
	for s != "" {
		r, size := utf8.DecodeRuneInString(s)
		s = s[size:]
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '+' && !digit {
			return unicode.ToLower(r), s
		}
	}
	return 0, ""
}
