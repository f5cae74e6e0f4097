package remote

import (
	"net"
	"net/netip"
	"testing"
)

// TestAtHome: only addresses that no router of the Internet passes on.
func TestAtHome(t *testing.T) {
	for addr, want := range map[string]bool{
		"192.168.1.5": true, "10.0.0.1": true, "172.16.0.1": true, "172.32.0.1": false, "169.254.1.1": true,
		"127.0.0.1": true, "::1": true, "fe80::1": true, "fd00::1": true, "fc00::1": true,
		"8.8.8.8": false, "100.64.0.1": false, "2001:db8::1": false, "0.0.0.0": false, "::": false, "224.0.0.251": false, "ff02::fb": false,
	} {
		if got := atHome(netip.MustParseAddr(addr)); got != want {
			t.Errorf("atHome(%s) = %v, want %v", addr, got, want)
		}
	}
	if atHome(addrOf(&net.UnixAddr{})) {
		t.Error("an address of another kind is at home")
	}
	mapped := addrOf(&net.TCPAddr{IP: net.ParseIP("::ffff:8.8.8.8"), Port: 1})
	if atHome(mapped) {
		t.Error("an IPv4 address in an IPv6 one is at home")
	}
	if !atHome(addrOf(&net.TCPAddr{IP: net.ParseIP("fe80::1"), Zone: "eth0"})) {
		t.Error("a link-local address with its zone is not at home")
	}
}

// TestListensOn: only the interfaces that were named.
func TestListensOn(t *testing.T) {
	loopback := netip.MustParseAddr("127.0.0.1")
	for _, c := range []struct {
		names []string
		want  bool
	}{{nil, true}, {[]string{"lo"}, true}, {[]string{"nothing0"}, false}, {[]string{"nothing0", "lo"}, true}} {
		g := gate{interfaces: c.names}
		if got := g.listensOn(loopback); got != c.want {
			t.Errorf("listensOn with %v = %v, want %v", c.names, got, c.want)
		}
	}
	if g := (gate{interfaces: []string{"lo"}}); g.listensOn(netip.MustParseAddr("192.168.77.1")) {
		t.Error("an address of no interface is listened on")
	}
}

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
