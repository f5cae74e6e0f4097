package account

import (
	"context"
	"encoding/base32"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/server/servertest"
	"github.com/hearthkey/hearthkey/server/store"
)

const (
	ownersPhone = "+4915123456789"
	thiefsPhone = "+4915187654321"
	newPassword = "green violin harvest moon"
)

var thief = Client{Agent: "Chrome on Windows", IP: "198.51.100.9", Place: "near Oslo"}

// household is an account with its owner's session.
type household struct {
	*fixture
	t    *testing.T
	web  Web
	totp []byte   // secret of the authenticator app; nil: none
	keys []string // recovery codes
}

func newHousehold(t *testing.T, email string) *household {
	t.Helper()
	return newHouseholdOn(t, servertest.DB(t), email)
}

func newHouseholdOn(t *testing.T, db *store.DB, email string) *household {
	t.Helper()
	f := newFixtureOn(t, db)
	return &household{fixture: f, t: t, web: f.signedUp(t, email).Web}
}

func (h *household) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// prove makes the session's proof fresh, and its check.
func (h *household) prove(password string) {
	h.t.Helper()
	var err error
	h.web, err = h.Prove(h.ctx, h.clock.Now(), h.web.Session, password)
	h.must(err)
	h.checked(h.t, h.web.Session)
}

// checked is as if a session had answered a check.
func (f *fixture) checked(t *testing.T, who Session) {
	t.Helper()
	f.update(t, func(tx *store.Tx) error { return noteCheck(tx, f.clock.Now(), who) })
}

// setTOTP adds an authenticator app.
func (h *household) setTOTP() {
	h.t.Helper()
	setup, err := h.BeginTOTP(h.ctx, h.clock.Now(), h.web.Session)
	h.must(err)
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ReplaceAll(setup.Secret, " ", ""))
	h.must(err)
	h.totp = secret
	web, keys, err := h.ConfirmTOTP(h.ctx, h.clock.Now(), h.web.Session, h.totpCode(), false)
	h.must(err)
	h.web, h.keys = web, keys
}

// totpCode is the app's code now.
func (h *household) totpCode() string {
	return totpAt(h.totp, h.clock.Now().Unix()/30, 6)
}

// moveTo changes the address, with the code that comes there.
func (h *household) moveTo(email string) {
	h.t.Helper()
	h.checked(h.t, h.web.Session)
	_, err := h.ChangeEmail(h.ctx, h.clock.Now(), h.web.Session, goodPassword, email, false)
	h.must(err)
	h.web, err = h.ConfirmChange(h.ctx, h.clock.Now(), h.web.Session, ChangesEmail, h.code(h.t))
	h.must(err)
}

// setPhone adds or changes the number.
func (h *household) setPhone(number string) {
	h.t.Helper()
	h.checked(h.t, h.web.Session)
	_, err := h.ChangePhone(h.ctx, h.clock.Now(), h.web.Session, goodPassword, number, "", true, false)
	h.must(err)
	h.web, err = h.ConfirmChange(h.ctx, h.clock.Now(), h.web.Session, ChangesPhone, h.code(h.t))
	h.must(err)
}

// notice returns the newest notice of a kind to an address.
func (f *fixture) notice(t *testing.T, kind NoticeKind, to string) Notice {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := len(f.mails) - 1; i >= 0; i-- {
		if f.mails[i].Kind == kind && f.mails[i].To == to {
			return f.mails[i]
		}
	}
	t.Fatalf("no %s notice to %s", kind, to)
	return Notice{}
}

// state is what an account is, as far as a theft changes it.
type state struct {
	Email, Phone, Password string
	Generation             int64
	Second, App            bool
	Passkeys               int
	Codes                  int
	Leaving, Resetting     bool
}

func (h *household) state() state {
	h.t.Helper()
	var s state
	h.must(h.c.DB.View(h.ctx, func(tx *store.Tx) error {
		acc, err1 := tx.Account(h.web.Session.Account)
		phone, err2 := tx.Phone(acc.ID)
		factors, err3 := tx.Factors(acc.ID)
		s = state{
			Email: acc.Email, Phone: phone.Number, Password: acc.Password, Generation: acc.Generation, Second: acc.SecondFactor,
			App: factors.TOTP != nil, Passkeys: len(factors.Passkeys), Codes: len(factors.Codes),
		}
		_, err4 := tx.Erasure(acc.ID)
		_, err5 := tx.FactorReset(acc.ID)
		s.Leaving, s.Resetting = err4 == nil, err5 == nil
		return errors.Join(err1, err2, err3)
	}))
	return s
}

// A thief at an open browser changes everything, the second factor last, and
// asks for the account's end. The mail to the old address brings it all back.
func TestV8_ThiefChangesEmailThenPhoneThenFactor(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	h.setPhone(ownersPhone)
	h.setTOTP()
	h.clock.Advance(20 * 24 * time.Hour)
	h.prove(goodPassword)
	before, app := h.state(), h.totp

	h.web.Session.Client = thief
	h.moveTo("thief@example.net")
	link := h.notice(t, NoticeEmailChanged, "anna@example.org").Link
	h.setPhone(thiefsPhone)
	web, err := h.RemoveTOTP(h.ctx, h.clock.Now(), h.web.Session, false)
	h.must(err)
	h.web = web
	h.setTOTP() // the thief's own
	_, err = h.AskErasure(h.ctx, h.clock.Now(), h.web.Session, goodPassword)
	h.must(err)
	thiefs := h.notice(t, NoticePhoneChanged, "thief@example.net").Link

	h.clock.Advance(3 * 24 * time.Hour)
	for range 50 { // mail scanners
		u, err := h.Look(h.ctx, h.clock.Now(), link)
		if err != nil || !u.Reverts || !u.NeedsFactor || u.About != NoticeEmailChanged {
			t.Fatalf("Look = %+v, %v", u, err)
		}
	}
	stolen := h.state()
	for factor, want := range map[string]error{"": ErrFactorNeeded, h.totpCode(): ErrFactor, "000000": ErrFactor, "aaaa-aaaa-aaaa-aaaa": ErrFactor} {
		if _, err := h.NotMe(h.ctx, h.clock.Now(), link, factor, fox); !errors.Is(err, want) {
			t.Errorf("NotMe with factor %q = %v, want %v", factor, err, want)
		}
		if diff := cmp.Diff(stolen, h.state()); diff != "" {
			t.Errorf("after a refusal (-before +after):\n%s", diff)
		}
	}
	h.totp = app
	done, err := h.NotMe(h.ctx, h.clock.Now(), link, h.totpCode(), fox)
	if err != nil || !done.Reverted {
		t.Fatalf("NotMe = %+v, %v", done, err)
	}
	after := h.state()
	before.Password, after.Password = "", ""
	if after.Generation <= stolen.Generation {
		t.Error("not signed out everywhere")
	}
	before.Generation = after.Generation
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("after the revert (-before the theft +after):\n%s", diff)
	}
	if h.live(t, h.web.Token) {
		t.Error("the thief is still signed in")
	}
	for _, l := range []string{link, thiefs} {
		if _, err := h.NotMe(h.ctx, h.clock.Now(), l, h.totpCode(), thief); !errors.Is(err, ErrLink) {
			t.Errorf("another link afterwards = %v, want ErrLink", err)
		}
	}
	if _, err := h.SignIn(h.ctx, h.clock.Now(), SignInRequest{Login: "anna@example.org", Password: goodPassword, From: fox}); !errors.Is(err, ErrCredentials) {
		t.Errorf("the old password = %v, want ErrCredentials", err)
	}
	h.must(h.ProveRecovery(h.ctx, h.clock.Now(), done.Recovery, h.code(t))) // the mail is old
	in, err := h.FinishRecovery(h.ctx, h.clock.Now(), done.Recovery, newPassword, "", fox)
	if err != nil || in.Token != "" {
		t.Fatalf("FinishRecovery = %+v, %v, want no session: the second factor stays", in, err)
	}
	h.clock.Advance(time.Minute)
	step := h.step(t, "anna@example.org", newPassword, "", fox)
	if step.Challenge == nil || step.Challenge.Need != NeedSecondFactor {
		t.Fatalf("sign-in = %+v, want the second factor", step)
	}
	if _, err := h.ContinueSignIn(h.ctx, h.clock.Now(), step.Challenge.ID, Answer{TOTP: h.totpCode()}, "", fox); err != nil {
		t.Errorf("sign-in with the old app: %v", err)
	}
}

// V3, V8: a recovery code works once, also where a change is undone after it: all
// of them may be used up meanwhile, or others made.
func TestV8_UsedRecoveryCodesStayUsed(t *testing.T) {
	for name, tt := range map[string]struct {
		use  int
		more bool // new codes are made after that
	}{"none": {0, false}, "some": {3, false}, "all": {recoveryCodes, false}, "some, then others": {3, true}, "all, then others": {recoveryCodes, true}} {
		t.Run(name, func(t *testing.T) {
			h := newHousehold(t, "anna@example.org")
			h.setTOTP()
			codes := h.keys
			h.clock.Advance(settledFor) // that chain is over; the app is not asked for yet
			h.prove(goodPassword)
			h.moveTo("thief@example.net")
			link := h.notice(t, NoticeEmailChanged, "anna@example.org").Link
			for _, code := range codes[:tt.use] {
				h.clock.Advance(time.Minute)
				h.must(h.c.DB.Update(h.ctx, func(tx *store.Tx) error {
					acc, err := tx.Account(h.web.Session.Account)
					h.must(err)
					return h.useRecoveryCode(tx, h.clock.Now(), acc, code, fox)
				}))
			}
			if tt.more {
				h.prove(goodPassword)
				_, _, err := h.NewRecoveryCodes(h.ctx, h.clock.Now(), h.web.Session, false)
				h.must(err)
			}
			if _, err := h.NotMe(h.ctx, h.clock.Now(), link, "", fox); err != nil {
				t.Fatal(err)
			}
			if got := h.state().Codes; got != recoveryCodes-tt.use {
				t.Errorf("%d codes after the undoing, want %d", got, recoveryCodes-tt.use)
			}
		})
	}
}

// A thief who knows the 7 days changes the phone first, and the address later:
// what is restored is from before the first of them.
func TestV8_TheFirstChangeOfTheChainCounts(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	h.setPhone(ownersPhone)
	h.clock.Advance(20 * 24 * time.Hour)
	h.prove(goodPassword)
	h.setPhone(thiefsPhone)
	h.clock.Advance(5 * 24 * time.Hour)
	h.moveTo("thief@example.net")
	h.clock.Advance(7*24*time.Hour - time.Second)
	link := h.notice(t, NoticeEmailChanged, "anna@example.org").Link
	if _, err := h.NotMe(h.ctx, h.clock.Now(), link, "", fox); err != nil {
		t.Fatal(err)
	}
	if got := h.state(); got.Email != "anna@example.org" || got.Phone != ownersPhone {
		t.Errorf("after the revert: %+v", got)
	}
}

func TestV8_LaterChangesDoNotProlong(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	h.moveTo("thief@example.net")
	link := h.notice(t, NoticeEmailChanged, "anna@example.org").Link
	for _, email := range []string{"second@example.net", "third@example.net", "fourth@example.net"} {
		h.clock.Advance(2 * 24 * time.Hour)
		h.moveTo(email)
	}
	if n := h.notice(t, NoticeEmailChanged, "second@example.net"); n.Link != "" {
		t.Error("an address in between got a link")
	}
	own := h.notice(t, NoticeEmailSet, "fourth@example.net").Link
	h.clock.Advance(24*time.Hour - time.Second)
	u, err := h.Look(h.ctx, h.clock.Now(), link)
	if err != nil || !u.Reverts || u.NeedsFactor {
		t.Fatalf("Look a second before the end = %+v, %v", u, err)
	}
	if u, err := h.Look(h.ctx, h.clock.Now(), own); err != nil || u.Reverts {
		t.Errorf("the newest address's link = %+v, %v, want one that reverts nothing", u, err)
	}
	h.clock.Advance(time.Second)
	before := h.state()
	if _, err := h.NotMe(h.ctx, h.clock.Now(), link, "", fox); !errors.Is(err, ErrLink) {
		t.Errorf("NotMe after 7 days = %v, want ErrLink", err)
	}
	if diff := cmp.Diff(before, h.state()); diff != "" {
		t.Errorf("changed (-before +after):\n%s", diff)
	}
}

// The thief's own mailbox gets notices too. Its links sign everything out, and
// do not take the owner's away.
func TestV8_OnlyTheFirstAddressReverts(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	h.moveTo("thief@example.net")
	link := h.notice(t, NoticeEmailChanged, "anna@example.org").Link
	h.setPhone(thiefsPhone)
	done, err := h.NotMe(h.ctx, h.clock.Now(), h.notice(t, NoticePhoneChanged, "thief@example.net").Link, "", thief)
	if err != nil || done.Reverted {
		t.Fatalf("the thief's link = %+v, %v", done, err)
	}
	if got := h.state(); got.Email != "thief@example.net" || got.Phone != thiefsPhone {
		t.Errorf("after it: %+v", got)
	}
	if done, err := h.NotMe(h.ctx, h.clock.Now(), link, "", fox); err != nil || !done.Reverted {
		t.Fatalf("the owner's link = %+v, %v", done, err)
	}
	if got := h.state(); got.Email != "anna@example.org" || got.Phone != "" {
		t.Errorf("after the revert: %+v", got)
	}
	if _, err := h.FinishRecovery(h.ctx, h.clock.Now(), done.Recovery, newPassword, "", thief); !errors.Is(err, ErrNoRecovery) {
		t.Errorf("the thief's recovery = %v, want ErrNoRecovery", err)
	}
}

// An ex-partner keeps the mailbox that the owner moves away from. The second
// factor, set long before, stands in the way, however often they try.
func TestV8_ExPartnerKeepsTheOldMailbox(t *testing.T) {
	h := newHousehold(t, "shared@example.org")
	h.setTOTP()
	h.clock.Advance(7*24*time.Hour + time.Minute)
	h.prove(goodPassword)
	old := h.notice(t, NoticeFactorChanged, "shared@example.org").Link
	h.moveTo("anna@example.org")
	before := h.state()
	link := h.notice(t, NoticeEmailChanged, "shared@example.org").Link
	for i := range 2 * undoTries {
		want := ErrFactor
		if i >= undoTries {
			want = ErrLink
		}
		if _, err := h.NotMe(h.ctx, h.clock.Now(), link, "123456", thief); !errors.Is(err, want) {
			t.Fatalf("try %d = %v, want %v", i+1, err, want)
		}
		h.clock.Advance(time.Hour)
	}
	if _, err := h.NotMe(h.ctx, h.clock.Now(), link, "", thief); !errors.Is(err, ErrFactorNeeded) {
		t.Errorf("without a factor = %v, want ErrFactorNeeded", err)
	}
	if _, err := h.NotMe(h.ctx, h.clock.Now(), old, "", thief); !errors.Is(err, ErrLink) {
		t.Errorf("an older notice's link = %v, want ErrLink", err)
	}
	if _, err := h.Recover(h.ctx, h.clock.Now(), "shared@example.org", "", "en", ByMail, "", thief); err != nil {
		t.Errorf("recovery by the old address = %v, want the same answer as always", err)
	}
	if diff := cmp.Diff(before, h.state()); diff != "" {
		t.Errorf("changed (-before +after):\n%s", diff)
	}
}

// Where the second factor is a passkey, undoing asks for that.
func TestV8_APasskeyUndoes(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	key, web := h.addPasskey(t, h.web.Session, "Key")
	h.web = web
	var err error
	h.web, err = h.SetSecondFactor(h.ctx, h.clock.Now(), h.web.Session, true, false)
	h.must(err)
	h.clock.Advance(20 * 24 * time.Hour)
	h.prove(goodPassword)
	h.moveTo("thief@example.net")
	link := h.notice(t, NoticeEmailChanged, "anna@example.org").Link
	owns, err := h.Factors(h.ctx, h.web.Session)
	h.must(err)
	h.web, err = h.RemovePasskey(h.ctx, h.clock.Now(), h.web.Session, owns.Passkeys[0].ID, false)
	h.must(err)
	thiefs, web := h.addPasskey(t, h.web.Session, "Thief's")
	h.web = web
	u, err := h.Look(h.ctx, h.clock.Now(), link)
	if err != nil || !u.NeedsFactor || len(u.Factors) == 0 || u.Factors[0] != Passkeys {
		t.Fatalf("Look = %+v, %v", u, err)
	}
	before := h.state()
	c, err := h.BeginNotMePasskey(h.ctx, h.clock.Now(), link)
	h.must(err)
	if _, err := h.NotMeByPasskey(h.ctx, h.clock.Now(), link, thiefs.get(c), thief); !errors.Is(err, ErrFactor) {
		t.Errorf("another passkey = %v, want ErrFactor", err)
	}
	if _, err := h.NotMeByPasskey(h.ctx, h.clock.Now(), link, PasskeyAnswer{}, thief); !errors.Is(err, ErrFactor) {
		t.Errorf("no passkey = %v, want ErrFactor", err)
	}
	if diff := cmp.Diff(before, h.state()); diff != "" {
		t.Errorf("changed (-before +after):\n%s", diff)
	}
	if c, err = h.BeginNotMePasskey(h.ctx, h.clock.Now(), link); err != nil {
		t.Fatal(err)
	}
	done, err := h.NotMeByPasskey(h.ctx, h.clock.Now(), link, key.get(c), fox)
	if err != nil || !done.Reverted {
		t.Fatalf("NotMeByPasskey = %+v, %v", done, err)
	}
	if _, err := h.passkeySignIn(t, thiefs); !errors.Is(err, ErrPasskey) {
		t.Errorf("the thief's passkey afterwards = %v", err)
	}
	if _, err := h.passkeySignIn(t, key); err != nil {
		t.Errorf("the owner's passkey afterwards: %v", err)
	}
	if _, err := h.BeginNotMePasskey(h.ctx, h.clock.Now(), link); !errors.Is(err, ErrLink) {
		t.Errorf("the used link = %v, want ErrLink", err)
	}
}

// A factor that is younger than the week before the chain could be the
// thief's: it is not asked for.
func TestV8_AYoungFactorIsNotAskedFor(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	h.setTOTP()
	h.clock.Advance(7 * 24 * time.Hour)
	h.prove(goodPassword)
	h.moveTo("thief@example.net")
	done, err := h.NotMe(h.ctx, h.clock.Now(), h.notice(t, NoticeEmailChanged, "anna@example.org").Link, "", fox)
	if err != nil || !done.Reverted {
		t.Errorf("NotMe = %+v, %v", done, err)
	}
}

func TestV9_ALinkWorksOnceAlsoInParallel(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	h.moveTo("thief@example.net")
	link := h.notice(t, NoticeEmailChanged, "anna@example.org").Link
	var (
		all  sync.WaitGroup
		mu   sync.Mutex
		good int
	)
	for range 50 {
		all.Go(func() {
			_, err := h.NotMe(context.Background(), h.clock.Now(), link, "", fox)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				good++
			} else if !errors.Is(err, ErrLink) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if good != 1 {
		t.Errorf("%d of 50 uses succeeded, want 1", good)
	}
}

// otherLetter returns a letter of the same alphabet that s is not.
func otherLetter(s string) string {
	if s == "_" {
		return "A"
	}
	return "_"
}

func TestV9_LinksOfNoUse(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	other := h.signedUp(t, "berta@example.org")
	h.setPhone(ownersPhone)
	good := h.notice(t, NoticePhoneChanged, "anna@example.org").Link
	_, err := h.AskErasure(h.ctx, h.clock.Now(), other.Session, goodPassword)
	h.must(err)
	keep := h.notice(t, NoticeErasureAsked, "berta@example.org").Link
	before := h.state()
	for name, link := range map[string]string{
		"nothing": "", "huge": strings.Repeat("A", 1<<20), "not base64": strings.Repeat("%", 64), "random": strings.Repeat("A", 64),
		"a byte more": good + "A", "a byte less": good[:len(good)-1], "another letter": good[:40] + otherLetter(good[40:41]) + good[41:],
		"of another purpose": keep, "another account's": keep[:22] + good[22:], "control characters": good[:10] + "\x00" + good[11:],
	} {
		if _, err := h.NotMe(h.ctx, h.clock.Now(), link, "", fox); !errors.Is(err, ErrLink) {
			t.Errorf("%s: NotMe = %v, want ErrLink", name, err)
		}
		if _, err := h.Look(h.ctx, h.clock.Now(), link); !errors.Is(err, ErrLink) {
			t.Errorf("%s: Look = %v, want ErrLink", name, err)
		}
		if name != "of another purpose" {
			if _, err := h.Keep(h.ctx, h.clock.Now(), link, fox); !errors.Is(err, ErrLink) {
				t.Errorf("%s: Keep = %v, want ErrLink", name, err)
			}
		}
	}
	if diff := cmp.Diff(before, h.state()); diff != "" {
		t.Errorf("changed (-before +after):\n%s", diff)
	}
	h.clock.Advance(linkLife)
	if _, err := h.NotMe(h.ctx, h.clock.Now(), good, "", fox); !errors.Is(err, ErrLink) {
		t.Errorf("NotMe after 7 days = %v, want ErrLink", err)
	}
}

// "It wasn't me" at a new sign-in: the password is void at once, and a phone
// that was set meanwhile goes, as the thief could have set it.
func TestV7_NotMeAtASignIn(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	in, err := h.try(t, "anna@example.org", goodPassword, "", thief)
	h.must(err)
	link := h.notice(t, NoticeNewSignIn, "anna@example.org").Link
	h.setPhone(ownersPhone)
	done, err := h.NotMe(h.ctx, h.clock.Now(), link, "", fox)
	if err != nil || !done.Reverted {
		t.Fatalf("NotMe = %+v, %v", done, err)
	}
	if h.live(t, in.Token) || h.live(t, h.web.Token) {
		t.Error("somebody is still signed in")
	}
	if got := h.state(); got.Phone != "" {
		t.Errorf("after it: %+v", got)
	}
	back, err := h.FinishRecovery(h.ctx, h.clock.Now(), done.Recovery, newPassword, "", fox)
	if err != nil || !h.live(t, back.Token) {
		t.Errorf("FinishRecovery = %v", err)
	}
}

// ASVS 6.3.7.
func TestV7_OnlySignInMailsCanBeSwitchedOff(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	h.setPhone(ownersPhone)
	h.must(h.SetPreferences(h.ctx, h.clock.Now(), h.web.Session, Preferences{CodeOnNewDevice: true, SMSNotices: true}))
	at := len(h.mails)
	_, err := h.try(t, "anna@example.org", goodPassword, "", thief)
	h.must(err)
	for _, n := range h.mails[at:] {
		if n.Kind == NoticeNewSignIn {
			t.Error("a mail at a new sign-in")
		}
	}
	h.must(h.c.DB.Update(h.ctx, func(tx *store.Tx) error {
		return h.Notify(tx, h.web.Session.Notice(NoticeLockChanged, h.clock.Now()))
	}))
	n := h.notice(t, NoticeLockChanged, "anna@example.org")
	if n.Link == "" || n.SMS != ownersPhone {
		t.Errorf("notice = %+v, want a link and an SMS", n)
	}
}
