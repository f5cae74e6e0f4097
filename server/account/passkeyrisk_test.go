package account

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/server/timeline"
)

// A passkey needs no code, and what is unusual about its sign-in is not lost.
func TestV4_PasskeySignInsSayWhy(t *testing.T) {
	f, who := settled(t, 20)
	in, err := f.try(t, anna, goodPassword, who.Device, fox)
	if err != nil {
		t.Fatal(err)
	}
	f.checked(t, in.Session)
	key, _ := f.addPasskey(t, in.Session, "Key")
	f.clock.Advance(time.Hour)
	faraway := Client{Agent: "Chrome on Android", IP: "203.0.113.5", Kind: "mobile"}
	c, err := f.BeginPasskeySignIn(f.ctx, f.clock.Now(), faraway)
	if err != nil {
		t.Fatal(err)
	}
	told := f.noticed(NoticeNewSignIn)
	done, err := f.PasskeySignIn(f.ctx, f.clock.Now(), key.get(c), who.Device, faraway)
	if err != nil || !f.live(t, done.Token) {
		t.Fatalf("PasskeySignIn = %v", err)
	}
	entries, err := timeline.List(f.ctx, f.c.DB, who.Session.Account, "", 1)
	if err != nil || entries[0].Kind != timeline.SignedIn || !strings.Contains(entries[0].Detail, "km") {
		t.Errorf("timeline = %+v, %v, want the distance", entries, err)
	}
	if f.noticed(NoticeNewSignIn) != told+1 {
		t.Error("the owner is not told")
	}
	if n := f.mail(t); n.Detail != withPasskey {
		t.Errorf("the notice says %q, want a passkey", n.Detail)
	}
}

// The strongest proof that the account has: a passkey that signs in alone, where
// there is one, and an access code where there is none or none here.
func TestV4_TheMostSuspiciousNeedAPasskey(t *testing.T) {
	faraway := Client{Agent: "Chrome on Android", IP: "203.0.113.5", Kind: "mobile"}
	for name, tt := range map[string]struct {
		passkey, here bool
		strong        float64
		need          Need
	}{
		"no passkey":            {false, true, 0, NeedCode},
		"a passkey":             {true, true, 0, NeedSecondFactor},
		"not at this server":    {true, false, 0, NeedCode},
		"not suspicious enough": {true, true, 1e6, NeedCode},
	} {
		t.Run(name, func(t *testing.T) {
			f, who := settled(t, 20)
			in, err := f.try(t, anna, goodPassword, who.Device, fox)
			if err != nil {
				t.Fatal(err)
			}
			f.checked(t, in.Session)
			var key *authenticator
			if tt.passkey {
				key, _ = f.addPasskey(t, in.Session, "Key")
			}
			if !tt.here {
				f.authn = nil
			}
			f.c.Risk.Strong = tt.strong // 0: the default
			f.clock.Advance(time.Hour)
			c := f.step(t, anna, goodPassword, who.Device, faraway).Challenge
			if c == nil || c.Need != tt.need || c.Unusual != (tt.need == NeedSecondFactor) {
				t.Fatalf("challenge = %+v, want one that needs a %s", c, tt.need)
			}
			if tt.need == NeedCode {
				return
			}
			if !slices.Equal(c.Factors, []Factor{Passkeys, RecoveryCode}) {
				t.Errorf("factors %v, want a passkey, or one of its recovery codes", c.Factors)
			}
			if _, err := f.SendSignInCode(f.ctx, f.clock.Now(), c.ID, ByMail, faraway); !errors.Is(err, ErrChannel) {
				t.Errorf("a code by mail in its place: %v", err)
			}
			ceremony, err := f.BeginPasskeyFactor(f.ctx, f.clock.Now(), c.ID)
			if err != nil {
				t.Fatal(err)
			}
			answer := key.get(ceremony)
			if done, err := f.ContinueSignIn(f.ctx, f.clock.Now(), c.ID, Answer{Passkey: &answer}, "", faraway); err != nil || !f.live(t, done.Token) {
				t.Errorf("with the passkey: %v", err)
			}
		})
	}
}

// V3: who lost the passkey has the recovery codes on offer, and they do.
func TestV3_RecoveryCodesStandInForALostPasskey(t *testing.T) {
	f, who := settled(t, 20)
	in, err := f.try(t, anna, goodPassword, who.Device, fox)
	if err != nil {
		t.Fatal(err)
	}
	f.checked(t, in.Session)
	f.addPasskey(t, in.Session, "Key")
	_, codes, err := f.NewRecoveryCodes(f.ctx, f.clock.Now(), in.Session, false)
	if err != nil {
		t.Fatal(err)
	}
	f.clock.Advance(time.Hour)
	faraway := Client{Agent: "Chrome on Android", IP: "203.0.113.5", Kind: "mobile"}
	c := f.step(t, anna, goodPassword, who.Device, faraway).Challenge
	if c == nil || !slices.Equal(c.Factors, []Factor{Passkeys, RecoveryCode}) {
		t.Fatalf("challenge = %+v, want a passkey or a recovery code", c)
	}
	done, err := f.ContinueSignIn(f.ctx, f.clock.Now(), c.ID, Answer{RecoveryCode: codes[0]}, "", faraway)
	if err != nil || !f.live(t, done.Token) {
		t.Errorf("with a recovery code: %v", err)
	}
}
