package web

import (
	"net/http"
	"strconv"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/server/profile"
)

func (s *Site) profileList(v *visit) error {
	list, err := s.c.Profiles.List(v.ctx(), v.session.Account)
	if err != nil {
		return err
	}
	tries, err := s.c.Profiles.Tries(v.ctx(), v.now, v.session.Account)
	if err != nil {
		return err
	}
	rules, err := s.c.Profiles.Parental(v.ctx(), v.session.Account)
	if err != nil {
		return err
	}
	page := ProfilesPage{
		Frame: v.frame("Profiles and parental control", "profiles"), Most: s.c.MaxProfiles,
		ParentalTries: triesOf(v.now, tries[protocol.ParentalPIN], parentalPath, ""),
	}
	mainLocked := false
	for _, p := range list {
		mainLocked = mainLocked || p.Main && p.Locked
		page.Profiles = append(page.Profiles, ProfileRow{
			Face: faceOf(p), Level: p.Level, Language: p.Language, Main: p.Main, Kids: p.Kids, Blocked: len(p.Blocked),
			Tries: triesOf(v.now, tries[p.ID], profilePath(p.ID), p.Name),
		})
	}
	page.Parental = parentalSummary(rules, mainLocked)
	return v.show(http.StatusOK, page)
}

func profilePath(id protocol.ProfileID) string { return "/account/profiles/" + string(id) }

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
		Face: faceOf(p), Main: p.Main, Action: "/account/profiles", Kids: e.Kids, Blocked: len(p.Blocked),
		Name: Field{Name: "name", Label: "Name", Value: e.Name, Autocomplete: "off", MaxLength: 2 * profile.MaxName, Required: true},
	}
	title := "Add a profile"
	if !page.Adding() {
		title, page.Action = "Edit "+p.Name, profilePath(p.ID)
	}
	page.Frame = v.frame(title, "profiles")
	for _, name := range profile.Avatars() {
		page.Avatars = append(page.Avatars, Option{Value: name, Label: name, Chosen: name == e.Avatar})
	}
	page.Levels = levelOptions(e.Level)
	page.Languages = languageOptions(e.Language)
	if problem != nil && !page.Name.mark(*problem) {
		page.Problems = []Problem{*problem}
	}
	return v.show(status, page)
}

func levelOptions(chosen parental.Level) []Option {
	var out []Option
	for l := parental.LittleKids; l.Valid(); l++ {
		hint := "titles rated up to " + strconv.Itoa(l.MaxAge()) + "+"
		switch l {
		case parental.LittleKids:
			hint = "titles for all ages only"
		case parental.All:
			hint = "everything, also what has no rating"
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

// editOf reads the form.
func editOf(v *visit) profile.Edit {
	level, err := strconv.Atoi(v.form("level"))
	if err != nil {
		level = 0 // refused as unknown
	}
	return profile.Edit{
		Name: tidy(v.form("name")), Avatar: v.form("avatar"), Level: parental.Level(level), Language: v.form("language"),
		Kids: v.form("kids") == "yes",
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
	kept, _ := s.c.Devices.Kept()
	return v.show(http.StatusOK, ProfileDeletePage{
		Frame: v.frame("Delete "+p.Name, "profiles"), Face: faceOf(p), TVs: len(board.SignedIn()), Kept: days(kept),
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
		e := profile.Edit{Name: p.Name, Avatar: p.Avatar, Level: p.Level, Language: p.Language, Kids: p.Kids}
		return s.showProfile(v, status, p, e, &problem)
	}
	return v.done("profileDeleted", "/account/profiles")
}
