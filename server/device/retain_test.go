package device

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
)

func TestD6_ActivityIsKeptForSoLong(t *testing.T) {
	day := 24 * time.Hour
	l := newLiving(t)
	l.watches(l.tv, l.main, "moon", time.Minute)
	l.tells(l.tv, l.item(l.main, "sea", protocol.Listed, 0), l.item(l.main, "hill", protocol.Listed, 0))
	l.tells(l.tv, l.item(l.main, "hill", protocol.Unlisted, 0))
	for _, c := range []struct {
		name          string
		after         time.Duration
		kept, located bool
	}{
		{"at once", 0, true, true},
		{"after 90 days", 90*day - time.Hour, true, true},
		{"after 90 days and a bit", 2 * time.Hour, true, false},
		{"after a year", 275*day - 2*time.Hour, true, false},
		{"after a year and a bit", 2 * time.Hour, false, false},
		{"again", 0, false, false},
	} {
		if err := l.Tidy(l.ctx, l.clock.Advance(c.after)); err != nil {
			t.Fatal(err)
		}
		list := l.streamed(Show{N: 9}).List
		if (len(list) == 1) != c.kept {
			t.Errorf("%s: %d sittings, kept %t", c.name, len(list), c.kept)
		}
		if c.kept && (list[0].IP != "") != c.located {
			t.Errorf("%s: address %q", c.name, list[0].IP)
		}
		lists, begun := l.libraries()
		if len(lists) != 1 || lists[0].Title != "sea" || (len(begun) == 1) != c.kept {
			t.Errorf("%s: lists %+v, begun %+v", c.name, lists, begun)
		}
	}
}

// What is old goes in batches, all of it in one removal.
func TestD6_OldActivityGoesInBatches(t *testing.T) {
	l := newLiving(t)
	const many = 2*tidyRows + 5
	err := l.c.DB.Update(l.ctx, func(tx *store.Tx) error {
		for i := range int64(many) {
			err := tx.InsertActivity(store.ActivityRow{
				Account: l.who.Account, Device: l.tv.id, Epoch: 1, Sitting: i + 1, IP: home.IP, Received: l.now(),
				ActivityItem: protocol.ActivityItem{Seq: i + 1, Profile: l.main, Title: "t", What: protocol.Started},
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	count := func(query store.ActivityQuery) int {
		t.Helper()
		var n int
		err := l.c.DB.View(l.ctx, func(tx *store.Tx) error {
			rows, err := tx.Activity(query)
			for _, r := range rows {
				if r.IP != "" {
					n += many
				}
				n++
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	all := store.ActivityQuery{Account: l.who.Account, Limit: many + 1}
	if err := l.Tidy(l.ctx, l.clock.Advance(91*24*time.Hour)); err != nil || count(all) != many {
		t.Errorf("after 91 days: %v; %d rows, want %d without an address", err, count(all), many)
	}
	if err := l.Tidy(l.ctx, l.clock.Advance(366*24*time.Hour)); err != nil || count(all) != 0 {
		t.Errorf("after more than a year: %v; %d rows left", err, count(all))
	}
}

// Addresses of the timeline, of sessions and of past sign-ins are forgotten with
// those of activity, all of them, in batches; the rest stays.
// ASVS 14.2.7.
func TestD6_AddressesAreKeptForSoLong(t *testing.T) {
	const many = tidyRows + 5
	l := newLiving(t)
	began := l.now()
	update := func(do func(*store.Tx) error) {
		t.Helper()
		if err := l.c.DB.Update(l.ctx, do); err != nil {
			t.Fatal(err)
		}
	}
	update(func(tx *store.Tx) error {
		acc, err := tx.Account(l.who.Account)
		if err != nil {
			return err
		}
		for i := range many {
			err := tx.InsertTimeline(store.TimelineRow{
				Account: acc.ID, ID: fmt.Sprintf("00-%05d", i), At: began, Kind: "signed-in", IP: home.IP, Place: "near Lyon", Detail: "why",
			})
			if err != nil {
				return err
			}
		}
		past := store.SignInHistoryRow{
			Account: acc.ID, ID: "past", At: began, Network: "192.0.2.0/24", Provider: 64500, Country: "FR", Located: true, Latitude: 45800, Longitude: 4800,
		}
		session := store.WebSessionRow{
			Account: acc.ID, ID: "session", TokenHash: "x", Generation: acc.Generation, Created: began, Agent: "Firefox on Linux", IP: home.IP, Place: "near Lyon",
		}
		return errors.Join(tx.InsertSignInHistory(past, 10), tx.BeginWebSession(session, acc.Password))
	})
	for _, c := range []struct {
		after   time.Duration
		located bool
	}{{90*24*time.Hour - time.Hour, true}, {2 * time.Hour, false}, {time.Hour, false}} {
		if err := l.Tidy(l.ctx, l.clock.Advance(c.after)); err != nil {
			t.Fatal(err)
		}
		update(func(tx *store.Tx) error {
			entries, err := tx.Timeline(l.who.Account, "01", many)
			if err != nil || len(entries) != many {
				t.Errorf("%d entries, %v", len(entries), err)
			}
			for _, e := range entries {
				if (e.IP != "") != c.located || (e.Place != "") != c.located || e.Detail != "why" {
					t.Fatalf("entry %+v, located %t", e, c.located)
				}
			}
			past, err := tx.SignInHistory(l.who.Account, began, 1)
			if err != nil || len(past) != 1 || past[0].Located != c.located || (past[0].Network != "") != c.located || past[0].Country != "FR" {
				t.Errorf("sign-ins %+v, %v, located %t", past, err, c.located)
			}
			session, err := tx.WebSession(l.who.Account, "session")
			if err != nil || (session.IP != "") != c.located || (session.Place != "") != c.located || session.Agent == "" {
				t.Errorf("session %+v, %v, located %t", session, err, c.located)
			}
			return nil
		})
	}
}

func TestConfigKeepsWithinBounds(t *testing.T) {
	f := newFixture(t)
	day := 24 * time.Hour
	for _, c := range []struct {
		activity, addresses         time.Duration
		wantActivity, wantAddresses time.Duration // 0: refused
	}{
		{0, 0, 365 * day, 90 * day},
		{30 * day, 0, 30 * day, 30 * day},
		{day, day, day, day},
		{LongestKept, LongestKept, LongestKept, LongestKept},
		{day - 1, day, 0, 0},
		{LongestKept + 1, day, 0, 0},
		{-day, 0, 0, 0},
		{30 * day, 31 * day, 0, 0},
		{30 * day, -1, 0, 0},
		{30 * day, time.Hour, 0, 0},
	} {
		cfg := f.c
		cfg.KeepActivity, cfg.KeepAddresses = c.activity, c.addresses
		s, err := New(cfg)
		if (err != nil) != (c.wantActivity == 0) {
			t.Errorf("New(keep %s, %s) = %v", c.activity, c.addresses, err)
		}
		if err == nil && (s.c.KeepActivity != c.wantActivity || s.c.KeepAddresses != c.wantAddresses) {
			t.Errorf("New(keep %s, %s) keeps %s, %s", c.activity, c.addresses, s.c.KeepActivity, s.c.KeepAddresses)
		}
	}
}
