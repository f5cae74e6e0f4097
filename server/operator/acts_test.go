package operator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/store"
)

const number = "+4915123456789"

func TestO3_Find(t *testing.T) {
	o := newOffice(t)
	id := o.owner("anna@example.org")
	key := make([]byte, 32)
	tv := protocol.DeviceIDOf(key)
	o.must(o.db.Update(o.ctx, func(tx *store.Tx) error {
		_, err := tx.NextEpoch(store.DeviceIndexRow{ID: tv, PublicKey: key, Account: id})
		return errors.Join(err, tx.SetPhone(store.PhoneRow{Account: id, Number: number, Proved: o.clock.Now()}))
	}))
	vera, _ := o.add("vera", Viewer)
	for _, what := range []string{"anna@example.org", " ANNA@Example.org ", "+49 1512 3456789", string(tv), string(id)} {
		f, err := o.Find(o.ctx, o.clock.Now(), vera, what)
		if err != nil || f.Account != id || f.Email != "anna@example.org" || f.Phone != "••••••••••6789" || !f.SecondFactor {
			t.Errorf("Find(%q) = %+v, %v", what, f, err)
		}
		if diff := cmp.Diff(Entry{Operator: "vera", Act: ActFind, About: string(id), Outcome: done}, o.last()); diff != "" {
			t.Errorf("log of %q (-want +got):\n%s", what, diff)
		}
	}
	if got := o.events(id); len(got) != 0 {
		t.Errorf("looking is in the timeline: %q", got)
	}
	for _, c := range []struct {
		what string
		want error
	}{
		{"", ErrLookup}, {" ", ErrLookup}, {"@", ErrLookup}, {"anna", ErrLookup}, {"0151 23456789", ErrLookup}, {"anna@", ErrLookup},
		{"\x00@example.org", ErrLookup}, {strings.Repeat("a", 400) + "@example.org", ErrLookup}, {"%", ErrLookup},
		{"berta@example.org", ErrNobody}, {"+4915123456780", ErrNobody}, {string(protocol.DeviceIDOf(append(key, 1))), ErrNobody},
		{"0190a5f0-0000-7000-8000-000000000000", ErrNobody},
	} {
		_, err := o.Find(o.ctx, o.clock.Now(), vera, c.what)
		want(t, fmt.Sprintf("Find(%q)", c.what), err, c.want)
	}
	if e := o.last(); e.Outcome != "nobody" || e.About != "" {
		t.Errorf("the log of what was not found = %+v", e)
	}
}

// A stolen viewer's token does not fetch the whole list of customers.
func TestO3_FindIsRationed(t *testing.T) {
	o := newOffice(t)
	o.owner("anna@example.org")
	var later *account.ThrottledError
	for range findsPerHour {
		_, err := o.Find(o.ctx, o.clock.Now(), o.olga, "anna@example.org")
		o.must(err)
	}
	for _, what := range []string{"anna@example.org", "nobody@example.org"} {
		if f, err := o.Find(o.ctx, o.clock.Now(), o.olga, what); !errors.As(err, &later) || f.Email != "" {
			t.Errorf("Find(%s) = %+v, %v", what, f, err)
		}
	}
	sam, _ := o.add("sam", Support)
	if _, err := o.Find(o.ctx, o.clock.Now(), sam, "anna@example.org"); err != nil {
		t.Errorf("another operator: %v", err)
	}
	if _, err := o.Find(o.ctx, o.clock.Advance(time.Hour), o.olga, "anna@example.org"); err != nil {
		t.Errorf("an hour later: %v", err)
	}
}

func TestO3_FactorResetStory(t *testing.T) {
	o := newOffice(t)
	sam, _ := o.add("sam", Support)
	anna, berta := o.owner("anna@example.org"), o.owner("berta@example.org")
	for _, who := range []string{"anna@example.org", "berta@example.org"} {
		due, err := o.ResetFactor(o.ctx, o.clock.Now(), sam, who, "identity card seen\x00")
		if err != nil || !due.Equal(o.clock.Now().Add(72*time.Hour)) {
			t.Fatalf("ResetFactor(%s) = %s, %v", who, due, err)
		}
	}
	if len(o.notices) != 2 || o.notices[0].Kind != account.NoticeFactorReset || o.notices[0].To != "anna@example.org" || o.notices[0].Link == "" {
		t.Errorf("notices = %+v", o.notices)
	}
	e := Entry{Operator: "sam", Act: ActFactorReset, About: string(berta), Reason: "identity card seen", Outcome: "due 2026-11-28T20:00:00Z"}
	if diff := cmp.Diff(e, o.last()); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
	_, err := o.ResetFactor(o.ctx, o.clock.Now(), sam, "anna@example.org", "again")
	want(t, "twice", err, account.ErrResetting)
	if e := o.last(); !strings.HasPrefix(e.Outcome, "not done: ") || e.About != string(anna) {
		t.Errorf("the log of what was refused = %+v", e)
	}

	// Berta calls: it was not her. Anna waits.
	o.clock.Advance(71 * time.Hour)
	o.must(o.LiftFactorReset(o.ctx, o.clock.Now(), sam, string(berta), "the owner called"))
	want(t, "lifted twice", o.LiftFactorReset(o.ctx, o.clock.Now(), sam, string(berta), "the owner called"), account.ErrNoReset)
	o.must(o.accounts.Tidy(o.ctx, o.clock.Advance(59*time.Minute)))
	if !o.hasFactor(anna) {
		t.Error("removed before its time")
	}
	o.must(o.accounts.Tidy(o.ctx, o.clock.Advance(time.Minute)))
	if o.hasFactor(anna) || !o.hasFactor(berta) {
		t.Errorf("after 72 h: anna %t, berta %t", o.hasFactor(anna), o.hasFactor(berta))
	}
	for id, want := range map[protocol.AccountID][]string{
		anna:  {"factor_reset_done ", "factor_reset_asked sam: identity card seen"},
		berta: {"factor_reset_lifted sam: the owner called", "factor_reset_asked sam: identity card seen"},
	} {
		if diff := cmp.Diff(want, o.events(id)); diff != "" {
			t.Errorf("timeline (-want +got):\n%s", diff)
		}
	}
}

func TestO3_ContactResetStory(t *testing.T) {
	o := newOffice(t)
	anna := o.owner("anna@example.org")
	due, err := o.ResetContact(o.ctx, o.clock.Now(), o.olga, "anna@example.org", "identity card seen\x00", "anna@new.example")
	if err != nil || !due.Equal(o.clock.Now().Add(7*24*time.Hour)) {
		t.Fatalf("ResetContact = %s, %v", due, err)
	}
	if f, err := o.Find(o.ctx, o.clock.Now(), o.olga, string(anna)); err != nil || !f.Moved.Equal(due) {
		t.Errorf("Find = %+v, %v", f, err)
	}
	_, err = o.ResetContact(o.ctx, o.clock.Now(), o.olga, "anna@example.org", "again", "anna@new.example")
	want(t, "twice", err, account.ErrMoving)
	o.must(o.LiftContactReset(o.ctx, o.clock.Now(), o.olga, "anna@example.org", "the owner called"))
	want(t, "lifted twice", o.LiftContactReset(o.ctx, o.clock.Now(), o.olga, "anna@example.org", "the owner called"), account.ErrNoMove)
	_, err = o.ResetContact(o.ctx, o.clock.Now(), o.olga, "anna@example.org", "", "anna@new.example")
	want(t, "no reason", err, ErrReason)
	_, err = o.ResetContact(o.ctx, o.clock.Now(), o.olga, "nobody@example.org", "lost", "anna@new.example")
	want(t, "nobody", err, ErrNobody)
	if diff := cmp.Diff([]string{"contact_reset_lifted olga: the owner called", "contact_reset_asked olga: identity card seen"}, o.events(anna)); diff != "" {
		t.Errorf("timeline (-want +got):\n%s", diff)
	}
}

func TestO3_BadFactorResets(t *testing.T) {
	o := newOffice(t)
	id := o.owner("anna@example.org")
	refused := func(who, reason string, wanted error) {
		t.Helper()
		_, err := o.ResetFactor(o.ctx, o.clock.Now(), o.olga, who, reason)
		want(t, fmt.Sprintf("ResetFactor(%q, %q)", who, reason), err, wanted)
		want(t, "LiftFactorReset", o.LiftFactorReset(o.ctx, o.clock.Now(), o.olga, who, reason), wanted)
	}
	refused("anna@example.org", "", ErrReason)
	refused("anna@example.org", " \x00\n", ErrReason)
	refused("nobody@example.org", "lost phone", ErrNobody)
	refused("anna", "lost phone", ErrLookup)
	if !o.hasFactor(id) || len(o.events(id)) != 0 || len(o.notices) != 0 {
		t.Errorf("something happened: %q, %+v", o.events(id), o.notices)
	}
	for range resetsPerDay {
		_, _ = o.ResetFactor(o.ctx, o.clock.Now(), o.olga, "nobody@example.org", "lost phone")
	}
	var later *account.ThrottledError
	if _, err := o.ResetFactor(o.ctx, o.clock.Now(), o.olga, "anna@example.org", "lost phone"); !errors.As(err, &later) {
		t.Errorf("after %d = %v", resetsPerDay, err)
	}
}

func TestO3_Import(t *testing.T) {
	o := newOffice(t)
	const hash = "$2b$04$abcdefghijklmnopqrstuuoLnINVHE78q7Ab4j32unTRx/C28zPre"
	lines := []string{
		`{"email":"carla@example.org","passwordHash":"` + hash + `"}`, ``, ` `,
		`[]`, `null`, `7`, `{`, `{}`, `{"email":"d@example.org","pasword":"x"}`, `{"email":7}`, `{"email":"d@example.org"} {}`,
		`{"email":"d@example.org","passwordHash":"plain"}`, `{"email":"d@example.org","passwordHash":"` + hash + `","phone":"0151"}`,
		`{"email":"` + strings.Repeat("d", MaxLine) + `"}`, `{"email":"CARLA@example.org","passwordHash":"` + hash + `"}`,
	}
	added, left, err := o.Import(o.ctx, o.clock.Now(), o.olga, "moved", lines)
	if err != nil || added != 1 {
		t.Fatalf("Import = %d, %v, %v", added, left, err)
	}
	if !slices.IsSortedFunc(left, func(a, b LineError) int { return a.Line - b.Line }) {
		t.Errorf("not in the order of the lines: %v", left)
	}
	got := map[int]error{}
	for _, l := range left {
		got[l.Line] = l.Err
	}
	wanted := map[int]error{
		3: ErrLine, 4: ErrLine, 5: ErrLine, 6: ErrLine, 7: account.ErrAddress, 8: ErrLine, 9: ErrLine, 10: ErrLine,
		11: account.ErrHash, 12: account.ErrPhone, 13: ErrLine, 14: account.ErrAddressTaken,
	}
	if len(got) != len(wanted) {
		t.Errorf("left out: %v", left)
	}
	for line, w := range wanted {
		want(t, fmt.Sprintf("line %d", line), got[line], w)
	}
	if diff := cmp.Diff(Entry{Operator: "olga", Act: ActImport, Reason: "moved", Outcome: "1 added, 12 left out"}, o.last()); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
	f, err := o.Find(o.ctx, o.clock.Now(), o.olga, "carla@example.org")
	o.must(err)
	if diff := cmp.Diff([]string{"account_imported olga: moved"}, o.events(f.Account)); diff != "" {
		t.Errorf("timeline (-want +got):\n%s", diff)
	}
	_, _, err = o.Import(o.ctx, o.clock.Now(), o.olga, "", lines)
	want(t, "without a reason", err, ErrReason)
	_, _, err = o.Import(o.ctx, o.clock.Now(), o.olga, "moved", make([]string, MaxBatch+1))
	want(t, "too many lines", err, ErrTooManyLines)
}

// What was cut off is in the log, without an outcome.
func TestO3_TheLogComesFirst(t *testing.T) {
	o := newOffice(t)
	seen := Entry{}
	err := o.noted(o.ctx, o.clock.Now(), o.olga, resetBudget, Entry{Act: ActFactorReset, About: "x", Reason: "y"}, func() (string, error) {
		seen = o.last()
		return done, nil
	})
	if diff := cmp.Diff(Entry{Operator: "olga", Act: ActFactorReset, About: "x", Reason: "y"}, seen); err != nil || diff != "" {
		t.Errorf("during the act: %v (-want +got):\n%s", err, diff)
	}
	ctx, cancel := context.WithCancel(o.ctx)
	err = o.noted(ctx, o.clock.Now(), o.olga, resetBudget, Entry{Act: ActFactorLift}, func() (string, error) {
		cancel()
		return "", ctx.Err()
	})
	if e := o.last(); !errors.Is(err, context.Canceled) || !strings.HasPrefix(e.Outcome, "not done: ") {
		t.Errorf("one that was given up: %v, %+v", err, e)
	}
}

func TestO3_LogPages(t *testing.T) {
	o := newOffice(t)
	for i := range 5 {
		o.add(fmt.Sprintf("op%d", i), Viewer)
	}
	first, err := o.Log(o.ctx, "", 4)
	o.must(err)
	rest, err := o.Log(o.ctx, first[3].ID, 0)
	o.must(err)
	got := ""
	for _, e := range append(first, rest...) {
		got += e.About + " "
	}
	if got != "op4 op3 op2 op1 op0 olga " {
		t.Errorf("the log = %s", got)
	}
	o.must(o.Tidy(o.ctx, o.clock.Advance(logLife)))
	if list, err := o.Log(o.ctx, "", 0); err != nil || len(list) != 6 {
		t.Errorf("just within its time: %d, %v", len(list), err)
	}
	o.must(o.Tidy(o.ctx, o.clock.Advance(time.Second)))
	if list, err := o.Log(o.ctx, "", 0); err != nil || len(list) != 0 {
		t.Errorf("after it: %d, %v", len(list), err)
	}
}

// FuzzReadLine: whatever a line holds, it is a row or an error.
func FuzzReadLine(f *testing.F) {
	for _, s := range []string{`{"email":"a@b.c","passwordHash":"$2b$"}`, ``, `{}`, `[`, `{"email":"a"}{}`, "\x00", `{"language":null}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		row, ok, err := readLine(line)
		if ok && err != nil || !ok && row != (account.ImportRow{}) && err == nil {
			t.Errorf("readLine(%q) = %+v, %t, %v", line, row, ok, err)
		}
	})
}
