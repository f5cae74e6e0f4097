package api

import (
	"net/netip"
	"testing"
)

func TestSameNetwork(t *testing.T) {
	tests := []struct {
		a, b string
		want bool
	}{
		{"203.0.113.4", "203.0.113.4", true},
		{"203.0.113.4", "203.0.113.5", false},
		{"::ffff:203.0.113.4", "203.0.113.4", true},
		{"127.0.0.1", "::1", true},
		{"2001:db8:1:2::a", "2001:db8:1:2:ffff::b", true},
		{"2001:db8:1:2::a", "2001:db8:1:3::a", false},
		{"192.168.1.4", "192.168.1.9", true},
		{"192.168.1.4", "10.0.0.9", false},
		{"", "", false},
		{"nonsense", "127.0.0.1", false},
	}
	for _, tt := range tests {
		if got := sameNetwork(tt.a, tt.b); got != tt.want {
			t.Errorf("sameNetwork(%q, %q) = %t, want %t", tt.a, tt.b, got, tt.want)
		}
	}
}

func TestDistanceOf(t *testing.T) {
	country := func(a netip.Addr) string {
		return map[string]string{"203.0.113.4": "FR", "203.0.113.5": "FR", "198.51.100.7": "NO"}[a.String()]
	}
	for _, c := range []struct {
		tv, you string
		want    Distance
	}{
		{"203.0.113.4", "203.0.113.4", AtHome},
		{"203.0.113.4", "203.0.113.5", Elsewhere},
		{"203.0.113.4", "198.51.100.7", Abroad},
		{"::ffff:203.0.113.4", "198.51.100.7", Abroad},
		{"203.0.113.4", "192.0.2.1", Elsewhere}, // in no country that is known
		{"", "198.51.100.7", Elsewhere},
	} {
		if got := DistanceOf(c.tv, c.you, country); got != c.want || got.Far() != (c.want != AtHome) {
			t.Errorf("DistanceOf(%q, %q) = %s, want %s", c.tv, c.you, got, c.want)
		}
	}
	if got := DistanceOf("203.0.113.4", "198.51.100.7", nil); got != Elsewhere {
		t.Errorf("without countries: %s, want %s", got, Elsewhere)
	}
}
