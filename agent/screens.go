package agent

import (
	"time"

	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/agent/session"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

// navStep steps the screen machine, shows the new view, then carries out what
// the machine wants done.
func (c *core) navStep(ev nav.Event) {
	var effects []nav.Effect
	c.nav, effects = nav.Step(c.nav, ev)
	c.showView()
	for _, e := range effects {
		c.screenEffect(e)
	}
}

func (c *core) showView() {
	v := c.nav.View()
	c.agent.show(v)
	c.showRemotes(v)
	c.showRelays(v)
}

func (c *core) screenEffect(e nav.Effect) {
	switch e := e.(type) {
	case nav.CheckPIN:
		c.checkPIN(e)
	case nav.SelectProfile:
		c.selectProfile(e.Profile)
	case nav.StartEnrol:
		c.sessionStep(session.SignIn{})
	case nav.SignInWithPassword:
		c.sessionStep(session.SignInWithPassword{Login: e.Login, Password: protocol.Secret(e.Password)})
	case nav.SendCode:
		c.sessionStep(session.ChooseChannel{Channel: e.Channel})
	case nav.EnterCode:
		c.sessionStep(session.EnterCode{Channel: e.Channel, Code: protocol.Secret(e.Code)})
	case nav.CancelEnrol:
		c.sessionStep(session.CancelSignIn{})
	case nav.TryAgain:
		c.sessionStep(session.TryAgain{})
	case nav.SignOutHere:
		c.sessionStep(session.SignOutHere{})
	case nav.Deactivate:
		c.sessionStep(session.Deactivate{})
	case nav.StartOver:
		c.sessionStep(session.StartOver{})
	case nav.AddProfile:
		c.sessionStep(session.AddProfile{
			Name: e.Name, Avatar: e.Avatar, Level: e.Level, Kids: e.Kids,
			PIN: protocol.Secret(e.PIN), Password: protocol.Secret(e.Password),
		})
	case nav.EditProfile:
		c.sessionStep(session.EditProfile{Profile: e.Profile, Name: e.Name, Avatar: e.Avatar})
	case nav.ListTitle:
		c.listed(e)
	case nav.CheckNetwork:
		c.checkNetwork()
	case nav.SetLook:
		c.setLook(e.Look)
	case nav.ChooseService:
		c.chooseService(e.ID)
	case nav.ReadLicences:
		c.readLicences()
	case nav.StartTitle:
		c.endReported()
		c.watched(protocol.Started, e.Playback)
		c.playTitle(e.Playback, c.nav.Path())
	case nav.ProgressTitle:
		c.watched(protocol.Progress, e.Playback)
	case nav.StopTitle:
		c.watched(protocol.Stopped, e.Playback)
		c.sessionStep(session.TitleEnded{})
	case nav.WakeAt:
		c.setNavWake(e.At)
	default:
		c.remoteEffect(e)
	case nav.AllowRelay, nav.RefuseRelay:
		c.relayEffect(e)
	}
}

func (c *core) setNavWake(at time.Duration) {
	if at <= 0 {
		c.navWake.Stop()
		return
	}
	c.navWake.Reset(max(at-c.now().Running, time.Millisecond))
}

// selectProfile remembers who is watching and tells the server.
func (c *core) selectProfile(id protocol.ProfileID) {
	if id != c.profile {
		c.endReported()
	}
	c.profile = id
	c.openShelf()
	if id != "" && id != c.rec.LastProfile {
		c.rec.LastProfile = id
		if err := c.save(); err != nil {
			c.log.Error("last profile not kept", "error", err)
		}
	}
	c.sessionStep(session.ProfileSelected{Profile: id})
}

// checkNetwork looks at the way to the server in a goroutine of its own.
func (c *core) checkNetwork() {
	check := networkCheck{
		server: c.server, tls: c.tlsConfig(c.server), finder: c.finder,
		report: func(r nav.NetworkReport) { c.post(func() { c.navStep(r) }) },
	}
	c.work.Go(func() { check.run(c.ctx) })
}

// decide is the play decision for the profile at the TV.
func (c *core) decide(id protocol.TitleID, path parental.Path) parental.Decision {
	q := parental.Question{Path: path, Access: c.session.Status(c.now()).Phase == session.PhaseActive}
	if p := c.profileByID(c.profile); p != nil {
		rules := c.snapshot.Rules(*p)
		q.Profile, q.Unlocked = &rules, true // its PIN was proved when it was chosen
	}
	if t, ok := c.titles.Title(id); ok {
		q.Title, q.Parental = &t, c.nav.Proved(t)
	}
	return parental.Decide(q)
}

func (c *core) profileByID(id protocol.ProfileID) *protocol.Profile {
	if c.snapshot == nil || id == "" {
		return nil
	}
	for i := range c.snapshot.Profiles {
		if c.snapshot.Profiles[i].ID == id {
			return &c.snapshot.Profiles[i]
		}
	}
	return nil
}
