package session

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

// cinema is a TV that is signed in to a server that gives grants.
type cinema struct {
	*talker
	t     *testing.T
	asked []protocol.Frame // play and play_end, since the last look
}

func newCinema(t *testing.T, cap int) *cinema {
	t.Helper()
	c := &cinema{newTalker(t), t, nil}
	for _, line := range []string{
		"start", "signin", "connected", fmt.Sprintf("hello cap=%d", cap), "enrolled", "state n snapshot=S:100", "part of=S", "applied", "receipt_ack",
	} {
		c.event(strings.Fields(line))
	}
	if !c.model.online() || c.model.phase(c.now) != PhaseActive {
		t.Fatalf("not signed in: %+v", c.model.Status(c.now))
	}
	return c
}

// do steps the machine and notes what is asked.
func (c *cinema) do(w What) {
	c.t.Helper()
	c.entropy++
	var effects []Effect
	c.model, effects = Step(c.model, Event{Now: c.now, Entropy: testEntropy(c.entropy), What: w})
	for _, e := range effects {
		switch e := e.(type) {
		case Send:
			switch f := e.Frame.(type) {
			case protocol.Play, protocol.PlayEnd:
				c.asked = append(c.asked, f)
			case protocol.Ask: // answered, so that the contact goes on
				c.ask = f.Nonce
				c.do(Received{c.conn, c.frame("still", arguments([]string{"n"}))})
			}
		case Dial:
			c.conn = e.Conn
		}
	}
}

// wants is what was asked since the last look.
func (c *cinema) wants(what string, want ...protocol.Frame) {
	c.t.Helper()
	if !slices.Equal(c.asked, want) {
		c.t.Errorf("%s: asked %+v, want %+v", what, c.asked, want)
	}
	c.asked = nil
}

// later lets time pass, with each Tick that is due.
func (c *cinema) later(d time.Duration) {
	c.t.Helper()
	for end := c.now.Running + d; c.now.Running < end; {
		c.pass(min(max(c.model.Wake(), c.now.Running+time.Millisecond), end) - c.now.Running)
		c.do(Tick{})
	}
}

var wanted = protocol.Play{Path: parental.Search, ProfilePIN: 5, ParentalPIN: 2}

func (c *cinema) plays(title protocol.TitleID) protocol.Play {
	c.t.Helper()
	c.do(PlayTitle{Profile: "p", Title: title, Play: wanted})
	f := wanted
	f.N, f.Profile, f.Title = c.model.playing.number, "p", title
	return f
}

func (c *cinema) claims(title protocol.TitleID, life int64) protocol.GrantClaims {
	s := c.model.saved
	return protocol.GrantClaims{
		Issuer: "https://tv.example.com", Audience: "cdn", Account: s.Account, Profile: "p", Device: s.Device, Epoch: s.Epoch, Title: title,
		Issued: 1764093422, Expires: 1764093422 + life, ID: "g",
	}
}

func (c *cinema) grant(n int64, typ string, claims protocol.GrantClaims) string {
	c.t.Helper()
	jws := c.server.sign(typ, claims)
	c.do(Received{c.conn, protocol.Grant{N: n, JWS: jws}})
	return jws
}

func (c *cinema) holds(what, token string, left time.Duration) {
	c.t.Helper()
	if p := c.model.Play(c.now); string(p.Grant) != token || p.Left != left || p.Refusal != "" {
		c.t.Errorf("%s: a grant of %d bytes for %s, refusal %q; want %d bytes for %s", what, len(p.Grant), p.Left, p.Refusal, len(token), left)
	}
}

// A grant is asked for when a title starts, renewed at half its life whatever the
// clocks say, and gone with the title, which the server hears of.
func TestD14_AGrantIsRenewedWhileATitlePlays(t *testing.T) {
	c := newCinema(t, 4)
	f := c.plays("t")
	c.wants("at the start", f)
	c.pass(2 * time.Second) // the answer takes its time: the grant counts from the question
	jws := c.grant(f.N, protocol.TypGrant, c.claims("t", 300))
	c.holds("granted", jws, 298*time.Second)
	c.later(147 * time.Second)
	c.wants("before half of it")
	c.later(time.Second)
	c.wants("at half of it", f)
	c.later(29 * time.Second)
	c.wants("unanswered for 29 s")
	c.later(time.Second)
	c.wants("unanswered for 30 s", f)
	again := c.grant(f.N, protocol.TypGrant, c.claims("t", 300))
	c.holds("renewed", again, 300*time.Second)
	c.do(TitleEnded{})
	c.wants("at its end", protocol.PlayEnd{N: f.N})
	if p := c.model.Play(c.now); p.Number != 0 || p.Grant != "" {
		t.Errorf("after its end: %+v", p)
	}
	c.grant(f.N, protocol.TypGrant, c.claims("t", 300))
	if p := c.model.Play(c.now); p.Grant != "" {
		t.Error("a late answer is held")
	}
	next := c.plays("u")
	if next.N == f.N {
		t.Error("two plays have one number")
	}
	c.wants("the next", next)
	other := c.plays("v")
	c.wants("another in its place", protocol.PlayEnd{N: next.N}, other)
}

// Out of contact a title plays on by this TV's own decision: its grant ends, and is
// asked for anew with the contact. An end that the server did not hear of follows.
func TestD14_PlayingWithoutContact(t *testing.T) {
	c := newCinema(t, 4)
	f := c.plays("t")
	c.asked = nil
	jws := c.grant(f.N, protocol.TypGrant, c.claims("t", 60))
	c.do(Closed{Conn: c.conn})
	c.event([]string{"network", "down"})
	c.holds("just now", jws, time.Minute)
	c.later(time.Minute)
	c.holds("a minute later", "", 0)
	c.wants("without contact")
	back := func() {
		c.connect()
		c.do(Received{c.conn, c.frame("hello", arguments([]string{"cap=4"}))})
		c.do(Received{c.conn, protocol.Still{JWS: c.server.sign(protocol.TypStill, protocol.StillClaims{
			Device: c.model.saved.Device, Epoch: c.model.saved.Epoch, Version: c.model.saved.Version, Lease: 28800, Ask: c.model.ask.nonce, Issued: 1,
		})}})
	}
	c.down = false
	back()
	c.wants("back in contact", f)
	c.do(Closed{Conn: c.conn})
	c.do(TitleEnded{})
	c.wants("ended without contact")
	back()
	c.wants("back again", protocol.PlayEnd{N: f.N})
}

func TestD14_ARefusalIsForGoodAndBusyIsNot(t *testing.T) {
	c := newCinema(t, 4)
	f := c.plays("t")
	jws := c.grant(f.N, protocol.TypGrant, c.claims("t", 300))
	c.later(150 * time.Second)
	c.asked = nil
	c.do(Received{c.conn, protocol.PlayRefused{N: f.N, Refusal: protocol.PlayBusy, RetryAfter: 7000}})
	c.holds("busy", jws, 150*time.Second)
	c.later(6 * time.Second)
	c.wants("too soon")
	c.later(time.Second)
	c.wants("after 7 s", f)
	c.do(Received{c.conn, protocol.PlayRefused{N: f.N + 1, Refusal: protocol.PlayLevel}})
	c.holds("about another", jws, 143*time.Second)
	c.do(Received{c.conn, protocol.PlayRefused{N: f.N, Refusal: protocol.PlayStreams, Watching: []string{"Bedroom"}}})
	p := c.model.Play(c.now)
	if p.Grant != "" || p.Refusal != protocol.PlayStreams || !slices.Equal(p.Watching, []string{"Bedroom"}) {
		t.Errorf("refused: %+v", p)
	}
	c.later(10 * time.Minute)
	c.wants("after a refusal")
	c.grant(f.N, protocol.TypGrant, c.claims("t", 300))
	if p := c.model.Play(c.now); p.Grant != "" || p.Refusal == "" {
		t.Errorf("a grant after the refusal: %+v", p)
	}
}

// A grant for anything else than what plays here is none.
func TestD14_ForeignGrantsAreRefused(t *testing.T) {
	for name, change := range map[string]func(*protocol.GrantClaims){
		"another device":  func(c *protocol.GrantClaims) { c.Device = protocol.DeviceIDOf(make([]byte, 32)) },
		"another account": func(c *protocol.GrantClaims) { c.Account = "b" },
		"an earlier":      func(c *protocol.GrantClaims) { c.Epoch++ },
		"another title":   func(c *protocol.GrantClaims) { c.Title = "u" },
		"another profile": func(c *protocol.GrantClaims) { c.Profile = "q" },
		"an hour":         func(c *protocol.GrantClaims) { c.Expires = c.Issued + 3600 },
		"no time":         func(c *protocol.GrantClaims) { c.Expires = c.Issued },
	} {
		c := newCinema(t, 4)
		f := c.plays("t")
		claims := c.claims("t", 300)
		change(&claims)
		c.grant(f.N, protocol.TypGrant, claims)
		c.holds(name, "", 0)
	}
	c := newCinema(t, 4)
	f := c.plays("t")
	c.grant(f.N, protocol.TypStill, c.claims("t", 300))
	c.holds("another kind", "", 0)
	c.server.rotate("unknown")
	c.grant(f.N, protocol.TypGrant, c.claims("t", 300))
	c.holds("an unknown key", "", 0)
}

// A server that does not say 4 is asked nothing, and everything plays as before; a
// session that ends takes its grant along.
func TestD14_BeforeAndAfter(t *testing.T) {
	c := newCinema(t, 3)
	c.plays("t")
	c.later(time.Hour)
	c.do(TitleEnded{})
	c.wants("a server of capability 3")

	c = newCinema(t, 4)
	f := c.plays("t")
	c.grant(f.N, protocol.TypGrant, c.claims("t", 300))
	c.do(SignOutHere{})
	if p := c.model.Play(c.now); p.Number != 0 || p.Grant != "" {
		t.Errorf("after a sign-out: %+v", p)
	}
	c.asked = nil
	c.do(PlayTitle{Profile: "p", Title: "t", Play: wanted})
	c.do(TitleEnded{})
	c.wants("signed out")
	if p := fmt.Sprintf("%+v %#v", c.model.Saved(), c.model.Saved()); strings.Contains(p, protocol.TypGrant) {
		t.Error("a grant would be stored")
	}
}

func TestD14_APlayOutOfBoundsIsImpossible(t *testing.T) {
	c := newCinema(t, 4)
	for _, w := range []PlayTitle{
		{Title: "t", Play: wanted}, {Profile: "p", Play: wanted}, {Profile: "p", Title: "t"},
		{Profile: "p", Title: protocol.TitleID(strings.Repeat("t", 65)), Play: wanted},
	} {
		c.do(w)
		if c.model.Play(c.now).Number != 0 {
			t.Errorf("%+v plays", w)
		}
	}
	c.wants("nothing")
}
