package api

import "net/netip"

// Distance says how far from the person a TV that asks to be signed in seems to
// be, by the addresses alone.
type Distance string

// The distances.
const (
	AtHome    Distance = "home"    // the same network
	Elsewhere Distance = "network" // another network; as with mobile data at home
	Abroad    Distance = "country" // another country
)

// Far reports whether a person has to say that they see the TV before it is
// signed in.
func (d Distance) Far() bool { return d != AtHome }

// DistanceOf compares two addresses; country may not know some, and may be nil.
func DistanceOf(tv, you string, country func(netip.Addr) string) Distance {
	if sameNetwork(tv, you) {
		return AtHome
	}
	there, here := countryOf(tv, country), countryOf(you, country)
	if there != "" && here != "" && there != here {
		return Abroad
	}
	return Elsewhere
}

func countryOf(address string, country func(netip.Addr) string) string {
	a, err := netip.ParseAddr(address)
	if err != nil || country == nil {
		return ""
	}
	return country(a.Unmap().WithZone(""))
}

// sameNetwork reports whether two addresses are likely of one home: the same
// public IPv4 address, the same IPv6 /64, or both of this machine.
func sameNetwork(a, b string) bool {
	x, err1 := netip.ParseAddr(a)
	y, err2 := netip.ParseAddr(b)
	if err1 != nil || err2 != nil {
		return false
	}
	x, y = x.Unmap().WithZone(""), y.Unmap().WithZone("")
	if x.IsLoopback() && y.IsLoopback() {
		return true
	}
	if x.Is6() && y.Is6() {
		p, err := x.Prefix(64)
		return err == nil && p.Contains(y)
	}
	if x.IsPrivate() && y.IsPrivate() { // a server at home sees the home's own addresses
		p, err := x.Prefix(24)
		return err == nil && p.Contains(y)
	}
	return x == y
}
