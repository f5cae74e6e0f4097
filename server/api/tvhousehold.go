package api

import (
	"context"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/device"
	"github.com/hearthkey/hearthkey/server/hub"
	"github.com/hearthkey/hearthkey/server/profile"
)

// takeHousehold deals with what a household does at its TV, since capability 3.
// The frames of a connection are taken one after the other, so there is one
// request at a time, and each is checked against the device's session in the
// transaction that does it.
func (v *tv) takeHousehold(ctx context.Context, f protocol.Frame) error {
	sess := v.current()
	if sess.Cap < protocol.HouseholdCapability {
		return errOutOfOrder
	}
	now := v.t.cfg.Now()
	tooOften := v.t.words.take(sess.Device, 1, now)
	tv := profile.TV{Account: sess.Account, Device: sess.Device, Epoch: sess.Epoch}
	switch f := f.(type) {
	case protocol.PINTries:
		if tooOften != nil {
			return tooOften
		}
		if f.Epoch != sess.Epoch {
			return device.ErrStaleEpoch
		}
		_, err := v.t.cfg.Profiles.ReportTries(ctx, now, tv, f.Tries)
		return err
	case protocol.AddProfile:
		err := tooOften
		if err == nil {
			_, err = v.t.cfg.Profiles.AddFromTV(ctx, now, tv, f)
		}
		return v.answerProfile(f.N, err)
	case protocol.EditProfile:
		err := tooOften
		if err == nil {
			err = v.t.cfg.Profiles.EditFromTV(ctx, now, tv, f)
		}
		return v.answerProfile(f.N, err)
	}
	return errOutOfOrder
}

// longestRefusal bounds what a device is told to wait.
const longestRefusal = 24 * time.Hour

// answerProfile tells what became of request n. What was not thought of is
// logged; neither a PIN nor a password is ever part of an error.
func (v *tv) answerProfile(n int64, err error) error {
	answer := protocol.ProfileAnswer{N: n}
	if err != nil {
		refusal, wait, expected := profile.Refusal(err)
		answer.Refusal, answer.RetryAfter = refusal, min(max(wait, 0), longestRefusal).Milliseconds()
		if !expected {
			v.t.cfg.Log.Error("profile not changed from a device", "ip", v.ip, "device", v.device(), "error", err)
		}
	}
	return hub.Send(v.conn, answer)
}
