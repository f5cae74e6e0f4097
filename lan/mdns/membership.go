package mdns

import (
	"net/netip"
	"slices"
	"time"

	"github.com/hearthkey/hearthkey/lan/links"
)

// refresh reads the links and tells the machines which there are.
func (n *Node) refresh(now time.Time) {
	n.read = now
	all, err := n.watch.List()
	if err != nil {
		n.log.Error("network interfaces not read", "error", err)
		return
	}
	all = slices.DeleteFunc(all, func(l links.Link) bool { return !n.use(l) })
	all = all[:min(len(all), maxLinks)]
	n.leaveOthers(all)
	n.links = n.links[:0]
	clear(n.near)
	for _, l := range all {
		if m := n.join(l); m.V4 || m.V6 {
			n.links = append(n.links, m)
			n.near[l.Index] = l.Addrs
		}
	}
	n.responder.Links(now, n.links)
	if n.browser != nil {
		n.browser.Links(now, n.links)
	}
}

// use reports whether a link is one to be on. A named one is, also a loopback.
func (n *Node) use(l links.Link) bool {
	if !l.Up || len(l.Addrs) == 0 {
		return false
	}
	if len(n.config.Interfaces) > 0 {
		return slices.Contains(n.config.Interfaces, l.Name)
	}
	return l.Multicast || l.Loopback && n.config.Loopback
}

// leaveOthers leaves the groups on links that are not among those, and on those whose
// carrier was gone, so that joining tells their switches anew.
func (n *Node) leaveOthers(all []links.Link) {
	for index, m := range n.joined {
		stays := slices.ContainsFunc(all, func(l links.Link) bool { return l.Index == index && l.Carrier == m.carrier })
		if stays {
			continue
		}
		for _, s := range n.sockets {
			if s.v6 && m.v6 || !s.v6 && m.v4 {
				// It may be gone, and its membership with it.
				_ = s.leave(index)
			}
		}
		delete(n.joined, index)
	}
}

// join joins the groups on a link, where that is not done, and returns the link as
// the machines see it: by which protocols they can speak there.
func (n *Node) join(l links.Link) Link {
	m := n.joined[l.Index]
	m.carrier = l.Carrier
	for _, s := range n.sockets {
		done := &m.v4
		if s.v6 {
			done = &m.v6
		}
		if *done {
			continue
		}
		if err := s.join(l.Index); err != nil {
			n.log.Warn("mdns group not joined", "interface", l.Name, "error", err)
			continue
		}
		*done = true
	}
	n.joined[l.Index] = m
	out := Link{Index: l.Index, Name: l.Name, Own: l.Loopback, Carrier: l.Carrier}
	for _, p := range l.Addrs {
		a := p.Addr()
		out.V4 = out.V4 || m.v4 && a.Is4()
		out.V6 = out.V6 || m.v6 && a.Is6() && (a.IsLinkLocalUnicast() || a.IsLoopback())
		if !a.IsLoopback() || l.Loopback {
			out.Addrs = append(out.Addrs, a)
		}
	}
	slices.SortFunc(out.Addrs, netip.Addr.Compare)
	return out
}
