package web

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/server/profile"
)

func (s *Site) blockedForm(v *visit) error {
	p, err := s.profile(v, pathProfile(v))
	if err != nil {
		return err
	}
	return s.showBlocked(v, http.StatusOK, p, picked{}, nil)
}

func (s *Site) showBlocked(v *visit, status int, p protocol.Profile, typed picked, problem *Problem) error {
	list, err := s.c.Profiles.List(v.ctx(), v.session.Account)
	if err != nil {
		return err
	}
	sum := 0
	for _, other := range list {
		sum += len(other.Blocked)
	}
	page := BlockedPage{Frame: v.frame("Blocked titles", "profiles"), Face: faceOf(p), Titles: s.titleRows(p.Blocked)}
	page.Picker, page.Problems = picker(profilePath(p.ID)+"/blocked", "Title to block", typed, sum >= profile.MaxBlocked, problem)
	return v.show(status, page)
}

// block adds or removes one title that a profile may never play.
func (s *Site) block(v *visit) error {
	p, err := s.profile(v, pathProfile(v))
	if err != nil {
		return err
	}
	typed, err := s.picked(v)
	if err == nil && typed.choices != nil { // nothing is wrong
		return s.showBlocked(v, http.StatusOK, p, typed, nil)
	}
	if err == nil {
		err = s.c.Profiles.Block(v.ctx(), v.now, v.session, p.ID, typed.add, typed.remove)
	}
	if err != nil {
		problem, status, err := v.rejectedTitle(err)
		if err != nil {
			return err
		}
		return s.showBlocked(v, status, p, typed, &problem)
	}
	if typed.remove != "" {
		return v.done("unblocked", profilePath(p.ID)+"/blocked")
	}
	return v.done("blocked", profilePath(p.ID)+"/blocked")
}

// rejectedTitle words what is wrong with a title for the household.
func (v *visit) rejectedTitle(err error) (Problem, int, error) {
	if errors.Is(err, profile.ErrTooManyTitles) {
		return Problem{"title", "There is no room for another title: remove one first."}, http.StatusUnprocessableEntity, nil
	}
	return v.rejected(err)
}

func (s *Site) parentalForm(v *visit) error {
	return s.showParental(v, http.StatusOK, picked{}, nil)
}

func (s *Site) showParental(v *visit, status int, typed picked, problem *Problem) error {
	rules, err := s.c.Profiles.Parental(v.ctx(), v.session.Account)
	if err != nil {
		return err
	}
	tries, err := s.c.Profiles.Tries(v.ctx(), v.now, v.session.Account)
	if err != nil {
		return err
	}
	list, err := s.c.Profiles.List(v.ctx(), v.session.Account)
	if err != nil {
		return err
	}
	page := ParentalPage{
		Frame: v.frame("Parental control", "profiles"), HasPIN: rules.HasPIN, AddNeedsPIN: rules.AddNeedsPIN,
		Tries: triesOf(v.now, tries[protocol.ParentalPIN], parentalPath, ""), Above: aboveOptions(rules.Above), Titles: s.titleRows(rules.Titles),
	}
	for _, p := range list {
		page.MainLocked = page.MainLocked || p.Main && p.Locked
	}
	page.Picker, page.Problems = picker(parentalPath+"/titles", "Title that asks for the PIN", typed, len(rules.Titles) >= profile.MaxParentalTitles, problem)
	return v.show(status, page)
}

// aboveOptions are the levels above which the parental PIN can be asked for; 0 is
// none. Above the highest there is nothing.
func aboveOptions(chosen parental.Level) []Option {
	out := []Option{{Value: "0", Label: "By no level", Hint: "only the titles that you choose below ask for it", Chosen: chosen == 0}}
	for l := parental.LittleKids; l < parental.All; l++ {
		hint := "everything rated above " + strconv.Itoa(l.MaxAge()) + "+ asks for it"
		if l == parental.LittleKids {
			hint = "everything but what is for all ages asks for it"
		}
		out = append(out, Option{Value: strconv.Itoa(int(l)), Label: "Above " + l.String(), Hint: hint, Chosen: l == chosen})
	}
	return out
}

// parentalSave takes what the parental PIN guards by level, and whether adding a
// profile needs a PIN.
func (s *Site) parentalSave(v *visit) error {
	level, err := strconv.Atoi(v.form("above"))
	if err != nil {
		level = -1 // refused as unknown
	}
	above, always := parental.Level(level), v.form("addneedspin") == "yes"
	err = s.c.Profiles.SetParental(v.ctx(), v.now, v.session, profile.Decision{Above: &above, AddNeedsPIN: &always})
	if err != nil {
		problem, status, err := v.rejected(err)
		if err != nil {
			return err
		}
		return s.showParental(v, status, picked{}, &problem)
	}
	return v.done("parental", parentalPath)
}

// parentalTitles adds or removes one title that asks for the parental PIN.
func (s *Site) parentalTitles(v *visit) error {
	typed, err := s.picked(v)
	if err == nil && typed.choices != nil { // nothing is wrong
		return s.showParental(v, http.StatusOK, typed, nil)
	}
	if err == nil {
		err = s.c.Profiles.SetParental(v.ctx(), v.now, v.session, profile.Decision{Add: typed.add, Remove: typed.remove})
	}
	if err != nil {
		problem, status, err := v.rejectedTitle(err)
		if err != nil {
			return err
		}
		return s.showParental(v, status, typed, &problem)
	}
	if typed.remove != "" {
		return v.done("parentalTitleGone", parentalPath)
	}
	return v.done("parentalTitle", parentalPath)
}

// parentalSummary says in sentences what is decided.
func parentalSummary(rules profile.Settings, mainLocked bool) []string {
	var out []string
	switch {
	case !rules.HasPIN:
		out = append(out, "No parental PIN: profiles play what their level allows.")
	case rules.Above != 0 && len(rules.Titles) > 0:
		out = append(out, fmt.Sprintf("The parental PIN is asked for above %s, and for %s.", rules.Above, count(len(rules.Titles), "title", "titles")))
	case rules.Above != 0:
		out = append(out, fmt.Sprintf("The parental PIN is asked for above %s.", rules.Above))
	case len(rules.Titles) > 0:
		out = append(out, fmt.Sprintf("The parental PIN is asked for by %s.", count(len(rules.Titles), "title", "titles")))
	default:
		out = append(out, "There is a parental PIN, but nothing asks for it yet.")
	}
	switch {
	case rules.AddNeedsPIN && mainLocked:
		out = append(out, "Adding a profile at a TV always needs the main profile’s PIN.")
	case rules.AddNeedsPIN:
		out = append(out, "Adding a profile at a TV always needs the account password.")
	}
	return out
}
