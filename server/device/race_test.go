package device

import (
	"errors"
	"sync"
	"testing"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
)

// rounds is how often each race is run.
const rounds = 25

// A sign-out everywhere racing an approval, a refresh and a receipt leaves
// nothing of the older generation alive (D5).
func TestSignOutEverywhereRacesApproval(t *testing.T) {
	f := newFixture(t)
	who := f.owner(t, "anna@example.org")
	for range rounds {
		tv := f.tv(t)
		code, frame := tv.shows()
		second := f.browser(t, who.Account, who.Email)
		var (
			wg         sync.WaitGroup
			next       account.Session
			approveErr error
		)
		wg.Go(func() { _, approveErr = f.Approve(f.ctx, f.now(), second, code) })
		wg.Go(func() {
			var err error
			if next, err = f.SignOutEverywhere(f.ctx, f.now(), who); err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		who = next
		switch {
		case approveErr == nil: // approved first, so it is signed out now
			if got := tv.row(who).Wish.Status; got != protocol.SignedOut {
				t.Fatalf("approved before the sign-out, and %s after it", got)
			}
			if _, err := f.Enrolled(f.ctx, f.now(), frame, home); !errors.Is(err, ErrCode) {
				t.Fatalf("it is still told that it is enrolled: %v", err)
			}
		case !errors.Is(approveErr, account.ErrSignedOut):
			t.Fatal(approveErr)
		}
	}
}

func TestSignOutRacesGrant(t *testing.T) {
	f := newFixture(t)
	who := f.owner(t, "anna@example.org")
	for range rounds {
		tv := f.tv(t)
		tv.join(who)
		var (
			wg sync.WaitGroup
			a  Answer
		)
		wg.Go(func() {
			var err error
			if a, err = f.State(f.ctx, f.now(), tv.sess, ask("q"), tv.have); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			if err := f.SignOut(f.ctx, f.now(), who, tv.id); err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		after := tv.state(ask("r"))
		if after.Granted || after.Status != protocol.SignedOut {
			t.Fatalf("granted after the sign-out: %+v", after)
		}
		if a.Granted && a.Version >= after.Version {
			t.Fatalf("a grant of version %d, signed out in %d", a.Version, after.Version)
		}
	}
}

func TestDeactivateRacesSignedOutHere(t *testing.T) {
	f := newFixture(t)
	who := f.owner(t, "anna@example.org")
	for range rounds {
		tv := f.tv(t)
		tv.join(who)
		jws := tv.jws(protocol.TypSignedOutHere, protocol.SignedOutHereClaims{
			Device: tv.id, Account: who.Account, Epoch: 1, Status: protocol.SignedOut,
		})
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := f.Deactivate(f.ctx, f.now(), who, tv.id); err != nil {
				t.Error(err)
			}
		})
		for range 3 {
			wg.Go(func() {
				if _, err := f.SignedOutHere(f.ctx, f.now(), jws); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if w := tv.row(who).Wish; w.Status != protocol.Deactivated || !w.Confirmed.IsZero() {
			t.Fatalf("wish = %+v", w)
		}
	}
}

// One device, many connections at once: each number counts once.
func TestParallelConnectionsCountOnce(t *testing.T) {
	f := newFixture(t)
	who := f.owner(t, "anna@example.org")
	tv := f.signedIn(t, who)
	frame := tv.authFrame()
	var wg sync.WaitGroup
	results := make(chan error, 20)
	for range 20 {
		wg.Go(func() {
			_, err := f.Authenticate(f.ctx, f.now(), frame, nonce, home)
			results <- err
		})
	}
	wg.Wait()
	won := 0
	for range 20 {
		if err := <-results; err == nil {
			won++
		} else if !errors.Is(err, ErrClone) {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("one number was accepted %d times", won)
	}
}
