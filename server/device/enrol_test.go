package device

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

func TestEnrolment(t *testing.T) { // D1
	f := newFixture(t)
	who, tv := f.owner(t, "anna@example.org"), f.tv(t)
	code, frame := tv.shows()
	again, _ := tv.shows() // idempotent by public key
	if code != again {
		t.Errorf("a second code %s after %s", again, code)
	}
	if _, err := f.Enrolled(f.ctx, f.now(), frame, home); !errors.Is(err, ErrPending) {
		t.Errorf("before the approval: %v", err)
	}
	typed := strings.ToLower(code[:4]) + "-" + code[4:] + " "
	req, err := f.Pending(f.ctx, f.now(), who, typed)
	want := Request{Code: code, Name: "Living room", Model: "Lumen 55", Kind: "tv", IP: home.IP, Place: home.Place, Asked: f.now(), Until: f.now().Add(codeLife)}
	if err != nil || req != want {
		t.Errorf("Pending = %+v, %v, want %+v", req, err, want)
	}
	id, err := f.Approve(f.ctx, f.now(), who, typed)
	if err != nil || id != tv.id || len(f.decided) != 1 || f.decided[0] != tv.id {
		t.Fatalf("Approve = %s, %v; told about %v", id, err, f.decided)
	}
	if n := f.notice(t); n.Kind != account.NoticeNewDevice || n.Device != "Living room" || n.To != who.Email {
		t.Errorf("notice = %+v", n)
	}
	e, err := f.Enrolled(f.ctx, f.now(), frame, home)
	if err != nil || e.Enrolled.Epoch != 1 || e.Enrolled.Account != who.Account || e.Session.Conn != frame.Conn {
		t.Fatalf("Enrolled = %+v, %v", e, err)
	}
	if _, err := protocol.Encode(*e.Enrolled); err != nil {
		t.Error(err)
	}
	// A socket lost after the approval: the next one is answered with it.
	if e, err := f.Enrol(f.ctx, f.now(), tv.enrolFrame(), nonce, home); err != nil || e.Enrolled == nil || e.Enrolled.Epoch != 1 {
		t.Errorf("enrol after the approval = %+v, %v", e, err)
	}
	if r := tv.row(who); !r.Online || r.Wish.Status != protocol.Active || r.Epoch != 1 || r.IP != home.IP {
		t.Errorf("row = %+v", r)
	}
}

// RFC 8628 §5.
func TestCodeOnceInParallel(t *testing.T) {
	f := newFixture(t)
	who, code := f.owner(t, "anna@example.org"), ""
	tv := f.tv(t)
	code, _ = tv.shows()
	var wg sync.WaitGroup
	results := make(chan error, 50)
	for range 50 {
		wg.Go(func() {
			_, err := f.Approve(f.ctx, f.now(), who, code)
			results <- err
		})
	}
	wg.Wait()
	won := 0
	for range 50 {
		if err := <-results; err == nil {
			won++
		} else if !errors.Is(err, ErrCode) {
			t.Errorf("loser: %v", err)
		}
	}
	if won != 1 || tv.row(who).Epoch != 1 {
		t.Errorf("%d approvals by one code, epoch %d", won, tv.row(who).Epoch)
	}
}

func TestRefusedAndExpired(t *testing.T) {
	f := newFixture(t)
	who, tv := f.owner(t, "anna@example.org"), f.tv(t)
	code, frame := tv.shows()
	if err := f.Refuse(f.ctx, f.now(), who, code); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Enrolled(f.ctx, f.now(), frame, home); !errors.Is(err, ErrRefused) {
		t.Errorf("after the refusal: %v", err)
	}
	if _, err := f.Approve(f.ctx, f.now(), who, code); !errors.Is(err, ErrCode) {
		t.Errorf("approve after refuse: %v", err)
	}
	next, frame := tv.shows()
	if next == code {
		t.Error("the refused code again")
	}
	f.clock.Advance(codeLife)
	if _, err := f.Enrolled(f.ctx, f.now(), frame, home); !errors.Is(err, ErrCode) {
		t.Errorf("after 15 minutes: %v", err)
	}
	if _, err := f.Approve(f.ctx, f.now(), who, next); !errors.Is(err, ErrCode) {
		t.Errorf("approve after 15 minutes: %v", err)
	}
	if err := f.Tidy(f.ctx, f.now()); err != nil {
		t.Error(err)
	}
}

func TestBadEnrolments(t *testing.T) {
	f := newFixture(t)
	tv, other := f.tv(t), f.tv(t)
	for name, change := range map[string]func(*protocol.Enrol){
		"another name":   func(e *protocol.Enrol) { e.Name = "Kitchen" },
		"another key":    func(e *protocol.Enrol) { e.PublicKey = protocol.Bytes(other.pub) },
		"another number": func(e *protocol.Enrol) { e.Conn++ },
		"short key":      func(e *protocol.Enrol) { e.PublicKey = e.PublicKey[:31] },
		"no signature":   func(e *protocol.Enrol) { e.Sig = nil },
	} {
		e := tv.enrolFrame()
		change(&e)
		if _, err := f.Enrol(f.ctx, f.now(), e, nonce, home); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := f.Enrol(f.ctx, f.now(), tv.enrolFrame(), ask("x"), home); !errors.Is(err, ErrSignature) {
		t.Errorf("replayed to another nonce: %v", err)
	}
}

// RFC 8628 §5, §6.1.
func TestFlooding(t *testing.T) { // D1
	f := newFixture(t)
	who := f.owner(t, "anna@example.org")
	var throttled *account.ThrottledError
	var err error
	for range networkBudget.Limit + 1 {
		_, err = f.Enrol(f.ctx, f.now(), f.tv(t).enrolFrame(), nonce, home)
	}
	if !errors.As(err, &throttled) {
		t.Errorf("codes for one network: %v", err)
	}
	if _, err := f.Enrol(f.ctx, f.now(), f.tv(t).enrolFrame(), nonce, Meta{IP: "198.51.100.1"}); err != nil {
		t.Errorf("another network: %v", err)
	}
	for i, code := range []string{"", "short", "BCDFGHJKL", "AEIOUAEI", "bcdf-ghjk", "🦊🦊🦊🦊🦊🦊🦊🦊", strings.Repeat("B", 1000), "BBBBBBBB", "CCCCCCCC", "DDDDDDDD"} {
		if _, err := f.Pending(f.ctx, f.now(), who, code); !errors.Is(err, ErrCode) {
			t.Errorf("wrong code %d: %v", i, err)
		}
	}
	if _, err := f.Approve(f.ctx, f.now(), who, "FFFFFFFF"); !errors.As(err, &throttled) || throttled.RetryAfter != time.Hour {
		t.Errorf("the eleventh wrong code: %v", err)
	}
}

// All accounts of a network together have a bound as well.
func TestD1_WrongCodesOfANetworkAreBounded(t *testing.T) {
	f := newFixture(t)
	who := f.owner(t, "anna@example.org")
	who.Client.IP = "198.51.100.7"
	code, _ := f.tv(t).shows()
	err := f.c.DB.Update(f.ctx, func(tx *store.Tx) (err error) {
		for range networkGuesses.Limit {
			err = errors.Join(err, networkGuesses.Take(tx, f.c.Keys, f.now(), account.Network("198.51.100.200")))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var throttled *account.ThrottledError
	if _, err := f.Pending(f.ctx, f.now(), who, code); !errors.As(err, &throttled) || throttled.RetryAfter != time.Hour {
		t.Errorf("after all that its network may type: %v", err)
	}
	who.Client.IP = "203.0.113.24"
	if _, err := f.Pending(f.ctx, f.now(), who, code); err != nil {
		t.Errorf("from another network: %v", err)
	}
}

func TestDeviceLimit(t *testing.T) { // D15
	f := newFixture(t)
	who := f.owner(t, "anna@example.org")
	first := f.signedIn(t, who)
	for range f.c.MaxDevices - 1 {
		f.signedIn(t, who)
	}
	code, _ := f.tv(t).shows()
	if _, err := f.Approve(f.ctx, f.now(), who, code); !errors.Is(err, ErrLimit) {
		t.Errorf("one too many: %v", err)
	}
	if err := f.SignOut(f.ctx, f.now(), who, first.id); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Approve(f.ctx, f.now(), who, code); err != nil {
		t.Errorf("after another signed out: %v", err)
	}
}

func TestMovesToAnotherAccount(t *testing.T) {
	f := newFixture(t)
	anna, bert := f.owner(t, "anna@example.org"), f.owner(t, "bert@example.org")
	tv := f.signedIn(t, anna)
	old := *tv
	tv.join(bert)
	if w := tv.row(anna).Wish; w.Status != protocol.SignedOut || w.By != protocol.ByThisTV {
		t.Errorf("the old account's row: %+v", w)
	}
	if r := tv.row(bert); r.Epoch != 2 || r.Wish.Status != protocol.Active {
		t.Errorf("the new account's row: %+v", r)
	}
	entries, err := timeline.List(f.ctx, f.c.DB, anna.Account, "", 1)
	if err != nil || entries[0].Kind != timeline.DeviceMoved {
		t.Errorf("timeline = %+v, %v", entries, err)
	}
	// What the old epoch signed is still the old account's.
	old.have.Status = protocol.SignedOut
	if _, err := f.Receipt(f.ctx, f.now(), old.receipt(nil)); err != nil || tv.row(anna).Wish.Confirmed.IsZero() {
		t.Errorf("the old epoch's receipt: %v, %+v", err, tv.row(anna).Wish)
	}
	if w := tv.row(bert).Wish; w.Status != protocol.Active {
		t.Errorf("it touched the new account: %+v", w)
	}
	// And a copy of the device with the old epoch hears of the old account only.
	old.conn = tv.conn
	if a := old.connect(); a.Status != protocol.SignedOut || a.Session.Account != anna.Account {
		t.Errorf("old epoch: %+v", a)
	}
}

func TestStolenCannotEnrol(t *testing.T) {
	f := newFixture(t)
	who := f.owner(t, "anna@example.org")
	tv := f.signedIn(t, who)
	setStatus(t, tv, protocol.Stolen)
	if _, err := f.Enrol(f.ctx, f.now(), tv.enrolFrame(), nonce, home); !errors.Is(err, ErrStolen) {
		t.Errorf("Enrol = %v, want ErrStolen", err)
	}
	if _, err := f.SignOutEverywhere(f.ctx, f.now(), who); err != nil {
		t.Fatal(err)
	}
	if got := tv.row(who).Wish.Status; got != protocol.Stolen {
		t.Errorf("sign-out everywhere lowered stolen to %s", got)
	}
	if err := f.SignOut(f.ctx, f.now(), who, tv.id); !errors.Is(err, account.ErrSignedOut) && tv.row(who).Wish.Status != protocol.Stolen {
		t.Errorf("sign-out lowered stolen: %v", err)
	}
}

func TestEndedWebSessionApprovesNothing(t *testing.T) { // D5
	f := newFixture(t)
	who, tv := f.owner(t, "anna@example.org"), f.tv(t)
	code, _ := tv.shows()
	err := f.c.DB.Update(f.ctx, func(tx *store.Tx) error {
		_, err := tx.DeleteWebSession(who.Account, string(who.ID))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	_, approveErr := f.Approve(f.ctx, f.now(), who, code)
	_, pendingErr := f.Pending(f.ctx, f.now(), who, code)
	_, everywhereErr := f.SignOutEverywhere(f.ctx, f.now(), who)
	for name, err := range map[string]error{
		"Approve": approveErr, "Pending": pendingErr, "Refuse": f.Refuse(f.ctx, f.now(), who, code),
		"SignOut": f.SignOut(f.ctx, f.now(), who, tv.id), "Deactivate": f.Deactivate(f.ctx, f.now(), who, tv.id),
		"Rename": f.Rename(f.ctx, f.now(), who, tv.id, "x"), "SignOutEverywhere": everywhereErr,
	} {
		if !errors.Is(err, account.ErrSignedOut) {
			t.Errorf("%s = %v, want ErrSignedOut", name, err)
		}
	}
}

// RFC 8628 §6.1.
func FuzzReadCode(f *testing.F) {
	f.Add("bcdf-ghjk")
	f.Add("\u212a\u212a\u212a\u212a\u212a\u212a\u212a\u212a")
	f.Fuzz(func(t *testing.T, typed string) {
		code := readCode(typed)
		if code != "" && (len(code) != protocol.UserCodeLength || strings.Trim(code, protocol.UserCodeAlphabet) != "") {
			t.Errorf("readCode(%q) = %q", typed, code)
		}
	})
}

// A backup was restored that lost sign-ins of a TV, or the whole TV: it says which
// epoch it had, and gets a higher one. What it says can only raise its own.
func TestEnrolAfterALostSignIn(t *testing.T) {
	for _, c := range []struct {
		name   string
		known  bool // the server knows its first sign-in
		had    protocol.Epoch
		want   protocol.Epoch
		resume bool // over a second connection
	}{
		{"a new TV", false, 0, 1, false},
		{"one that the server has lost", false, 7, 8, false},
		{"as many as the server knows", true, 1, 2, false},
		{"an older version says none", true, 0, 2, false},
		{"more than the server knows", true, 5, 6, false},
		{"the highest", true, protocol.MaxEpoch, protocol.MaxEpoch + 1, false},
		{"asked twice", true, 5, 6, true},
	} {
		f := newFixture(t)
		who := f.owner(t, "anna@example.org")
		tv := f.tv(t)
		if c.known {
			tv.join(who)
			if err := tv.SignOut(tv.ctx, tv.now(), who, tv.id); err != nil {
				t.Fatal(err)
			}
		}
		tv.had = c.had
		code, frame := tv.shows()
		if c.resume {
			code, frame = tv.shows()
		}
		if _, err := tv.Approve(tv.ctx, tv.now(), who, code); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		e, err := tv.Enrolled(tv.ctx, tv.now(), frame, home)
		if err != nil || e.Enrolled.Epoch != c.want || e.Session.Epoch != c.want {
			t.Errorf("%s: epoch %d and %d, %v; want %d", c.name, e.Enrolled.Epoch, e.Session.Epoch, err, c.want)
		}
		if got := tv.row(who); got.Epoch != c.want || got.Wish.Status != protocol.Active {
			t.Errorf("%s: row = %+v", c.name, got)
		}
	}
}

// The proof of the sign-in before, which a TV may hand in late, does not end the
// request for the next one.
func TestALateProofEndsNoRequest(t *testing.T) {
	f := newFixture(t)
	who := f.owner(t, "anna@example.org")
	tv := f.signedIn(t, who)
	if err := tv.SignOut(tv.ctx, tv.now(), who, tv.id); err != nil {
		t.Fatal(err)
	}
	tv.state(nil)
	proof := tv.receipt(func(*protocol.ReceiptClaims) {})
	tv.had = 1
	code, _ := tv.shows()
	if _, err := tv.Receipt(tv.ctx, tv.now(), proof); err != nil {
		t.Fatal(err)
	}
	if _, err := tv.Approve(tv.ctx, tv.now(), who, code); err != nil {
		t.Errorf("the code no longer works: %v", err)
	}
}

// A TV that lost its connection asked again over another one. The approval wakes
// both; the half-open one must not take the TV over from where it is.
func TestD1_AHalfOpenConnectionTakesNothingOver(t *testing.T) {
	f := newFixture(t)
	who := f.owner(t, "anna@example.org")
	tv := f.tv(t)
	_, older := tv.shows()
	code, newer := tv.shows()
	if _, err := f.Approve(f.ctx, f.now(), who, code); err != nil {
		t.Fatal(err)
	}
	m := Meta{IP: "192.0.2.4", Node: "n1"}
	e, err := f.Enrolled(f.ctx, f.now(), newer, m)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Enrolled(f.ctx, f.now(), older, m); !errors.Is(err, ErrReplaced) {
		t.Errorf("the older connection: %v, want %v", err, ErrReplaced)
	}
	late := e.Session
	late.Conn = older.Conn
	if err := f.Disconnected(f.ctx, late, f.now(), f.now()); err != nil {
		t.Fatal(err)
	}
	if err := f.Heartbeat(f.ctx, f.now(), "n1"); err != nil {
		t.Fatal(err)
	}
	if !tv.row(who).Online {
		t.Error("the board has the TV offline")
	}
}
