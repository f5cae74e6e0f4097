package session

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// doubted is a TV that the server signed out because another may have a copy of its
// key: it has a new one, and its receipt is acknowledged.
func doubted(t *testing.T) *home {
	t.Helper()
	h := newHome(func(int) int { return 0 }, func(format string, args ...any) { t.Helper(); t.Fatalf(format, args...) })
	h.join()
	before := h.id()
	h.server.doubt(h.id())
	h.server.push(h.peer)
	h.settle()
	h.wait(time.Minute)
	if s := h.model.Saved(); s.Status != protocol.SignedOut || s.Device != before || h.id() == before || len(s.Proofs) != 0 {
		t.Fatalf("after the doubt: %+v, the key is %s", s, h.id())
	}
	return h
}

// A TV speaks for an identity only while it has its key: what it signed about the old
// one by the new one nobody could verify, and it would be sent again for ever.
func TestNoWordForAKeyThatIsGone(t *testing.T) {
	h := doubted(t)
	h.step(Deactivate{})
	h.settle()
	if s := h.model.Saved(); s.Status != protocol.Deactivated || len(s.Proofs) != 0 {
		t.Errorf("deactivated after the key was renewed: %s with %d proofs", s.Status, len(s.Proofs))
	}
	h.wait(time.Hour)
	h.join()
	h.wait(time.Minute)
	if s := h.model.Saved(); s.Status != protocol.Active || s.Device != h.id() {
		t.Errorf("cannot sign in anew: %+v", s)
	}
}

// The word that was signed by the old key survives a power cut at every step of its
// renewal, and is delivered.
func TestTheOldWordOutlivesItsKey(t *testing.T) {
	for at := 1; at < 30; at++ {
		h := newHome(func(int) int { return 0 }, func(format string, args ...any) {
			t.Helper()
			t.Fatalf("cut at %d: "+format, append([]any{at}, args...)...)
		})
		h.join()
		before := h.id()
		h.server.doubt(before)
		h.cutIn = at
		h.server.push(h.peer)
		h.settle()
		h.cutIn = 0
		h.wait(10 * time.Minute)
		s := h.model.Saved()
		if s.Status != protocol.SignedOut || h.id() == before || len(s.Proofs) != 0 {
			t.Errorf("cut at %d: %s, %d proofs, same key %v", at, s.Status, len(s.Proofs), h.id() == before)
		}
		if got := h.server.applied[before]; got != h.server.version {
			t.Errorf("cut at %d: the server has the receipt of version %d, want %d", at, got, h.server.version)
		}
	}
}

// A10, O4: a TV that was off while its account was erased, or whose sign-in was lost
// with a restored backup, shows what it has when it is back, and hears by the server's
// signature that it is over: it erases itself, and can be signed in again. The server's
// bare word, before that, ends nothing.
func TestA10_ALostSignInIsOver(t *testing.T) {
	h := newHome(func(int) int { return 0 }, func(format string, args ...any) { t.Helper(); t.Fatalf(format, args...) })
	h.join()
	h.wait(time.Minute)
	before := h.id()
	h.unplug()
	h.cut(time.Hour)
	h.server.lost = true
	h.wait(10 * time.Minute)
	if s := h.model.Saved(); s.Status != protocol.SignedOut || h.id() == before || h.held != (Held{}) {
		t.Errorf("after the server's word: %+v, it holds %+v", s, h.held)
	}
	h.server.lost = false
	h.join()
	if s := h.model.Saved(); s.Status != protocol.Active {
		t.Errorf("cannot be signed in again: %s", s.Status)
	}
}

// The TV belongs to another household by now than a restored server thinks: it takes
// nothing of the first one's, and shows at its next connection whose it is.
func TestO4_AStateOfAnotherHousehold(t *testing.T) {
	v := signedIn(t)
	v.event([]string{"closed"})
	v.event([]string{"connected"})
	v.event([]string{"hello"})
	a := newAuthority(keyServer)
	v.gets(protocol.State{JWS: a.sign(protocol.TypState, protocol.StateClaims{
		Device: v.model.saved.Device, Account: "another", Epoch: 1, Status: protocol.Active, Version: 99, Issued: 1, Lease: 60, Keys: 1,
	})})
	if v.model.saved.Version != 5 || v.model.line.stage != idle {
		t.Errorf("version %d, stage %d: want that it hangs up", v.model.saved.Version, v.model.line.stage)
	}
	v.event([]string{"connected"})
	if sent := strings.Join(v.event([]string{"hello"}), "\n"); !strings.Contains(sent, "state=true signed=true") {
		t.Errorf("the next auth does not show what it has: %s", sent)
	}
}

// O4: a sign-in of which the TV has but the word that there is one ends where the
// server has lost it, whatever it says instead: there is nothing to show that would
// make it sign the end. One that has begun does not.
func TestO4_ASignInThatNeverBegan(t *testing.T) {
	a := newAuthority(keyServer)
	state := func(v *talker, account protocol.AccountID, epoch protocol.Epoch) protocol.Frame {
		return protocol.State{JWS: a.sign(protocol.TypState, protocol.StateClaims{
			Device: v.model.saved.Device, Account: account, Epoch: epoch, Status: protocol.Active, Version: 99, Issued: 1, Lease: 60, Keys: 1,
		})}
	}
	for name, c := range map[string]struct {
		answer func(*talker) protocol.Frame
		ends   bool
	}{
		"unknown":            {func(*talker) protocol.Frame { return protocol.Error{Code: protocol.CodeUnknown} }, true},
		"an earlier sign-in": {func(*talker) protocol.Frame { return protocol.Error{Code: protocol.CodeStaleEpoch} }, true},
		"another's state":    {func(v *talker) protocol.Frame { return state(v, "another", 1) }, true},
		"an earlier state":   {func(v *talker) protocol.Frame { return state(v, v.model.saved.Account, 1) }, true},
		"busy":               {func(*talker) protocol.Frame { return protocol.Error{Code: protocol.CodeBusy} }, false},
		"a later state":      {func(v *talker) protocol.Frame { return state(v, v.model.saved.Account, 3) }, false},
		"unsigned":           {func(*talker) protocol.Frame { return protocol.State{JWS: "a.b.c"} }, false},
	} {
		for _, begun := range []bool{false, true} {
			v := newTalker(t)
			for _, line := range []string{"start", "signin", "connected", "hello", "enrolled epoch=2"} {
				v.event(strings.Fields(line))
			}
			if begun {
				v.event(strings.Fields("state epoch=2 version=5 n snapshot=S:10"))
			}
			for _, line := range []string{"closed", "connected", "hello"} {
				v.event(strings.Fields(line))
			}
			v.gets(c.answer(v))
			want := protocol.Active
			if c.ends && !begun {
				want = protocol.SignedOut
			}
			if got := v.model.saved.Status; got != want {
				t.Errorf("%s, begun %t: the TV is %s, want %s", name, begun, got, want)
			}
		}
	}
}

// A TV that forgot its state, since the key that signed it leaked, has begun: the
// server's bare word ends nothing. What it signs does.
func TestO4_AForgottenStateIsNoSignInThatNeverBegan(t *testing.T) {
	v := signedIn(t)
	removes := listed(keyServer, 2, "", "k2")
	removes.Removed = []string{"k1"}
	v.gets(byRoot(root1, removes))
	if s := v.model.saved; s.State != "" || s.Version != 0 {
		t.Fatalf("the state is still there: %+v", s)
	}
	for _, line := range []string{"closed", "connected", "hello"} {
		v.event(strings.Fields(line))
	}
	v.gets(protocol.Error{Code: protocol.CodeUnknown})
	if got := v.model.saved.Status; got != protocol.Active {
		t.Errorf("the TV is %s", got)
	}
	for _, line := range []string{"closed", "connected", "hello"} {
		v.event(strings.Fields(line))
	}
	a := newAuthority(keyServer)
	a.rotate("k2")
	v.gets(protocol.State{JWS: a.sign(protocol.TypState, protocol.StateClaims{
		Device: v.model.saved.Device, Account: "another", Epoch: 1, Status: protocol.Active, Version: 9, Issued: 1, Lease: 60, Keys: 2,
	})})
	if got := v.model.saved.Status; got != protocol.SignedOut {
		t.Errorf("after a signed word: the TV is %s", got)
	}
}

// An approval that comes while a deactivation erases the identity that asked for it
// is not taken: the sign-in would belong to a key that is gone.
func TestAnApprovalComesToADeactivatedTV(t *testing.T) {
	h := newHome(func(n int) int { return n - 1 }, func(format string, args ...any) { t.Helper(); t.Fatalf(format, args...) })
	h.join()
	h.server.revoke(h.id(), protocol.SignedOut)
	h.server.push(h.peer)
	h.settle()
	h.step(SignIn{})
	h.settle()
	before, conn := h.id(), h.conn
	h.server.approve(before, h.peer)
	approval := h.peer.out
	h.step(Deactivate{})
	for i, f := range approval {
		h.pending = slices.Insert(h.pending, i, What(Received{conn, f}))
	}
	h.settle()
	h.wait(time.Hour)
	if s := h.model.Saved(); s.Status != protocol.Deactivated || h.id() == before || len(s.Proofs) != 0 {
		t.Errorf("deactivated, and then approved: %s with %d proofs, and its key is %s after %s", s.Status, len(s.Proofs), h.id(), before)
	}
	h.join()
	h.wait(time.Minute)
	if s := h.model.Saved(); s.Status != protocol.Active || s.Device != h.id() {
		t.Errorf("cannot sign in anew: %+v", s)
	}
}
