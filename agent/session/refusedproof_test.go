package session

import (
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// A server that has lost what a proof is about, by an account that was erased or a
// backup that was restored, refuses it for good. The TV keeps it, and in its next
// household is not thrown out of contact by it all day, nor writes its flash away.
func TestARefusedProofIsSeldomSent(t *testing.T) {
	h := newHome(func(n int) int { return n - 1 }, func(format string, args ...any) { t.Helper(); t.Fatalf(format, args...) })
	h.join()
	h.server.deaf = true
	h.step(SignOutHere{})
	h.settle()
	h.wait(10 * time.Minute)
	h.join()
	h.wait(10 * time.Minute)
	h.join()
	if s := h.model.Saved(); s.Status != protocol.Active || len(s.Proofs) != 1 {
		t.Fatalf("not in the next household with the proof of the last: %s, %d proofs", s.Status, len(s.Proofs))
	}
	before, written := h.conn, h.saves
	h.wait(24 * time.Hour)
	most := int(24*time.Hour/RenewEvery(h.model.Saved().Lease.Length)) + 100
	if dials, saves := h.conn-before, h.saves-written; dials > 20 || saves > most {
		t.Errorf("in a day: %d connections and %d writes of the vault", dials, saves)
	}
	h.server.deaf = false
	h.wait(48 * time.Hour)
	if n := len(h.model.Saved().Proofs); n != 0 {
		t.Errorf("%d proofs are kept from a server that takes them", n)
	}
}
