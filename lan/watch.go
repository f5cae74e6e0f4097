package lan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/lan/mdns"
)

// ErrNoNetwork is returned by [Browse] where this machine is on no network.
var ErrNoNetwork = errors.New("lan: no network interface on which others could be found")

// maxPeers bounds a list.
const maxPeers = 256

// Peer is a service that was found. Nothing of it is proven: see the package's comment.
type Peer struct {
	About
	Label string           // its name on the network, alone there: "Living room (2)"
	Addrs []netip.AddrPort // where it may be reached, best first; IPv6 ones of one link with its zone
}

// Equal reports whether two are the same in everything.
func (p Peer) Equal(q Peer) bool {
	return p.About == q.About && p.Label == q.Label && slices.Equal(p.Addrs, q.Addrs)
}

// Watcher finds services until Close.
type Watcher struct {
	node     *mdns.Node
	loopback bool // is there beside a network, and none itself
}

// Watch begins to look for services of a type. found is called with the whole list, in
// order of labels and ids, whenever it changed; it must return soon and not call the
// Watcher. Errors wrap [mdns.ErrNoSocket].
func Watch(s Settings, t Type, found func([]Peer)) (*Watcher, error) {
	var last []Peer
	node, err := mdns.Start(mdns.Config{
		Interfaces: s.Interfaces, Loopback: s.Loopback, Log: s.Log, Browse: string(t),
		Found: func(all []mdns.Found) {
			list := peers(all)
			if slices.EqualFunc(list, last, Peer.Equal) {
				return
			}
			last = list
			found(slices.Clone(list))
		},
	})
	if err != nil {
		return nil, fmt.Errorf("lan: watch: %w", err)
	}
	return &Watcher{node, s.Loopback && len(s.Interfaces) == 0}, nil
}

// Reconfirm is for who could not reach a peer: it goes from the list unless it answers
// within 3.5 s, instead of after two minutes.
func (w *Watcher) Reconfirm(p Peer) { w.node.Reconfirm(p.Label) }

// Networked reports whether this machine is on a network at all.
func (w *Watcher) Networked() bool {
	return slices.ContainsFunc(w.node.Links(), func(l mdns.Link) bool { return !l.Own || !w.loopback })
}

// Close ends the search.
func (w *Watcher) Close() error { return w.node.Close() }

// Browse looks for services for a while: most answer within 150 ms, one that was asked
// just before within 1.2 s. Errors are [ErrNoNetwork], where there is none and nothing
// was found, wrap [mdns.ErrNoSocket], or are the context's.
func Browse(ctx context.Context, s Settings, t Type, wait time.Duration) ([]Peer, error) {
	lists := make(chan []Peer, 1)
	w, err := Watch(s, t, func(l []Peer) {
		select {
		case <-lists:
		default:
		}
		lists <- l
	})
	if err != nil {
		return nil, err
	}
	defer w.Close()
	select {
	case <-time.After(wait):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	var list []Peer
	select {
	case list = <-lists:
	default:
	}
	if len(list) == 0 && !w.Networked() {
		return nil, ErrNoNetwork
	}
	return list, nil
}

// peers reads what was found, and puts together what one peer tells on several links.
func peers(all []mdns.Found) []Peer {
	type key struct {
		About
		port uint16
	}
	var list []*Peer
	byKey := make(map[key]*Peer)
	for _, f := range all {
		about, ok := parseAbout(f.Text)
		if !ok {
			continue
		}
		k := key{about, f.Port}
		p := byKey[k]
		if p == nil {
			if len(list) == maxPeers {
				continue
			}
			p = &Peer{About: about, Label: readable(f.Instance)}
			byKey[k] = p
			list = append(list, p)
		}
		for _, a := range f.Addrs {
			if a.Is6() && a.IsLinkLocalUnicast() {
				a = a.WithZone(f.Zone)
			}
			p.Addrs = append(p.Addrs, netip.AddrPortFrom(a, f.Port))
		}
	}
	out := make([]Peer, 0, len(list))
	for _, p := range list {
		slices.SortFunc(p.Addrs, better)
		p.Addrs = slices.Compact(p.Addrs)
		out = append(out, *p)
	}
	slices.SortFunc(out, func(p, q Peer) int {
		return cmp.Or(strings.Compare(p.Label, q.Label), strings.Compare(p.ID, q.ID), strings.Compare(p.Fingerprint, q.Fingerprint))
	})
	return out
}

// better puts addresses in the order in which they should be tried: IPv4, IPv6, and
// IPv6 of one link, which not every program can dial.
func better(a, b netip.AddrPort) int {
	rank := func(p netip.AddrPort) int {
		switch addr := p.Addr(); {
		case addr.Is4():
			return 0
		case addr.IsLinkLocalUnicast():
			return 2
		}
		return 1
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), a.Addr().Compare(b.Addr()))
}
