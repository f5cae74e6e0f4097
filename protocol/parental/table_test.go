package parental_test

import (
	"fmt"
	"testing"

	"github.com/hearthkey/hearthkey/protocol/parental"
)

// The table of the play decision: every path, lock, level, rating, block and
// parental setting with each other. What should come out is worked out below
// from how a household would say it, without ages and without the order of the
// code: a title is "for Teens and up", and whatever stands in the way is named.

// subject is a title, as a household would tell of it.
type subject struct {
	words string
	title *parental.Title
	from  parental.Level // the lowest level that may watch it; 0: nobody
}

const nobody = parental.Level(0)

func subjects() []subject {
	film := func(t parental.Title) *parental.Title { t.ID = "it"; return &t }
	part := func(t parental.Title) *parental.Title {
		t.ID, t.Kind, t.Series, t.Season, t.Episode = "it", parental.Episode, "whole", 1, 2
		return &t
	}
	fsk := func(label string) []parental.Rating { return []parental.Rating{{System: "FSK", Label: label}} }
	var all []subject
	for _, make := range []func(parental.Title) *parental.Title{film, part} {
		all = append(all,
			subject{"for all", make(parental.Title{Age: age(0)}), parental.LittleKids},
			subject{"FSK 0", make(parental.Title{Ratings: fsk("0")}), parental.LittleKids},
			subject{"FSK 6", make(parental.Title{Ratings: fsk("6")}), parental.OlderKids},
			subject{"FSK 12", make(parental.Title{Ratings: fsk("12")}), parental.Teens},
			subject{"for 14", make(parental.Title{Age: age(14)}), parental.Adults},
			subject{"FSK 16", make(parental.Title{Ratings: fsk("16")}), parental.Adults},
			subject{"R", make(parental.Title{Ratings: []parental.Rating{{System: "MPA", Label: "R"}}}), parental.All},
			subject{"18 here, all there", make(parental.Title{Ratings: append(fsk("18"), parental.Rating{System: "MPA", Label: "G"})}), parental.All},
			subject{"unrated", make(parental.Title{}), parental.All},
			subject{"rated by nobody we know", make(parental.Title{Ratings: []parental.Rating{{System: "Guild", Label: "U"}}}), parental.All},
			subject{"unrated, the operator says all", make(parental.Title{Age: age(0), Ratings: fsk("?")}), parental.LittleKids},
			subject{"impossible", make(parental.Title{Age: age(-1)}), nobody},
			subject{"for 21", make(parental.Title{Age: age(21)}), nobody},
		)
	}
	return all
}

// listed says which ids a list of a household holds.
type listed struct {
	words string
	ids   []string
}

func lists() []listed {
	return []listed{{"nothing", nil}, {"it", []string{"other", "it"}}, {"its series", []string{"whole"}}, {"another", []string{"other", "another"}}}
}

func (l listed) catches(s subject) bool {
	return l.words == "it" || l.words == "its series" && s.title.Kind == parental.Episode
}

// house is the household's parental PIN.
type house struct {
	has    bool
	above  parental.Level // 0: by no level
	titles listed
}

func houses() []house {
	out := []house{{titles: lists()[0]}, {titles: lists()[1], above: parental.LittleKids}} // without a PIN its settings are nothing
	for above := nobody; above <= parental.All; above++ {
		for _, titles := range lists() {
			out = append(out, house{true, above, titles})
		}
	}
	return out
}

// asks says whether the household wants its PIN for s.
func (h house) asks(s subject) bool {
	return h.has && (h.titles.catches(s) || h.above != nobody && h.above < s.from)
}

// want is what a household expects when somebody of level l who is let in asks
// for s.
func want(s subject, l parental.Level, blocked listed, h house, proof bool) string {
	switch {
	case blocked.catches(s):
		return "refuse blocked"
	case s.from == nobody || l < s.from:
		return "refuse above_level"
	case h.asks(s) && !proof:
		return "needs_pin parental"
	}
	return "allow "
}

func said(d parental.Decision) string {
	return fmt.Sprintf("%s %s%s", d.Verdict, d.PIN, d.Reason)
}

var bools = []bool{false, true}

// TestP5_P6_P7_P8_Table: of a profile that is let in, every path gives what the
// household expects.
func TestP5_P6_P7_P8_Table(t *testing.T) {
	n := 0
	for _, path := range []parental.Path{"open", "search", "next", "autoplay", "deep_link", "remote"} {
		for _, s := range subjects() {
			for l := parental.LittleKids; l <= parental.All; l++ {
				for _, blocked := range lists() {
					for _, h := range houses() {
						for _, proof := range bools {
							q := ask(path, s, l, blocked, h, proof)
							if got, want := said(parental.Decide(q)), want(s, l, blocked, h, proof); got != want {
								t.Fatalf("%s, %s (%s), a profile of %s, blocked %s, PIN %+v, proved %t: %q, want %q",
									path, s.words, s.title.Kind, l, blocked.words, h, proof, got, want)
							}
							n++
						}
					}
				}
			}
		}
	}
	t.Logf("%d cases", n)
}

func ask(path parental.Path, s subject, l parental.Level, blocked listed, h house, proof bool) parental.Question {
	return parental.Question{
		Path: path, Access: true, Unlocked: true, Title: s.title, Parental: proof,
		Profile: &parental.Rules{Level: l, Blocked: blocked.ids, HasPIN: h.has, PINAbove: h.above, PINTitles: h.titles.ids},
	}
}

// TestP8_WhoIsNotLetInLearnsNothing: without access, without a profile, before
// the profile's PIN and on a path that is none, the answer is the same for every
// title and every setting, and holds no age.
func TestP8_WhoIsNotLetInLearnsNothing(t *testing.T) {
	for _, c := range []struct {
		words string
		shut  func(*parental.Question)
		want  string
	}{
		{"a path that is none", func(q *parental.Question) { q.Path = "back_door" }, "refuse unknown_path"},
		{"an empty path", func(q *parental.Question) { q.Path = "" }, "refuse unknown_path"},
		{"the lease has ended", func(q *parental.Question) { q.Access = false }, "refuse no_access"},
		{"nobody watches", func(q *parental.Question) { q.Profile = nil }, "refuse no_profile"},
		{"the profile is locked", func(q *parental.Question) { q.Unlocked = false }, "needs_pin profile"},
		{"locked, and no lease", func(q *parental.Question) { q.Unlocked, q.Access = false, false }, "refuse no_access"},
		{"locked, nobody", func(q *parental.Question) { q.Unlocked, q.Profile = false, nil }, "refuse no_profile"},
	} {
		for _, s := range append(subjects(), subject{words: "not in the catalogue"}) {
			for l := parental.LittleKids; l <= parental.All; l++ {
				for _, blocked := range lists() {
					for _, h := range houses() {
						for _, proof := range bools {
							q := ask(parental.Open, s, l, blocked, h, proof)
							c.shut(&q)
							if d := parental.Decide(q); said(d) != c.want || d.Age != 0 {
								t.Fatalf("%s, %s: %+v, want %q", c.words, s.words, d, c.want)
							}
						}
					}
				}
			}
		}
	}
}

func TestP8_TitlesOfNoCatalogue(t *testing.T) {
	for _, path := range parental.Paths() {
		q := parental.Question{Path: path, Access: true, Unlocked: true, Parental: true, Profile: &parental.Rules{Level: parental.All}}
		if d := parental.Decide(q); said(d) != "refuse unknown_title" {
			t.Errorf("%s: %+v", path, d)
		}
	}
}

// TestP8_EveryPathIsHeldToTheSameRules: paths differ in nothing.
func TestP8_EveryPathIsHeldToTheSameRules(t *testing.T) {
	if n := len(parental.Paths()); n != 6 {
		t.Errorf("%d paths; the table above has 6", n)
	}
}
