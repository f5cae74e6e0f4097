package remote

import (
	"net/netip"
	"testing"
)

// TestPatience: an address has its pace, and what is kept of all is bounded.
func TestPatience(t *testing.T) {
	g := newGate(nil, nil)
	let := 0
	for range 100 {
		if g.patient(netip.MustParseAddr("192.168.1.2")) {
			let++
		}
	}
	if let < hostBurst || let > hostBurst+hostPerSecond {
		t.Errorf("%d of 100 were let in at once, want about %d", let, hostBurst)
	}
	for i := range 1000 {
		if !g.patient(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})) {
			t.Fatalf("the first of address %d was not let in", i)
		}
	}
	if len(g.hosts) > maxHosts {
		t.Errorf("%d addresses are kept", len(g.hosts))
	}
}
