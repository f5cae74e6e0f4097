package agent

import (
	"encoding/hex"
	"net"
	"net/netip"

	"github.com/hearthkey/hearthkey/lan"
)

// maxAdvertised is the longest version that is told, in bytes.
const maxAdvertised = 32

// adverts make this TV known on its home network. The zero adverts are none.
type adverts struct {
	to    advertiser       // nil: remotes have to be told the address
	shown lan.Announcement // that stands; zero: none
}

// advertiser is what is needed of a [lan.Advertiser], as with remoteServer.
type advertiser interface {
	Update(lan.Announcement) error
	Hide()
	Close() error
}

// startAdverts makes this TV known where remotes are served on a network. A TV that
// cannot be found is no reason not to start.
func (c *core) startAdverts() {
	names, ok := c.advertOn()
	if !ok {
		return
	}
	to, err := lan.Hidden(lan.Settings{Interfaces: names, Log: c.log}, lan.TV)
	if err != nil {
		c.log.Warn("not to be found on the home network", "error", err)
		return
	}
	c.remotes.adverts.to = to
	c.advertise()
}

// advertOn returns the names of the interfaces on which remotes are served, none for
// all. Where only this machine reaches them that is its loopback, and nobody else hears
// of it. It is false where there is no such interface.
func (c *core) advertOn() (names []string, ok bool) {
	tcp, ok := c.remotes.server.Addr().(*net.TCPAddr)
	if !ok {
		return nil, false
	}
	if tcp.IP.IsUnspecified() {
		return c.agent.LAN.Interfaces, true
	}
	all, err := net.Interfaces()
	if err != nil {
		return nil, false
	}
	for _, i := range all {
		addrs, err := i.Addrs()
		if err != nil {
			continue
		}
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil && tcp.IP.Equal(net.IP(p.Addr().AsSlice())) {
				return []string{i.Name}, true
			}
		}
	}
	return nil, false
}

// advertise brings what is known of this TV up to date: in a hotel it is found only
// while its pairing window is open.
func (c *core) advertise() {
	a := &c.remotes.adverts
	if a.to == nil {
		return
	}
	open := c.remotes.server.Window().Open
	var want lan.Announcement
	if open || !c.agent.LAN.HotelMode {
		want = c.announcement(open)
	}
	switch {
	case want == a.shown:
		return
	case want.Port == 0:
		a.to.Hide()
	default:
		if err := a.to.Update(want); err != nil {
			c.log.Warn("not to be found on the home network", "error", err)
			return
		}
	}
	a.shown = want
}

// announcement is what is told of this TV to anybody on the network.
func (c *core) announcement(pairing bool) lan.Announcement {
	id, err := c.rec.LAN.identity()
	tcp, ok := c.remotes.server.Addr().(*net.TCPAddr)
	if err != nil || !ok {
		return lan.Announcement{}
	}
	about := lan.About{
		ID: id.ID, Name: c.agent.Name, Model: c.agent.Model, Features: lan.Remotes, Fingerprint: hex.EncodeToString(id.Hash[:8]),
	}
	if plainID(c.agent.Build) && len(c.agent.Build) <= maxAdvertised {
		about.Version = c.agent.Build
	}
	if pairing {
		about.Features |= lan.Pairing
	}
	return lan.Announcement{Type: lan.TV, Port: uint16(tcp.Port), About: about}
}

// close says goodbye.
func (a *adverts) close() error {
	if a.to == nil {
		return nil
	}
	return a.to.Close()
}
