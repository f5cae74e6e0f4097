package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/hearthkey/hearthkey/lan"
	"github.com/hearthkey/hearthkey/tools/hearthkey/lanremote"
)

// look asks the network for TVs that take remotes.
func (b remoteBook) look(ctx context.Context) (list []lanremote.Found, err error) {
	peers, err := lan.Browse(ctx, lan.Settings{Interfaces: b.Interface, Log: slog.New(slog.DiscardHandler)}, lan.TV, lookTime)
	if errors.Is(err, lan.ErrNoNetwork) {
		return nil, errors.New("this machine is on no network where TVs could be found; name the TV's address with --address")
	}
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
	return list, err
}
