package agent

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/agent/session"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/tvremote"
)

// relays are the browsers that control this TV from the account page, through the
// server. They belong to the core.
type relays struct {
	open  []*relayed // newest first, at most [protocol.MaxRelays]
	shown tvremote.State
	told  session.RemotesChanged // to session, last
	timer *time.Timer            // looks at open
}

// relayed is one of them.
type relayed struct {
	id    protocol.RelayID
	by    string
	heard time.Duration // running time of its last frame
	sent  time.Duration // of the last state that it was sent
	state tvremote.State
}

// stateEach is how often a browser is told at most what the TV shows.
const stateEach = 200 * time.Millisecond

// relayChoice is what the people at this TV decided about the account page's control.
type relayChoice string

// The choices. Without one the account page may, where this TV stands in a home: a
// banner shows it, and one key refuses. In a hotel's room it may not.
const (
	relayUndecided relayChoice = ""
	relayAllowed   relayChoice = "allowed"
	relayRefused   relayChoice = "refused"
)

// relayAllowed reports whether the account page may control this TV.
func (c *core) relayAllowed() bool {
	if c.rec.Relay == relayUndecided {
		return !c.agent.LAN.HotelMode
	}
	return c.rec.Relay == relayAllowed
}

// allowRelay keeps what the people at this TV decided. Where it cannot be written it
// holds until the next start.
func (c *core) allowRelay(allowed bool) {
	c.rec.Relay = relayRefused
	if allowed {
		c.rec.Relay = relayAllowed
	}
	if err := c.save(); err != nil {
		c.log.Error("choice about the account page's control not kept", "error", err)
	}
	if !allowed {
		c.endRelays(protocol.RelayRefused)
	}
	c.updateWorld()
}

// endRelays ends all, and tells the browsers why.
func (c *core) endRelays(why protocol.RelayEnd) {
	open := c.relays.open
	c.relays.open = nil
	for _, r := range open {
		c.answerRelay(r.id, "", why)
	}
}

func (c *core) answerRelay(id protocol.RelayID, frame protocol.Secret, end protocol.RelayEnd) {
	c.sessionStep(session.RelayAnswer{Frame: protocol.RelayState{ID: id, Frame: frame, End: end}})
}

// sayRelay sends a browser a frame.
func (c *core) sayRelay(id protocol.RelayID, f tvremote.Frame) {
	data, err := tvremote.Encode(f)
	if err != nil {
		c.log.Error("frame for the account page's remote not written", "frame", f.Type(), "error", err)
		return
	}
	c.answerRelay(id, protocol.Secret(data), "")
}

// relay takes a frame of the account page's remote.
func (c *core) relay(f protocol.Relay) {
	i := slices.IndexFunc(c.relays.open, func(r *relayed) bool { return r.id == f.ID })
	switch {
	case i < 0 && f.End:
	case i < 0 && f.By == "":
		c.answerRelay(f.ID, "", protocol.RelayOver)
	case i < 0:
		c.beginRelay(f)
	case f.End:
		c.relays.open = slices.Delete(c.relays.open, i, i+1)
		c.updateWorld()
	default:
		c.relays.open[i].heard = c.now().Running
		c.takeRelayed(f.ID, f.Frame)
	}
}

func (c *core) beginRelay(f protocol.Relay) {
	switch {
	case !c.relayAllowed():
		c.answerRelay(f.ID, "", protocol.RelayRefused)
		return
	case len(c.relays.open) >= protocol.MaxRelays:
		c.answerRelay(f.ID, "", protocol.RelayBusy)
		return
	}
	r := &relayed{id: f.ID, by: f.By, heard: c.now().Running}
	c.relays.open = slices.Insert(c.relays.open, 0, r)
	c.sayRelay(f.ID, tvremote.Welcome{
		V: tvremote.Version, TV: c.relayID(), Name: c.agent.Name, Model: c.agent.Model, Role: tvremote.Relayed,
	})
	c.updateWorld() // the banner, before the first key
	c.tellRelay(r)
	c.setRelayTimer()
}

// relayID is what this TV is called in welcome: not the id by which its home network
// finds it, which is nobody's elsewhere.
func (c *core) relayID() string {
	sum := sha256.Sum256([]byte("hearthkey.v1 relay" + c.rec.Session.Device))
	return hex.EncodeToString(sum[:8])
}

// takeRelayed does what one frame says. It comes from a stranger as far as the screens
// are concerned; whatever is no frame of a remote ends the relay.
func (c *core) takeRelayed(id protocol.RelayID, text protocol.Secret) {
	f, err := tvremote.DecodeUp([]byte(text))
	if err != nil {
		c.dropRelay(id, protocol.RelayOver)
		return
	}
	from := nav.Source{Kind: nav.Relayed, ID: string(id)}
	switch f := f.(type) {
	case tvremote.Key:
		c.sayRelay(id, tvremote.Ack{Seq: f.Seq, Ignored: c.relayedKey(f, from)})
	case tvremote.Text:
		c.sayRelay(id, tvremote.Ack{Seq: f.Seq, Ignored: c.typed(string(f.Text), from)})
	case tvremote.Ping:
		c.sayRelay(id, tvremote.Pong(f))
	}
}

// relayedKey presses a key. A page repeats one that is held by itself: the way there is
// too long for this TV to say when it was released.
func (c *core) relayedKey(f tvremote.Key, from nav.Source) tvremote.Ignored {
	k, err := keyseq.Parse(f.Key)
	switch {
	case err != nil:
		return tvremote.UnknownKey
	case f.Action == tvremote.Up:
		return tvremote.NotDown
	}
	c.navStep(nav.Press{Key: k, Source: from, At: c.now().Running})
	return tvremote.IgnoredNothing
}

func (c *core) dropRelay(id protocol.RelayID, why protocol.RelayEnd) {
	before := len(c.relays.open)
	c.relays.open = slices.DeleteFunc(c.relays.open, func(r *relayed) bool { return r.id == id })
	if len(c.relays.open) < before {
		c.answerRelay(id, "", why)
		c.updateWorld()
	}
}

// showRelays tells the browsers what the TV shows.
func (c *core) showRelays(v nav.View) {
	st := tvremote.State{Screen: string(v.Screen), Title: v.Title, Keyboard: tvremote.Keyboard(nav.Wanted(v)), Role: tvremote.Relayed}
	if v.Dialog != nil {
		st.Title = v.Dialog.Title
	}
	if title := []rune(st.Title); len(title) > tvremote.MaxTitle {
		st.Title = string(title[:tvremote.MaxTitle])
	}
	c.relays.shown = st
	for _, r := range slices.Clone(c.relays.open) {
		c.tellRelay(r)
	}
}

// tellRelay tells a browser what the TV shows, where that is news and not too soon
// after the last.
func (c *core) tellRelay(r *relayed) {
	now := c.now().Running
	if r.state == c.relays.shown || c.relays.shown.Screen == "" {
		return
	}
	if r.sent > 0 && now-r.sent < stateEach {
		c.setRelayTimer()
		return
	}
	r.state, r.sent = c.relays.shown, max(now, 1)
	c.sayRelay(r.id, r.state)
}

// lookAtRelays ends what was silent for too long, and tells what had to wait.
func (c *core) lookAtRelays() {
	now := c.now().Running
	for _, r := range slices.Clone(c.relays.open) {
		if now-r.heard >= protocol.RelaySilence*time.Second {
			c.dropRelay(r.id, protocol.RelaySilent)
			continue
		}
		c.tellRelay(r)
	}
	c.setRelayTimer()
}

// setRelayTimer has lookAtRelays run when it has something to do.
func (c *core) setRelayTimer() {
	next := time.Duration(-1)
	now := c.now().Running
	for _, r := range c.relays.open {
		due := r.heard + protocol.RelaySilence*time.Second
		if r.state != c.relays.shown {
			due = min(due, r.sent+stateEach)
		}
		if wait := max(due-now, time.Millisecond); next < 0 || wait < next {
			next = wait
		}
	}
	if next < 0 {
		c.relays.timer.Stop()
		return
	}
	c.relays.timer.Reset(next)
}

// relaysGone ends what can be carried no more: out of contact, or signed out.
func (c *core) relaysGone() {
	if len(c.relays.open) > 0 && !c.session.Relays() {
		c.relays.open = nil
		c.relays.timer.Stop()
	}
}

// relayEffect carries out what nav wants of the account page's control.
func (c *core) relayEffect(e nav.Effect) {
	switch e := e.(type) {
	case nav.AllowRelay:
		c.allowRelay(e.Allowed)
	case nav.RefuseRelay:
		c.allowRelay(false)
	}
}

// relayWorld is what the screens show of it.
func (c *core) relayWorld(out *nav.Remotes) {
	out.RelayAllowed = c.relayAllowed()
	if len(c.relays.open) > 0 {
		out.RelayedBy = c.relays.open[0].by
	}
}

// tellRemotes has the server hear what controls this TV, where that changed.
func (c *core) tellRemotes() {
	w := session.RemotesChanged{Control: c.relayAllowed()}
	for _, p := range c.rec.LAN.Remotes {
		w.Remotes = append(w.Remotes, protocol.Remote{ID: p.id(), Name: string(p.Name), Role: p.Role, Paired: p.Paired, Used: p.Used})
	}
	if c.remotes.server != nil {
		if win := c.remotes.server.Window(); win.Open {
			w.Window = c.now().Running + win.Left
		}
	}
	old := c.relays.told
	if old.Control == w.Control && slices.Equal(old.Remotes, w.Remotes) && (old.Window == 0) == (w.Window == 0) &&
		(old.Window-w.Window).Abs() < time.Second && old.Remotes != nil {
		return
	}
	if w.Remotes == nil {
		w.Remotes = []protocol.Remote{} // told: there are none
	}
	c.relays.told = w
	c.sessionStep(w)
}

// doWishes does what the owner wants of this TV's remotes.
func (c *core) doWishes(w protocol.RemoteWishesClaims) error {
	list := slices.Clone(c.rec.LAN.Remotes)
	list = slices.DeleteFunc(list, func(p pairedRemote) bool { return slices.Contains(w.Forget, p.id()) })
	for i := range list {
		for _, r := range w.Roles {
			if r.ID == list[i].id() {
				list[i].Role = r.Role
			}
		}
	}
	c.rec.LAN.Remotes = list
	err := c.save()
	c.serveRemotes() // who was removed is out, whatever can be written
	if err != nil {
		return err
	}
	if w.Open != nil {
		c.openPairing(w.Open.Role, time.Duration(w.Open.Seconds)*time.Second)
	}
	c.later(session.WishesDone{Epoch: w.Epoch, Number: w.Number})
	return nil
}
