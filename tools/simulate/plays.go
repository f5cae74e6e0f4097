package main

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/agent/session"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/server/grant"
)

const (
	issuer   = "https://tv.example"
	pageURL  = issuer + "/tv"
	audience = "cdn.example"
	film     = "t-hill"
)

// onOffer is the catalogue: one film for all ages.
func onOffer(id protocol.TitleID) (parental.Title, bool) {
	all := 0
	return parental.Title{ID: film, Age: &all}, id == film
}

// plays is a person who begins a film, or leaves it.
func (w *world) plays(t *television) {
	h := w.home(t.model.Saved().Account)
	switch {
	case !t.shows() || h == nil:
	case t.model.Play(t.now()).Number != 0 && w.n(3) == 0:
		t.step(session.TitleEnded{})
	default:
		w.did("play a film")
		t.until = t.running + time.Duration(5+w.n(20))*time.Minute
		t.step(session.PlayTitle{Profile: h.main, Title: film, Play: protocol.Play{Path: parental.Open}})
	}
}

// leaves stops a film at its end, and where the screens show no profiles any more.
func (t *television) leaves() {
	if t.on && t.model.Play(t.now()).Number != 0 && (t.running >= t.until || !t.shows()) {
		t.step(session.TitleEnded{})
	}
}

// grant is what the TV's player has to show to whoever delivers the film.
func (t *television) grant() string {
	g := string(t.model.Play(t.now()).Grant)
	if t.w.bug == keptGrants {
		if g != "" {
			t.kept = g
		}
		return t.kept
	}
	return g
}

func (p *peer) tv() grant.TV {
	return grant.TV{Account: p.session.Account, Device: p.session.Device, Epoch: p.session.Epoch}
}

// takePlay is what server/api does with a question for a play grant.
func (p *peer) takePlay(f protocol.Play) error {
	w := p.n.w
	g, err := p.issue(f)
	var refused *grant.RefusedError
	switch {
	case errors.As(err, &refused):
		w.did("ask for a play grant: refused, " + string(refused.Refusal))
		p.send(protocol.PlayRefused{N: f.N, Refusal: refused.Refusal, Watching: refused.Watching})
		return nil
	case err != nil:
		return err
	}
	w.did("ask for a play grant")
	w.judge.granted(w, p, g.JWS)
	p.send(g)
	return nil
}

func (p *peer) issue(f protocol.Play) (protocol.Grant, error) {
	w := p.n.w
	if w.bug != hastyGrants || p.answer.Status != protocol.Active {
		return p.n.grants.Issue(context.Background(), w.now, p.tv(), f)
	}
	jws, err := p.n.keys.Sign(protocol.TypGrant, protocol.GrantClaims{
		Issuer: issuer, Audience: audience, Account: p.session.Account, Profile: f.Profile, Device: p.session.Device,
		Epoch: p.session.Epoch, Title: f.Title, Issued: w.now.Unix(), Expires: w.now.Unix() + protocol.MaxGrant, ID: "g",
	})
	return protocol.Grant{N: f.N, JWS: jws}, err
}

// ticket is a play grant that a TV was given, read by whoever delivers films.
type ticket struct {
	jws     string
	of      signIn
	account protocol.AccountID
	expires time.Time
}

// granted holds the server to giving grants to nobody who is signed out, and the
// grant to what it may say.
func (j *judge) granted(w *world, p *peer, jws string) {
	k := signIn{p.session.Device, p.session.Epoch}
	_, over := j.over(k, w.now)
	if over && !w.restored {
		w.fail("a device got a play grant after its sign-in had ended")
	}
	if len(j.revoked) > 0 {
		w.met("a play grant while something else is signed out")
	}
	var c struct {
		Iss, Aud, Account, Device string
		Epoch                     protocol.Epoch
		Iat, Exp                  int64
	}
	if why := readByKeys(p.n, jws, &c); why != "" {
		w.fail("a play grant: %s", why)
	}
	switch {
	case c.Iss != issuer || c.Aud != audience || c.Account != string(p.session.Account) || c.Device != string(k.device) || c.Epoch != k.epoch:
		w.fail("a play grant is for somebody else: %+v", c)
	case c.Iat > w.now.Unix() || c.Exp > w.now.Unix()+300 || c.Exp <= c.Iat:
		w.fail("a play grant of %d to %d, at %d: longer than 5 minutes", c.Iat, c.Exp, w.now.Unix())
	}
	if ends := j.stays[k].ends; !ends.IsZero() && !w.restored {
		w.met("a play grant to a device with an end date")
		if c.Exp > ends.Unix() {
			w.fail("a play grant to %s, after the device's end date %s", time.Unix(c.Exp, 0).UTC(), ends)
		}
	}
	w.tickets = append(w.tickets, ticket{jws, k, p.session.Account, time.Unix(c.Exp, 0)})
	if len(w.tickets) > 6 {
		w.tickets = slices.Delete(w.tickets, 0, 1)
	}
	p.wire.tv.watch.expires(jws, time.Unix(c.Exp, 0))
}

// readByKeys reads a grant as a player in another language would: by the keys that
// the server publishes.
func readByKeys(n *node, jws string, claims any) string {
	set, err := n.grants.JWKS()
	if err != nil {
		return err.Error()
	}
	var keys struct {
		Keys []struct{ Kid, X, Alg string }
	}
	part := strings.Split(jws, ".")
	if json.Unmarshal(set, &keys) != nil || len(part) != 3 {
		return "neither keys nor three parts"
	}
	var raw [3][]byte
	for i := range raw {
		if raw[i], err = base64.RawURLEncoding.DecodeString(part[i]); err != nil {
			return err.Error()
		}
	}
	var head struct{ Alg, Typ, Kid string }
	if json.Unmarshal(raw[0], &head) != nil || head.Alg != "EdDSA" || head.Typ != protocol.TypGrant {
		return "of another kind"
	}
	for _, k := range keys.Keys {
		x, err := base64.RawURLEncoding.DecodeString(k.X)
		if err == nil && k.Kid == head.Kid && ed25519.Verify(x, []byte(part[0]+"."+part[1]), raw[2]) {
			if json.Unmarshal(raw[1], claims) != nil {
				return "no claims"
			}
			return ""
		}
	}
	return "no published key verifies it"
}

// inspect asks a node whether a grant stands.
func (w *world) inspect(n *node, k ticket) bool {
	if w.bug == oldAnswers && w.answers[k.jws] {
		return true
	}
	_, stands, err := n.grants.Introspect(context.Background(), w.now, k.jws)
	if err != nil {
		w.fail("introspect: %v", err)
	}
	w.answers[k.jws] = stands
	return stands
}

// inspects holds the server's answers about grants to what people were told.
func (j *judge) inspects(w *world) {
	n := w.nodes[0]
	if ready := w.ready(); len(ready) > 0 {
		n = ready[0]
	}
	playing := map[protocol.AccountID]map[protocol.DeviceID]bool{}
	w.tickets = slices.DeleteFunc(w.tickets, func(k ticket) bool { return w.now.Sub(k.expires) > time.Hour })
	for _, k := range w.tickets {
		stands := w.inspect(n, k)
		_, over := j.over(k.of, w.now)
		if over && w.now.Before(k.expires) {
			w.met("a play grant of a sign-in that has ended")
		}
		switch {
		case !stands:
			continue
		case over && !w.restored:
			w.fail("a play grant stands whose sign-in has ended")
		case !w.now.Before(k.expires):
			w.fail("a play grant stands after its time")
		case w.leaked[kid(k.jws)] && n.keyChanges == w.keyChanges:
			w.fail("a play grant stands by a key that leaked")
		}
		if playing[k.account] == nil {
			playing[k.account] = map[protocol.DeviceID]bool{}
		}
		playing[k.account][k.of.device] = true
	}
	for _, on := range playing {
		if w.streams > 0 && len(on) > w.streams {
			w.fail("%d devices of an account play, and %d may", len(on), w.streams)
		}
		if len(on) == w.streams {
			w.met("an account plays on as many TVs as allowed")
		}
	}
}

// expires notes for how long a grant is good.
func (c *watch) expires(jws string, at time.Time) {
	if c.good == nil {
		c.good = map[string]time.Time{}
	}
	c.good[jws] = at
}

// holding holds a TV to what it keeps of a grant: nothing after its time, and
// nothing without a session.
func (j *judge) holding(w *world, t *television) {
	if !t.on {
		return
	}
	g := t.grant()
	if g == "" {
		return
	}
	w.met("a TV holds a play grant")
	switch at, ok := t.watch.good[g]; {
	case !ok:
		w.fail("TV %d plays by a grant that it was never given", t.index)
	case w.now.After(at.Add(time.Second)):
		w.fail("TV %d plays by a grant after its time", t.index)
	case t.model.Saved().Status != protocol.Active:
		w.fail("TV %d is %s and plays by a grant", t.index, t.model.Saved().Status)
	}
}

// played holds, after all healed, the server to letting play who may.
func (j *judge) played(w *world) {
	for _, t := range w.tvs {
		p := t.model.Play(t.now())
		if !t.shows() || p.Number == 0 { // it was signed in a moment ago
			continue
		}
		switch {
		case p.Grant != "":
			w.met("all healed, and a TV plays")
		case p.Refusal == protocol.PlayStreams && w.streams > 0 && len(p.Watching) == w.streams:
			w.met("all healed, and a TV may not play since others do")
		default:
			w.fail("TV %d is signed in and does not get to play: %q %q", t.index, p.Refusal, p.Watching)
		}
	}
}
