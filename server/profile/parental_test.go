package profile

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

func ptr[T any](v T) *T { return &v }

func (f *fixture) snapshot(t *testing.T) (s protocol.Snapshot) {
	t.Helper()
	data, _, err := f.Snapshot(f.ctx, f.who.Account)
	if err == nil {
		err = json.Unmarshal(data, &s)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (f *fixture) settings(t *testing.T) Settings {
	t.Helper()
	s, err := f.Parental(f.ctx, f.who.Account)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestP7_ParentalControl: what is decided reaches the snapshot, the owner hears of
// each change once, and nothing of it is there without the PIN.
func TestP7_ParentalControl(t *testing.T) {
	f := newFixture(t)
	if diff := cmp.Diff(Settings{}, f.settings(t)); diff != "" {
		t.Errorf("a new household (-want +got):\n%s", diff)
	}
	set := func(d Decision) {
		t.Helper()
		if err := f.SetParental(f.ctx, f.now, f.who, d); err != nil {
			t.Fatal(err)
		}
	}
	set(Decision{Above: ptr(parental.OlderKids), AddNeedsPIN: ptr(true), Titles: &[]protocol.TitleID{"salt", "otter", "salt"}})
	if s := f.snapshot(t); s.Parental != nil || !s.AddProfileNeedsPIN || s.MaxProfiles != 5 {
		t.Errorf("without a PIN: %+v", s)
	}
	weak, err := f.SetPIN(f.ctx, f.now, f.who, protocol.ParentalPIN, "1234")
	if err != nil || !weak {
		t.Errorf("SetPIN = %t, %v", weak, err)
	}
	set(Decision{Add: "orbit", Remove: "salt"})
	want := &protocol.Parental{PIN: 1, Above: parental.OlderKids, Titles: []protocol.TitleID{"orbit", "otter"}}
	if diff := cmp.Diff(want, f.snapshot(t).Parental); diff != "" {
		t.Errorf("snapshot (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(Settings{HasPIN: true, Above: parental.OlderKids, Titles: want.Titles, AddNeedsPIN: true}, f.settings(t)); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
	if pins, _, err := f.Pins(f.ctx, f.who.Account); err != nil || len(pins) != 1 || pins[0].Profile != protocol.ParentalPIN {
		t.Errorf("Pins = %+v, %v", pins, err)
	}
	if len(f.notices) != 3 {
		t.Fatalf("%d notices, want 3", len(f.notices))
	}
	set(Decision{Add: "orbit", Above: ptr(parental.OlderKids)}) // as it is
	if len(f.notices) != 3 {
		t.Errorf("a notice about nothing: %+v", f.notices[3])
	}
	for i, detail := range []string{"above the level Older kids", "Parental PIN: A PIN was set", "Titles that ask for the parental PIN now: “Low Orbit”. No longer: “Salt”."} {
		if n := f.notices[i]; n.Kind != account.NoticeParentalChanged || !strings.Contains(n.Detail, detail) || len(n.Before) == 0 {
			t.Errorf("notice %d = %s %q", i, n.Kind, n.Detail)
		}
	}
	for _, kind := range []timeline.Kind{timeline.ParentalChanged, timeline.ParentalPINSet} {
		if !f.happened(t, kind) {
			t.Errorf("no %s in the timeline", kind)
		}
	}
	if err := f.RemovePIN(f.ctx, f.now, f.who, protocol.ParentalPIN); err != nil || f.snapshot(t).Parental != nil {
		t.Errorf("RemovePIN: %v, %+v", err, f.snapshot(t).Parental)
	}
}

func (f *fixture) happened(t *testing.T, kind timeline.Kind) bool {
	t.Helper()
	all, err := timeline.List(f.ctx, f.c.DB, f.who.Account, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		if e.Kind == kind {
			return true
		}
	}
	return false
}

func TestP6_BlockedTitles(t *testing.T) {
	f := newFixture(t)
	kids := f.list(t)[1].ID
	if err := f.SetBlocked(f.ctx, f.now, f.who, kids, []protocol.TitleID{"salt", "otter", "salt"}); err != nil {
		t.Fatal(err)
	}
	if err := f.Block(f.ctx, f.now, f.who, kids, "orbit", "salt"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]protocol.TitleID{"orbit", "otter"}, f.snapshot(t).Profiles[1].Blocked); diff != "" {
		t.Errorf("snapshot (-want +got):\n%s", diff)
	}
	if f.snapshot(t).Profiles[0].Blocked != nil || len(f.notices) != 2 || f.notices[1].Profile != "Kids" {
		t.Errorf("another profile, or notices: %+v", f.notices)
	}
	f.c.Title = func(protocol.TitleID) string { return "" } // the catalogue is gone: what is blocked stays blocked
	if err := f.Block(f.ctx, f.now, f.who, kids, "", "orbit"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]protocol.TitleID{"otter"}, f.list(t)[1].Blocked); diff != "" {
		t.Errorf("blocked (-want +got):\n%s", diff)
	}
}

// TestBadTitles: nothing is different after an error.
func TestBadTitles(t *testing.T) {
	f := newFixture(t)
	all := f.list(t)
	many := func(n int) *[]protocol.TitleID {
		out := make([]protocol.TitleID, n)
		for i := range out {
			out[i] = protocol.TitleID(fmt.Sprintf("t%03d", i))
		}
		return &out
	}
	f.c.Title = func(id protocol.TitleID) string { return strings.TrimPrefix(string(id), "unknown") }
	if err := f.SetBlocked(f.ctx, f.now, f.who, all[0].ID, *many(MaxBlocked - 1)); err != nil {
		t.Fatal(err)
	}
	if err := f.SetParental(f.ctx, f.now, f.who, Decision{Titles: many(MaxParentalTitles)}); err != nil {
		t.Fatal(err)
	}
	was, rules, notices := f.list(t), f.settings(t), len(f.notices)
	kids := all[1].ID
	for name, tt := range map[string]struct{ err, want error }{
		"unknown title":        {f.Block(f.ctx, f.now, f.who, kids, "unknown", ""), ErrTitle},
		"long id":              {f.Block(f.ctx, f.now, f.who, kids, protocol.TitleID(strings.Repeat("x", 65)), ""), ErrTitle},
		"empty id":             {f.SetBlocked(f.ctx, f.now, f.who, kids, []protocol.TitleID{""}), ErrTitle},
		"501 of the account":   {f.SetBlocked(f.ctx, f.now, f.who, kids, []protocol.TitleID{"a", "b"}), ErrTooManyTitles},
		"unknown profile":      {f.Block(f.ctx, f.now, f.who, "nobody", "a", ""), ErrUnknown},
		"parental is no one":   {f.Block(f.ctx, f.now, f.who, protocol.ParentalPIN, "a", ""), ErrUnknown},
		"101 parental":         {f.SetParental(f.ctx, f.now, f.who, Decision{Add: "another"}), ErrTooManyTitles},
		"unknown parental":     {f.SetParental(f.ctx, f.now, f.who, Decision{Add: "unknown"}), ErrTitle},
		"level 6":              {f.SetParental(f.ctx, f.now, f.who, Decision{Above: ptr(parental.Level(6))}), ErrAbove},
		"level -1":             {f.SetParental(f.ctx, f.now, f.who, Decision{Above: ptr(parental.Level(-1))}), ErrAbove},
		"above everything":     {f.SetParental(f.ctx, f.now, f.who, Decision{Above: ptr(parental.All)}), ErrAbove},
		"unlock of no PIN":     {f.Unlock(f.ctx, f.now, f.who, kids), ErrUnknown},
		"unlock of nobody":     {f.Unlock(f.ctx, f.now, f.who, "nobody"), ErrUnknown},
		"unlock, no parental":  {f.Unlock(f.ctx, f.now, f.who, protocol.ParentalPIN), ErrUnknown},
		"parental PIN of five": {second(f.SetPIN(f.ctx, f.now, f.who, protocol.ParentalPIN, "12345")), ErrPIN},
	} {
		if !errors.Is(tt.err, tt.want) {
			t.Errorf("%s: %v, want %v", name, tt.err, tt.want)
		}
	}
	if diff := cmp.Diff(was, f.list(t)) + cmp.Diff(rules, f.settings(t)); diff != "" || len(f.notices) != notices {
		t.Errorf("after errors, with %d more notices (-want +got):\n%s", len(f.notices)-notices, diff)
	}
	if err := f.Block(f.ctx, f.now, f.who, kids, "the 500th", ""); err != nil {
		t.Errorf("the 500th: %v", err)
	}
	if n := len(mustSnapshot(t, f)); n > protocol.MaxSnapshot {
		t.Errorf("the snapshot of all that is allowed has %d bytes", n)
	}
}

func second[T any](_ T, err error) error { return err }

func mustSnapshot(t *testing.T, f *fixture) []byte {
	t.Helper()
	data, _, err := f.Snapshot(f.ctx, f.who.Account)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestV7_RestoreBringsParentalControlBack: each change of it can be undone, and
// all later ones with it.
func TestV7_RestoreBringsParentalControlBack(t *testing.T) {
	f := newFixture(t)
	kids := f.list(t)[1].ID
	steps := []func() error{
		func() error { return f.SetBlocked(f.ctx, f.now, f.who, kids, []protocol.TitleID{"salt", "orbit"}) },
		func() error { return second(f.SetPIN(f.ctx, f.now, f.who, protocol.ParentalPIN, "2846")) },
		func() error {
			return f.SetParental(f.ctx, f.now, f.who, Decision{Above: ptr(parental.Teens), AddNeedsPIN: ptr(true), Add: "salt"})
		},
		func() error { return f.Block(f.ctx, f.now, f.who, kids, "otter", "salt") },
		func() error { return second(f.SetPIN(f.ctx, f.now, f.who, protocol.ParentalPIN, "9305")) },
		func() error {
			return f.SetParental(f.ctx, f.now, f.who, Decision{Above: ptr(parental.Level(0)), Remove: "salt"})
		},
		func() error { return f.RemovePIN(f.ctx, f.now, f.who, protocol.ParentalPIN) },
		func() error { return f.Delete(f.ctx, f.now, f.who, kids) },
	}
	var before []protocol.Snapshot
	for i, step := range steps {
		before = append(before, f.snapshot(t))
		if err := step(); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
	}
	for i := len(steps) - 1; i >= 0; i-- {
		changed, err := f.restore(t, f.notices[i].Before)
		if err != nil || !changed {
			t.Fatalf("Restore of step %d = %t, %v", i, changed, err)
		}
		f.cache = cache{} // whoever restores makes the account's next version
		got, want := f.snapshot(t), before[i]
		if got.Parental != nil && want.Parental != nil { // a version that no TV has seen
			if got.Parental.PIN < want.Parental.PIN {
				t.Errorf("step %d: the PIN's version went back", i)
			}
			got.Parental.PIN = want.Parental.PIN
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("step %d (-want +got):\n%s", i, diff)
		}
	}
}

// TestRestoreOfBefore: what an older version kept knows of no parental control,
// which stays then.
func TestRestoreOfBefore(t *testing.T) {
	f := newFixture(t)
	var rows []store.ProfileRow
	err := f.c.DB.View(f.ctx, func(tx *store.Tx) (err error) {
		rows, err = tx.Profiles(f.who.Account)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	old, err := json.Marshal(map[string]any{"Profiles": rows, "Pins": nil})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.SetParental(f.ctx, f.now, f.who, Decision{Above: ptr(parental.Teens)}); err != nil {
		t.Fatal(err)
	}
	if changed, err := f.restore(t, old); err != nil || changed || f.settings(t).Above != parental.Teens {
		t.Errorf("Restore = %t, %v, %+v", changed, err, f.settings(t))
	}
}

// TestV7_OneMailForManyTitles: whoever adds titles gets one mail an hour; whoever
// removes one, or changes anything else, is always told of.
func TestV7_OneMailForManyTitles(t *testing.T) {
	f := newFixture(t)
	kids := f.list(t)[1].ID
	for i, step := range []struct {
		do   func() error
		want int // notices since the beginning
	}{
		{func() error { return f.Block(f.ctx, f.now, f.who, kids, "salt", "") }, 1},
		{func() error { return f.Block(f.ctx, f.now, f.who, kids, "otter", "") }, 1},
		{func() error { return f.SetParental(f.ctx, f.now, f.who, Decision{Add: "otter"}) }, 1},
		{func() error { return f.Block(f.ctx, f.now, f.who, kids, "orbit", "salt") }, 2},
		{func() error { return f.SetParental(f.ctx, f.now, f.who, Decision{Add: "orbit", Remove: "otter"}) }, 3},
		{func() error {
			return f.SetParental(f.ctx, f.now, f.who, Decision{Above: ptr(parental.LittleKids), Add: "salt"})
		}, 4},
		{func() error { return f.Block(f.ctx, f.now.Add(time.Hour), f.who, kids, "salt", "") }, 5},
	} {
		if err := step.do(); err != nil || len(f.notices) != step.want {
			t.Errorf("step %d: %v, %d notices, want %d", i, err, len(f.notices), step.want)
		}
	}
	first := f.notices[0].Before
	if changed, err := f.restore(t, first); err != nil || !changed || f.list(t)[1].Blocked != nil || f.settings(t).Titles != nil {
		t.Errorf("the first mail's link: %t, %v, %v, %v", changed, err, f.list(t)[1].Blocked, f.settings(t).Titles)
	}
}
