package account

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
)

// ASVS 6.2.10: a password stays valid however old it is, with reminders on too.
func TestOldPasswordsStayValid(t *testing.T) {
	f := newFixture(t)
	f.signedUp(t, "anna@example.org")
	for range 3 {
		f.clock.Advance(366 * 24 * time.Hour)
		if err := f.Tidy(f.ctx, f.clock.Now()); err != nil {
			t.Fatal(err)
		}
		if _, err := f.try(t, "anna@example.org", goodPassword, "", fox); err != nil {
			t.Fatalf("on %s: %v", f.clock.Now(), err)
		}
	}
}

// ASVS 7.1.2: an account has at most maxSessions web sessions; the oldest ends.
func TestSessionsAreBounded(t *testing.T) {
	f := newFixture(t)
	in := f.signedUp(t, "anna@example.org")
	tokens := []string{in.Token}
	for range maxSessions {
		f.clock.Advance(time.Minute)
		next, err := f.try(t, "anna@example.org", goodPassword, in.Device, fox)
		if err != nil {
			t.Fatal(err)
		}
		tokens = append(tokens, next.Token)
	}
	live := 0
	for _, token := range tokens {
		if f.live(t, token) {
			live++
		}
	}
	if live != maxSessions || f.live(t, tokens[0]) || !f.live(t, tokens[len(tokens)-1]) {
		t.Errorf("%d of %d live, the first %t, the last %t", live, len(tokens), f.live(t, tokens[0]), f.live(t, tokens[len(tokens)-1]))
	}
}

// ASVS 6.5.3, 6.5.4, 7.2.3, NIST SP 800-63B-4 §3.1.3.2: secrets come from the system's generator and nowhere
// else, are large enough, and are not made without it.
func TestSecretsComeFromTheGenerator(t *testing.T) {
	f := newFixture(t)
	if f.c.Rand != rand.Reader {
		t.Errorf("the generator is a %T unless it is set, want crypto/rand's", f.c.Rand)
	}
	if tokenSecret < 16 {
		t.Errorf("a session's token has %d random bytes, want 16 (128 bits)", tokenSecret)
	}
	broken := &bytes.Reader{} // has nothing
	if code, err := accessCode(broken); err == nil {
		t.Errorf("a code %q out of nothing", code)
	}
	f.c.Rand = broken
	if id, err := f.newAttempt(); err == nil {
		t.Errorf("an attempt %q out of nothing", id)
	}
	account, session := protocol.AccountID("0190c1f0-0000-7000-8000-000000000001"), SessionID("0190c1f0-0000-7000-8000-000000000002")
	if token, err := f.newToken(account, session); err == nil {
		t.Errorf("a token %q out of nothing", token)
	}
	seen := map[string]bool{}
	for range 2000 {
		code, err := accessCode(rand.Reader)
		if err != nil || len(code) != 6 {
			t.Fatalf("code %q, %v", code, err)
		}
		seen[code] = true
	}
	if len(seen) < 1980 { // of a million: two alike are expected
		t.Errorf("%d different codes of 2000", len(seen))
	}
}

// ASVS 6.7.2, WebAuthn L3 §7 (§13.4.3): a challenge has at least 64 bits, here
// 128 or more, and comes once.
func TestChallengesAreNonces(t *testing.T) {
	f := newFixture(t)
	seen := map[string]bool{}
	for range 50 {
		f.clock.Advance(time.Hour) // budgets
		c, err := f.BeginPasskeySignIn(f.ctx, f.clock.Now(), fox)
		if err != nil {
			t.Fatal(err)
		}
		var options struct {
			PublicKey struct{ Challenge string }
		}
		if err := json.Unmarshal(c.Options, &options); err != nil {
			t.Fatal(err)
		}
		raw, err := base64.RawURLEncoding.DecodeString(options.PublicKey.Challenge)
		if err != nil || len(raw) < 16 || seen[string(raw)] {
			t.Fatalf("challenge %q (%v), seen before %t", options.PublicKey.Challenge, err, seen[string(raw)])
		}
		seen[string(raw)] = true
	}
}

// V6, ASVS 6.3.8: over the gateway's budgets a code that strangers ask for is
// answered as ever, and takes the work of a message.
func TestV6_OverTheGatewaysBudget(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	h.setPhone(ownersPhone)
	var decoys []bool
	h.post = func(tx *store.Tx, n Notice) error {
		tx.OnCommit(func() { decoys = append(decoys, n.Decoy) })
		if !n.Decoy {
			return &ThrottledError{RetryAfter: time.Hour}
		}
		return nil
	}
	h.clock.Advance(2 * time.Hour)
	if _, err := h.Recover(h.ctx, h.clock.Now(), "anna@example.org", "", "en", BySMS, "", fox); err != nil {
		t.Errorf("Recover = %v", err)
	}
	if len(decoys) != 2 || decoys[0] || !decoys[1] {
		t.Errorf("messages (decoy?) %v, want one and then a decoy", decoys)
	}
	broken := errors.New("broken")
	h.post = func(*store.Tx, Notice) error { return broken }
	h.clock.Advance(2 * time.Hour)
	if _, err := h.Recover(h.ctx, h.clock.Now(), "anna@example.org", "", "en", BySMS, "", fox); !errors.Is(err, broken) {
		t.Errorf("Recover = %v, want the failure", err)
	}
}

// RFC 9106 §4, ASVS 6.2.8, 6.2.9: what passwords are hashed with is a cost that the OWASP
// cheat sheet takes for equal to the RFC's, with its 128-bit salt and 256-bit tag;
// every byte of the password counts.
func TestPasswordHashes(t *testing.T) {
	c := standardCost
	if c.memory < 19456 || c.passes < 2 || c.lanes < 1 || passwordSalt < 16 || passwordKey < 32 {
		t.Errorf("cost %+v, salt %d, key %d bytes", c, passwordSalt, passwordKey)
	}
	long := string(bytes.Repeat([]byte("aB3 "), MaxPassword/4))
	phc, err := hashPassword(long, weakCost, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range []string{long[:len(long)-1], long[:64], long[:72], long + " ", string(bytes.ToLower([]byte(long))), long[:len(long)-1] + "x"} {
		if ok, _, err := verifyPassword(other, phc, weakCost); ok || err != nil {
			t.Errorf("%.10q… of %d bytes passes for the whole (%v)", other, len(other), err)
		}
	}
	if again, err := hashPassword(long, weakCost, rand.Reader); err != nil || again == phc {
		t.Errorf("two hashes share a salt (%v)", err)
	}
}

// ASVS 6.5.2: of a recovery code only a hash is stored, which needs the server's
// key and is the account's own.
func TestRecoveryCodesAreStoredAsKeyedHashes(t *testing.T) {
	f := newFixture(t)
	f.signedUp(t, "anna@example.org")
	other := f.signedUp(t, "berta@example.org")
	code := "abcd-efgh-ijkl-mnop"
	who := other.Session.Account
	var codes []string
	f.update(t, func(tx *store.Tx) (err error) {
		if codes, err = f.makeRecoveryCodes(tx, f.clock.Now(), who); err != nil {
			return err
		}
		rows, err := tx.Factors(who)
		for _, row := range rows.Codes {
			for _, plain := range codes {
				if len(row) != 32 || bytes.Contains(row, []byte(plain)) || bytes.Contains(row, []byte(tidyRecoveryCode(plain))) {
					t.Errorf("stored: %x", row)
				}
			}
		}
		if len(rows.Codes) != recoveryCodes {
			t.Errorf("%d codes are stored, want %d", len(rows.Codes), recoveryCodes)
		}
		return err
	})
	if bytes.Equal(f.recoveryHash(who, code), f.recoveryHash("another", code)) {
		t.Error("the same code has the same hash in another account")
	}
	if bytes.Equal(f.recoveryHash(who, code), newFixture(t).recoveryHash(who, code)) {
		t.Error("the same code has the same hash under another key")
	}
}
