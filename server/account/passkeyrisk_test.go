package account

import (
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
}
