package web

import (
	"net/http"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/pin"
	"github.com/hearthkey/hearthkey/server/profile"
)

// parentalPath is the page about the household's parental control.
const parentalPath = "/account/parental"

// locked is whose PIN an address is about: a profile's, or the parental one,
// whose addresses name no profile.
type locked struct {
	id       protocol.ProfileID
	face     Face
	parental bool
	path     string // of the page it belongs to
	back     string // where to go once it is saved
}

func (s *Site) lockedOf(v *visit) (locked, error) {
	if id := pathProfile(v); id != "" {
		p, err := s.profile(v, id)
		return locked{id: p.ID, face: faceOf(p), path: profilePath(p.ID), back: "/account/profiles"}, err
	}
	rules, err := s.c.Profiles.Parental(v.ctx(), v.session.Account)
	return locked{
		id: protocol.ParentalPIN, face: Face{Name: "Parental PIN", Locked: rules.HasPIN}, parental: true,
		path: parentalPath, back: parentalPath,
	}, err
}

func (s *Site) lockForm(v *visit) error {
	l, err := s.lockedOf(v)
	if err != nil {
		return err
	}
	return s.showLock(v, http.StatusOK, l, false, nil)
}

func (s *Site) showLock(v *visit, status int, l locked, weak bool, problem *Problem) error {
	tries, err := s.c.Profiles.Tries(v.ctx(), v.now, v.session.Account)
	if err != nil {
		return err
	}
	title := "Profile lock"
	if l.parental {
		title = "Parental PIN"
	}
	page := ProfileLockPage{
		Frame: v.frame(title, "profiles"), Face: l.face, Parental: l.parental, Weak: weak, Keep: v.form("keep") == "yes",
		Tries: triesOf(v.now, tries[l.id], l.path, l.whose()), Action: l.path + "/lock", Back: l.back,
		Password: passwordField(),
		PIN: Field{
			Name: "pin", Label: "PIN", Type: "password", Autocomplete: "off", Class: "code-input pin-input",
			Hint: "Four digits. Zeros in front count.", Digits: true, MaxLength: 4,
		},
	}
	page.Password.Label = "Account password"
	if l.face.Locked {
		page.PIN.Label = "New PIN"
	}
	if problem != nil && !page.Password.mark(*problem) && !page.PIN.mark(*problem) {
		page.Problems = []Problem{*problem}
	}
	return v.show(status, page)
}

// lock sets, resets or removes a profile lock or the parental PIN. The account
// password is asked each time (product rule P2), before the PIN is looked at.
func (s *Site) lock(v *visit) error {
	l, err := s.lockedOf(v)
	if err != nil {
		return err
	}
	digits, keep, remove := v.form("pin"), v.form("keep") == "yes", v.form("do") == "remove"
	weak := pin.Valid(digits) && profile.Weak(digits)
	warned := keep && !remove && (weak || !pin.Valid(digits)) // the warning and its box stay until it is saved
	web, err := s.c.Accounts.Prove(v.ctx(), v.now, v.session, v.r.PostForm.Get("password"))
	if err != nil {
		problem, status, err := v.rejectedPassword(err)
		if err != nil {
			return err
		}
		return s.showLock(v, status, l, warned, &problem)
	}
	v.renew(web)
	if remove {
		if err := s.c.Profiles.RemovePIN(v.ctx(), v.now, v.session, l.id); err != nil {
			return err
		}
		return v.done(l.notice("unlocked", "parentalPINGone"), l.back)
	}
	if weak && !keep {
		return s.showLock(v, http.StatusUnprocessableEntity, l, true, nil)
	}
	if _, err := s.c.Profiles.SetPIN(v.ctx(), v.now, v.session, l.id, digits); err != nil {
		problem, status, err := v.rejected(err)
		if err != nil {
			return err
		}
		return s.showLock(v, status, l, warned, &problem)
	}
	if weak {
		return v.done(l.notice("lockedWeak", "parentalPINWeak"), l.back)
	}
	return v.done(l.notice("locked", "parentalPIN"), l.back)
}

// notice chooses what to say of a profile's lock or of the parental PIN.
func (l locked) notice(ofProfile, ofParental noticeID) noticeID {
	if l.parental {
		return ofParental
	}
	return ofProfile
}

// unlock forgives the wrong tries at a PIN.
func (s *Site) unlock(v *visit) error {
	l, err := s.lockedOf(v)
	if err != nil {
		return err
	}
	if err := s.c.Profiles.Unlock(v.ctx(), v.now, v.session, l.id); err != nil {
		return err
	}
	return v.done("triesForgiven", l.back)
}

// whose names a PIN for a button; empty: the parental PIN.
func (l locked) whose() string {
	if l.parental {
		return ""
	}
	return l.face.Name
}

// triesOf is what is shown of wrong tries; path is the page of the PIN, and whose
// names it. Nil: there are none.
func triesOf(now time.Time, t profile.Tries, path, whose string) *TriesView {
	if t.Wrong == 0 {
		return nil
	}
	out := &TriesView{Wrong: t.Wrong, Last: t.Last, Many: t.Wrong >= profile.AlarmAt, Whose: whose}
	if wait := profile.WaitAfter(t.Wrong); wait > 0 {
		out.Unlock = path + "/unlock"
		if next := t.Last.Add(wait); !t.Last.IsZero() && next.After(now) {
			out.Next = roundUp(next)
		}
	}
	return out
}

// pins is where a TV sends whoever forgot a PIN (product rule P4).
func (s *Site) pins(v *visit) error {
	list, err := s.c.Profiles.List(v.ctx(), v.session.Account)
	if err != nil {
		return err
	}
	rules, err := s.c.Profiles.Parental(v.ctx(), v.session.Account)
	if err != nil {
		return err
	}
	tries, err := s.c.Profiles.Tries(v.ctx(), v.now, v.session.Account)
	if err != nil {
		return err
	}
	page := PINPage{Frame: v.frame("Forgot your PIN?", "profiles")}
	for _, p := range list {
		if p.Locked {
			path := profilePath(p.ID)
			page.Locks = append(page.Locks, LockRow{Face: faceOf(p), Tries: triesOf(v.now, tries[p.ID], path, p.Name), Reset: path + "/lock"})
		}
	}
	if rules.HasPIN {
		page.Locks = append(page.Locks, LockRow{
			Parental: true, Tries: triesOf(v.now, tries[protocol.ParentalPIN], parentalPath, ""), Reset: parentalPath + "/lock",
		})
	}
	return v.show(http.StatusOK, page)
}
