package web

import (
	"errors"
	"net/http"
	"time"

	"github.com/hearthkey/hearthkey/server/account"
)

const dataPath = "/account/data"

// DataPage is what is held about the account, and the way out.
type DataPage struct {
	Frame
	Leaving time.Time // when the account is to be erased; zero: it stays
}

func (s *Site) data(v *visit) error {
	due, err := s.c.Accounts.Leaving(v.ctx(), v.session)
	if err != nil {
		return err
	}
	page := DataPage{v.frame("Your data", "data"), due}
	page.Ending = time.Time{} // it says so itself
	return v.show(http.StatusOK, page)
}

// export sends everything that is held about the account. It is a POST: the
// timeline notes it.
func (s *Site) export(v *visit) error {
	out := &exportWriter{v: v}
	err := s.c.Accounts.Export(v.ctx(), v.now, v.session, out)
	if err != nil && out.begun {
		// The status is sent: what can be done is to break the answer off, so that
		// nobody takes half a file for a whole one.
		panic(http.ErrAbortHandler)
	}
	return err
}

// exportWriter sends the file's head before its first byte.
type exportWriter struct {
	v     *visit
	begun bool
}

func (w *exportWriter) Write(p []byte) (int, error) {
	if !w.begun {
		w.begun = true
		h := w.v.w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Content-Disposition", `attachment; filename="account-`+w.v.now.UTC().Format(time.DateOnly)+`.json"`)
	}
	return w.v.w.Write(p)
}

// LeavePage asks before the account is deleted.
type LeavePage struct {
	Frame
	Problems []Problem
	Email    string
	TVs      int
	Profiles int
	Due      time.Time
	Current  Field
}

// mindTime is how long an owner can change their mind (product rule A10). The
// exact time is package account's: the page says the day.
const mindTime = 7 * 24 * time.Hour

func (s *Site) leaveForm(v *visit) error { return s.showLeave(v, http.StatusOK, nil) }

func (s *Site) showLeave(v *visit, status int, problem *Problem) error {
	due, err := s.c.Accounts.Leaving(v.ctx(), v.session)
	if err != nil {
		return err
	}
	if !due.IsZero() {
		v.redirect(dataPath)
		return nil
	}
	board, err := s.board(v.ctx(), v.now, v.session, v.who)
	if err != nil {
		return err
	}
	list, err := s.c.Profiles.List(v.ctx(), v.session.Account)
	if err != nil {
		return err
	}
	page := LeavePage{
		Frame: v.frame("Delete the account", "data"), Email: v.session.Email, TVs: len(board.SignedIn()), Profiles: len(list),
		Due: v.now.Add(mindTime), Current: currentField(),
	}
	if problem != nil && !page.Current.mark(*problem) {
		page.Problems = []Problem{*problem}
	}
	return v.show(status, page)
}

func (s *Site) leave(v *visit) error {
	_, err := s.c.Accounts.AskErasure(v.ctx(), v.now, v.session, v.r.PostForm.Get("current"))
	if err != nil {
		p, status, err := v.rejectedContact(err, "current", "")
		if err != nil {
			return err
		}
		return s.showLeave(v, status, &p)
	}
	s.Changed(v.session.Account)
	v.drop(cookieSession)
	v.drop(cookieProfile)
	return v.done("leaving", "/signin")
}

func (s *Site) keep(v *visit) error {
	err := s.c.Accounts.KeepAccount(v.ctx(), v.now, v.session)
	if err != nil && !errors.Is(err, account.ErrNotLeaving) { // then it stays already
		return err
	}
	s.Changed(v.session.Account)
	return v.done("kept", dataPath)
}
