package web

import (
	"net/http"
	"strconv"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/protocol/pin"
	"github.com/hearthkey/hearthkey/server/profile"
)

func (s *Site) profileList(v *visit) error {
	list, err := s.c.Profiles.List(v.ctx(), v.session.Account)
	if err != nil {
		return err
	}
	page := ProfilesPage{Frame: v.frame("Profiles and parental control", "profiles"), Most: s.c.MaxProfiles}
	for _, p := range list {
		page.Profiles = append(page.Profiles, ProfileRow{Face: faceOf(p), Level: p.Level, Language: p.Language, Main: p.Main, Kids: p.Kids})
	}
	return v.show(http.StatusOK, page)
}

func (s *Site) profileNew(v *visit) error {
	e := profile.Edit{Avatar: profile.Avatars()[0], Level: parental.All, Language: v.session.Language}
	return s.showProfile(v, http.StatusOK, protocol.Profile{}, e, nil)
}

func (s *Site) profileForm(v *visit) error {
	p, err := s.profile(v, pathProfile(v))
	if err != nil {
		return err
	}
	e := profile.Edit{Name: p.Name, Avatar: p.Avatar, Level: p.Level, Language: p.Language, Kids: p.Kids}
	return s.showProfile(v, http.StatusOK, p, e, nil)
}

// showProfile shows the form for p, or for a new profile where p is zero, with
// the values of e.
func (s *Site) showProfile(v *visit, status int, p protocol.Profile, e profile.Edit, problem *Problem) error {
	page := ProfilePage{
		Face: faceOf(p), Main: p.Main, Action: "/account/profiles",
		Name: Field{Name: "name", Label: "Name", Value: e.Name, Autocomplete: "off", MaxLength: 2 * profile.MaxName, Required: true},
	}
	title := "Add a profile"
	if !page.Adding() {
		title, page.Action = "Edit "+p.Name, "/account/profiles/"+string(p.ID)
	}
	page.Frame = v.frame(title, "profiles")
	for _, name := range profile.Avatars() {
		page.Avatars = append(page.Avatars, Option{Value: name, Label: name, Chosen: name == e.Avatar})
	}
	page.Levels = levelOptions(e.Level)
	page.Languages = languageOptions(e.Language)
	if problem != nil && !page.Name.mark(*problem) {
		page.Problems = []Problem{{Text: problem.Text}}
	}
	return v.show(status, page)
}

func levelOptions(chosen parental.Level) []Option {
	var out []Option
	for l := parental.LittleKids; l.Valid(); l++ {
		hint := "titles for all ages only"
		if age := l.MaxAge(); age > 0 {
			hint = "up to " + strconv.Itoa(age) + "+"
		}
		out = append(out, Option{Value: strconv.Itoa(int(l)), Label: l.String(), Hint: hint, Chosen: l == chosen})
	}
	return out
}

// languageOptions keeps a tag that is not on the list, so that saving does not
// change it.
func languageOptions(chosen string) []Option {
	var out []Option
	found := false
	for _, l := range languages {
		out = append(out, Option{Value: l.Tag, Label: l.Name, Chosen: l.Tag == chosen})
		found = found || l.Tag == chosen
	}
	if !found && chosen != "" {
		out = append(out, Option{Value: chosen, Label: chosen, Chosen: true})
	}
	return out
}

// editOf reads the form. A profile up to "Older kids" is a kids profile.
func editOf(v *visit) profile.Edit {
	level, err := strconv.Atoi(v.form("level"))
	if err != nil {
		level = 0 // refused as unknown
	}
	l := parental.Level(level)
	return profile.Edit{
		Name: tidy(v.form("name")), Avatar: v.form("avatar"), Level: l, Language: v.form("language"),
		Kids: l.Valid() && l <= parental.OlderKids,
	}
}

func (s *Site) profileCreate(v *visit) error {
	e := editOf(v)
	if _, err := s.c.Profiles.Create(v.ctx(), v.now, v.session, e); err != nil {
		p, status, err := v.rejected(err)
		if err != nil {
			return err
		}
		return s.showProfile(v, status, protocol.Profile{}, e, &p)
	}
	return v.done("profileAdded", "/account/profiles")
}

func (s *Site) profileSave(v *visit) error {
	old, err := s.profile(v, pathProfile(v))
	if err != nil {
		return err
	}
	e := editOf(v)
	if _, err := s.c.Profiles.Edit(v.ctx(), v.now, v.session, old.ID, e); err != nil {
		p, status, err := v.rejected(err)
		if err != nil {
			return err
		}
		return s.showProfile(v, status, old, e, &p)
	}
	return v.done("profileSaved", "/account/profiles")
}

func (s *Site) profileDeleteForm(v *visit) error {
	p, err := s.profile(v, pathProfile(v))
	if err != nil {
		return err
	}
	board, err := s.board(v.ctx(), v.now, v.session, v.who)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, ProfileDeletePage{
		Frame: v.frame("Delete "+p.Name, "profiles"), Face: faceOf(p), TVs: len(board.SignedIn()),
	})
}

func (s *Site) profileDelete(v *visit) error {
	p, err := s.profile(v, pathProfile(v))
	if err != nil {
		return err
	}
	if err := s.c.Profiles.Delete(v.ctx(), v.now, v.session, p.ID); err != nil {
		problem, status, err := v.rejected(err)
		if err != nil {
			return err
		}
		e := profile.Edit{Name: p.Name, Avatar: p.Avatar, Level: p.Level, Language: p.Language}
		return s.showProfile(v, status, p, e, &problem)
	}
	return v.done("profileDeleted", "/account/profiles")
}

func (s *Site) lockForm(v *visit) error {
	p, err := s.profile(v, pathProfile(v))
	if err != nil {
		return err
	}
	return s.showLock(v, http.StatusOK, p, false, nil)
}

func (s *Site) showLock(v *visit, status int, p protocol.Profile, weak bool, problem *Problem) error {
	page := ProfileLockPage{
		Frame: v.frame("Profile lock", "profiles"), Face: faceOf(p), Weak: weak,
		Password: passwordField(),
		PIN: Field{
			Name: "pin", Label: "PIN", Type: "password", Autocomplete: "off", Class: "code-input pin-input",
			Hint: "Four digits. Zeros in front count.", Digits: true, MaxLength: 4,
		},
	}
	page.Password.Label = "Account password"
	if p.Locked {
		page.PIN.Label = "New PIN"
	}
	if problem != nil && !page.Password.mark(*problem) && !page.PIN.mark(*problem) {
		page.Problems = []Problem{*problem}
	}
	return v.show(status, page)
}

// lock sets, resets or removes a profile lock. The account password is asked
// each time (product rule P2), before the PIN is looked at.
func (s *Site) lock(v *visit) error {
	p, err := s.profile(v, pathProfile(v))
	if err != nil {
		return err
	}
	web, err := s.c.Accounts.Prove(v.ctx(), v.now, v.session, v.r.PostForm.Get("password"))
	if err != nil {
		problem, status, err := v.rejectedPassword(err)
		if err != nil {
			return err
		}
		return s.showLock(v, status, p, false, &problem)
	}
	v.renew(web)
	if v.form("do") == "remove" {
		if err := s.c.Profiles.RemovePIN(v.ctx(), v.now, v.session, p.ID); err != nil {
			return err
		}
		return v.done("unlocked", "/account/profiles")
	}
	digits := v.form("pin")
	if pin.Valid(digits) && profile.Weak(digits) && v.form("keep") != "yes" {
		return s.showLock(v, http.StatusUnprocessableEntity, p, true, nil)
	}
	weak, err := s.c.Profiles.SetPIN(v.ctx(), v.now, v.session, p.ID, digits)
	if err != nil {
		problem, status, err := v.rejected(err)
		if err != nil {
			return err
		}
		return s.showLock(v, status, p, false, &problem)
	}
	if weak {
		return v.done("lockedWeak", "/account/profiles")
	}
	return v.done("locked", "/account/profiles")
}
