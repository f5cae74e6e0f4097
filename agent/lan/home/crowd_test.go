package home

import (
	"net/netip"
	"testing"
)

// TestGivesWay: who has most gives way, the oldest first.
func TestGivesWay(t *testing.T) {
	for _, tt := range []struct {
		open string // a letter for each, oldest first
		from byte
		want int
	}{
		{"", 'a', -1}, {"aab", 'c', -1}, {"aab", 'a', -1}, {"baaa", 'a', 1},
		{"abbbcc", 'd', 1}, {"abbccc", 'a', 3}, {"abcdef", 'g', 0}, {"abcdef", 'd', 3}, {"aabbcc", 'c', 4},
	} {
		var open []netip.Addr
		for _, c := range []byte(tt.open) {
			open = append(open, netip.AddrFrom4([4]byte{10, 0, 0, c}))
		}
		if got := GivesWay(open, netip.AddrFrom4([4]byte{10, 0, 0, tt.from}), 6, 3); got != tt.want {
			t.Errorf("of %q for %c: %d, want %d", tt.open, tt.from, got, tt.want)
		}
	}
}
