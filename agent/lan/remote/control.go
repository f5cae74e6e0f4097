package remote

import (
	"time"

	"golang.org/x/time/rate"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/protocol/tvremote"
)

// hello greets the remote, and reports whether it goes on.
func (c *connection) hello() bool {
	f, ok := c.next(helloTime)
	if !ok {
		return false
	}
	if _, ok := f.(tvremote.Hello); !ok {
		c.end(tvremote.CodeBadFrame)
		return false
	}
	c.server.admit(c)
	return true
}

// admit makes c the connection of its remote, where that is paired. The oldest of
// too many gives way.
func (s *Server) admit(c *connection) {
	s.mu.Lock()
	r, ok := s.remotes[c.key]
	if ok {
		others := 0
		for o := range s.conns {
			if o != c && o.key == c.key && o.remote.Load() != nil {
				others++
			}
		}
		if others >= maxConnections {
			s.oldest(c).end(tvremote.CodeBusy)
		}
		if s.pace[c.key] == nil {
			s.pace[c.key] = rate.NewLimiter(rate.Limit(s.cfg.KeysPerSecond), s.cfg.KeysPerSecond)
		}
		c.remote.Store(&r)
	}
	s.mu.Unlock()
	if !ok {
		return
	}
	c.peer.known()
	s.cfg.Log.Info("remote connected", "remote", r.ID)
	id := s.identity.Load()
	c.answer(tvremote.Welcome{V: tvremote.Version, TV: id.ID, Name: s.cfg.Name, Model: s.cfg.Model, Role: r.Role})
	s.cfg.Changed()
}

// oldest is the connection of the same remote that was heard longest ago. s.mu is
// held, and there is one.
func (s *Server) oldest(c *connection) (old *connection) {
	for o := range s.conns {
		if o != c && o.key == c.key && o.remote.Load() != nil && (old == nil || o.heard.Load() < old.heard.Load()) {
			old = o
		}
	}
	return old
}

// control takes keys and texts until the connection is over.
func (c *connection) control() {
	for {
		f, ok := c.next(silence)
		if !ok {
			return
		}
		switch f := f.(type) {
		case tvremote.Key:
			if !c.numbered(f.Seq) {
				return
			}
			c.answer(tvremote.Ack{Seq: f.Seq, Ignored: c.take(f)})
		case tvremote.Text:
			if !c.numbered(f.Seq) {
				return
			}
			c.answer(tvremote.Ack{Seq: f.Seq, Ignored: c.typed(string(f.Text))})
		case tvremote.Ping:
			c.answer(tvremote.Pong(f))
		case tvremote.Unknown:
		default:
			c.end(tvremote.CodeBadFrame)
			return
		}
	}
}

// numbered holds that numbers grow.
func (c *connection) numbered(seq int64) bool {
	if seq <= c.last {
		c.end(tvremote.CodeBadFrame)
		return false
	}
	c.last = seq
	return true
}

// allowed reports whether the remote's pace lets another key in.
func (c *connection) allowed() bool {
	c.server.mu.Lock()
	pace := c.server.pace[c.key]
	c.server.mu.Unlock()
	return pace != nil && pace.Allow()
}

func (c *connection) typed(text string) tvremote.Ignored {
	r := c.remote.Load()
	if c.over() || !c.allowed() {
		return tvremote.TooFast
	}
	return c.server.cfg.Type(*r, text)
}

// take handles a key.
func (c *connection) take(f tvremote.Key) tvremote.Ignored {
	k, err := keyseq.Parse(f.Key)
	if err != nil {
		return tvremote.UnknownKey
	}
	if f.Action != tvremote.Up && !c.allowed() {
		return tvremote.TooFast
	}
	c.handsMu.Lock()
	defer c.handsMu.Unlock()
	switch f.Action {
	case tvremote.Up:
		return c.hands.up(k)
	case tvremote.Down:
		again := c.hands.down(k, time.Now())
		c.poke() // the writer repeats
		return c.press(k, again)
	}
	return c.press(k, false)
}

// press gives a key to the TV, unless the connection is over.
func (c *connection) press(k keyseq.Key, again bool) tvremote.Ignored {
	if c.over() {
		return tvremote.IgnoredNothing
	}
	return c.server.cfg.Press(*c.remote.Load(), k, again)
}
