package web

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/hearthkey/hearthkey/server/account"
)

// "My account was hacked" (product rule V10): a walk through what makes an
// account safe again. How far it came is kept by the server; a cookie only
// makes other pages show the way back.
const walkPath = "/account/hacked"

// walkAge is how long other pages of a browser show the way back to the walk.
const walkAge = 7 * 24 * time.Hour

// HackedPage is where the walk begins for whoever is signed out.
type HackedPage struct{ Frame }

// HelpPage answers what people ask support.
type HelpPage struct {
	Frame
	Support string // how the operator is reached; empty: not said
}

// WalkPage shows the walk.
type WalkPage struct {
	Frame
	Begun time.Time // zero: not yet
	Steps []WalkRow
	Email string
	Phone string    // empty: none
	Reset time.Time // as on the page about security
}

// Over reports whether every step is done.
func (p WalkPage) Over() bool {
	return !slices.ContainsFunc(p.Steps, func(r WalkRow) bool { return !r.Done })
}

// WalkRow is one step.
type WalkRow struct {
	Step        account.WalkStep
	Title, Text string
	Link, To    string // what it leads to
	Look        bool   // done by having looked
	Done, Next  bool
}

func (s *Site) help(v *visit) error {
	return v.show(http.StatusOK, HelpPage{v.frame("Help with your account", ""), s.c.Support})
}

func (s *Site) hackedFront(v *visit) error {
	if v.signed {
		v.redirect(walkPath)
		return nil
	}
	return v.show(http.StatusOK, HackedPage{v.frame("My account was hacked", "")})
}

func (s *Site) hacked(v *visit) error {
	w, err := s.c.Accounts.Hacked(v.ctx(), v.now, v.session)
	if err != nil {
		return err
	}
	return s.showWalk(v, w)
}

func (s *Site) showWalk(v *visit, w account.Walk) error {
	phone, err := s.c.Accounts.Phone(v.ctx(), v.session)
	if err != nil {
		return err
	}
	page := WalkPage{
		Frame: v.frame("My account was hacked", "security"), Begun: w.Begun, Steps: walkRows(w),
		Email: v.session.Email, Phone: spaced(phone.Number),
	}
	page.Removing = time.Time{} // it says so itself
	if page.Reset, err = s.c.Accounts.FactorReset(v.ctx(), v.session); err != nil {
		return err
	}
	page.Walking = false // this is the way itself
	return v.show(http.StatusOK, page)
}

func (s *Site) hackedBegin(v *visit) error {
	if _, err := s.c.Accounts.BeginHacked(v.ctx(), v.now, v.session); err != nil {
		return err
	}
	v.put(cookieWalk, "1", walkAge)
	v.redirect(walkPath)
	return nil
}

func (s *Site) hackedLooked(v *visit) error {
	_, err := s.c.Accounts.LookedAt(v.ctx(), v.now, v.session, account.WalkStep(v.form("step")))
	if errors.Is(err, account.ErrStep) {
		return v.done("walkStep", walkPath)
	}
	if err != nil {
		return err
	}
	v.put(cookieWalk, "1", walkAge)
	v.redirect(walkPath)
	return nil
}

func (s *Site) hackedEnd(v *visit) error {
	if err := s.c.Accounts.EndHacked(v.ctx(), v.now, v.session); err != nil {
		return err
	}
	v.drop(cookieWalk)
	return v.done("walkEnded", securityPath)
}

func walkRows(w account.Walk) []WalkRow {
	var rows []WalkRow
	for _, step := range account.WalkSteps() {
		r := walkWords[step]
		r.Step, r.Done, r.Next = step, slices.Contains(w.Done, step), step == w.Next && !w.Begun.IsZero()
		rows = append(rows, r)
	}
	return rows
}

var walkWords = map[account.WalkStep]WalkRow{
	account.StepPassword: {
		Title: "A new password", Text: "One that you use nowhere else. Leave “Require all devices to sign in again” ticked: then the next step is done with it.",
		Link: "Change the password", To: passwordPath,
	},
	account.StepEverywhere: {
		Title: "Sign out everywhere", Text: "Whoever got in is put out at once. You see each TV confirm.",
		Link: "Sign out everywhere", To: "/account/devices/everywhere",
	},
	account.StepContact: {
		Title: "Email address and phone number", Text: "Codes and notices go there. Are both yours? Is your mailbox safe, with a password of its own?",
		Link: "Change them", To: membershipPath, Look: true,
	},
	account.StepFactors: {
		Title: "Second factors and passkeys", Text: "An authenticator app or a passkey that you never set up lets somebody in again, whatever the password. Remove those, and make new recovery codes. One of your own keeps others out from now on.",
		Link: "Look at them", To: securityPath, Look: true,
	},
	account.StepDevices: {
		Title: "Devices", Text: "Deactivate what you do not know.",
		Link: "Look at the devices", To: "/account/devices", Look: true,
	},
	account.StepProfiles: {
		Title: "Profiles", Text: "Names, maturity levels and locks as you left them?",
		Link: "Look at the profiles", To: "/account/profiles", Look: true,
	},
	account.StepActivity: {
		Title: "Activity", Text: "What was done in your account, and from where.",
		Link: "Look at the security timeline", To: "/account/timeline", Look: true,
	},
}
