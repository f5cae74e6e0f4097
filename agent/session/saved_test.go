package session

import (
	"testing"

	"github.com/hearthkey/hearthkey/protocol"
)

// What a TV keeps of an account that it left names that no more, once the proofs are
// where they belong; until then, and while it is in an account, nothing is forgotten.
func TestSettled(t *testing.T) {
	proof := Proof{Kind: ProofReceipt, JWS: "a.b.c", Digest: "d", Server: "tv.example"}
	for _, c := range []struct {
		name   string
		status protocol.Status
		proofs []Proof
		forget bool
	}{
		{"signed out", protocol.SignedOut, nil, true},
		{"deactivated", protocol.Deactivated, nil, true},
		{"with a proof to hand in", protocol.SignedOut, []Proof{proof}, false},
		{"in an account", protocol.Active, nil, false},
		{"stolen, and reporting", protocol.Stolen, nil, false},
		{"never signed in", "", nil, false},
	} {
		s := Saved{Account: "a1", State: "x.y.z", Status: c.status, Proofs: c.proofs, Epoch: 3, Version: 7, Server: "tv.example"}
		got := s.settled()
		if forgot := got.Account == "" && got.State == ""; forgot != c.forget {
			t.Errorf("%s: account %q and state %q are kept, want %t", c.name, got.Account, got.State, !c.forget)
		}
		if got.Epoch != 3 || got.Version != 7 || got.Server != "tv.example" || got.Status != c.status {
			t.Errorf("%s: more is gone: %+v", c.name, got)
		}
	}
}
