package account

import (
	"encoding/hex"
	"errors"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

func TestV3_TOTPVectors(t *testing.T) { // RFC 6238, Appendix B, SHA-1
	secret := []byte("12345678901234567890")
	for at, want := range map[int64]string{
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471",
		1234567890: "89005924", 2000000000: "69279037", 20000000000: "65353130",
	} {
		if got := totpAt(secret, at/30, 8); got != want {
			t.Errorf("at %d: %s, want %s", at, got, want)
		}
	}
}

func TestV3_TOTPFromAForeignGenerator(t *testing.T) { // oathtool
	tool, err := exec.LookPath("oathtool")
	if err != nil {
		t.Fatal("oathtool is missing: make needs installs it")
	}
	f := newFixture(t)
	web := f.signedUp(t, anna)
	setup, err := f.BeginTOTP(f.ctx, f.clock.Now(), web.Session)
	if err != nil {
		t.Fatal(err)
	}
	code := func() string {
		when := "--now=" + f.clock.Now().Format("2006-01-02 15:04:05 UTC")
		out, err := exec.Command(tool, "--totp", "--base32", when, strings.ReplaceAll(setup.Secret, " ", "")).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return strings.TrimSpace(string(out))
	}
	if _, _, err := f.ConfirmTOTP(f.ctx, f.clock.Now(), web.Session, code(), false); err != nil {
		t.Fatal(err)
	}
	f.clock.Advance(totpStep)
	c := f.step(t, anna, goodPassword, web.Device, fox).Challenge
	if _, err := f.ContinueSignIn(f.ctx, f.clock.Now(), c.ID, Answer{TOTP: code()}, web.Device, fox); err != nil {
		t.Errorf("oathtool's code: %v", err)
	}
}

// withTOTP turns an authenticator app on and returns its secret, with the
// session and the recovery codes.
func (f *fixture) withTOTP(t *testing.T, who SignedIn) (secret []byte, web Web, codes []string) {
	t.Helper()
	setup, err := f.BeginTOTP(f.ctx, f.clock.Now(), who.Session)
	if err != nil {
		t.Fatal(err)
	}
	if secret, err = base32Text.DecodeString(strings.ReplaceAll(setup.Secret, " ", "")); err != nil {
		t.Fatal(err)
	}
	web, codes, err = f.ConfirmTOTP(f.ctx, f.clock.Now(), who.Session, f.totp(secret), false)
	if err != nil {
		t.Fatal(err)
	}
	f.clock.Advance(totpStep) // the step that confirmed it is used up
	return secret, web, codes
}

func (f *fixture) totp(secret []byte) string {
	return totpAt(secret, f.clock.Now().Unix()/30, totpDigits)
}

func TestV3_TOTPSetup(t *testing.T) {
	f := newFixture(t)
	who := f.signedUp(t, anna)
	setup, err := f.BeginTOTP(f.ctx, f.clock.Now(), who.Session)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(setup.URI)
	if err != nil || u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/Hearthkey:"+anna ||
		u.Query().Get("secret") != strings.ReplaceAll(setup.Secret, " ", "") || u.Query().Get("issuer") != "Hearthkey" {
		t.Errorf("URI = %s (%v)", setup.URI, err)
	}
	if c := f.step(t, anna, goodPassword, who.Device, fox).Challenge; c != nil {
		t.Errorf("the app is on before it was confirmed: %+v", c)
	}
	var wrong *WrongCodeError
	if _, _, err := f.ConfirmTOTP(f.ctx, f.clock.Now(), who.Session, "abcdef", false); !errors.As(err, &wrong) {
		t.Errorf("a wrong code confirms: %v", err)
	}
	secret, web, codes := f.withTOTP(t, who)
	if len(codes) != recoveryCodes || f.live(t, who.Token) || !f.live(t, web.Token) {
		t.Errorf("%d codes; old token %t, new %t", len(codes), f.live(t, who.Token), f.live(t, web.Token))
	}
	if _, err := f.BeginTOTP(f.ctx, f.clock.Now(), web.Session); !errors.Is(err, ErrFactorExists) {
		t.Errorf("a second app: %v", err)
	}
	if !has(f.kinds(t, who.Session.Account), timeline.TOTPAdded) || f.mail(t).Kind != NoticeFactorChanged {
		t.Error("the owner is not told")
	}
	f.update(t, func(tx *store.Tx) error {
		row, err := tx.TOTP(who.Session.Account)
		if strings.Contains(hex.EncodeToString(row.Sealed), hex.EncodeToString(secret)) {
			t.Error("the secret is in the database")
		}
		return err
	})
	f.clock.Advance(ProofAge)
	if _, err := f.RemoveTOTP(f.ctx, f.clock.Now(), web.Session, false); !errors.Is(err, ErrProofNeeded) {
		t.Errorf("removing it without a proof: %v", err)
	}
	web, err = f.Prove(f.ctx, f.clock.Now(), web.Session, goodPassword)
	if err != nil {
		t.Fatal(err)
	}
	f.checked(t, web.Session)
	if web, err = f.RemoveTOTP(f.ctx, f.clock.Now(), web.Session, true); err != nil || !f.live(t, web.Token) {
		t.Fatalf("RemoveTOTP: %v", err)
	}
	if fs, err := f.Factors(f.ctx, web.Session); err != nil || fs.Second || fs.TOTP || fs.Codes != 0 {
		t.Errorf("Factors = %+v, %v", fs, err)
	}
}

// ASVS 6.5.5, 6.5.8.
func TestV3_TOTPAtSignIn(t *testing.T) {
	f := newFixture(t)
	who := f.signedUp(t, anna)
	secret, _, _ := f.withTOTP(t, who)
	mails := f.noticed(NoticeAccessCode)
	c := f.step(t, anna, goodPassword, who.Device, fox).Challenge // also on a known device
	if c == nil || c.Need != NeedSecondFactor || len(c.Factors) != 2 || f.noticed(NoticeAccessCode) != mails {
		t.Fatalf("challenge = %+v", c)
	}
	if _, err := f.ContinueSignIn(f.ctx, f.clock.Now(), c.ID, Answer{Code: "123456"}, "", fox); !errors.Is(err, ErrAnswer) {
		t.Errorf("an access code as a second factor: %v", err)
	}
	now := f.clock.Now().Unix() / 30
	for step, ok := range map[int64]bool{now - 2: false, now + 2: false, now - 30: false} {
		if _, err := f.ContinueSignIn(f.ctx, f.clock.Now(), c.ID, Answer{TOTP: totpAt(secret, step, totpDigits)}, "", fox); (err == nil) != ok {
			t.Errorf("step %d: %v", step-now, err)
		}
	}
	in, err := f.ContinueSignIn(f.ctx, f.clock.Now(), c.ID, Answer{TOTP: totpAt(secret, now+1, totpDigits)}, "", fox)
	if err != nil || in.Session.Factors != "password totp" {
		t.Fatalf("the next step: %v", err)
	}
	c = f.step(t, anna, goodPassword, who.Device, fox).Challenge
	for _, step := range []int64{now - 1, now, now + 1} {
		var wrong *WrongCodeError
		if _, err := f.ContinueSignIn(f.ctx, f.clock.Now(), c.ID, Answer{TOTP: totpAt(secret, step, totpDigits)}, "", fox); !errors.As(err, &wrong) {
			t.Errorf("step %d after %d was used: %v", step-now, 1, err)
		}
	}
}

// ASVS 6.5.1.
func TestV3_TOTPOnceInParallel(t *testing.T) {
	f := newFixture(t)
	who := f.signedUp(t, anna)
	secret, _, _ := f.withTOTP(t, who)
	code := f.totp(secret)
	var challenges []string
	for range 4 {
		challenges = append(challenges, f.step(t, anna, goodPassword, who.Device, fox).Challenge.ID)
	}
	next := make(chan string, 4)
	for _, c := range challenges {
		next <- c
	}
	errs := all(4, func() error {
		_, err := f.ContinueSignIn(f.ctx, f.clock.Now(), <-next, Answer{TOTP: code}, "", fox)
		return err
	})
	if n := succeeded(errs); n != 1 {
		t.Errorf("%d of 4 parallel uses of one code succeeded, want 1", n)
	}
}

func TestV3_SecondFactorTries(t *testing.T) { // with the right password a code cannot be guessed
	f := newFixture(t)
	who := f.signedUp(t, anna)
	secret, _, _ := f.withTOTP(t, who)
	c := f.step(t, anna, goodPassword, "", elsewhere).Challenge
	for left := codeTries - 1; left >= 0; left-- {
		var wrong *WrongCodeError
		if _, err := f.ContinueSignIn(f.ctx, f.clock.Now(), c.ID, Answer{TOTP: "xxxxxx"}, "", elsewhere); !errors.As(err, &wrong) || wrong.Left != left {
			t.Fatalf("a wrong code: %v, want %d left", err, left)
		}
	}
	if _, err := f.ContinueSignIn(f.ctx, f.clock.Now(), c.ID, Answer{TOTP: f.totp(secret)}, "", elsewhere); !errors.Is(err, ErrAttempt) {
		t.Errorf("the right code after 5 wrong ones: %v", err)
	}
	if !has(f.kinds(t, who.Session.Account), timeline.FactorFailed) {
		t.Error("the owner is not told")
	}
	if n := f.mail(t); n.Kind != NoticeSuspicious || !strings.Contains(n.Detail, "Five wrong codes were given for the second factor.") || n.Purpose != "" {
		t.Errorf("the owner is told %s: %q, for %q", n.Kind, n.Detail, n.Purpose)
	}
	c = f.step(t, anna, goodPassword, "", Client{IP: "203.0.113.1"}).Challenge
	var throttled *ThrottledError
	if _, err := f.ContinueSignIn(f.ctx, f.clock.Now(), c.ID, Answer{TOTP: "xxxxxx"}, "", elsewhere); !errors.As(err, &throttled) {
		t.Errorf("another challenge, from elsewhere: %v, want a wait", err)
	}
	c = f.step(t, anna, goodPassword, who.Device, fox).Challenge
	if _, err := f.ContinueSignIn(f.ctx, f.clock.Now(), c.ID, Answer{TOTP: f.totp(secret)}, who.Device, fox); err != nil {
		t.Errorf("the owner's known device: %v", err)
	}
}

// ASVS 6.5.1, 6.5.4; NIST SP 800-63B-4 §4.2.1.1.
func TestV3_RecoveryCodes(t *testing.T) {
	f := newFixture(t)
	who := f.signedUp(t, anna)
	_, web, codes := f.withTOTP(t, who)
	seen := map[string]bool{}
	for _, c := range codes {
		if len(strings.ReplaceAll(c, "-", ""))*5 < 64 || seen[c] {
			t.Errorf("code %q", c)
		}
		seen[c] = true
	}
	give := func(code string) error {
		c := f.step(t, anna, goodPassword, who.Device, fox).Challenge
		_, err := f.ContinueSignIn(f.ctx, f.clock.Now(), c.ID, Answer{RecoveryCode: code}, who.Device, fox)
		return err
	}
	typed := strings.ToUpper(strings.ReplaceAll(codes[0], "-", " "))
	if err := give(typed); err != nil {
		t.Errorf("a code: %v", err)
	}
	if err := give(codes[0]); err == nil {
		t.Error("a code works twice")
	}
	fs, err := f.Factors(f.ctx, web.Session)
	if err != nil || fs.Codes != recoveryCodes-1 || f.noticed(NoticeRecoveryCode) != 1 {
		t.Errorf("%d codes left, %d notices (%v)", fs.Codes, f.noticed(NoticeRecoveryCode), err)
	}
	next, fresh, err := f.NewRecoveryCodes(f.ctx, f.clock.Now(), web.Session, false)
	if err != nil || len(fresh) != recoveryCodes {
		t.Fatal(err)
	}
	if err := give(codes[1]); err == nil {
		t.Error("a code from before the new ones works")
	}
	var ids []string
	for range 4 {
		ids = append(ids, f.step(t, anna, goodPassword, who.Device, fox).Challenge.ID)
	}
	take := make(chan string, 4)
	for _, id := range ids {
		take <- id
	}
	errs := all(4, func() error {
		_, err := f.ContinueSignIn(f.ctx, f.clock.Now(), <-take, Answer{RecoveryCode: fresh[0]}, who.Device, fox)
		return err
	})
	if n := succeeded(errs); n != 1 {
		t.Errorf("%d of 4 parallel uses succeeded, want 1", n)
	}
	f.clock.Advance(ProofAge)
	if _, _, err := f.NewRecoveryCodes(f.ctx, f.clock.Now(), next.Session, false); !errors.Is(err, ErrProofNeeded) {
		t.Errorf("without a proof: %v", err)
	}
}

func TestTOTPTimeDoesNotDependOnTheCode(t *testing.T) { // a code of another length is wrong, and no panic
	for _, code := range []string{"", "1", "1234567", strings.Repeat("1", 100), "12 34 56", "１２３４５６", "\x00"} {
		if _, ok := matchTOTP([]byte("12345678901234567890"), code, time.Unix(59, 0)); ok {
			t.Errorf("%q matches", code)
		}
	}
}

func FuzzTOTP(f *testing.F) {
	f.Add("287082")
	f.Add("28 70-82")
	f.Fuzz(func(t *testing.T, code string) {
		_, ok := matchTOTP([]byte("12345678901234567890"), code, time.Unix(59, 0))
		if tidy := tidyCode(code); ok && tidy != "287082" && tidy != "755224" && tidy != "359152" {
			t.Errorf("%q matches", code)
		}
	})
}

func FuzzRecoveryCode(f *testing.F) {
	f.Add("abcd-efgh-ijkl-mnop")
	f.Add("ABCD EFGH 2345 67AB")
	f.Fuzz(func(t *testing.T, code string) {
		if got := tidyRecoveryCode(code); got != "" && (len(got) != 16 || tidyRecoveryCode(got) != got) {
			t.Errorf("tidyRecoveryCode(%q) = %q", code, got)
		}
	})
}

// TestV3_ABegunAppIsNoFactor: an app that was never confirmed cannot be removed,
// and nobody is told that one was.
func TestV3_ABegunAppIsNoFactor(t *testing.T) {
	f := newFixture(t)
	who := f.signedUp(t, "anna@example.org")
	if _, err := f.BeginTOTP(f.ctx, f.clock.Now(), who.Session); err != nil {
		t.Fatal(err)
	}
	if _, err := f.RemoveTOTP(f.ctx, f.clock.Now(), who.Session, false); !errors.Is(err, ErrNoFactor) {
		t.Errorf("RemoveTOTP of a begun app = %v, want ErrNoFactor", err)
	}
	if n := f.noticed(NoticeFactorChanged); n != 0 {
		t.Errorf("%d notices that a factor changed", n)
	}
}

// V3: a secret that somebody began is shown to that session alone, and to
// nobody after its time or a sign-out of everything: whoever had a session for a
// while cannot leave the owner a secret that he knows.
func TestV3_ABegunSecretBelongsToItsSession(t *testing.T) {
	f := newFixture(t)
	owner, thief := f.signedUp(t, anna), f.signedIn(t, anna)
	setup, err := f.BeginTOTP(f.ctx, f.clock.Now(), thief.Session)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := base32Text.DecodeString(strings.ReplaceAll(setup.Secret, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := f.BegunTOTP(f.ctx, f.clock.Now(), owner.Session); !errors.Is(err, ErrNoFactor) {
		t.Errorf("another session sees %+v, %v", got, err)
	}
	if _, _, err := f.ConfirmTOTP(f.ctx, f.clock.Now(), owner.Session, f.totp(secret), false); !errors.Is(err, ErrNoFactor) {
		t.Errorf("another session confirms it: %v", err)
	}
	if again, err := f.BegunTOTP(f.ctx, f.clock.Now(), thief.Session); err != nil || again != setup {
		t.Errorf("the session itself sees %+v, %v", again, err)
	}
	gone := func(after string, who Session) {
		t.Helper()
		if _, err := f.BegunTOTP(f.ctx, f.clock.Now(), who); !errors.Is(err, ErrNoFactor) {
			t.Errorf("%s: %v, want ErrNoFactor", after, err)
		}
		f.update(t, func(tx *store.Tx) error {
			if _, err := tx.TOTP(who.Account); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%s it is stored (%v)", after, err)
			}
			return nil
		})
	}
	// Everything else is signed out: what another session began is over, and what
	// this one began goes on.
	f.update(t, func(tx *store.Tx) (err error) {
		owner.Session, err = EndEverything(tx, f.clock.Now(), owner.Session, protocol.ByAll, f.c.Changed)
		return err
	})
	gone("after a sign-out of everything else", owner.Session)
	begin := func() {
		t.Helper()
		owner.Session.Proved = f.clock.Now()
		if setup, err = f.BeginTOTP(f.ctx, f.clock.Now(), owner.Session); err != nil {
			t.Fatal(err)
		}
	}
	begin()
	f.update(t, func(tx *store.Tx) (err error) {
		owner.Session, err = EndEverything(tx, f.clock.Now(), owner.Session, protocol.ByAll, f.c.Changed)
		return err
	})
	if again, err := f.BegunTOTP(f.ctx, f.clock.Now(), owner.Session); err != nil || again != setup {
		t.Errorf("after its own sign-out of everything else: %+v, %v", again, err)
	}
	f.clock.Advance(totpBegun)
	owner.Session.Proved = f.clock.Now() // also with a proof
	if _, err := f.BegunTOTP(f.ctx, f.clock.Now(), owner.Session); !errors.Is(err, ErrNoFactor) {
		t.Errorf("after its time: %v, want ErrNoFactor", err)
	}
	if err := f.Tidy(f.ctx, f.clock.Now()); err != nil {
		t.Fatal(err)
	}
	gone("after its time and tidying", owner.Session)
	f.checked(t, owner.Session)
	begin()
	f.update(t, func(tx *store.Tx) error { // as a recovery does
		acc, err := tx.Account(owner.Session.Account)
		if err != nil {
			return err
		}
		if err := f.endAll(tx, f.clock.Now(), acc, fox); err != nil {
			return err
		}
		if _, err := tx.TOTP(acc.ID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("after everything was ended it is stored (%v)", err)
		}
		return nil
	})
}
