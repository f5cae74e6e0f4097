package account

import (
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// stopLink returns the token in the newest mail with a code.
func (f *fixture) stopLink(t *testing.T) string {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := len(f.mails) - 1; i >= 0; i-- {
		if f.mails[i].Kind == NoticeAccessCode {
			if f.mails[i].Stop == "" {
				t.Fatal("the mail has no link")
			}
			return f.mails[i].Stop
		}
	}
	t.Fatal("no access code")
	return ""
}

// TestV7_ACodesMailStopsItsAttempt: what the code was asked for cannot go on, with
// the right code either; everything else stays.
func TestV7_ACodesMailStopsItsAttempt(t *testing.T) {
	for name, tt := range map[string]struct {
		purpose Purpose
		// begin asks for a code, and returns how its attempt would go on.
		begin  func(*testing.T, *fixture, SignedIn) func(code string) error
		over   error
		traced bool // in the timeline
	}{
		"sign-up": {ForSignUp, func(t *testing.T, f *fixture, _ SignedIn) func(string) error {
			a, err := f.SignUp(f.ctx, f.clock.Now(), "new@home.example", goodPassword, "en", fox)
			if err != nil {
				t.Fatal(err)
			}
			return func(code string) error {
				_, err := f.VerifyEmail(f.ctx, f.clock.Now(), a.ID, code, "", fox)
				return err
			}
		}, ErrAttempt, false},
		"sign-in": {ForSignIn, func(t *testing.T, f *fixture, _ SignedIn) func(string) error {
			c := f.step(t, anna, goodPassword, "", fox).Challenge
			return func(code string) error {
				_, err := f.ContinueSignIn(f.ctx, f.clock.Now(), c.ID, Answer{Code: code}, "", fox)
				return err
			}
		}, ErrAttempt, true},
		"a TV's sign-in": {ForSignIn, func(t *testing.T, f *fixture, _ SignedIn) func(string) error {
			begin := func(*store.Tx, Session) error { return nil }
			out, err := f.SignInElsewhere(f.ctx, f.clock.Now(), SignInRequest{Login: anna, Password: goodPassword, From: fox}, begin)
			if err != nil {
				t.Fatal(err)
			}
			return func(code string) error {
				return f.ContinueElsewhere(f.ctx, f.clock.Now(), out.Challenge.ID, Answer{Code: code}, "", fox, begin)
			}
		}, ErrAttempt, true},
		"recovery": {ForRecovery, func(t *testing.T, f *fixture, _ SignedIn) func(string) error {
			r, err := f.Recover(f.ctx, f.clock.Now(), anna, "", "en", ByMail, "", fox)
			if err != nil {
				t.Fatal(err)
			}
			return func(code string) error { return f.ProveRecovery(f.ctx, f.clock.Now(), r.ID, code) }
		}, ErrNoRecovery, true},
		"recovery, proved": {ForRecovery, func(t *testing.T, f *fixture, _ SignedIn) func(string) error {
			r, err := f.Recover(f.ctx, f.clock.Now(), anna, "", "en", ByMail, "", fox)
			if err == nil {
				err = f.ProveRecovery(f.ctx, f.clock.Now(), r.ID, f.code(t))
			}
			if err != nil {
				t.Fatal(err)
			}
			return func(string) error {
				_, err := f.FinishRecovery(f.ctx, f.clock.Now(), r.ID, otherPassword, "", fox)
				return err
			}
		}, ErrNoRecovery, true},
		"check": {ForCheck, func(t *testing.T, f *fixture, who SignedIn) func(string) error {
			if _, err := f.SendCheck(f.ctx, f.clock.Now(), who.Session, ByMail); err != nil {
				t.Fatal(err)
			}
			return func(code string) error {
				_, err := f.AnswerCheck(f.ctx, f.clock.Now(), who.Session, Answer{Code: code})
				return err
			}
		}, ErrNoChange, true},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			who := f.signedUp(t, anna)
			f.clock.Advance(CheckAge)
			next := tt.begin(t, f, who)
			link, code := f.stopLink(t), f.code(t)
			for range 50 { // a mail scanner (V9)
				if what, err := f.LookStop(f.ctx, f.clock.Now(), link); err != nil || what.Purpose != tt.purpose {
					t.Fatalf("LookStop = %+v, %v", what, err)
				}
			}
			if what, err := f.StopAttempt(f.ctx, f.clock.Now(), link, fox); err != nil || what.Purpose != tt.purpose {
				t.Fatalf("StopAttempt = %+v, %v", what, err)
			}
			if err := next(code); !errors.Is(err, tt.over) {
				t.Errorf("with the right code: %v, want %v", err, tt.over)
			}
			if _, err := f.StopAttempt(f.ctx, f.clock.Now(), link, fox); !errors.Is(err, ErrLink) {
				t.Errorf("once more: %v, want %v", err, ErrLink)
			}
			if !f.live(t, who.Token) {
				t.Error("it signed the owner out")
			}
			all, err := timeline.List(f.ctx, f.c.DB, who.Session.Account, "", 1)
			if err != nil || (all[0].Kind == timeline.AttemptStopped && all[0].Detail != "") != tt.traced {
				t.Errorf("timeline = %+v, %v", all, err)
			}
		})
	}
}

// TestV7_AStopLinkDoesNothingElse: it ends with its code, works for no other
// attempt or purpose, and opens nothing.
func TestV7_AStopLinkDoesNothingElse(t *testing.T) {
	f := newFixture(t)
	f.signedUp(t, anna)
	c := f.step(t, anna, goodPassword, "", fox).Challenge
	first, code := f.stopLink(t), f.code(t)
	other := f.step(t, anna, goodPassword, "", Client{Agent: "Chrome", IP: "198.51.100.3"}).Challenge
	parts := strings.Split(first, ".")
	mac, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		t.Fatal(err)
	}
	mac[0] ^= 1
	for name, token := range map[string]string{
		"nothing": "", "another attempt's": stored(other.ID) + "." + parts[1] + "." + parts[2], "another purpose": parts[0] + ".recovery." + parts[2],
		"another hash": parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(mac), "cut": first[:len(first)-1], "longer": first + ".x",
		"no hash": parts[0] + "." + parts[1] + ".", "not base64": parts[0] + "." + parts[1] + ".%%%",
	} {
		if _, err := f.StopAttempt(f.ctx, f.clock.Now(), token, fox); !errors.Is(err, ErrLink) {
			t.Errorf("%s: %v, want %v", name, err, ErrLink)
		}
	}
	for name, use := range map[string]func() error{ // an attempt's id in the database opens nothing
		"as the attempt": func() error {
			_, err := f.ContinueSignIn(f.ctx, f.clock.Now(), parts[0], Answer{Code: code}, "", fox)
			return err
		},
		"as It wasn't me": func() error { _, err := f.NotMe(f.ctx, f.clock.Now(), first, "", fox); return err },
	} {
		if use() == nil {
			t.Errorf("the link works %s", name)
		}
	}
	f.clock.Advance(resendAfter)
	if _, err := f.SendSignInCode(f.ctx, f.clock.Now(), c.ID, ByMail, fox); err != nil {
		t.Fatal(err)
	}
	if _, err := f.StopAttempt(f.ctx, f.clock.Now(), first, fox); !errors.Is(err, ErrLink) {
		t.Errorf("the link before the newest code: %v, want %v", err, ErrLink)
	}
	link := f.stopLink(t)
	f.clock.Advance(codeLife)
	if _, err := f.LookStop(f.ctx, f.clock.Now(), link); !errors.Is(err, ErrLink) {
		t.Errorf("after the code's time: %v, want %v", err, ErrLink)
	}
}

// TestV7_AStopRacesItsCode: one of both wins, and the other learns it.
func TestV7_AStopRacesItsCode(t *testing.T) {
	f := newFixture(t)
	f.signedUp(t, anna)
	for range 10 {
		f.clock.Advance(time.Hour)
		c := f.step(t, anna, goodPassword, "", fox).Challenge
		link, code := f.stopLink(t), f.code(t)
		var stopped, signedIn atomic.Bool
		var both sync.WaitGroup
		both.Go(func() {
			_, err := f.StopAttempt(f.ctx, f.clock.Now(), link, fox)
			stopped.Store(err == nil)
		})
		both.Go(func() {
			_, err := f.ContinueSignIn(f.ctx, f.clock.Now(), c.ID, Answer{Code: code}, "", fox)
			signedIn.Store(err == nil)
		})
		both.Wait()
		if stopped.Load() == signedIn.Load() {
			t.Fatalf("stopped %t, signed in %t, want one of both", stopped.Load(), signedIn.Load())
		}
	}
}

// TestV6_DecoysHaveStopLinksToo: the message to nobody is made of the same parts.
func TestV6_DecoysHaveStopLinksToo(t *testing.T) {
	f := newFixture(t)
	var decoys []Notice
	f.post = func(tx *store.Tx, n Notice) error {
		if n.Decoy {
			tx.OnCommit(func() { decoys = append(decoys, n) })
		}
		return nil
	}
	if _, err := f.Recover(f.ctx, f.clock.Now(), "nobody@home.example", "", "en", ByMail, "", fox); err != nil {
		t.Fatal(err)
	}
	if len(decoys) != 1 || decoys[0].Stop == "" || decoys[0].Account != protocol.AccountID("") {
		t.Errorf("decoys = %+v, want one with a link", decoys)
	}
}
