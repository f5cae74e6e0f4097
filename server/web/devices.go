package web

import (
	"net/http"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
)

func (s *Site) devices(v *visit) error {
	board, err := s.board(v.ctx(), v.now, v.session, v.who)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, DevicesPage{Frame: v.frame("Devices", "devices"), Board: board})
}

// card returns the device of the address, or errNotFound.
func (s *Site) card(v *visit) (DeviceCard, error) {
	board, err := s.board(v.ctx(), v.now, v.session, v.who)
	if err != nil {
		return DeviceCard{}, err
	}
	for _, d := range board.Devices {
		if d.ID == pathDevice(v) {
			return d, nil
		}
	}
	return DeviceCard{}, errNotFound
}

func (s *Site) deviceSignOut(v *visit) error {
	if err := s.c.Devices.SignOut(v.ctx(), v.now, v.session, pathDevice(v)); err != nil {
		return err
	}
	s.Changed(v.session.Account)
	return v.done("deviceOut", "/account/devices")
}

func (s *Site) deactivateForm(v *visit) error {
	d, err := s.card(v)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, DeactivatePage{Frame: v.frame("Deactivate "+d.Name, "devices"), Device: d})
}

func (s *Site) deactivate(v *visit) error {
	if err := s.c.Devices.Deactivate(v.ctx(), v.now, v.session, pathDevice(v)); err != nil {
		return err
	}
	s.Changed(v.session.Account)
	return v.done("deviceEnded", "/account/devices")
}

func (s *Site) renameForm(v *visit) error {
	d, err := s.card(v)
	if err != nil {
		return err
	}
	return s.showRename(v, http.StatusOK, d, d.Name, nil)
}

func (s *Site) showRename(v *visit, status int, d DeviceCard, name string, problem *Problem) error {
	page := RenamePage{
		Frame: v.frame("Rename "+d.Name, "devices"), Device: d,
		Name: Field{Name: "name", Label: "Name", Value: name, Autocomplete: "off", MaxLength: 2 * protocol.MaxName, Required: true, Focus: true},
	}
	if problem != nil && !page.Name.mark(*problem) {
		page.Problems = []Problem{*problem}
	}
	return v.show(status, page)
}

func (s *Site) rename(v *visit) error {
	d, err := s.card(v)
	if err != nil {
		return err
	}
	name := tidy(v.form("name"))
	if err := s.c.Devices.Rename(v.ctx(), v.now, v.session, d.ID, name); err != nil {
		p, status, err := v.rejected(err)
		if err != nil {
			return err
		}
		return s.showRename(v, status, d, name, &p)
	}
	s.Changed(v.session.Account)
	return v.done("deviceRenamed", "/account/devices")
}

// everywhereForm says exactly what will happen.
func (s *Site) everywhereForm(v *visit) error {
	board, err := s.board(v.ctx(), v.now, v.session, v.who)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, EverywherePage{
		Frame: v.frame("Sign out everywhere", "devices"), Devices: board.SignedIn(),
		Browsers: max(0, len(board.Webs)-1), Lease: s.c.Lease,
	})
}

func (s *Site) everywhere(v *visit) error {
	sess, err := s.c.Devices.SignOutEverywhere(v.ctx(), v.now, v.session)
	if err != nil {
		return err
	}
	v.session = sess
	if v.who != nil {
		v.choose(v.who.ID)
	}
	s.Changed(sess.Account)
	return v.done("everywhere", "/account/devices")
}

func (s *Site) sessionSignOut(v *visit) error {
	id := account.SessionID(v.r.PathValue("session"))
	if err := s.c.Accounts.Revoke(v.ctx(), v.now, v.session, id); err != nil {
		return err
	}
	s.Changed(v.session.Account)
	return v.done("browserOut", "/account/devices")
}
