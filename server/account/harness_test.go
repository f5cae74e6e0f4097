package account

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/admit"
	"github.com/hearthkey/hearthkey/server/servertest"
	"github.com/hearthkey/hearthkey/server/store"
)

const (
	goodPassword  = "seven quiet lampposts"
	otherPassword = "purple tractor ballad"
)

// weakCost keeps the race detector from making minutes of the tests.
var weakCost = cost{memory: 64, passes: 1, lanes: 1}

var fox = Client{Agent: "Firefox on Linux", IP: "192.0.2.7", Place: "near Lyon"}

// fixture is a service on a real database with its outbox and hints.
type fixture struct {
	*Service
	ctx   context.Context
	clock *servertest.Clock

	mu      sync.Mutex
	mails   []Notice
	changes int
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	return newFixtureOn(t, servertest.DB(t))
}

func newFixtureOn(t *testing.T, db *store.DB) *fixture {
	t.Helper()
	f := &fixture{ctx: context.Background(), clock: servertest.NewClock()}
	s, err := newService(Config{
		DB: db, Keys: servertest.Keys(t), Gate: admit.New(admit.Config{Queue: 1000}),
		Notify: func(tx *store.Tx, n Notice) error {
			if !n.Decoy { // that nobody gets
				tx.OnCommit(func() { f.got(n) })
			}
			return nil
		},
		Passkeys:        PasskeyConfig{ID: "tv.example", Origins: []string{"https://tv.example"}},
		Household:       func(*store.Tx, time.Time, protocol.AccountID, string) error { return nil },
		RestoreProfiles: func(*store.Tx, protocol.AccountID, []byte) (bool, error) { return false, nil },
		Changed: func(protocol.AccountID, protocol.Version) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.changes++
		},
	}, weakCost)
	if err != nil {
		t.Fatal(err)
	}
	f.Service = s
	return f
}

func (f *fixture) got(n Notice) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mails = append(f.mails, n)
}

// mail returns the newest mail.
func (f *fixture) mail(t *testing.T) Notice {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.mails) == 0 {
		t.Fatal("no mail")
	}
	return f.mails[len(f.mails)-1]
}

// signedUp makes an account and returns its session.
func (f *fixture) signedUp(t *testing.T, email string) SignedIn {
	t.Helper()
	a, err := f.SignUp(f.ctx, f.clock.Now(), email, goodPassword, "en", fox)
	if err != nil {
		t.Fatal(err)
	}
	done, err := f.VerifyEmail(f.ctx, f.clock.Now(), a.ID, f.mail(t).Code, "", fox)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// try gives a password on a device, with the newest access code where one is
// needed. The device may be empty.
func (f *fixture) try(t *testing.T, login, password, device string, from Client) (SignedIn, error) {
	t.Helper()
	step, err := f.SignIn(f.ctx, f.clock.Now(), SignInRequest{Login: login, Password: password, Device: device, From: from})
	if err != nil || step.Challenge == nil {
		return step.Done, err
	}
	return f.ContinueSignIn(f.ctx, f.clock.Now(), step.Challenge.ID, Answer{Code: f.code(t)}, device, from)
}

// device makes a known device of the newest account, and returns its secret.
func (f *fixture) device(t *testing.T) string {
	t.Helper()
	secret, err := randomText(f.c.Rand, deviceSecret)
	if err != nil {
		t.Fatal(err)
	}
	err = f.c.DB.Update(f.ctx, func(tx *store.Tx) error {
		acc, err := tx.AccountByEmail("anna@example.org")
		if err != nil {
			return err
		}
		_, err = f.remember(tx, f.clock.Now(), acc.ID, entry{Secret: secret, From: fox})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// code returns the newest access code.
func (f *fixture) code(t *testing.T) string {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := len(f.mails) - 1; i >= 0; i-- {
		if f.mails[i].Kind == NoticeAccessCode {
			return f.mails[i].Code
		}
	}
	t.Fatal("no access code")
	return ""
}

// step gives a password and returns how far that led.
func (f *fixture) step(t *testing.T, login, password, device string, from Client) Outcome {
	t.Helper()
	step, err := f.SignIn(f.ctx, f.clock.Now(), SignInRequest{Login: login, Password: password, Device: device, From: from})
	if err != nil {
		t.Fatal(err)
	}
	return step
}

func (f *fixture) live(t *testing.T, token string) bool {
	t.Helper()
	_, err := f.Authenticate(f.ctx, f.clock.Now(), token)
	if err != nil && !errors.Is(err, ErrSignedOut) {
		t.Fatal(err)
	}
	return err == nil
}
