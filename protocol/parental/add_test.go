package parental_test

import (
	"testing"

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
