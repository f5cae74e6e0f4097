package api

import (
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/device"
)

// controlAnswer is what controls a TV.
type controlAnswer struct {
	Online  bool           `json:"online"`
	Known   bool           `json:"known"`            // the TV tells of its remotes
	Control bool           `json:"control"`          // the account page may control it
	Pairing time.Time      `json:"pairing,omitzero"` // another remote can be paired until then
	Opening bool           `json:"opening"`          // that was asked for, and the TV has not answered yet
	Remotes []remoteAnswer `json:"remotes"`
}

// remoteAnswer is a paired remote.
type remoteAnswer struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	Role     string    `json:"role"`
	Paired   time.Time `json:"paired,omitzero"`
	Used     time.Time `json:"used,omitzero"`
	Leaving  bool      `json:"leaving"`
	Changing bool      `json:"changing"`
}

func (a *API) controls(c *call) error {
	id, err := c.knownDevice()
	if err != nil {
		return err
	}
	control, err := a.cfg.Devices.Control(c.ctx(), c.now, c.who.Account, id)
	return c.ok(controlOf(control), err)
}

func controlOf(c device.Control) controlAnswer {
	out := controlAnswer{
		Online: c.Online, Known: c.Told, Control: c.Allowed, Pairing: utc(c.Open), Opening: c.Opening,
		Remotes: make([]remoteAnswer, 0, len(c.Remotes)),
	}
	for _, r := range c.Remotes {
		out.Remotes = append(out.Remotes, remoteAnswer{
			string(r.ID), r.Name, string(r.Role), utc(r.Paired), utc(r.Used), r.Leaving, r.Changing,
		})
	}
	return out
}

// role reads a remote's role.
func (c *call) role() (protocol.RemoteRole, error) {
	var in struct {
		Role string `json:"role"`
	}
	if err := c.decode(&in); err != nil {
		return "", err
	}
	return protocol.RemoteRole(in.Role), text("role", in.Role, 1, maxShort)
}

func (a *API) setRemoteRole(c *call) error {
	role, err := c.role()
	if err != nil {
		return err
	}
	id, err := c.knownDevice()
	if err != nil {
		return err
	}
	return c.accepted(map[string]any{}, a.cfg.Devices.SetRemoteRole(c.ctx(), c.now, c.who, id, c.remoteID(), role))
}

func (a *API) forgetRemote(c *call) error {
	id, err := c.knownDevice()
	if err != nil {
		return err
	}
	return c.accepted(map[string]any{}, a.cfg.Devices.ForgetRemote(c.ctx(), c.now, c.who, id, c.remoteID()))
}

func (a *API) openPairing(c *call) error {
	role, err := c.role()
	if err != nil {
		return err
	}
	id, err := c.knownDevice()
	if err != nil {
		return err
	}
	return c.accepted(map[string]any{}, a.cfg.Devices.OpenPairing(c.ctx(), c.now, c.who, id, role))
}

func (c *call) remoteID() protocol.RemoteID { return protocol.RemoteID(c.r.PathValue("remote")) }
