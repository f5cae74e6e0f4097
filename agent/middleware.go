package agent

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/hearthkey/hearthkey/agent/local"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/agent/session"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

// ErrNotNow is wrapped where something cannot be done as things are: a title that may
// not play, a TV that is not signed in.
var ErrNotNow = errors.New("agent: not as things are")

// LocalAPI is how the box's own software in other languages speaks to the agent:
// package local. The zero value: not at all.
type LocalAPI struct {
	Socket  string   // path of a Unix socket
	Group   int      // optional: id of a group that may use Socket beside this user and root
	Web     string   // loopback host:port of a WebSocket
	Token   string   // what clients of Web must know: 32 to 128 bytes
	Origins []string // optional: of pages that use Web and are not served on loopback
	Stop    func()   // optional: what the call stop does; it must return at once

	Conn *net.UnixConn // optional: a client that is connected already, as by a socket pair; the agent closes it
}

// middleware is the source of keys from the box's own software.
var middleware = nav.Source{Kind: nav.Local, ID: "middleware"}

// startLocal serves the local API, if it is wanted.
func (a *Agent) startLocal() (err error) {
	l := a.LocalAPI
	if l.Socket == "" && l.Web == "" && l.Conn == nil {
		return nil
	}
	a.local, err = local.Start(local.Config{
		Socket: l.Socket, Group: l.Group, Web: l.Web, Token: l.Token, Origins: l.Origins,
		Version: a.Build, Log: a.Log, Do: a.localCall,
	})
	if errors.Is(err, local.ErrConfig) {
		return fmt.Errorf("%w: %w", ErrSettings, err)
	}
	if err != nil {
		return err
	}
	a.local.Tell(local.TopicGrant, local.Grant{})
	if l.Conn != nil {
		a.local.Serve(l.Conn)
	}
	return nil
}

// LocalURL is the address of the local API's WebSocket, or empty.
func (a *Agent) LocalURL() string {
	if a.local == nil {
		return ""
	}
	return a.local.WebURL()
}

// localCall carries out a call of the local API.
func (a *Agent) localCall(call local.Call) (result any, err error) {
	result = local.Done{}
	switch call := call.(type) {
	case *local.Press:
		err = a.Press(call.Key, middleware, call.Repeat)
	case *local.Text:
		err = a.Type(call.Text, middleware)
	case *local.Launch:
		err = a.Launch(call.Title, call.Path)
	case *local.Resume:
		err = a.Resume()
	case *local.GetView:
		result = a.View()
	case *local.GetStatus:
		result, err = a.Status()
	case *local.GetGrant:
		result = localGrant(a.Grant())
	case *local.Decide:
		var d parental.Decision
		d, err = a.Decide(call.Title, call.Path)
		result = local.Decision(d)
	case *local.Report:
		err = a.Report(*call)
	case *local.SignOut:
		err = a.SignOut()
	case *local.Stop:
		if a.LocalAPI.Stop == nil {
			return nil, &local.Error{Code: local.CodeNotThere, Message: "this agent is ended by who embeds it"}
		}
		a.LocalAPI.Stop()
	default:
		return nil, &local.Error{Code: local.CodeNotThere, Message: "not offered by this agent"}
	}
	if errors.Is(err, ErrNotNow) {
		return nil, &local.Error{Code: local.CodeRefused, Message: err.Error()}
	}
	return result, err
}

func localGrant(g Grant) local.Grant {
	return local.Grant{
		Play: g.Play, Profile: g.Profile, Title: g.Title, Token: string(g.Token), Left: int64(g.Left / time.Second),
		Refusal: string(g.Refusal), Watching: slices.Clone(g.Watching),
	}
}

// Status says how this TV stands. After Close it returns [ErrClosed].
func (a *Agent) Status() (s local.Status, err error) {
	err = a.core.call(func() { s = a.core.status() })
	return s, err
}

// Report tells what a player of the integrator's own does with a title, for the
// profile at the TV. Started is refused where [Agent.Decide] would not allow it, and asks
// for a grant; progress (once a minute and at a pause) and stopped are refused for another title than the
// one that was started. Such a refusal is [ErrNotNow]. What was started ends by itself where another profile is chosen,
// where it may not play any longer, and where another title starts: then [Grant.Play] is 0 or another number, and the player
// is to stop. After Close it returns [ErrClosed].
func (a *Agent) Report(r local.Report) error {
	var err error
	if closed := a.core.call(func() { err = a.core.report(r) }); closed != nil {
		return closed
	}
	return err
}

// SignOut ends this TV's session, as a person at it can. Where it is not signed in,
// is locked or stolen, it is [ErrNotNow]. After Close it returns [ErrClosed].
func (a *Agent) SignOut() error {
	var err error
	if closed := a.core.call(func() { err = a.core.signOutHere() }); closed != nil {
		return closed
	}
	return err
}

func (c *core) signOutHere() error {
	switch c.session.Status(c.now()).Phase {
	case session.PhaseStarting, session.PhaseActive:
		c.sessionStep(session.SignOutHere{})
		return nil
	}
	return fmt.Errorf("%w: only a TV that is signed in and not locked can be signed out", ErrNotNow)
}

// report follows the integrator's own player.
func (c *core) report(r local.Report) error {
	if r.What == protocol.Started {
		if d := c.decide(r.Title, r.Path); d.Verdict != parental.Allow {
			return fmt.Errorf("%w: %s may not play (%s%s)", ErrNotNow, r.Title, d.Reason, d.PIN)
		}
		c.endReported()
		c.reported = nav.Playback{Profile: c.profile, Title: r.Title, Position: r.Position, Length: r.Length}
		c.watched(protocol.Started, c.reported)
		c.playTitle(c.reported, r.Path)
		return nil
	}
	if c.reported.Title != r.Title || r.Title == "" {
		return fmt.Errorf("%w: %s was not started, or has ended", ErrNotNow, r.Title)
	}
	c.reported.Position, c.reported.Length = r.Position, r.Length
	if r.What == protocol.Stopped {
		c.endReported()
		return nil
	}
	c.watched(protocol.Progress, c.reported)
	return nil
}

// endReported ends what the integrator's player plays, if it does.
func (c *core) endReported() {
	p := c.reported
	if p.Title == "" {
		return
	}
	c.reported = nav.Playback{}
	c.watched(protocol.Stopped, p)
	c.sessionStep(session.TitleEnded{})
}

// followReported ends what the integrator's player plays where it may not go on. A
// parental PIN that it was started with is not asked for again.
func (c *core) followReported() {
	if c.reported.Title != "" && c.decide(c.reported.Title, parental.Open).Verdict == parental.Refuse {
		c.endReported()
	}
}

// localPhases are the phases' names in the local API.
var localPhases = map[session.Phase]string{
	session.PhaseSignedOut:   "signed_out",
	session.PhaseEnrolling:   "enrolling",
	session.PhaseStarting:    "starting",
	session.PhaseActive:      "active",
	session.PhaseLeaseEnded:  "lease_ended",
	session.PhaseStolen:      "stolen",
	session.PhaseDeactivated: "deactivated",
	session.PhaseStopped:     "stopped",
}

// status derives how this TV stands.
func (c *core) status() local.Status {
	now := c.session.Status(c.now())
	s := local.Status{
		Phase: localPhases[now.Phase], Online: now.Online, LeaseLeft: int64(now.Left / time.Second),
		Agent: c.agent.Build, Name: c.agent.Name,
	}
	switch {
	case now.Phase == session.PhaseStopped && now.Problem == protocol.CodeUpdateNeeded:
		s.Phase = "update_needed"
	case now.Phase == session.PhaseActive || now.Phase == session.PhaseStarting:
		s.Device = string(c.session.Saved().Device)
	}
	if p := c.profileByID(c.profile); p != nil {
		s.Profile = &local.Profile{ID: p.ID, Name: p.Name, Kids: p.Kids, Level: p.Level.MaxAge(), Language: p.Language}
	}
	return s
}

// tellStatus tells the local API's clients what is new about the status.
func (c *core) tellStatus() {
	if c.agent.local == nil {
		return
	}
	s := c.status()
	left := s.LeaseLeft
	s.LeaseLeft = 0 // it counts down by itself
	if c.lastStatus != nil && sameStatus(*c.lastStatus, s) {
		return
	}
	told := s
	c.lastStatus = &told
	s.LeaseLeft = left
	c.agent.local.Tell(local.TopicStatus, s)
}

func sameStatus(a, b local.Status) bool {
	if (a.Profile == nil) != (b.Profile == nil) || a.Profile != nil && *a.Profile != *b.Profile {
		return false
	}
	a.Profile, b.Profile = nil, nil
	return a == b
}
