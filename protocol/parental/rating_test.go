package parental_test

import (
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/protocol/parental"
)

// TestP5_Ratings: labels as they are written on posters and in metadata.
func TestP5_Ratings(t *testing.T) {
	for _, c := range []struct {
		system, label string
		age           int // -1: not in the table
	}{
		{"FSK", "12", 12}, {"FSK", "FSK 12", 12}, {"fsk", " fsk-12 ", 12}, {"FSK", "FSK12", 12}, {"FSF", "16", 16}, {"FSK", "FSK o.A.", 0}, {"FSK", "Keine Jugendfreigabe", -1}, {"FSK", "0", 0},
		{"FSK", "13", -1}, {"FSK", "", -1}, {"FSK", "FSK", -1}, {"", "12", -1}, {"FSKX", "12", -1}, {"FSK", "-", -1}, {"-", "-", -1},
		{"MPA", "PG-13", 13}, {"MPAA", "pg 13", 13}, {"MPAA", "MPAA PG-13", 13}, {"MPA", "R", 17}, {"MPA", "NC-17", 18}, {"MPA", "PG", 10}, {"MPA", "NR", -1},
		{"MPA", "MPAG", -1}, {"MPA", "P", -1}, {"MPA", "PG-1", -1}, {"MPA", "PG-130", -1},
		{"TVPG", "TV-14", 14}, {"TVPG", "tv14", 14}, {"TVPG", "TV-14-DLSV", 14}, {"TVPG", "TV-PG-v", 10}, {"TVPG", "TV-Y7-FV", 7}, {"TVPG", "TV-MA-LSV", 17},
		{"TVPG", "TV-14-X", -1}, {"TVPG", "-DL", -1}, {"MPA", "PG-13-DL", -1},
		{"BBFC", "U", 0}, {"BBFC", "PG", 8}, {"BBFC", "12A", 12}, {"BBFC", "12a", 12}, {"BBFC", "15", 15}, {"BBFC", "R18", -1},
		{"CNC", "Tous publics", 0}, {"CNC", "TOUS PUBLICS", 0}, {"Arcom", "-12", 12}, {"CSA", "-16", 16},
		{"CBFC", "U/A 7+", 7}, {"CBFC", "UA13+", 13}, {"CBFC", "U/A", 12}, {"CBFC", "A", 18},
		{"ACB", "MA 15+", 15}, {"ACB", "MA15", 15}, {"ACB", "PG", 15}, {"ACB", "X 18+", -1},
		{"INCAA", "+13", 13}, {"INCAA", "13+", 13}, {"RU", "16 +", 16},
		{"NFC", "C", 12}, {"NFC", "C+", -1}, {"NFC", "D+", -1}, // a plus after a letter is another grade
		{"NMHH", "II", 12}, {"NMHH", "6", 6}, {"IMDA", "R21", 18}, {"LSF", "21+", 18}, {"HK", "IIA", 14}, {"HK", "II", -1},
		{"TR", "Genel İzleyici Kitlesi", 0}, {"TR", "GENEL İZLEYİCİ KİTLESİ", 0}, {"TH", "น 15+", 15}, {"TW", "護", 12}, {"UA", "ЗА", 0}, {"SE", "barntillåten", 0},
		{"FPB", "7-9 PG", 10}, {"FPB", "10-12PG", 13}, {"IGAC", "M12", 12}, {"KRRiT", "b.o.", 0}, {"ICAA", "A/i", 0}, {"ClassInd", "A10", 10},
		{"FSK", "１２", -1}, {"FSK", "1\xff2", 12},
	} {
		age, ok := parental.Rating{System: c.system, Label: c.label}.Age()
		if ok != (c.age >= 0) || ok && age != c.age {
			t.Errorf("%s %q = %d, %t, want %d", c.system, c.label, age, ok, c.age)
		}
	}
}

// TestP5_Unrated: unrated or unknown counts as 18, and the strictest rating
// counts.
func TestP5_Unrated(t *testing.T) {
	twelve, unknown := parental.Rating{System: "FSK", Label: "12"}, parental.Rating{System: "FSK", Label: "about 12"}
	for _, c := range []struct {
		title parental.Title
		want  int
	}{
		{parental.Title{}, 18},
		{parental.Title{Ratings: []parental.Rating{}}, 18},
		{parental.Title{Ratings: []parental.Rating{twelve}}, 12},
		{parental.Title{Ratings: []parental.Rating{twelve, unknown}}, 18},
		{parental.Title{Ratings: []parental.Rating{{System: "MPA", Label: "G"}, twelve}}, 12},
		{parental.Title{Ratings: []parental.Rating{{System: "MPA", Label: "R"}, twelve}}, 17},
		{parental.Title{Age: age(7), Ratings: []parental.Rating{unknown}}, 7}, // the operator decided
		{parental.Title{Age: age(0)}, 0},
	} {
		if got := c.title.YoungestAge(); got != c.want {
			t.Errorf("%+v counts as %d, want %d", c.title, got, c.want)
		}
	}
}

// TestTable: systems are told apart, labels that cannot be told apart have one
// age, every age is one that some level may watch, and each system has a grade
// for everybody, or at least for small children, and its source.
func TestTable(t *testing.T) {
	systems, sources := parental.Systems(), parental.Sources()
	if len(systems) < 30 || len(sources) != len(systems) {
		t.Fatalf("%d systems, want 30 or more, with as many sources as %d", len(systems), len(sources))
	}
	countries := map[string]bool{}
	for i, s := range systems {
		src := sources[i]
		countries[src.Country] = true
		if src.System != s.ID || len(src.Country) != 2 || src.Country != strings.ToUpper(src.Country) || src.Name == "" {
			t.Errorf("%s: source %+v", s.ID, src)
		}
		for _, other := range systems[:i] {
			if strings.EqualFold(other.ID, s.ID) {
				t.Errorf("two systems are called %s", s.ID)
			}
		}
		least := 99
		for _, g := range s.Grades {
			least = min(least, g.Age)
			age, ok := parental.Rating{System: s.ID, Label: g.Label}.Age()
			if !ok || age != g.Age || age < 0 || age > parental.All.MaxAge() {
				t.Errorf("%s %q = %d, %t, want %d", s.ID, g.Label, age, ok, g.Age)
			}
		}
		if least != 0 {
			t.Errorf("%s: the youngest may watch from %d", s.ID, least)
		}
	}
	if len(countries) < 30 {
		t.Errorf("%d countries, want 30 or more", len(countries))
	}
}

// TestLabelsThatAreAgesAreThoseAges: a label that says a number never counts as
// less.
func TestLabelsThatAreAgesAreThoseAges(t *testing.T) {
	for _, s := range parental.Systems() {
		for _, g := range s.Grades {
			said, digits := 0, false
			for _, r := range g.Label {
				if r >= '0' && r <= '9' {
					said, digits = said*10+int(r-'0'), true
				} else if digits {
					break
				}
			}
			if g.Age < min(said, parental.All.MaxAge()) {
				t.Errorf("%s %q counts as %d", s.ID, g.Label, g.Age)
			}
		}
	}
}

func FuzzRating(f *testing.F) {
	for _, s := range parental.Systems() {
		f.Add(s.ID, s.ID+" "+s.Grades[len(s.Grades)-1].Label)
	}
	f.Add("TVPG", "TV-14-DLSV")
	f.Add("fsk", "\u0130\xff+1 2+")
	f.Fuzz(func(t *testing.T, system, label string) {
		age, ok := parental.Rating{System: system, Label: label}.Age()
		if age < 0 || age > 18 || !ok && age != 0 {
			t.Fatalf("%q %q = %d, %t", system, label, age, ok)
		}
		again, ok2 := parental.Rating{System: " " + system + "-", Label: "\t" + label + " . "}.Age()
		if ok && (!ok2 || again != age) {
			t.Errorf("%q %q = %d, with space around it %d, %t", system, label, age, again, ok2)
		}
		if count := (parental.Title{Ratings: []parental.Rating{{System: system, Label: label}}}).YoungestAge(); !ok && count != parental.UnratedAge || ok && count != age {
			t.Errorf("%q %q counts as %d", system, label, count)
		}
	})
}

func BenchmarkRating(b *testing.B) {
	for _, r := range []parental.Rating{{System: "FSK", Label: "12"}, {System: "INAU", Label: "18"}, {System: "XYZ", Label: "18"}} {
		b.Run(r.System, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r.Age()
			}
		})
	}
}
