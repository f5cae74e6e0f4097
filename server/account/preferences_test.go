package account

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/server/store"
)

func TestA9_RemindersAreDue(t *testing.T) {
	at := time.Date(2026, 11, 25, 20, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	type due struct {
		Kind NoticeKind
		Next time.Time
	}
	for name, c := range map[string]struct {
		devices, password time.Time
		now               time.Time
		want              []due
	}{
		"off":               {now: at},
		"not yet":           {devices: at, now: at.Add(-time.Millisecond)},
		"at the time":       {devices: at, now: at, want: []due{{NoticeReviewDevices, at.Add(30 * day)}}},
		"a day late":        {devices: at, now: at.Add(day), want: []due{{NoticeReviewDevices, at.Add(30 * day)}}},
		"three months late": {devices: at, now: at.Add(95 * day), want: []due{{NoticeReviewDevices, at.Add(120 * day)}}},
		"both": {devices: at, password: at.Add(-day), now: at, want: []due{
			{NoticeReviewDevices, at.Add(30 * day)}, {NoticeRenewPassword, at.Add(179 * day)},
		}},
	} {
		var got []due
		for _, r := range reminders(store.PreferenceRow{DevicesDue: c.devices, PasswordDue: c.password}, c.now) {
			got = append(got, due{r.kind, r.next})
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestA9_RemindersAreSentAndPutOff(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	count := func(kind NoticeKind) (n int) {
		for _, m := range h.mails {
			if m.Kind == kind {
				n++
			}
		}
		return n
	}
	h.must(h.Tidy(h.ctx, h.clock.Advance(400*24*time.Hour)))
	if n := count(NoticeReviewDevices) + count(NoticeRenewPassword); n != 0 {
		t.Errorf("%d reminders that nobody asked for", n)
	}
	in, err := h.try(t, "anna@example.org", goodPassword, "", fox)
	h.must(err)
	h.must(h.SetPreferences(h.ctx, h.clock.Now(), in.Session, Preferences{SignInMails: true, CodeOnNewDevice: true, RemindDevices: true, RemindPassword: true}))
	for range 5 * 24 { // five days, hourly
		h.must(h.Tidy(h.ctx, h.clock.Advance(time.Hour)))
	}
	h.must(h.Tidy(h.ctx, h.clock.Advance(25*24*time.Hour)))
	h.must(h.Tidy(h.ctx, h.clock.Now()))
	if n := count(NoticeReviewDevices); n != 1 {
		t.Errorf("%d reminders of the devices after 30 days, want 1", n)
	}
	h.checked(t, in.Session)
	web, err := h.ChangePassword(h.ctx, h.clock.Now(), in.Session, goodPassword, otherPassword, false)
	h.must(err)
	h.must(h.Tidy(h.ctx, h.clock.Advance(179*24*time.Hour)))
	if n := count(NoticeRenewPassword); n != 0 {
		t.Errorf("%d reminders of a password that is 179 days old", n)
	}
	h.must(h.Tidy(h.ctx, h.clock.Advance(24*time.Hour)))
	if n := count(NoticeRenewPassword); n != 1 {
		t.Errorf("%d reminders of a password that is 180 days old, want 1", n)
	}
	_ = web
}

// Somebody at an open browser cannot make the account less watchful.
func TestA8_WeakerPreferencesAskForAProof(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	h.setPhone(ownersPhone)
	all := Preferences{CodeOnNewDevice: true, SignInMails: true, SMSNotices: true}
	h.must(h.SetPreferences(h.ctx, h.clock.Now(), h.web.Session, all))
	h.clock.Advance(ProofAge)
	for name, p := range map[string]Preferences{
		"no codes":  {SignInMails: true, SMSNotices: true},
		"no mails":  {CodeOnNewDevice: true, SMSNotices: true},
		"no SMS":    {CodeOnNewDevice: true, SignInMails: true},
		"reminders": {RemindDevices: true},
	} {
		if err := h.SetPreferences(h.ctx, h.clock.Now(), h.web.Session, p); !errors.Is(err, ErrProofNeeded) {
			t.Errorf("%s: %v, want ErrProofNeeded", name, err)
		}
	}
	if got, err := h.Preferences(h.ctx, h.web.Session); err != nil || got != all {
		t.Errorf("Preferences = %+v, %v, want %+v", got, err, all)
	}
	more := all
	more.RemindPassword = true
	h.must(h.SetPreferences(h.ctx, h.clock.Now(), h.web.Session, more))
	h.prove(goodPassword)
	h.must(h.SetPreferences(h.ctx, h.clock.Now(), h.web.Session, Preferences{}))
}

func TestA9_PreferencesAreStored(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	want := Preferences{CodeOnNewDevice: true, SignInMails: true}
	if got, err := h.Preferences(h.ctx, h.web.Session); err != nil || got != want {
		t.Errorf("at first: %+v, %v, want %+v", got, err, want)
	}
	if err := h.SetPreferences(h.ctx, h.clock.Now(), h.web.Session, Preferences{SMSNotices: true}); !errors.Is(err, ErrNoPhone) {
		t.Errorf("notices to no phone = %v, want ErrNoPhone", err)
	}
	if got, err := h.Preferences(h.ctx, h.web.Session); err != nil || got != want {
		t.Errorf("after a refusal: %+v, %v, want %+v", got, err, want)
	}
	h.setPhone(ownersPhone)
	for _, want := range []Preferences{{}, {true, true, true, true, true}, {RemindPassword: true}, {SMSNotices: true}} {
		h.must(h.SetPreferences(h.ctx, h.clock.Now(), h.web.Session, want))
		if got, err := h.Preferences(h.ctx, h.web.Session); err != nil || got != want {
			t.Errorf("Preferences = %+v, %v, want %+v", got, err, want)
		}
	}
	h.must(h.SignOut(h.ctx, h.clock.Now(), h.web.Session))
	if err := h.SetPreferences(h.ctx, h.clock.Now(), h.web.Session, Preferences{}); !errors.Is(err, ErrSignedOut) {
		t.Errorf("after the sign-out = %v, want ErrSignedOut", err)
	}
}

// Whoever holds a session cannot make the account quieter unheard.
func TestV7_SwitchingOffIsTold(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	h.setPhone(ownersPhone)
	all := Preferences{CodeOnNewDevice: true, SignInMails: true, SMSNotices: true}
	h.must(h.SetPreferences(h.ctx, h.clock.Now(), h.web.Session, all))
	more := all
	more.RemindDevices = true
	h.must(h.SetPreferences(h.ctx, h.clock.Now(), h.web.Session, more))
	if n := h.noticed(NoticeLessAsked); n != 0 {
		t.Errorf("%d notices of nothing switched off", n)
	}
	for i, c := range []struct {
		next   Preferences
		detail string
		sms    string
	}{
		{Preferences{SignInMails: true, SMSNotices: true}, "codes on new devices", ownersPhone},
		{Preferences{SMSNotices: true}, "mails at new sign-ins", ownersPhone},
		{Preferences{}, "notices by SMS", ownersPhone}, // for the last time
	} {
		h.must(h.SetPreferences(h.ctx, h.clock.Now(), h.web.Session, c.next))
		if n := h.noticed(NoticeLessAsked); n != i+1 {
			t.Fatalf("without %s: %d notices, want %d", c.detail, n, i+1)
		}
		if n := h.notice(t, NoticeLessAsked, "anna@example.org"); n.Detail != c.detail || n.SMS != c.sms || n.Link == "" {
			t.Errorf("without %s: %+v", c.detail, n)
		}
	}
}
