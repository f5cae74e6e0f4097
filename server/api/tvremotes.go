package api

import (
	"context"

	"github.com/hearthkey/hearthkey/protocol"
)

// takeRemotes deals with what a device tells of its remotes, and with what it answers
// to the account page's, since capability 6.
func (v *tv) takeRemotes(ctx context.Context, f protocol.Frame) error {
	now := v.t.cfg.Now()
	if !v.session.Relays {
		return errOutOfOrder
	}
	switch f := f.(type) {
	case protocol.Remotes:
		if err := v.t.words.take(v.session.Device, 1, now); err != nil {
			return err
		}
		return v.t.cfg.Devices.RemotesTold(ctx, now, v.current(), f)
	case protocol.RelayState:
		if err := v.t.relayed.take(v.session.Device, 1, now); err != nil {
			return err
		}
		if v.t.cfg.Relay != nil {
			v.t.cfg.Relay.FromTV(v.session, f)
		}
		return nil
	}
	return errOutOfOrder
}

// unrelay ends what controls the device from account pages: its connection or its
// sign-in has ended.
func (v *tv) unrelay() {
	if v.session != nil && v.session.Relays && v.t.cfg.Relay != nil {
		v.t.cfg.Relay.Gone(v.session)
	}
}
