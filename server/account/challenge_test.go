package account

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

const anna = "anna@example.org"

var elsewhere = Client{Agent: "Chrome on Windows", IP: "198.51.100.9", Kind: "desktop"}

// update runs a change that must succeed.
func (f *fixture) update(t *testing.T, fn func(*store.Tx) error) {
	t.Helper()
	if err := f.c.DB.Update(f.ctx, fn); err != nil {
		t.Fatal(err)
	}
}

// kinds returns the account's timeline, the newest first.
func (f *fixture) kinds(t *testing.T, acc protocol.AccountID) []timeline.Kind {
	t.Helper()
	entries, err := timeline.List(f.ctx, f.c.DB, acc, "", 200)
	if err != nil {
		t.Fatal(err)
	}
	var out []timeline.Kind
	for _, e := range entries {
		out = append(out, e.Kind)
	}
	return out
}

func has(list []timeline.Kind, k timeline.Kind) bool {
	for _, e := range list {
		if e == k {
			return true
		}
	}
	return false
}

// noticed counts notices of a kind.
func (f *fixture) noticed(kind NoticeKind) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, m := range f.mails {
		if m.Kind == kind {
			n++
		}
	}
	return n
}

// all runs n calls at once and returns their errors.
func all(n int, call func() error) []error {
	var wg sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		wg.Go(func() { errs[i] = call() })
	}
	wg.Wait()
	return errs
}

func succeeded(errs []error) int {
	n := 0
	for _, err := range errs {
		if err == nil {
			n++
		}
	}
	return n
}

func TestV2_UnknownDeviceNeedsACode(t *testing.T) {
	f := newFixture(t)
	first := f.signedUp(t, anna)
	if step := f.step(t, anna, goodPassword, first.Device, fox); step.Challenge != nil {
		t.Errorf("the device of the sign-up is unknown: %+v", step.Challenge)
	}
	step := f.step(t, anna, goodPassword, "", elsewhere)
	c := step.Challenge
	if c == nil || c.Need != NeedCode || c.Code.To != "a…a@example.org" || len(c.Channels) != 1 || len(c.Factors) != 0 {
		t.Fatalf("an unknown device: %+v", c)
	}
	if strings.Contains(c.Code.To+c.Channels[0].Address, "anna") {
		t.Error("the address is not masked")
	}
	again, err := f.PendingSignIn(f.ctx, f.clock.Now(), c.ID)
	if err != nil || again.Code != c.Code {
		t.Errorf("PendingSignIn = %+v, %v", again, err)
	}
	in, err := f.ContinueSignIn(f.ctx, f.clock.Now(), c.ID, Answer{Code: f.code(t)}, "", elsewhere)
	if err != nil || !f.live(t, in.Token) || in.Session.Factors != "password code" {
		t.Fatalf("ContinueSignIn = %+v, %v", in.Session, err)
	}
	if step := f.step(t, anna, goodPassword, in.Device, elsewhere); step.Challenge != nil {
		t.Error("the device is unknown again after a sign-in with a code")
	}
	if step := f.step(t, anna, goodPassword, in.Device[:40]+"AAA", elsewhere); step.Challenge == nil {
		t.Error("another secret is a known device")
	}
	f.clock.Advance(DeviceLife + time.Second)
	if step := f.step(t, anna, goodPassword, in.Device, elsewhere); step.Challenge == nil {
		t.Error("a device is known for ever")
	}
	if n := f.noticed(NoticeNewSignIn); n != 1 {
		t.Errorf("%d mails of new sign-ins, want 1", n)
	}
}

func TestV2_CodeOnNewDevicesCanBeSwitchedOff(t *testing.T) { // for plain new devices only
	f := newFixture(t)
	web := f.signedUp(t, anna)
	f.update(t, func(tx *store.Tx) error {
		return tx.SetPreferences(store.PreferenceRow{Account: web.Session.Account, NewCode: false, SignInMails: true})
	})
	if step := f.step(t, anna, goodPassword, "", fox); step.Challenge != nil {
		t.Errorf("a plain new device: %+v", step.Challenge)
	}
	v := verdict{Suspicious: true}
	f.update(t, func(tx *store.Tx) error {
		acc, err := tx.Account(web.Session.Account)
		if err != nil {
			return err
		}
		if need, err := f.needs(tx, acc, try{}, v); err != nil || need != NeedCode {
			t.Errorf("a suspicious new device needs %q (%v)", need, err)
		}
		if need, err := f.needs(tx, acc, try{device: "known"}, v); err != nil || need != NeedCode {
			t.Errorf("a suspicious known device needs %q (%v)", need, err)
		}
		return nil
	})
}

func TestA6_EverywhereMakesOtherDevicesUnknown(t *testing.T) {
	f := newFixture(t)
	who := f.signedUp(t, anna)
	other, err := f.try(t, anna, goodPassword, "", elsewhere)
	if err != nil {
		t.Fatal(err)
	}
	pending := f.step(t, anna, goodPassword, "", fox).Challenge
	code := f.code(t)
	f.update(t, func(tx *store.Tx) error {
		_, err := EndEverything(tx, f.clock.Now(), who.Session, protocol.ByAll, f.c.Changed)
		return err
	})
	if c := f.step(t, anna, goodPassword, other.Device, elsewhere).Challenge; c == nil {
		t.Error("another device is still known")
	}
	if c := f.step(t, anna, goodPassword, who.Device, fox).Challenge; c != nil {
		t.Error("the device that did it is unknown")
	}
	if _, err := f.ContinueSignIn(f.ctx, f.clock.Now(), pending.ID, Answer{Code: code}, "", fox); !errors.Is(err, ErrAttempt) {
		t.Errorf("a sign-in that was under way: %v", err)
	}
}

// ASVS 6.5.1; NIST SP 800-63B-4 §3.1.3.2.
func TestV1_SignInCodeOnceInParallel(t *testing.T) {
	f := newFixture(t)
	f.signedUp(t, anna)
	c := f.step(t, anna, goodPassword, "", elsewhere).Challenge
	code := f.code(t)
	errs := all(50, func() error {
		_, err := f.ContinueSignIn(f.ctx, f.clock.Now(), c.ID, Answer{Code: code}, "", elsewhere)
		return err
	})
	if n := succeeded(errs); n != 1 {
		t.Errorf("%d of 50 parallel uses of one code succeeded, want 1", n)
	}
	for _, err := range errs {
		if err != nil && !errors.Is(err, ErrAttempt) && !errors.Is(err, ErrCodeExpired) {
			t.Errorf("loser: %v", err)
		}
	}
}

// ASVS 6.6.2.
func TestV1_CodeIsBoundToItsAttempt(t *testing.T) {
	f := newFixture(t)
	f.signedUp(t, anna)
	one := f.step(t, anna, goodPassword, "", elsewhere).Challenge
	code := f.code(t)
	two := f.step(t, anna, goodPassword, "", elsewhere).Challenge
	var wrong *WrongCodeError
	if _, err := f.ContinueSignIn(f.ctx, f.clock.Now(), two.ID, Answer{Code: code}, "", elsewhere); !errors.As(err, &wrong) && f.code(t) != code {
		t.Errorf("a code of another attempt: %v", err)
	}
	err := f.redeem(f.ctx, f.clock.Now(), one.ID, ForCheck, code, func(*store.Tx, store.AccessCodeRow) error { return nil })
	if !errors.Is(err, ErrAttempt) {
		t.Errorf("a code for another purpose: %v", err)
	}
	if _, err := f.ContinueSignIn(f.ctx, f.clock.Now(), "AAAAAAAAAAAAAAAAAAAAAA", Answer{Code: code}, "", elsewhere); !errors.Is(err, ErrAttempt) {
		t.Errorf("another browser: %v", err)
	}
	if _, err := f.ContinueSignIn(f.ctx, f.clock.Now(), one.ID, Answer{Code: code}, "", elsewhere); err != nil {
		t.Errorf("its own attempt: %v", err)
	}
}

// ASVS 6.5.5, 6.6.3; NIST SP 800-63B-4 §3.1.3.2.
func TestV1_TriesAndTime(t *testing.T) {
	f := newFixture(t)
	f.signedUp(t, anna)
	c := f.step(t, anna, goodPassword, "", elsewhere).Challenge
	code := f.code(t)
	other := "000000"
	if code == other {
		other = "000001"
	}
	give := func(code string) error {
		_, err := f.ContinueSignIn(f.ctx, f.clock.Now(), c.ID, Answer{Code: code}, "", elsewhere)
		return err
	}
	for left := codeTries - 1; left >= 0; left-- {
		var wrong *WrongCodeError
		if err := give(other); !errors.As(err, &wrong) || wrong.Left != left {
			t.Fatalf("a wrong code: %v, want %d tries left", err, left)
		}
	}
	if err := give(code); !errors.Is(err, ErrCodeExpired) {
		t.Errorf("the right code after 5 wrong ones: %v", err)
	}
	var throttled *ThrottledError
	f.clock.Advance(resendAfter - time.Second)
	if _, err := f.SendSignInCode(f.ctx, f.clock.Now(), c.ID, ByMail, elsewhere); !errors.As(err, &throttled) || throttled.RetryAfter != time.Second {
		t.Errorf("another code after 29 s: %v", err)
	}
	f.clock.Advance(time.Second)
	if _, err := f.SendSignInCode(f.ctx, f.clock.Now(), c.ID, ByMail, elsewhere); err != nil {
		t.Fatal(err)
	}
	if next := f.code(t); next != code {
		if err := give(code); err == nil {
			t.Error("the code before the newest works")
		}
	}
	newest := f.code(t)
	f.clock.Advance(codeLife)
	if err := give(newest); !errors.Is(err, ErrCodeExpired) {
		t.Errorf("after 10 min: %v", err)
	}
	f.clock.Advance(challengeLife)
	if err := give(newest); !errors.Is(err, ErrAttempt) && !errors.Is(err, ErrCodeExpired) {
		t.Errorf("after the challenge's time: %v", err)
	}
}

func TestV1_AnotherChannel(t *testing.T) {
	f := newFixture(t)
	web := f.signedUp(t, anna)
	c := f.step(t, anna, goodPassword, "", elsewhere).Challenge
	f.clock.Advance(resendAfter)
	if _, err := f.SendSignInCode(f.ctx, f.clock.Now(), c.ID, BySMS, elsewhere); !errors.Is(err, ErrChannel) {
		t.Errorf("SMS without a number: %v", err)
	}
	const number = "+34612345612"
	f.update(t, func(tx *store.Tx) error {
		return tx.SetPhone(store.PhoneRow{Account: web.Session.Account, Number: number, Proved: f.clock.Now()})
	})
	got, err := f.SendSignInCode(f.ctx, f.clock.Now(), c.ID, BySMS, elsewhere)
	if err != nil || got.Code.Channel != BySMS || got.Code.To != "+34 ••• •• 12" || len(got.Channels) != 2 {
		t.Fatalf("SendSignInCode = %+v, %v", got, err)
	}
	if m := f.mail(t); m.To != number || m.Channel != BySMS || m.Purpose != ForSignIn {
		t.Errorf("message = %+v", m)
	}
	in, err := f.try(t, "+34 612 34 56 12", goodPassword, "", elsewhere) // A2: by the number
	if err != nil || in.Session.Account != web.Session.Account {
		t.Errorf("sign-in by phone: %v", err)
	}
}

// ASVS 6.5.2.
func TestV1_OnlyAKeyedHashIsStored(t *testing.T) {
	f := newFixture(t)
	f.signedUp(t, anna)
	c := f.step(t, anna, goodPassword, "", elsewhere).Challenge
	f.update(t, func(tx *store.Tx) error {
		row, err := tx.AccessCode(stored(c.ID), string(ForSignIn))
		if err != nil {
			return err
		}
		if len(row.Hash) != 32 || strings.Contains(string(row.Hash), f.code(t)) || row.Attempt == c.ID {
			t.Errorf("row = %+v", row)
		}
		return nil
	})
}

// ASVS 2.4.1, 6.6.4.
func TestV1_Budgets(t *testing.T) { // 5 an hour in all; nobody uses up what is kept for others
	type send struct {
		who  asker
		want string // yes, no, or silence
	}
	tests := map[string][]send{
		"strangers alone":      {{stranger, "yyn"}},
		"recoveries alone":     {{recovering, "yyyn"}},
		"the password":         {{proved, "yyyn"}},
		"a known device":       {{known, "yyyyyn"}},
		"strangers first":      {{stranger, "yyn"}, {recovering, "yn"}, {proved, "yn"}, {known, "yn"}},
		"recoveries first":     {{recovering, "yyyn"}, {proved, "yn"}, {known, "yn"}},
		"the password first":   {{proved, "yyyn"}, {recovering, "yssn"}, {known, "yn"}},
		"password, strangers":  {{proved, "yyyn"}, {stranger, "ssn"}, {known, "yyn"}},
		"a known device first": {{known, "yyy"}, {proved, "yn"}, {recovering, "sssn"}, {known, "yn"}},
	}
	for name, sends := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			networks := 0
			take := func(who asker) string {
				var silent bool
				networks++ // see TestV1_OneNetworkLeavesRecoveriesToOthers
				from := Client{IP: fmt.Sprintf("192.0.%d.1", networks)}
				err := f.c.DB.Update(f.ctx, func(tx *store.Tx) (err error) {
					silent, err = f.takeSend(tx, f.clock.Now(), codeRequest{To: Destination{ByMail, anna}, Asker: who, From: from})
					return err
				})
				switch {
				case err != nil:
					return "n"
				case silent:
					return "s"
				}
				return "y"
			}
			for _, s := range sends {
				got := ""
				for range s.want {
					got += take(s.who)
				}
				if got != s.want {
					t.Errorf("asker %d: %s, want %s", s.who, got, s.want)
				}
			}
			f.clock.Advance(time.Hour)
			if got := take(stranger); got != "y" {
				t.Errorf("an hour later: %s", got)
			}
		})
	}
}

// Strangers, and a thief with the password, cannot keep the owner from a code.
func TestV1_OthersCannotStopTheOwnersRecovery(t *testing.T) {
	f := newFixture(t)
	web := f.signedUp(t, anna)
	for round := range 3 {
		f.clock.Advance(2 * time.Hour)
		for i := range 3 * sendsPerHour {
			from := Client{Agent: "curl", IP: fmt.Sprintf("10.%d.%d.1", round, i)}
			_, _ = f.SignIn(f.ctx, f.clock.Now(), SignInRequest{Login: anna, Password: goodPassword, From: from})
			if round > 0 {
				_, _ = f.Recover(f.ctx, f.clock.Now(), anna, "", "en", ByMail, "", from)
			}
		}
		device, who := web.Device, "a known device"
		if round == 0 {
			device, who = "", "an unknown device"
		}
		sent := len(f.mails)
		r, err := f.Recover(f.ctx, f.clock.Now(), anna, "", "en", ByMail, device, fox)
		if err != nil || len(f.mails) != sent+1 {
			t.Fatalf("recovery on %s: %v, %d mails", who, err, len(f.mails)-sent)
		}
		if err := f.ProveRecovery(f.ctx, f.clock.Now(), r.ID, f.code(t)); err != nil {
			t.Errorf("its code: %v", err)
		}
	}
}

func TestD5_SignOutRacingAChallenge(t *testing.T) { // no session of the generation before lives
	f := newFixture(t)
	web := f.signedUp(t, anna)
	for range 20 {
		f.clock.Advance(time.Hour)
		c := f.step(t, anna, goodPassword, "", elsewhere).Challenge
		code := f.code(t)
		var (
			wg sync.WaitGroup
			in SignedIn
		)
		wg.Go(func() {
			in, _ = f.ContinueSignIn(f.ctx, f.clock.Now(), c.ID, Answer{Code: code}, "", elsewhere)
		})
		wg.Go(func() {
			before := web.Session
			err := f.c.DB.Update(f.ctx, func(tx *store.Tx) (err error) {
				web.Session, err = EndEverything(tx, f.clock.Now(), before, protocol.ByAll, f.c.Changed)
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		if in.Token != "" && f.live(t, in.Token) {
			t.Fatal("a session from before the sign-out everywhere is live")
		}
	}
}

func TestD5_SignOutRacingAProof(t *testing.T) { // a token from a proof in flight is dead after the sign-out
	f := newFixture(t)
	f.signedUp(t, anna)
	for range 20 {
		in, err := f.try(t, anna, goodPassword, f.device(t), fox)
		if err != nil {
			t.Fatal(err)
		}
		var (
			wg  sync.WaitGroup
			web Web
		)
		wg.Go(func() { web, _ = f.Prove(f.ctx, f.clock.Now(), in.Session, goodPassword) })
		wg.Go(func() {
			if err := f.SignOut(f.ctx, f.clock.Now(), in.Session); err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		if f.live(t, in.Token) || web.Token != "" && f.live(t, web.Token) {
			t.Fatal("a session lives after its sign-out")
		}
	}
}

// V5, V7: the right password again and again makes no heap of mails and rows.
func TestV7_OneSuspiciousNoticeAnHourAndNetwork(t *testing.T) {
	f := newFixture(t)
	who := f.signedUp(t, anna)
	f.withTOTP(t, who)
	var acc store.AccountRow
	f.update(t, func(tx *store.Tx) (err error) { acc, err = tx.Account(who.Session.Account); return err })
	far := func(i int) Client { return Client{Agent: "Edge on Windows", IP: fmt.Sprintf("172.16.%d.1", i)} }
	suspect := func(from Client) {
		f.update(t, func(tx *store.Tx) error {
			_, err := f.challenge(tx, f.clock.Now(), acc, try{r: SignInRequest{From: from}}, NeedSecondFactor, verdict{Suspicious: true})
			return err
		})
	}
	for range 4 {
		suspect(far(1))
	}
	if n := f.noticed(NoticeSuspicious); n != 1 {
		t.Errorf("%d notices of one network, want 1", n)
	}
	suspect(far(2))
	if n := f.noticed(NoticeSuspicious); n != 2 {
		t.Errorf("%d notices of two networks, want 2", n)
	}
	for i := range 20 {
		suspect(far(10 + i))
	}
	if n := f.noticed(NoticeSuspicious); n != suspiciousNotices.Limit {
		t.Errorf("%d notices within an hour, want %d", n, suspiciousNotices.Limit)
	}
	f.clock.Advance(time.Hour)
	suspect(far(1))
	if n := f.noticed(NoticeSuspicious); n != suspiciousNotices.Limit+1 {
		t.Errorf("%d notices an hour later, want %d", n, suspiciousNotices.Limit+1)
	}
}

func TestV5_WaitingSignInsAreBounded(t *testing.T) {
	f := newFixture(t)
	who := f.signedUp(t, anna)
	secret, _, _ := f.withTOTP(t, who)
	mine := f.step(t, anna, goodPassword, who.Device, fox).Challenge
	first := f.step(t, anna, goodPassword, "", elsewhere).Challenge
	for range maxWaiting {
		f.clock.Advance(time.Second)
		f.step(t, anna, goodPassword, "", elsewhere)
	}
	if _, err := f.PendingSignIn(f.ctx, f.clock.Now(), first.ID); !errors.Is(err, ErrAttempt) {
		t.Errorf("the oldest of too many: %v, want ErrAttempt", err)
	}
	var throttled *ThrottledError
	for range challengeBudget.Limit {
		_, err := f.SignIn(f.ctx, f.clock.Now(), SignInRequest{Login: anna, Password: goodPassword, From: elsewhere})
		if errors.As(err, &throttled) {
			break
		}
	}
	if throttled == nil {
		t.Error("sign-ins that need something more are without end")
	}
	f.step(t, anna, goodPassword, "", fox) // another network has its own
	if _, err := f.ContinueSignIn(f.ctx, f.clock.Now(), mine.ID, Answer{TOTP: f.totp(secret)}, who.Device, fox); err != nil {
		t.Errorf("the sign-in on the owner's own device: %v", err)
	}
}
