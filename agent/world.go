package agent

import (
	"slices"
	"strings"
	"time"

	"rsc.io/qr"

	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/agent/session"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/words"
)

// updateWorld tells nav what is outside it, and the server what controls this TV.
func (c *core) updateWorld() {
	c.navStep(c.world())
	c.tellRemotes()
}

// world derives it all, in this one place.
func (c *core) world() nav.World {
	now := c.now()
	s := c.session.Status(now)
	saved := c.session.Saved()
	w := nav.World{
		At:          now.Running,
		Phase:       phases[s.Phase],
		Cause:       c.cause(s.Cause),
		TV:          nav.TV{Name: c.agent.Name, Model: c.agent.Model, Version: c.agent.Build, Server: serverName(saved.Server, c.server.Host)},
		LastProfile: c.rec.LastProfile,
		Online:      s.Online,
		LeaseLeft:   s.Left,
		LeaseLength: saved.Lease.Length,
		Ends:        c.moment(int64(s.Ends)),
		EndsIn:      s.EndsIn,
		Over:        s.Over,
		Waits:       c.waits(),
		Storage:     c.stored(),
	}
	w.Look, w.Language = c.rec.Look, spoken(c.agent.Language)
	w.Services, w.Service = c.services()
	if s.Phase == session.PhaseStopped {
		w.Phase = stopped(s.Problem, saved.Status)
	}
	if w.Phase == nav.Enrolling {
		w.Code = c.userCode(s)
		w.SignIn = signIn(s.SignIn)
	}
	if c.snapshot != nil {
		w.Owner, w.Profiles, w.AccountURL = c.snapshot.Owner, c.snapshot.Profiles, c.snapshot.AccountURL
		w.Household = nav.Household{
			Language: spoken(c.snapshot.Language), Parental: c.snapshot.Parental, AddProfileNeedsPIN: c.snapshot.AddProfileNeedsPIN, MaxProfiles: c.snapshot.MaxProfiles,
		}
		w.ForgotPIN, w.Account = c.help("/pin", &c.pinQR), c.help("", &c.accountQR)
	}
	w.Catalog, w.Library = c.catalog, c.library
	w.Answer = profileAnswer(s.Request)
	w.Remotes = c.navRemotes()
	w.OfflineSince = c.offlineSince(s.Online, now.Wall)
	return w
}

// help is an address of the account page with its picture: there the owner sets
// a new PIN (product rule P4), or whatever else the TV cannot. Nil where the
// server told none.
func (c *core) help(path string, picture *qrCode) *nav.Help {
	if c.snapshot.AccountURL == "" {
		return nil
	}
	uri := strings.TrimSuffix(c.snapshot.AccountURL, "/") + path
	return &nav.Help{URI: uri, QR: picture.rows(uri)}
}

// profileAnswer says what came of a request for a profile.
func profileAnswer(s session.RequestStatus) *nav.ProfileAnswer {
	if s.Answers == 0 && !s.Asking {
		return nil
	}
	return &nav.ProfileAnswer{Asking: s.Asking, Answers: s.Answers, Refusal: s.Refusal, Wait: s.Wait, Offline: s.Offline}
}

// phases maps the session's phases to those of the screens.
var phases = map[session.Phase]nav.Phase{
	session.PhaseSignedOut:   nav.SignedOut,
	session.PhaseEnrolling:   nav.Enrolling,
	session.PhaseStarting:    nav.Starting,
	session.PhaseActive:      nav.Active,
	session.PhaseLeaseEnded:  nav.LeaseEnded,
	session.PhaseStolen:      nav.Stolen,
	session.PhaseDeactivated: nav.Deactivated,
}

// stopped says what the screen is about where the session gave up for now.
func stopped(c protocol.Code, s protocol.Status) nav.Phase {
	switch {
	case c == protocol.CodeUpdateNeeded:
		return nav.Update
	case s == protocol.Active:
		return nav.LeaseEnded // nothing is offered until the server says otherwise
	}
	return nav.Enrolling // the code screen shows the problem
}

func serverName(pinned, host string) string {
	if pinned != "" {
		return pinned
	}
	return host
}

// userCode returns the code with its problem, if any.
func (c *core) userCode(s session.Status) *nav.UserCode {
	u := &nav.UserCode{Problem: problem(s)}
	if c.vault.Stuck() != nil {
		u.Problem = nav.ProblemStorage
	}
	if s.Code != nil {
		u.Code, u.URI, u.ExpiresIn = s.Code.Text, s.Code.URI, s.Code.Left
		u.QR = c.qr.rows(s.Code.FullURI)
	}
	if u.Code == "" && u.Problem == nav.ProblemNone && s.Code == nil && !s.Connecting && !s.Online {
		u.Problem = nav.ProblemOffline
	}
	return u
}

// problem maps the server's complaint to what the screen says.
func problem(s session.Status) nav.Problem {
	switch s.Problem {
	case 0, protocol.CodeExpired:
		return nav.ProblemNone
	case protocol.CodeBusy, protocol.CodeTooMany:
		return nav.ProblemBusy
	case protocol.CodeRefused:
		return nav.ProblemRefused
	case protocol.CodeLimit:
		return nav.ProblemLimit
	case protocol.CodeStolen, protocol.CodeClone:
		return nav.ProblemStolen
	}
	return nav.ProblemServer
}

// refusals maps what the server said to a password or code to what the screen says.
var refusals = map[protocol.Refusal]nav.Problem{
	"":                          nav.ProblemNone,
	protocol.RefusalCredentials: nav.ProblemCredentials,
	protocol.RefusalWait:        nav.ProblemWait,
	protocol.RefusalCode:        nav.ProblemCode,
	protocol.RefusalCodeExpired: nav.ProblemCodeExpired,
	protocol.RefusalOver:        nav.ProblemOver,
	protocol.RefusalUserCode:    nav.ProblemUserCode,
	protocol.RefusalLimit:       nav.ProblemLimit,
	protocol.RefusalFactor:      nav.ProblemFactor,
	protocol.RefusalLocked:      nav.ProblemLocked,
	session.RefusalOffline:      nav.ProblemOffline,
}

// signIn says how far a sign-in by password is.
func signIn(s session.SignInStatus) *nav.SignIn {
	problem, ok := refusals[s.Refusal]
	if !ok {
		problem = nav.ProblemServer
	}
	out := &nav.SignIn{Checking: s.Checking, Answers: s.Answers, Problem: problem, Wait: s.Wait}
	if c := s.Challenge; c != nil {
		out.Challenge = &nav.Challenge{Channels: c.Channels, Sent: c.Sent, RetryIn: c.RetryIn, TriesLeft: c.TriesLeft}
	}
	return out
}

func (c *core) cause(from *protocol.Cause) *nav.Cause {
	if from == nil {
		return nil
	}
	return &nav.Cause{By: from.By, At: c.moment(int64(from.At)), Where: from.Where}
}

// offlineSince remembers when contact was lost, for the banner.
func (c *core) offlineSince(online bool, wall int64) string {
	if online {
		c.offline = 0
		return ""
	}
	if c.offline == 0 {
		c.offline = wall
	}
	return c.moment(c.offline)
}

// lastContact is when this TV was in contact last, as the vault knows it: when
// contact was lost, or else the lease's last grant; now where it never was.
func (c *core) lastContact() int64 {
	switch lease := c.rec.Session.Lease; {
	case c.rec.Offline > 0:
		return c.rec.Offline
	case lease.Length > 0 && lease.Base > 0:
		return lease.Base
	}
	return c.now().Wall
}

// noteContact has the next record of the vault say when contact was lost.
func (c *core) noteContact() {
	now := c.now()
	c.offlineSince(c.session.Status(now).Online, now.Wall)
	c.rec.Offline = c.offline
}

// spoken is the language of a tag; empty: none that the screens speak.
func spoken(tag string) words.Language {
	l, ok := words.Known(tag)
	if !ok {
		return ""
	}
	return l
}

// moment writes a time (in ms) as a person at this TV reads it.
func (c *core) moment(ms int64) string {
	if ms <= 0 {
		return ""
	}
	return nav.When(time.UnixMilli(ms).Local(), time.UnixMilli(c.now().Wall).Local())
}

// qrCode keeps the last drawn code, since the same one is shown for minutes.
type qrCode struct {
	text  string
	drawn []string
}

// rows draws text as rows of '1' (dark) and '0'. Where it cannot be drawn there
// is no picture; the code can be typed.
func (q *qrCode) rows(text string) []string {
	if q.text == text {
		return q.drawn
	}
	q.text, q.drawn = text, nil
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return nil
	}
	for y := range code.Size {
		var row strings.Builder
		for x := range code.Size {
			if code.Black(x, y) {
				row.WriteByte('1')
			} else {
				row.WriteByte('0')
			}
		}
		q.drawn = append(q.drawn, row.String())
	}
	q.drawn = slices.Clip(q.drawn)
	return q.drawn
}
