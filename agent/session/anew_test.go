package session

import (
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
