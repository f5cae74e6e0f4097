package home

import (
	"net/netip"
	"slices"
)

// GivesWay returns which of the connections that are open, given by their peers'
// addresses with the oldest first, is closed for one more from an address, where there
// may be so many in all and so many of one address; -1: none. It is the oldest of
// whoever has most, so that a crowd shows out its own.
func GivesWay(open []netip.Addr, from netip.Addr, inAll, ofOne int) int {
	of := map[netip.Addr]int{}
	for _, a := range open {
		of[a]++
	}
	if of[from] >= ofOne {
		return slices.Index(open, from)
	}
	if len(open) < inAll {
		return -1
	}
	of[from]++
	who := 0
	for i, a := range open {
		if of[a] > of[open[who]] {
			who = i
		}
	}
	return who
}
