package parental_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/hearthkey/hearthkey/protocol/parental"
)

// drawn is a random question, valid and not.
func drawn(t *rapid.T) parental.Question {
	ids := []string{"", "it", "whole", "other"}
	list := rapid.SliceOfN(rapid.SampledFrom(ids), 0, 3)
	q := parental.Question{
		Path:   rapid.SampledFrom(append(parental.Paths(), "", "window")).Draw(t, "path"),
		Access: rapid.Bool().Draw(t, "access"), Unlocked: rapid.Bool().Draw(t, "unlocked"), Parental: rapid.Bool().Draw(t, "proof"),
	}
	if rapid.IntRange(0, 9).Draw(t, "profile") > 0 {
		q.Profile = &parental.Rules{
			Level: level().Draw(t, "level"), Blocked: list.Draw(t, "blocked"),
			HasPIN: rapid.Bool().Draw(t, "pin"), PINAbove: level().Draw(t, "above"), PINTitles: list.Draw(t, "pin titles"),
		}
	}
	if rapid.IntRange(0, 9).Draw(t, "title") > 0 {
		q.Title = &parental.Title{ID: rapid.SampledFrom(ids).Draw(t, "id"), Series: rapid.SampledFrom(ids).Draw(t, "series")}
		q.Title.Kind = rapid.SampledFrom([]parental.Kind{parental.Film, parental.Series, parental.Episode, "game"}).Draw(t, "kind")
		if rapid.Bool().Draw(t, "own age") {
			q.Title.Age = age(rapid.IntRange(-2, 22).Draw(t, "age"))
		}
		labels := rapid.SampledFrom([]parental.Rating{{System: "FSK", Label: "0"}, {System: "MPA", Label: "R"}, {System: "BBFC", Label: "PG"}, {System: "?"}})
		q.Title.Ratings = rapid.SliceOfN(labels, 0, 3).Draw(t, "ratings")
	}
	return q
}

func level() *rapid.Generator[parental.Level] {
	return rapid.Custom(func(t *rapid.T) parental.Level { return parental.Level(rapid.IntRange(-1, 7).Draw(t, "level")) })
}

// rank orders decisions by what they let happen. To be asked for the profile's
// PIN is nothing yet: what comes after it may be a refusal.
func rank(d parental.Decision) int {
	if d.PIN == parental.ProfilePIN {
		return 0
	}
	return map[parental.Verdict]int{parental.Refuse: 0, parental.NeedsPIN: 1, parental.Allow: 2}[d.Verdict]
}

// TestP7_AProofOpensOnlyWhatNeedsIt: the parental PIN's proof changes nothing
// but a question for that PIN, and that one into yes.
func TestP7_AProofOpensOnlyWhatNeedsIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := drawn(t)
		q.Parental = false
		before := parental.Decide(q)
		q.Parental = true
		after := parental.Decide(q)
		if before.PIN == parental.ParentalPIN {
			if after.Verdict != parental.Allow || after.Age != before.Age {
				t.Errorf("%+v: %+v, with the proof %+v", q, before, after)
			}
		} else if before != after {
			t.Errorf("%+v: %+v, with a proof that is not needed %+v", q, before, after)
		}
	})
}

// TestP5_P6_P7_StricterNeverAllowsMore: a lower level, another block, a PIN, a
// PIN from a lower level on, a PIN for another title, a higher age, another
// rating and a lock never let more happen.
func TestP5_P6_P7_StricterNeverAllowsMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := drawn(t)
		if q.Profile == nil || q.Title == nil {
			return
		}
		r, title, s := *q.Profile, *q.Title, q
		s.Profile, s.Title = &r, &title
		another := rapid.SampledFrom([]string{"it", "whole", "other"}).Draw(t, "another")
		switch what := rapid.IntRange(0, 9).Draw(t, "what"); what {
		case 0:
			r.Level = parental.Level(rapid.IntRange(-1, max(int(r.Level), -1)).Draw(t, "lower level"))
			if q.Profile.Level > parental.All {
				return // no level at all: what is below it may be one
			}
		case 1:
			r.Blocked = append([]string{another}, r.Blocked...)
		case 2:
			r.HasPIN = true
		case 3:
			if r.PINAbove == 0 {
				r.PINAbove = parental.All
			} else {
				r.PINAbove = max(r.PINAbove-1, 1)
			}
			if !q.Profile.PINAbove.Valid() && q.Profile.PINAbove != 0 {
				return // what is no level asks for everything
			}
		case 4:
			r.PINTitles = append([]string{another}, r.PINTitles...)
		case 5:
			if title.Age == nil || *title.Age < 0 {
				return // an age that is none is refused; what is above it may be one
			}
			title.Age = age(*title.Age + 1)
		case 6:
			if len(title.Ratings) == 0 {
				return // unrated is 18: a first rating may be less
			}
			title.Ratings = append([]parental.Rating{{System: "FSK", Label: "16"}}, title.Ratings...)
		case 7:
			s.Unlocked = false
		case 8:
			s.Access = false
		case 9:
			s.Parental = false
		}
		if a, b := parental.Decide(q), parental.Decide(s); rank(b) > rank(a) {
			t.Errorf("%+v of %+v for %+v: %+v\nstricter, %+v for %+v: %+v", q, *q.Profile, *q.Title, a, r, title, b)
		}
	})
}

// TestP8_EveryPathDecidesTheSame, and nothing in the question is changed.
func TestP8_EveryPathDecidesTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := drawn(t)
		before := q
		q.Path = parental.Open
		want := parental.Decide(q)
		for _, p := range parental.Paths() {
			q.Path = p
			if got := parental.Decide(q); got != want {
				t.Errorf("%s: %+v, opened: %+v", p, got, want)
			}
		}
		if diff := cmp.Diff(before.Profile, q.Profile); diff != "" {
			t.Errorf("the rules were changed: %s", diff)
		}
	})
}

// FuzzDecide: what is allowed has no reason against it, and each verdict has
// what belongs to it.
func FuzzDecide(f *testing.F) {
	f.Add("open", true, true, true, true, 3, "", 0, "", false, "it", "", 12, "FSK", "12")
	f.Add("remote", true, true, true, true, 5, "whole", 2, "it", true, "it", "whole", -1, "MPA", "R")
	f.Add("", false, false, false, false, 9, "it", -4, "", true, "", "it", 99, "", "")
	f.Fuzz(func(t *testing.T, path string, access, unlocked, watching, known bool, level int, blocked string, above int, guarded string, proof bool,
		id, series string, own int, system, label string,
	) {
		q := parental.Question{Path: parental.Path(path), Access: access, Unlocked: unlocked, Parental: proof}
		r := parental.Rules{
			Level: parental.Level(level), Blocked: []string{blocked}, HasPIN: guarded != "" || above != 0,
			PINAbove: parental.Level(above), PINTitles: []string{guarded},
		}
		title := parental.Title{ID: id, Series: series, Ratings: []parental.Rating{{System: system, Label: label}}}
		if own >= 0 {
			title.Age = &own
		}
		if watching {
			q.Profile = &r
		}
		if known {
			q.Title = &title
		}
		d := parental.Decide(q)
		if ok := d.Verdict == parental.Allow && d.PIN == "" && d.Reason == "" ||
			d.Verdict == parental.NeedsPIN && d.PIN != "" && d.Reason == "" ||
			d.Verdict == parental.Refuse && d.PIN == "" && d.Reason != ""; !ok {
			t.Fatalf("%+v is not a decision", d)
		}
		if d.Verdict == parental.Refuse || d.PIN == parental.ProfilePIN {
			return
		}
		most := map[parental.Level]int{1: 0, 2: 7, 3: 13, 4: 16, 5: 18}
		limit, is := most[r.Level]
		switch {
		case !access || !unlocked || !watching || !known:
			t.Errorf("%+v for a question with something missing: %+v", d, q)
		case !is || title.YoungestAge() > limit || d.Age != title.YoungestAge():
			t.Errorf("%+v for a title of age %d at level %d", d, title.YoungestAge(), level)
		case blocked == id || series != "" && blocked == series:
			t.Errorf("%+v for a blocked title", d)
		case d.Verdict == parental.Allow && !proof && (guarded == id && r.HasPIN || series != "" && guarded == series):
			t.Errorf("%+v without the parental PIN", d)
		}
	})
}
