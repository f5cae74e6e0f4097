package api

import (
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/server/profile"
)

// profileAnswer is one profile. The version of its PIN stays inside.
type profileAnswer struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Avatar   string `json:"avatar"`
	Level    int    `json:"level"`
	Language string `json:"language"`
	Kids     bool   `json:"kids"`
	Main     bool   `json:"main"`
	Locked   bool   `json:"locked"`
}

func profileOf(p protocol.Profile) profileAnswer {
	return profileAnswer{string(p.ID), p.Name, p.Avatar, int(p.Level), p.Language, p.Kids, p.Main, p.Locked}
}

// profileBody is what the owner decides about a profile.
type profileBody struct {
	Name     string `json:"name"`
	Avatar   string `json:"avatar"`
	Level    *int   `json:"level"`
	Language string `json:"language"`
	Kids     bool   `json:"kids"`
}

func (c *call) profileEdit() (profile.Edit, error) {
	var in profileBody
	if err := c.decode(&in); err != nil {
		return profile.Edit{}, err
	}
	err := first(
		text("name", in.Name, 1, maxShort),
		text("avatar", in.Avatar, 1, maxShort),
		present("level", in.Level),
		text("language", in.Language, 0, maxLanguage),
	)
	if err != nil {
		return profile.Edit{}, err
	}
	return profile.Edit{
		Name: in.Name, Avatar: in.Avatar, Level: parental.Level(*in.Level), Language: in.Language, Kids: in.Kids,
	}, nil
}

func (a *API) profiles(c *call) error {
	list, err := a.cfg.Profiles.List(c.ctx(), c.who.Account)
	out := make([]profileAnswer, len(list))
	for i, p := range list {
		out[i] = profileOf(p)
	}
	return c.ok(map[string]any{"profiles": out}, err)
}

func (a *API) createProfile(c *call) error {
	edit, err := c.profileEdit()
	if err != nil {
		return err
	}
	p, err := a.cfg.Profiles.Create(c.ctx(), c.now, c.who, edit)
	return c.created(profileOf(p), err)
}

func (a *API) editProfile(c *call) error {
	edit, err := c.profileEdit()
	if err != nil {
		return err
	}
	p, err := a.cfg.Profiles.Edit(c.ctx(), c.now, c.who, c.profile(), edit)
	return c.ok(profileOf(p), err)
}

func (a *API) deleteProfile(c *call) error {
	return c.done(a.cfg.Profiles.Delete(c.ctx(), c.now, c.who, c.profile()))
}

// setPIN takes the account's password each time, before it looks at the PIN, as
// the page does (product rule P2): what the page asks for protects nothing where
// the same cookie does without it here.
func (a *API) setPIN(c *call) error {
	var in struct {
		PIN     string `json:"pin"`
		Current string `json:"current"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	err := first(text("pin", in.PIN, 1, maxShort), text("current", in.Current, 1, maxPassword))
	if err != nil {
		return err
	}
	if err := a.cfg.Accounts.CheckPassword(c.ctx(), c.now, c.who, in.Current); err != nil {
		return err
	}
	weak, err := a.cfg.Profiles.SetPIN(c.ctx(), c.now, c.who, c.locked(), in.PIN)
	out := map[string]any{"weak": weak}
	if weak {
		out["advice"] = "This PIN is easily guessed. A PIN without a pattern or a year is safer."
	}
	return c.ok(out, err)
}

func (a *API) removePIN(c *call) error {
	var in struct {
		Current string `json:"current"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	if err := text("current", in.Current, 1, maxPassword); err != nil {
		return err
	}
	if err := a.cfg.Accounts.CheckPassword(c.ctx(), c.now, c.who, in.Current); err != nil {
		return err
	}
	return c.done(a.cfg.Profiles.RemovePIN(c.ctx(), c.now, c.who, c.locked()))
}
