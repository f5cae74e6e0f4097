package main

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/hearthkey/hearthkey/lan"
	"github.com/hearthkey/hearthkey/tools/hearthkey/lanremote"
)

// How long the network is asked: most TVs answer within 150 ms.
const (
	lookTime  = 2 * time.Second
	lookFirst = 500 * time.Millisecond // before a TV that is being paired is taken for the one that is meant
)

// look asks the network for TVs that take remotes: until the one with this id is
// there, or with no id for those that are being paired, or until all should be.
func (b remoteBook) look(ctx context.Context, id string) ([]lanremote.Found, error) {
	lists := make(chan []lan.Peer, 1)
	w, err := lan.Watch(lan.Settings{Interfaces: b.Interface, Loopback: true, Log: slog.New(slog.DiscardHandler)}, lan.TV, func(l []lan.Peer) {
		select { // the newest is enough
		case <-lists:
		default:
		}
		lists <- l
	})
	if err != nil {
		return nil, err
	}
	defer w.Close()
	all, first := time.NewTimer(lookTime), time.NewTimer(lookFirst)
	defer all.Stop()
	defer first.Stop()
	var list []lanremote.Found
	enough := func(f lanremote.Found) bool { return f.ID == id }
	for !slices.ContainsFunc(list, enough) {
		select {
		case l := <-lists:
			list = takeRemotes(l)
		case <-first.C:
			if id == "" {
				enough = func(f lanremote.Found) bool { return f.Pairing }
			}
		case <-all.C:
			if !w.Networked() {
				return nil, errNoNetwork
			}
			return list, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return list, nil
}

var errNoNetwork = errors.New("this machine is on no network where TVs could be found; name the TV's address with --address")

// takeRemotes are the peers that take remotes.
func takeRemotes(peers []lan.Peer) (list []lanremote.Found) {
	for _, p := range peers {
		if p.Features&lan.Remotes == 0 {
			continue
		}
		f := lanremote.Found{ID: p.ID, Name: p.Label, Fingerprint: p.Fingerprint, Pairing: p.Features&lan.Pairing != 0}
		for _, a := range p.Addrs {
			f.Addresses = append(f.Addresses, a.String())
		}
		list = append(list, f)
	}
	return list
}
