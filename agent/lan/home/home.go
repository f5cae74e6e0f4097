// Package home says who is on the TV's home network, for what listens there, and who
// gives way where it is crowded: peers of any other network are closed before a byte of
// theirs is read.
//
// All of it is safe for concurrent use. [On] asks the kernel each time, since networks
// come and go. The tests hold all against tables, with this machine's loopback.
package home

import (
	"net"
	"net/netip"
	"slices"
)

// Is reports whether an address is one of a home network: private (RFC 1918), unique
// local (RFC 4193), link-local (RFC 3927, RFC 4291), or this machine. No router of the
// internet passes these on.
func Is(a netip.Addr) bool { return a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsLoopback() }

// On reports whether an address of this machine is on one of the interfaces of these
// names; where there are no names, all are meant.
func On(names []string, here netip.Addr) bool {
	if len(names) == 0 {
		return true
	}
	for _, name := range names {
		card, err := net.InterfaceByName(name)
		if err != nil {
			continue // not plugged in
		}
		addrs, err := card.Addrs()
		if err == nil && slices.ContainsFunc(addrs, func(a net.Addr) bool {
			p, err := netip.ParsePrefix(a.String())
			return err == nil && p.Addr().Unmap() == here
		}) {
			return true
		}
	}
	return false
}

// AddrOf returns the address of one end of a TCP connection, IPv4 as such and without
// a zone; of anything else the zero Addr.
func AddrOf(a net.Addr) netip.Addr {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	return tcp.AddrPort().Addr().Unmap().WithZone("")
}
