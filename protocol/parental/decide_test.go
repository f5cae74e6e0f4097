package parental_test

import (
	"testing"

	"github.com/hearthkey/hearthkey/protocol/parental"
)

func age(n int) *int { return &n }

// decide asks for a profile of level l that may be watched here, without a
// parental PIN.
func decide(l parental.Level, t parental.Title) parental.Decision {
	return parental.Decide(parental.Question{
		Path: parental.Open, Access: true, Unlocked: true, Profile: &parental.Rules{Level: l}, Title: &t,
	})
}

// TestDecide is the whole table of level × age (product rule P5).
func TestDecide(t *testing.T) {
	levels := []parental.Level{parental.LittleKids, parental.OlderKids, parental.Teens, parental.Adults, parental.All}
	for _, c := range []struct {
		age  *int
		want string // a letter per level: a allow, r refuse
	}{
		{age(0), "aaaaa"},
		{age(1), "raaaa"},
		{age(6), "raaaa"},
		{age(7), "raaaa"},
		{age(8), "rraaa"},
		{age(13), "rraaa"},
		{age(14), "rrraa"},
		{age(16), "rrraa"},
		{age(17), "rrrra"},
		{age(18), "rrrra"},
		{age(21), "rrrrr"},
		{age(-1), "rrrrr"},
		{nil, "rrrra"},
	} {
		for i, l := range levels {
			d := decide(l, parental.Title{ID: "t", Age: c.age})
			want := parental.Allow
			if c.want[i] == 'r' {
				want = parental.Refuse
			}
			if d.Verdict != want || (d.Verdict == parental.Refuse) != (d.Reason == parental.AboveLevel) {
				t.Errorf("Decide(%s, age %v) = %+v, want %s", l, c.age, d, want)
			}
		}
	}
}

func TestNoLevelMayWatchAnything(t *testing.T) {
	for _, l := range []parental.Level{0, -1, 6} {
		if d := decide(l, parental.Title{Age: age(0)}); d.Verdict != parental.Refuse || l.Valid() {
			t.Errorf("Decide(level %d) = %+v; valid %t", l, d, l.Valid())
		}
	}
}
