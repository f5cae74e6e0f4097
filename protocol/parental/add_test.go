package parental_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/hearthkey/hearthkey/protocol/parental"
)

// TestP3_NobodyAddsAboveTheirOwnLevel is the table of who is selected against
// what household.
func TestP3_NobodyAddsAboveTheirOwnLevel(t *testing.T) {
	open := func(l parental.Level) parental.Member { return parental.Member{Level: l} }
	locked := func(l parental.Level) parental.Member { return parental.Member{Level: l, Locked: true} }
	at := func(m parental.Member) *parental.Member { return &m }
	family := []parental.Member{locked(parental.All), open(parental.Teens), open(parental.LittleKids)}
	for _, c := range []struct {
		name      string
		selected  *parental.Member
		household []parental.Member
		want      parental.Level
	}{
		{"little kid", at(open(parental.LittleKids)), family, parental.LittleKids},
		{"teenager", at(open(parental.Teens)), family, parental.Teens},
		{"adult without a lock", at(open(parental.All)), []parental.Member{open(parental.All)}, parental.All},
		{"main with a lock", at(locked(parental.All)), family, parental.Teens},
		{"teenager with a lock", at(locked(parental.Teens)), []parental.Member{locked(parental.All), locked(parental.Teens), open(parental.OlderKids)}, parental.OlderKids},
		{"gate", nil, family, parental.Teens},
		{"gate, nobody locked", nil, []parental.Member{open(parental.All), open(parental.LittleKids)}, parental.All},
		{"gate, everybody locked", nil, []parental.Member{locked(parental.All), locked(parental.LittleKids)}, 0},
		{"locked, everybody locked", at(locked(parental.All)), []parental.Member{locked(parental.All)}, 0},
		{"no household", nil, nil, 0},
		{"impossible level", at(open(-7)), family, 0},
	} {
		if got := parental.AddBound(c.selected, c.household); got != c.want {
			t.Errorf("%s: AddBound = %d, want %d", c.name, got, c.want)
		}
	}
}

func TestP3_MayAdd(t *testing.T) {
	for bound := parental.Level(0); bound <= parental.All; bound++ {
		for l := parental.Level(-1); l <= parental.All+1; l++ {
			want := l >= parental.LittleKids && l <= bound
			if got := parental.MayAdd(l, bound, false); got != want {
				t.Errorf("MayAdd(%d, %d, false) = %t, want %t", l, bound, got, want)
			}
			if parental.MayAdd(l, bound, true) {
				t.Errorf("MayAdd(%d, %d, true) = true", l, bound)
			}
		}
	}
}

// TestP3_P6_P11_NobodyAddsAWayRound is the table of what a new profile takes over.
func TestP3_P6_P11_NobodyAddsAWayRound(t *testing.T) {
	member := func(l parental.Level, kids bool, blocked ...string) parental.Member {
		return parental.Member{Level: l, Kids: kids, Blocked: blocked}
	}
	locked := parental.Member{Level: parental.All, Locked: true}
	mia := member(parental.OlderKids, true, "rangers", "otter")
	tom := member(parental.OlderKids, true, "rangers")
	lea := member(parental.Teens, false, "otter", "rangers")
	series := map[string]string{"orbit-1": "orbit", "orbit-2": "orbit"}
	for _, c := range []struct {
		name      string
		level     parental.Level
		selected  *parental.Member
		household []parental.Member
		kids      bool
		blocked   []string
	}{
		{"one child's", parental.OlderKids, nil, []parental.Member{locked, mia}, true, []string{"rangers", "otter"}},
		{"below the child's", parental.LittleKids, nil, []parental.Member{locked, mia}, true, []string{"rangers", "otter"}},
		{"what both children have", parental.OlderKids, nil, []parental.Member{mia, tom}, true, []string{"rangers"}},
		{"a teenager is no kid", parental.OlderKids, nil, []parental.Member{mia, lea}, false, []string{"rangers", "otter"}},
		{"a child's freedom is none for teenagers", parental.Teens, nil, []parental.Member{member(parental.LittleKids, true), lea}, false, []string{"otter", "rangers"}},
		{"somebody has none", parental.OlderKids, nil, []parental.Member{mia, member(parental.All, false)}, false, nil},
		{"the selected one's alone", parental.OlderKids, &mia, []parental.Member{mia, member(parental.All, false)}, true, []string{"rangers", "otter"}},
		{"the selected one has a lock", parental.OlderKids, &locked, []parental.Member{locked, mia}, true, []string{"rangers", "otter"}},
		{"what a locked one has is nobody's", parental.OlderKids, nil, []parental.Member{{Level: parental.All, Locked: true, Blocked: []string{"x"}}, tom}, true, []string{"rangers"}},
		{
			"one the series, the other an episode", parental.OlderKids, nil,
			[]parental.Member{member(parental.OlderKids, false, "orbit"), member(parental.OlderKids, false, "orbit-1", "otter")}, false, []string{"orbit-1"},
		},
		{
			"the episode first", parental.OlderKids, nil,
			[]parental.Member{member(parental.OlderKids, false, "otter", "orbit-2", "orbit-1"), member(parental.OlderKids, false, "orbit"), member(parental.OlderKids, false, "orbit", "orbit-1")},
			false, []string{"orbit-2", "orbit-1"},
		},
		{
			"different episodes", parental.OlderKids, nil,
			[]parental.Member{member(parental.OlderKids, false, "orbit-2"), member(parental.OlderKids, false, "orbit-1")}, false, nil,
		},
		{"above everybody", parental.All, nil, []parental.Member{locked, mia}, false, nil},
		{"everybody locked", parental.LittleKids, nil, []parental.Member{locked}, false, nil},
		{"no household", parental.LittleKids, nil, nil, false, nil},
	} {
		got := parental.AddBinds(c.level, c.selected, c.household, func(id string) string { return series[id] })
		if got.Kids != c.kids || !slices.Equal(got.Blocked, c.blocked) {
			t.Errorf("%s: AddBinds = %+v, want kids %t, blocked %v", c.name, got, c.kids, c.blocked)
		}
	}
	if want := []string{"rangers", "otter"}; !slices.Equal(mia.Blocked, want) {
		t.Errorf("the household's own list is %v now, want %v", mia.Blocked, want)
	}
}

// TestP3_ANewProfileReachesNothingNew: what a profile that is added without a proof
// may play, some profile that counts could play before.
func TestP3_ANewProfileReachesNothingNew(t *testing.T) {
	titles := []string{"a", "b", "show", "show-1", "show-2"}
	series := func(id string) string {
		if strings.HasPrefix(id, "show-") {
			return "show"
		}
		return ""
	}
	rapid.Check(t, func(t *rapid.T) {
		household := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) parental.Member {
			return parental.Member{
				Level: parental.Level(rapid.IntRange(1, 5).Draw(t, "level")), Locked: rapid.Bool().Draw(t, "locked"), Kids: rapid.Bool().Draw(t, "kids"),
				Blocked: rapid.SliceOfNDistinct(rapid.SampledFrom(titles), 0, 4, rapid.ID).Draw(t, "blocked"),
			}
		}), 0, 4).Draw(t, "household")
		l := level().Draw(t, "asked")
		if !parental.MayAdd(l, parental.AddBound(nil, household), false) {
			return
		}
		binds := parental.AddBinds(l, nil, household, series)
		for _, id := range titles {
			title := parental.Title{ID: id, Series: series(id), Age: age(rapid.IntRange(0, 18).Draw(t, "age"))}
			may := func(r parental.Rules) bool {
				return parental.Decide(parental.Question{Path: parental.Open, Access: true, Profile: &r, Unlocked: true, Title: &title}).Verdict == parental.Allow
			}
			before := slices.ContainsFunc(household, func(m parental.Member) bool {
				return !m.Locked && may(parental.Rules{Level: m.Level, Blocked: m.Blocked})
			})
			if may(parental.Rules{Level: l, Blocked: binds.Blocked}) && !before {
				t.Errorf("%q for %d: nobody could play it, the new profile can: %+v", id, *title.Age, binds)
			}
		}
	})
}
