package account

import (
	"errors"
	"fmt"
	"testing"

	"github.com/hearthkey/hearthkey/server/store"
)

// chain returns the id of the account's row of changes; empty: none is open.
func (f *fixture) chain(t *testing.T, who Session) string {
	t.Helper()
	id := ""
	err := f.c.DB.View(f.ctx, func(tx *store.Tx) error {
		chain, err := openChain(tx, f.clock.Now(), who.Account)
		id = chain.ID
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestV6_AChangeThatChangesNothingOpensNoChain(t *testing.T) {
	f := newFixture(t)
	who := f.signedUp(t, anna)
	mails := len(f.mails)
	web, err := f.SetSecondFactor(f.ctx, f.clock.Now(), who.Session, false, false)
	if err != nil {
		t.Fatal(err)
	}
	if id := f.chain(t, web.Session); id != "" {
		t.Errorf("a chain was opened")
	}
	if len(f.mails) != mails || f.live(t, who.Token) || !f.live(t, web.Token) {
		t.Errorf("%d mails, the old token lives: %v, the new: %v", len(f.mails)-mails, f.live(t, who.Token), f.live(t, web.Token))
	}
	f.withTOTP(t, SignedIn{Web: web})
	if f.chain(t, web.Session) == "" {
		t.Error("a change opened none")
	}
}

// guessFactor gives n wrong codes after the right password, each from a network
// of its own and after the longest wait.
func (f *fixture) guessFactor(t *testing.T, n int, device string) {
	t.Helper()
	for i := range n {
		f.clock.Advance(longestWait)
		from := Client{IP: fmt.Sprintf("172.16.%d.1", i)}
		c := f.step(t, anna, goodPassword, device, from).Challenge
		var wrong *WrongCodeError
		if _, err := f.ContinueSignIn(f.ctx, f.clock.Now(), c.ID, Answer{RecoveryCode: "AAAA-AAAA-AAAA-AAAA"}, device, from); !errors.As(err, &wrong) {
			t.Fatalf("wrong code %d: %v", i+1, err)
		}
	}
}

// V5: a hundred wrong codes by somebody with the password lock nobody else out.
func TestV5_AHundredWrongCodesRefuseUnknownDevicesOnly(t *testing.T) {
	f := newFixture(t)
	web := f.signedUp(t, anna)
	secret, _, _ := f.withTOTP(t, web)
	f.guessFactor(t, refuseStreak, "")
	f.clock.Advance(longestWait)
	answer := func(device string) error {
		c := f.step(t, anna, goodPassword, device, fox).Challenge
		_, err := f.ContinueSignIn(f.ctx, f.clock.Now(), c.ID, Answer{TOTP: f.totp(secret)}, device, fox)
		return err
	}
	if err := answer(""); !errors.Is(err, ErrFactorRefused) {
		t.Errorf("the right code on an unknown device: %v, want ErrFactorRefused", err)
	}
	if err := answer(web.Device); err != nil {
		t.Errorf("the right code on the owner's device: %v", err)
	}
	f.clock.Advance(longestWait)
	if err := answer(""); !errors.Is(err, ErrFactorRefused) {
		t.Errorf("the owner's sign-in ended the strangers' streak: %v", err)
	}
	f.update(t, func(tx *store.Tx) error { return tx.EndStreaks(web.Session.Account) }) // as a recovery does
	if err := answer(""); err != nil {
		t.Errorf("after a recovery: %v", err)
	}
	f.guessFactor(t, refuseStreak, web.Device)
	if err := answer(web.Device); !errors.Is(err, ErrFactorRefused) {
		t.Errorf("after a hundred wrong codes on the device itself: %v", err)
	}
}

// V5: unknown devices wait by account and network, a known one by itself.
func TestV5_WrongCodesSlowTheirNetwork(t *testing.T) {
	f := newFixture(t)
	web := f.signedUp(t, anna)
	secret, _, _ := f.withTOTP(t, web)
	c := f.step(t, anna, goodPassword, "", elsewhere).Challenge
	for range freeTries {
		_, _ = f.ContinueSignIn(f.ctx, f.clock.Now(), c.ID, Answer{TOTP: "000000"}, "", elsewhere)
	}
	var throttled *ThrottledError
	c = f.step(t, anna, goodPassword, "", elsewhere).Challenge
	if _, err := f.ContinueSignIn(f.ctx, f.clock.Now(), c.ID, Answer{TOTP: "000000"}, "", elsewhere); !errors.As(err, &throttled) {
		t.Errorf("the same network: %v, want a wait", err)
	}
	c = f.step(t, anna, goodPassword, "", fox).Challenge
	if _, err := f.ContinueSignIn(f.ctx, f.clock.Now(), c.ID, Answer{TOTP: f.totp(secret)}, "", fox); err != nil {
		t.Errorf("the right code from another network: %v", err)
	}
}
