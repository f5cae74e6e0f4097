package web

import (
	"net/http"
	"net/url"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

// gate asks for a profile after signing in (product rule A4).
func (s *Site) gate(v *visit) error {
	list, err := s.c.Profiles.List(v.ctx(), v.session.Account)
	if err != nil {
		return err
	}
	page := GatePage{Frame: v.frame("Who’s there?", ""), Next: local(v.r.URL.Query().Get("next"))}
	for _, p := range list {
		page.Faces = append(page.Faces, faceOf(p))
	}
	return v.show(http.StatusOK, page)
}

// chooseProfile takes the choice. A locked profile opens here only to who gave
// the password within the last ten minutes: the owner.
func (s *Site) chooseProfile(v *visit) error {
	id, next := protocol.ProfileID(v.form("profile")), local(v.form("next"))
	p, err := s.profile(v, id)
	if err != nil {
		return err
	}
	if p.Locked && !v.session.Fresh(v.now) {
		v.redirect("/proof?next=" + url.QueryEscape("/profiles?next="+url.QueryEscape(next)))
		return nil
	}
	v.choose(id)
	v.redirect(next)
	return nil
}

// profile returns one of the account's profiles, or errNotFound.
func (s *Site) profile(v *visit, id protocol.ProfileID) (protocol.Profile, error) {
	list, err := s.c.Profiles.List(v.ctx(), v.session.Account)
	if err != nil {
		return protocol.Profile{}, err
	}
	for _, p := range list {
		if p.ID == id {
			return p, nil
		}
	}
	return protocol.Profile{}, errNotFound
}

func (s *Site) home(v *visit) error {
	board, err := s.board(v.ctx(), v.now, v.session, v.who)
	if err != nil {
		return err
	}
	p, err := s.profile(v, v.who.ID)
	if err != nil {
		return err
	}
	in := board.SignedIn()
	return v.show(http.StatusOK, HomePage{
		Frame: v.frame("Home", ""), SignedIn: len(in), Online: countOnline(in),
		Kids: p.Kids || p.Level < parental.Teens,
	})
}

func (s *Site) overview(v *visit) error {
	board, err := s.board(v.ctx(), v.now, v.session, v.who)
	if err != nil {
		return err
	}
	list, err := s.c.Profiles.List(v.ctx(), v.session.Account)
	if err != nil {
		return err
	}
	factors, err := s.c.Accounts.Factors(v.ctx(), v.session)
	if err != nil {
		return err
	}
	entries, err := s.c.Timeline(v.ctx(), v.session.Account, "", 1)
	if err != nil {
		return err
	}
	in := board.SignedIn()
	page := OverviewPage{
		Frame: v.frame("Account", "overview"), Email: v.session.Email,
		SignedIn: len(in), Online: countOnline(in), Browsers: len(board.Webs), Second: factors.Second,
	}
	for _, p := range list {
		page.Profiles = append(page.Profiles, faceOf(p))
		if p.Locked {
			page.Locks++
		}
	}
	if len(entries) > 0 {
		e := eventOf(entries[0])
		page.Last = &e
	}
	return v.show(http.StatusOK, page)
}
