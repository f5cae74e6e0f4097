package agent

import (
	"slices"
	"time"

	"github.com/hearthkey/hearthkey/agent/local"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/agent/session"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

// Grant is the server's word on what plays now, for the box's own player: it
// shows the token to whoever delivers the title, and takes the next one when it
// comes. Out of contact a title plays by this TV's own decision, without a token;
// whether that is delivered is for whoever delivers it to say. The zero Grant:
// nothing plays.
type Grant struct {
	Play     int64 // names the play since the agent's start; 0: nothing plays
	Profile  protocol.ProfileID
	Title    protocol.TitleID
	Token    protocol.Secret      // compact JWS of [protocol.GrantClaims]; "" while there is none. Never to be stored or logged
	Left     time.Duration        // for how long Token is valid; it is renewed at half its life
	Refusal  protocol.PlayRefusal // the title stops within a second; "" for not refused
	Watching []string             // names of the account's TVs that play, with protocol.PlayStreams
}

// granted is a Grant with the moment that its Left counts from.
type granted struct {
	Grant
	ends time.Duration // running time
}

// same tells what nobody needs to hear of: Left counts down by itself.
func (g Grant) same(o Grant) bool {
	return g.Play == o.Play && g.Token == o.Token && g.Refusal == o.Refusal && slices.Equal(g.Watching, o.Watching)
}

// Grant returns the server's word on what plays now.
func (a *Agent) Grant() Grant {
	a.mu.Lock()
	g := a.grant
	a.mu.Unlock()
	if g.Token == "" {
		return g.Grant
	}
	if g.Left = g.ends - a.clock().Running; g.Left <= 0 {
		g.Token, g.Left = "", 0
	}
	return g.Grant
}

// playTitle asks for a grant for what begins to play. The PINs that it names were
// proved here: the profile's when it was chosen, the parental one for the title.
func (c *core) playTitle(p nav.Playback, path parental.Path) {
	f := protocol.Play{Path: path}
	if profile := c.profileByID(p.Profile); profile != nil && profile.Locked {
		f.ProfilePIN = profile.PIN
	}
	if t, ok := c.titles.Title(p.Title); ok && c.snapshot != nil && c.snapshot.Parental != nil && c.nav.Proved(t) {
		f.ParentalPIN = c.snapshot.Parental.PIN
	}
	c.sessionStep(session.PlayTitle{Profile: p.Profile, Title: p.Title, Play: f})
}

// tellGrant passes on what is new about the grant, and stops a title that the
// server refuses.
func (c *core) tellGrant() {
	now := c.now()
	s := c.session.Play(now)
	g := granted{Grant{s.Number, s.Profile, s.Title, s.Grant, s.Left, s.Refusal, s.Watching}, now.Running + s.Left}
	a := c.agent
	a.mu.Lock()
	news := !g.same(a.grant.Grant)
	if news {
		a.grant = g
	}
	a.mu.Unlock()
	if !news {
		return
	}
	if a.OnGrant != nil {
		a.OnGrant(g.Grant)
	}
	if a.local != nil {
		a.local.Tell(local.TopicGrant, localGrant(g.Grant))
	}
	if g.Refusal != "" {
		c.navStep(nav.PlayRefused{Title: g.Title, Why: g.Refusal, Watching: g.Watching, At: now.Running})
	}
}
