package operator

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/store"
)

func TestO3_RolesIncludeThoseBefore(t *testing.T) {
	for i, r := range Roles {
		for j, least := range Roles {
			if r.Covers(least) != (i >= j) {
				t.Errorf("%s.Covers(%s) = %t", r, least, r.Covers(least))
			}
		}
		if r.Covers("") || r.Covers("root") || Role("").Covers(r) || Role("root").Covers(r) {
			t.Errorf("%s covers, or is covered by, what is no role", r)
		}
	}
}

func TestO3_Operators(t *testing.T) {
	o := newOffice(t)
	_, sams := o.add("sam", Support)
	if diff := cmp.Diff(Entry{Operator: "olga", Act: ActAdd, About: "sam", Reason: "on call", Outcome: "support"}, o.last()); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
	sam, err := o.Authenticate(o.ctx, o.clock.Now(), sams, "127.0.0.1")
	if err != nil || sam.Name != "sam" || sam.Role != Support || sam.CreatedBy != "olga" {
		t.Errorf("Authenticate = %+v, %v", sam, err)
	}
	o.must(o.Disable(o.ctx, o.clock.Advance(time.Hour), o.olga, "sam", "left"))
	_, err = o.Authenticate(o.ctx, o.clock.Now(), sams, "127.0.0.1")
	want(t, "a disabled operator's token", err, ErrToken)
	_, err = o.Find(o.ctx, o.clock.Now(), sam, "anna@example.org")
	want(t, "an act under way when its operator was disabled", err, ErrToken)
	want(t, "disabled twice", o.Disable(o.ctx, o.clock.Now(), o.olga, "sam", ""), ErrUnknown)
	_, err = o.Add(o.ctx, o.clock.Now(), o.olga, "sam", Viewer, "")
	want(t, "a name that was given before", err, ErrTaken)

	list, err := o.List(o.ctx)
	o.must(err)
	got := ""
	for _, p := range list {
		got += fmt.Sprintf("%s %s %q used:%t disabled:%t\n", p.Name, p.Role, p.CreatedBy, !p.LastUsed.IsZero(), !p.Disabled.IsZero())
	}
	if diff := cmp.Diff("olga admin \"\" used:true disabled:false\nsam support \"olga\" used:true disabled:true\n", got); diff != "" {
		t.Errorf("List (-want +got):\n%s", diff)
	}
}

func TestO3_BadOperators(t *testing.T) {
	o := newOffice(t)
	for _, c := range []struct {
		name string
		role Role
		want error
	}{
		{"", Viewer, ErrName}, {"Olga", Viewer, ErrName}, {"9lives", Viewer, ErrName}, {"a b", Viewer, ErrName}, {"a\n", Viewer, ErrName},
		{"ölga", Viewer, ErrName}, {strings.Repeat("a", 33), Viewer, ErrName}, {"a,b", Viewer, ErrName},
		{"sam", "", ErrRole}, {"sam", "root", ErrRole}, {"sam", "Admin", ErrRole}, {"olga", Viewer, ErrTaken},
	} {
		_, err := o.Add(o.ctx, o.clock.Now(), o.olga, c.name, c.role, "")
		want(t, fmt.Sprintf("Add(%q, %q)", c.name, c.role), err, c.want)
		_, err = First(o.ctx, o.db, o.c.Audit, o.c.Rand, o.clock.Now(), c.name, c.role)
		want(t, fmt.Sprintf("First(%q, %q)", c.name, c.role), err, c.want)
	}
	for _, name := range []string{"", "nobody", "OLGA"} {
		want(t, "Disable "+name, o.Disable(o.ctx, o.clock.Now(), o.olga, name, ""), ErrUnknown)
	}
	list, err := o.List(o.ctx)
	if err != nil || len(list) != 1 {
		t.Errorf("List = %+v, %v", list, err)
	}
}

func TestO3_TheLastAdminStays(t *testing.T) {
	o := newOffice(t)
	want(t, "the only admin", o.Disable(o.ctx, o.clock.Now(), o.olga, "olga", "leaving"), ErrLastAdmin)
	otto, _ := o.add("otto", Admin)
	o.must(o.Disable(o.ctx, o.clock.Now(), o.olga, "olga", "leaving"))
	want(t, "the one who remains", o.Disable(o.ctx, o.clock.Now(), otto, "otto", "leaving"), ErrLastAdmin)
	_, err := o.Add(o.ctx, o.clock.Now(), o.olga, "eve", Admin, "")
	want(t, "Add by one who was disabled", err, ErrToken)
}

func TestO3_TokensAreStoredHashed(t *testing.T) {
	o := newOffice(t)
	if len(o.token) != len(tokenPrefix)+43 || !strings.HasPrefix(string(o.token), tokenPrefix) {
		t.Errorf("a token has %d characters", len(o.token))
	}
	o.must(o.db.View(o.ctx, func(tx *store.Tx) error {
		row, err := tx.Operator("olga")
		if strings.Contains(string(o.token), row.TokenHash) || strings.Contains(row.TokenHash, strings.TrimPrefix(string(o.token), tokenPrefix)) {
			t.Error("the token is stored")
		}
		return err
	}))
	var logged strings.Builder
	slog.New(slog.NewTextHandler(&logged, nil)).Info("here", "token", o.token)
	if strings.Contains(logged.String(), string(o.token)) {
		t.Errorf("logged: %s", logged.String())
	}
	_, other := o.add("sam", Viewer)
	if other == o.token {
		t.Error("two operators have one token")
	}
}

// Wrong tokens end in "later", and never keep a right one out.
func TestO3_WrongTokens(t *testing.T) {
	o := newOffice(t)
	try := func(token Token, from string) error {
		_, err := o.Authenticate(o.ctx, o.clock.Now(), token, from)
		return err
	}
	wrong := []Token{"", "olga", tokenPrefix, o.token + "x", o.token[:len(o.token)-1], Token(strings.ToUpper(string(o.token))), Token(strings.Repeat("a", 1<<16))}
	for i := range wrongTokens {
		want(t, fmt.Sprintf("wrong token %d", i), try(wrong[i%len(wrong)], "192.0.2.1"), ErrToken)
	}
	var later *account.ThrottledError
	if err := try(tokenPrefix+"x", "192.0.2.1"); !errors.As(err, &later) || later.RetryAfter <= 0 || later.RetryAfter > time.Hour {
		t.Errorf("one more = %v", err)
	}
	want(t, "from elsewhere", try(tokenPrefix+"x", "192.0.2.2"), ErrToken)
	want(t, "the right one", try(o.token, "192.0.2.1"), nil)
	o.clock.Advance(time.Hour)
	want(t, "an hour later", try(tokenPrefix+"x", "192.0.2.1"), ErrToken)
}
