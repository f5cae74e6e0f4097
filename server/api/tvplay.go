package api

import (
	"context"
	"errors"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/device"
	"github.com/hearthkey/hearthkey/server/grant"
	"github.com/hearthkey/hearthkey/server/hub"
)

// takePlay deals with what plays at a device, since capability 4.
func (v *tv) takePlay(ctx context.Context, f protocol.Frame) error {
	sess, now := v.current(), v.t.cfg.Now()
	if sess.Cap < protocol.GrantCapability {
		return errOutOfOrder
	}
	tooOften := v.t.words.take(sess.Device, 1, now)
	tv := grant.TV{Account: sess.Account, Device: sess.Device, Epoch: sess.Epoch}
	switch f := f.(type) {
	case protocol.PlayEnd:
		if tooOften != nil {
			return nil // a stream ends by itself, and a person who zaps keeps the connection
		}
		return v.t.cfg.Grants.End(ctx, tv, f.N)
	case protocol.Play:
		if tooOften != nil {
			return v.refusePlay(f.N, tooOften)
		}
		g, err := v.t.cfg.Grants.Issue(ctx, now, tv, f)
		if err != nil {
			return v.refusePlay(f.N, err)
		}
		return hub.Send(v.conn, g)
	}
	return errOutOfOrder
}

// playAgain is when a device asks again where the server does not say.
const playAgain = 10 * time.Second

// refusePlay says why there is no grant. What is not about the play itself lets
// the device go on and ask again: a database that is busy stops no film.
func (v *tv) refusePlay(n int64, err error) error {
	var refused *grant.RefusedError
	switch {
	case errors.Is(err, device.ErrUnknown), errors.Is(err, device.ErrStaleEpoch):
		return err // nothing will ever be true of this connection again
	case errors.As(err, &refused):
		return hub.Send(v.conn, protocol.PlayRefused{N: n, Refusal: refused.Refusal, Watching: refused.Watching})
	}
	e, expected := Explain(err)
	if !expected {
		v.t.cfg.Log.Error("no play grant", "ip", v.ip, "device", v.device(), "error", err)
	}
	wait := max(e.RetryAfter, playAgain)
	return hub.Send(v.conn, protocol.PlayRefused{
		N: n, Refusal: protocol.PlayBusy, RetryAfter: min(delay(wait), longestRefusal).Milliseconds(),
	})
}
