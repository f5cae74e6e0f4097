package home

import (
	"net"
	"net/netip"
	"testing"
)

// TestIs: only addresses that no router of the Internet passes on.
func TestIs(t *testing.T) {
	for addr, want := range map[string]bool{
		"192.168.1.5": true, "10.0.0.1": true, "172.16.0.1": true, "172.32.0.1": false, "169.254.1.1": true,
		"127.0.0.1": true, "::1": true, "fe80::1": true, "fd00::1": true, "fc00::1": true,
		"8.8.8.8": false, "100.64.0.1": false, "2001:db8::1": false, "0.0.0.0": false, "::": false, "224.0.0.251": false, "ff02::fb": false,
	} {
		if got := Is(netip.MustParseAddr(addr)); got != want {
			t.Errorf("Is(%s) = %v, want %v", addr, got, want)
		}
	}
	if Is(AddrOf(&net.UnixAddr{})) {
		t.Error("an address of another kind is at home")
	}
	mapped := AddrOf(&net.TCPAddr{IP: net.ParseIP("::ffff:8.8.8.8"), Port: 1})
	if Is(mapped) {
		t.Error("an IPv4 address in an IPv6 one is at home")
	}
	if !Is(AddrOf(&net.TCPAddr{IP: net.ParseIP("fe80::1"), Zone: "eth0"})) {
		t.Error("a link-local address with its zone is not at home")
	}
}

// TestOn: of a machine on several networks only those that are named are meant.
func TestOn(t *testing.T) {
	cards, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	loopback := ""
	for _, c := range cards {
		if c.Flags&net.FlagLoopback != 0 {
			loopback = c.Name
		}
	}
	at := netip.MustParseAddr("127.0.0.1")
	for _, tt := range []struct {
		names []string
		addr  netip.Addr
		want  bool
	}{
		{nil, at, true}, {[]string{loopback}, at, true}, {[]string{"nowhere0", loopback}, at, true},
		{[]string{"nowhere0"}, at, false}, {[]string{loopback}, netip.MustParseAddr("192.168.77.1"), false},
	} {
		if got := On(tt.names, tt.addr); got != tt.want {
			t.Errorf("On(%q, %v) = %v", tt.names, tt.addr, got)
		}
	}
}
