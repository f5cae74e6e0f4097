package agent

import (
	"net"
	"net/netip"
	"slices"
	"strconv"

	"github.com/hearthkey/hearthkey/agent/lan/remote"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/tvremote"
)

// navRemotes is what the screens show of remotes.
func (c *core) navRemotes() *nav.Remotes {
	out := &nav.Remotes{HotelMode: c.agent.LAN.HotelMode, Unserved: c.remotes.server == nil}
	c.relayWorld(out)
	if out.Unserved {
		return out
	}
	out.Window = c.pairingWindow()
	out.Advertised = c.remotes.adverts.shown.Port != 0
	c.ecpWorld(out)
	connected := c.remotes.server.Connected()
	for _, p := range c.rec.LAN.Remotes {
		out.Paired = append(out.Paired, nav.Remote{
			ID: nav.RemoteID(p.id()), Name: string(p.Name), Role: nav.RemoteRole(p.Role),
			LastUsed: c.moment(max(int64(p.Used), c.remotes.last[p.id()])), Connected: connected[p.id()],
		})
	}
	return out
}

// pairingProblems maps why nothing was paired to what the screen says.
var pairingProblems = map[remote.Problem]nav.PairingProblem{
	remote.Fine: nav.PairingFine, remote.WrongCode: nav.PairingWrongCode, remote.TooOften: nav.PairingWait,
	remote.Expired: nav.PairingExpired, remote.Full: nav.PairingFull,
}

// pairingWindow is what the screen says about pairing; nil where there is nothing.
func (c *core) pairingWindow() *nav.PairingWindow {
	w := c.remotes.server.Window()
	if !w.Open && w.Problem == remote.Fine && w.Paired == "" {
		c.remotes.invite, c.remotes.qr = "", qrCode{} // they hold a secret
		return nil
	}
	out := &nav.PairingWindow{
		Code: w.Code, ExpiresIn: w.Left, Role: nav.RemoteRole(w.Role), TriesLeft: w.TriesLeft,
		Problem: pairingProblems[w.Problem], Paired: w.Paired,
	}
	if w.Problem == remote.TooOften {
		out.Wait = w.Wait
	}
	if w.Open {
		out.QR = c.remotes.qr.rows(c.remotes.invite)
	}
	return out
}

// invitation is what the QR code says.
func (c *core) invitation(secret []byte) tvremote.Invitation {
	id, err := c.rec.LAN.identity()
	if err != nil {
		c.log.Error("no key for the home network", "error", err) // it was read before
	}
	return tvremote.Invitation{TV: id.ID, Key: id.Hash[:], Secret: protocol.Bytes(secret), Addresses: c.lanAddresses()}
}

// invited is how many addresses an invitation has at most: each makes the picture
// finer, and a phone that cannot reach one of two finds the TV by its id.
const invited = 2

// lanAddresses is where remotes reach this TV, IPv4 first.
func (c *core) lanAddresses() (list []string) {
	tcp, ok := c.remotes.server.Addr().(*net.TCPAddr)
	if !ok {
		return nil
	}
	port := strconv.Itoa(tcp.Port)
	if at, ok := netip.AddrFromSlice(tcp.IP); ok && !at.IsUnspecified() {
		return []string{net.JoinHostPort(at.Unmap().String(), port)}
	}
	for _, a := range homeAddresses(c.agent.LAN.Interfaces) {
		if len(list) < invited {
			list = append(list, net.JoinHostPort(a.String(), port))
		}
	}
	return list
}

// homeAddresses are this machine's addresses on home networks, IPv4 first, by the
// interfaces of these names, or all where there are none. Link-local ones are left
// out: whoever scans a code cannot know which link is meant.
func homeAddresses(names []string) (list []netip.Addr) {
	all, err := net.Interfaces()
	if err != nil {
		return nil // the TV can be found by its id all the same
	}
	for _, i := range all {
		if len(names) > 0 && !slices.Contains(names, i.Name) || i.Flags&net.FlagUp == 0 {
			continue
		}
		addrs, err := i.Addrs()
		if err != nil {
			continue
		}
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Unmap().IsPrivate() {
				list = append(list, p.Addr().Unmap())
			}
		}
	}
	slices.SortStableFunc(list, func(a, b netip.Addr) int { return a.BitLen() - b.BitLen() })
	return list
}
