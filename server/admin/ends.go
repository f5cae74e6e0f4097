package admin

import (
	"net/http"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/operator"
)

func (a *API) findDevices(c *call) error {
	var in findDevicesBody
	if err := decode(c, maxBody, &in); err != nil {
		return err
	}
	list, err := a.cfg.Operators.FindDevices(c.ctx(), c.now, c.by, in.Name)
	if err != nil {
		return err
	}
	out := namedAnswer{make([]NamedDevice, 0, len(list))}
	for _, d := range list {
		out.Devices = append(out.Devices, NamedDevice{string(d.Account), string(d.ID), d.Name, d.Model, string(d.Status), d.LastSeen})
	}
	return reply(c, http.StatusOK, out)
}

func (a *API) signOutDevice(c *call) error {
	var in deviceBody
	if err := decode(c, maxBody, &in); err != nil {
		return err
	}
	was, err := a.cfg.Operators.SignOutDevice(c.ctx(), c.now, c.by, protocol.DeviceID(in.Device), in.Reason)
	if err != nil {
		return err
	}
	return reply(c, http.StatusOK, Ended{was})
}

func (a *API) signOut(c *call) error { return a.about(c, a.cfg.Operators.SignOut) }
func (a *API) lock(c *call) error    { return a.about(c, a.cfg.Operators.Lock) }
func (a *API) unlock(c *call) error  { return a.about(c, a.cfg.Operators.Unlock) }

// about does something to the account that a body names.
func (a *API) about(c *call, do accountAct) error {
	var in resetBody
	if err := decode(c, maxBody, &in); err != nil {
		return err
	}
	if err := do(c.ctx(), c.now, c.by, in.Who, in.Reason); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

func (a *API) sweeps(c *call) error {
	list, err := a.cfg.Operators.Sweeps(c.ctx(), c.now)
	if err != nil {
		return err
	}
	out := sweepsAnswer{make([]Sweep, 0, len(list))}
	for _, s := range list {
		out.Sweeps = append(out.Sweeps, sweepOf(s))
	}
	return reply(c, http.StatusOK, out)
}

func (a *API) askSweep(c *call) error {
	var in askSweepBody
	if err := decode(c, maxBody, &in); err != nil {
		return err
	}
	s, err := a.cfg.Operators.AskSweep(c.ctx(), c.now, c.by, in.Reason, in.PerSecond, !in.Quiet)
	if err != nil {
		return err
	}
	return reply(c, http.StatusAccepted, sweepOf(s))
}

func (a *API) approveSweep(c *call) error {
	var in sweepBody
	if err := decode(c, maxBody, &in); err != nil {
		return err
	}
	s, err := a.cfg.Operators.ApproveSweep(c.ctx(), c.now, c.by, in.Sweep, in.Reason)
	if err != nil {
		return err
	}
	return reply(c, http.StatusOK, sweepOf(s))
}

func (a *API) cancelSweep(c *call) error {
	var in sweepBody
	if err := decode(c, maxBody, &in); err != nil {
		return err
	}
	if err := a.cfg.Operators.CancelSweep(c.ctx(), c.now, c.by, in.Sweep, in.Reason); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

func sweepOf(s operator.Sweep) Sweep {
	return Sweep{
		ID: s.ID, State: string(s.State), Operator: s.Operator, Reason: s.Reason, Asked: s.Asked, Expires: s.Expires,
		PerSecond: s.PerSecond, Quiet: !s.Tell, ApprovedBy: s.ApprovedBy, Approved: s.Approved,
		Total: s.Total, Done: s.Done, Failed: s.Failed, LeftSeconds: int64(s.Left.Seconds()),
		Finished: s.Finished, Cancelled: s.Cancelled, CancelledBy: s.EndedBy,
	}
}
