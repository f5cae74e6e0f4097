package account

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// ASVS 6.6.1.
func TestA7_AddChangeAndRemoveAPhone(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	c, err := h.ChangePhone(h.ctx, h.clock.Now(), h.web.Session, goodPassword, "0151 23456789", "DE", true, false)
	if err != nil || c.To != "+4915123456789" || c.Sent.Channel != BySMS {
		t.Fatalf("ChangePhone = %+v, %v", c, err)
	}
	if w, err := h.Waiting(h.ctx, h.clock.Now(), h.web.Session, ChangesPhone); err != nil || w != c {
		t.Errorf("Waiting = %+v, %v, want %+v", w, err, c)
	}
	if p, err := h.Phone(h.ctx, h.web.Session); err != nil || p.Number != "" {
		t.Errorf("before the code: %+v, %v", p, err)
	}
	token := h.web.Token
	h.web, err = h.ConfirmChange(h.ctx, h.clock.Now(), h.web.Session, ChangesPhone, h.code(t))
	h.must(err)
	if h.live(t, token) || !h.live(t, h.web.Token) {
		t.Error("the session's token was not replaced")
	}
	want := Phone{"+4915123456789", h.clock.Now(), true}
	if p, err := h.Phone(h.ctx, h.web.Session); err != nil || p != want {
		t.Errorf("Phone = %+v, %v, want %+v", p, err, want)
	}
	if _, err := h.ChangePhone(h.ctx, h.clock.Now(), h.web.Session, goodPassword, "+4915123456789", "", true, false); !errors.Is(err, ErrSame) {
		t.Errorf("the same again = %v, want ErrSame", err)
	}
	h.clock.Advance(time.Hour)
	h.setPhone(thiefsPhone)
	if n := h.notice(t, NoticePhoneChanged, "anna@example.org"); n.SMS != "+4915123456789" || n.Link == "" {
		t.Errorf("the notice = %+v, want one to the old number too", n)
	}
	_, err = h.RemovePhone(h.ctx, h.clock.Now(), h.web.Session, goodPassword, true)
	h.must(err)
	if got := h.state(); got.Phone != "" {
		t.Errorf("after the removal: %+v", got)
	}
	if n := h.notice(t, NoticePhoneChanged, "anna@example.org"); n.SMS != thiefsPhone || n.Detail != "" {
		t.Errorf("the notice of the removal = %+v", n)
	}
}

func TestA7_ANumberBelongsToOneAccount(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	other := h.signedUp(t, "berta@example.org")
	// Both ask while it is free: the first to prove it has it.
	_, err := h.ChangePhone(h.ctx, h.clock.Now(), h.web.Session, goodPassword, ownersPhone, "", false, false)
	h.must(err)
	mine := h.code(t)
	_, err = h.ChangePhone(h.ctx, h.clock.Now(), other.Session, goodPassword, ownersPhone, "", false, false)
	h.must(err)
	theirs := h.code(t)
	h.web, err = h.ConfirmChange(h.ctx, h.clock.Now(), h.web.Session, ChangesPhone, mine)
	h.must(err)
	if _, err := h.ConfirmChange(h.ctx, h.clock.Now(), other.Session, ChangesPhone, theirs); !errors.Is(err, ErrPhoneTaken) {
		t.Errorf("the second = %v, want ErrPhoneTaken", err)
	}
	// Asking for it now is answered alike, sends no code, and tells the owner.
	h.clock.Advance(time.Hour)
	h.checked(t, other.Session)
	at := len(h.mails)
	c, err := h.ChangePhone(h.ctx, h.clock.Now(), other.Session, goodPassword, ownersPhone, "", false, false)
	if err != nil || c.To != ownersPhone || c.Sent.To == "" {
		t.Errorf("ChangePhone = %+v, %v", c, err)
	}
	for _, n := range h.mails[at:] {
		if n.Kind == NoticeAccessCode {
			t.Error("a code was sent to somebody else's number")
		}
	}
	h.notice(t, NoticePhoneTaken, "anna@example.org")
	if p, err := h.Phone(h.ctx, other.Session); err != nil || p.Number != "" {
		t.Errorf("the other's phone = %+v, %v", p, err)
	}
}

// ASVS 7.4.3.
func TestA6_ChangesSignOutEverywhereWhereAsked(t *testing.T) {
	for name, change := range map[string]func(*household, bool) (Web, error){
		"email": func(h *household, everywhere bool) (Web, error) {
			if _, err := h.ChangeEmail(h.ctx, h.clock.Now(), h.web.Session, "", "new@example.org", everywhere); err != nil {
				return Web{}, err
			}
			return h.ConfirmChange(h.ctx, h.clock.Now(), h.web.Session, ChangesEmail, h.code(h.t))
		},
		"phone": func(h *household, everywhere bool) (Web, error) {
			if _, err := h.ChangePhone(h.ctx, h.clock.Now(), h.web.Session, goodPassword, ownersPhone, "", true, everywhere); err != nil {
				return Web{}, err
			}
			return h.ConfirmChange(h.ctx, h.clock.Now(), h.web.Session, ChangesPhone, h.code(h.t))
		},
		"password": func(h *household, everywhere bool) (Web, error) {
			return h.ChangePassword(h.ctx, h.clock.Now(), h.web.Session, goodPassword, otherPassword, everywhere)
		},
	} {
		for _, everywhere := range []bool{false, true} {
			h := newHousehold(t, "anna@example.org")
			other, err := h.try(t, "anna@example.org", goodPassword, "", thief)
			h.must(err)
			web, err := change(h, everywhere)
			if err != nil || !h.live(t, web.Token) {
				t.Fatalf("%s: %v", name, err)
			}
			if h.live(t, other.Token) == everywhere {
				t.Errorf("%s: everywhere is %t, the other session lives: %t", name, everywhere, !everywhere)
			}
		}
	}
}

func TestA7_BadChanges(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	h.signedUp(t, "berta@example.org")
	before := h.state()
	now, who := h.clock.Now, h.web.Session
	for name, email := range map[string]string{
		"nothing": "", "no address": "anna", "two": "a@b@c", "a name": "Anna <anna@example.org>", "control": "anna\r\nBcc: x@example.org",
		"not UTF-8": "ann\xff@example.org", "huge": strings.Repeat("a", 1<<20) + "@example.org", "no dot": "anna@localhost",
	} {
		if _, err := h.ChangeEmail(h.ctx, now(), who, goodPassword, email, false); !errors.Is(err, ErrAddress) {
			t.Errorf("%s: ChangeEmail = %v, want ErrAddress", name, err)
		}
	}
	if _, err := h.ChangeEmail(h.ctx, now(), who, goodPassword, "anna@example.org", false); !errors.Is(err, ErrSame) {
		t.Errorf("the same address = %v, want ErrSame", err)
	}
	for name, number := range map[string]string{"nothing": "", "letters": "call me", "national": "0151 23456789", "premium": "+49 900 1234567", "huge": strings.Repeat("1", 1<<20)} {
		if _, err := h.ChangePhone(h.ctx, now(), Session{Account: who.Account, ID: who.ID, Language: "eo"}, goodPassword, number, "ZZ", false, false); !errors.Is(err, ErrPhone) {
			t.Errorf("%s: ChangePhone = %v, want ErrPhone", name, err)
		}
	}
	if _, err := h.ChangePhone(h.ctx, now(), who, "", ownersPhone, "", false, false); !errors.Is(err, ErrCredentials) {
		t.Errorf("without the password = %v, want ErrCredentials, however fresh the proof", err)
	}
	if _, err := h.RemovePhone(h.ctx, now(), who, goodPassword, false); !errors.Is(err, ErrNoPhone) {
		t.Errorf("RemovePhone = %v, want ErrNoPhone", err)
	}
	stranger := who
	stranger.ID = "01900000-0000-7000-8000-000000000000"
	if _, err := h.ChangeEmail(h.ctx, now(), stranger, goodPassword, "x@example.org", false); !errors.Is(err, ErrSignedOut) {
		t.Errorf("a dead session = %v, want ErrSignedOut", err)
	}
	for _, kind := range []ChangeKind{ChangesEmail, ChangesPhone, "", "nonsense", checkWaits, checkDone, "password"} {
		if _, err := h.ConfirmChange(h.ctx, now(), who, kind, "123456"); !errors.Is(err, ErrNoChange) {
			t.Errorf("ConfirmChange(%q) = %v, want ErrNoChange", kind, err)
		}
		if _, err := h.ResendChange(h.ctx, now(), who, kind); !errors.Is(err, ErrNoChange) {
			t.Errorf("ResendChange(%q) = %v, want ErrNoChange", kind, err)
		}
	}
	// An address of somebody else: answered alike, its owner told, no code works.
	_, err := h.ChangeEmail(h.ctx, now(), who, goodPassword, "berta@example.org", false)
	h.must(err)
	h.notice(t, NoticeHaveAccount, "berta@example.org")
	if _, err := h.ConfirmChange(h.ctx, now(), who, ChangesEmail, "123456"); !errors.As(err, new(*WrongCodeError)) {
		t.Errorf("a guessed code = %v, want *WrongCodeError", err)
	}
	h.clock.Advance(11 * time.Minute)
	if _, err := h.ChangeEmail(h.ctx, now(), who, "", "new@example.org", false); !errors.Is(err, ErrCredentials) {
		t.Errorf("without password or a fresh proof = %v, want ErrCredentials", err)
	}
	if diff := cmp.Diff(before, h.state()); diff != "" {
		t.Errorf("changed (-before +after):\n%s", diff)
	}
}

func TestV1_AChangeIsConfirmedOnceAlsoInParallel(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	_, err := h.ChangeEmail(h.ctx, h.clock.Now(), h.web.Session, "", "new@example.org", true)
	h.must(err)
	code := h.code(t)
	var (
		all  sync.WaitGroup
		mu   sync.Mutex
		good int
	)
	for range 50 {
		all.Go(func() {
			_, err := h.ConfirmChange(context.Background(), h.clock.Now(), h.web.Session, ChangesEmail, code)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				good++
			} else if !errors.Is(err, ErrNoChange) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if good != 1 {
		t.Errorf("%d of 50 succeeded, want 1", good)
	}
}

// Whoever has an account is a stranger to all others: by asking for somebody
// else's address or number as a new one, they use up no code that the owner needs.
func TestV5_AChangeToSomebodyElsesAddressLocksNobodyOut(t *testing.T) {
	for kind, ask := range map[NoticeKind]func(*household, Session) error{
		NoticeHaveAccount: func(h *household, eve Session) error {
			_, err := h.ChangeEmail(h.ctx, h.clock.Now(), eve, goodPassword, "anna@example.org", false)
			return err
		},
		NoticePhoneTaken: func(h *household, eve Session) error {
			_, err := h.ChangePhone(h.ctx, h.clock.Now(), eve, goodPassword, ownersPhone, "", false, false)
			return err
		},
	} {
		h := newHousehold(t, "anna@example.org")
		h.setPhone(ownersPhone)
		device := h.device(t)
		eve := h.signedUp(t, "eve@example.org").Session
		eve.Client = thief
		h.clock.Advance(2 * time.Hour)
		for range 2 * sendsPerHour {
			h.clock.Advance(time.Minute)
			h.checked(t, eve)
			if err := ask(h, eve); err != nil && !errors.As(err, new(*ThrottledError)) {
				t.Fatal(err)
			}
		}
		if n := h.noticed(kind); n != takenSends {
			t.Errorf("%s: the owner was told %d times, want once", kind, n)
		}
		if c := h.step(t, "anna@example.org", goodPassword, "", elsewhere).Challenge; c == nil {
			t.Errorf("%s: a new device needs no code", kind)
		}
		sent := len(h.mails)
		for _, d := range []string{"", device} {
			for _, by := range []Channel{ByMail, BySMS} {
				if _, err := h.Recover(h.ctx, h.clock.Now(), "anna@example.org", "", "en", by, d, elsewhere); err != nil {
					t.Errorf("%s: a recovery by %s (known device: %t): %v", kind, by, d != "", err)
				}
			}
		}
		if n := len(h.mails) - sent; n != 4 {
			t.Errorf("%s: %d codes were sent, want 4", kind, n)
		}
	}
}

// The account that asks has its own three an hour, whatever it asks for.
func TestV1_ChangesCountForTheAccountThatAsks(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	h.clock.Advance(2 * time.Hour)
	ask := func(i int) error {
		h.checked(t, h.web.Session)
		_, err := h.ChangeEmail(h.ctx, h.clock.Now(), h.web.Session, goodPassword, fmt.Sprintf("new%d@example.org", i), false)
		return err
	}
	for i := range insideSends {
		if err := ask(i); err != nil {
			t.Fatalf("change %d: %v", i, err)
		}
		var throttled *ThrottledError
		if err := ask(i + 10); !errors.As(err, &throttled) || throttled.RetryAfter != resendAfter {
			t.Errorf("another at once: %v, want a wait of %s", err, resendAfter)
		}
		h.clock.Advance(resendAfter)
	}
	if err := ask(insideSends); !errors.As(err, new(*ThrottledError)) {
		t.Errorf("one more within the hour: %v", err)
	}
}

func TestV8_EmailChangeIsInTheTimeline(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	h.moveTo("new@example.org")
	list, err := timeline.List(h.ctx, h.c.DB, protocol.AccountID(h.web.Session.Account), "", 10)
	if err != nil || len(list) == 0 || list[0].Kind != timeline.EmailChanged || strings.Contains(list[0].Subject, "new@") {
		t.Errorf("timeline = %+v, %v", list, err)
	}
}
