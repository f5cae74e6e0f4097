package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/device"
)

// RemotesPage lists what controls a TV.
type RemotesPage struct {
	Frame
	Controls Controls
}

// Controls is what controls a TV: the page and each event of its stream show it.
type Controls struct {
	Now time.Time
	device.Control
}

// Path is the address of the list.
func (c Controls) Path() string { return remotesPath(c.Device) }

// Full reports whether the TV takes no more remotes.
func (c Controls) Full() bool { return len(c.Remotes) >= protocol.MaxRemotes }

// Say is what a screen reader hears when something changed.
func (c Controls) Say() string {
	switch {
	case !c.Open.IsZero():
		return "The TV shows a code now."
	case c.Opening:
		return "Waiting for the TV…"
	}
	return count(len(c.Remotes), "remote is paired.", "remotes are paired.")
}

// Digest tells two apart by all that they show but the present time.
func (c Controls) Digest() string {
	c.Now = time.Time{}
	data, err := json.Marshal(c)
	if err != nil {
		return "" // cannot happen: text, numbers and times
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8])
}

func remotesPath(id protocol.DeviceID) string { return "/account/devices/" + string(id) + "/remotes" }

func (s *Site) controls(ctx context.Context, now time.Time, a protocol.AccountID, id protocol.DeviceID) (Controls, error) {
	c, err := s.c.Devices.Control(ctx, now, a, id)
	return Controls{now, c}, err
}

func (s *Site) remotes(v *visit) error {
	c, err := s.controls(v.ctx(), v.now, v.session.Account, pathDevice(v))
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, RemotesPage{v.frame("Remotes of "+c.Name, "devices"), c})
}

// remotesLive streams the list, as devicesLive does the board.
func (s *Site) remotesLive(v *visit) error {
	if !v.signed || !v.session.Fresh(v.now) {
		return v.gone()
	}
	seen := v.r.Header.Get("Last-Event-ID")
	if seen == "" {
		seen = v.r.URL.Query().Get("seen")
	}
	token, id := v.cookie(cookieSession), pathDevice(v)
	return v.stream(v.session.Account, func() (message, error) {
		sess, err := s.c.Accounts.Authenticate(v.ctx(), s.c.Now(), token)
		if err != nil {
			return message{}, err
		}
		c, err := s.controls(v.ctx(), s.c.Now(), sess.Account, id)
		if err != nil || c.Digest() == seen {
			return message{}, err
		}
		seen = c.Digest()
		body, err := s.views.part(RemotesPage{Frame: Frame{Lang: v.speaks()}}, "controls", c)
		return message{seen, body}, err
	})
}

func (s *Site) openPairing(v *visit) error {
	role := protocol.RemoteRole(v.form("role"))
	if err := s.c.Devices.OpenPairing(v.ctx(), v.now, v.session, pathDevice(v), role); err != nil {
		return err
	}
	v.redirect(remotesPath(pathDevice(v)))
	return nil
}

func (s *Site) forgetRemote(v *visit) error {
	if err := s.c.Devices.ForgetRemote(v.ctx(), v.now, v.session, pathDevice(v), pathRemote(v)); err != nil {
		return err
	}
	v.redirect(remotesPath(pathDevice(v)))
	return nil
}

func (s *Site) setRemoteRole(v *visit) error {
	role := protocol.RemoteRole(v.form("role"))
	if err := s.c.Devices.SetRemoteRole(v.ctx(), v.now, v.session, pathDevice(v), pathRemote(v), role); err != nil {
		return err
	}
	v.redirect(remotesPath(pathDevice(v)))
	return nil
}

func pathRemote(v *visit) protocol.RemoteID { return protocol.RemoteID(v.r.PathValue("remote")) }
