package remote

import (
	"crypto/rand"
	"encoding/hex"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/cpace"
	"github.com/hearthkey/hearthkey/protocol/tvremote"
)

// RemoteIDOf names a remote by its key: half of the hash, so that nobody can make
// another that is called the same.
func RemoteIDOf(key Hash) protocol.RemoteID { return protocol.RemoteID(hex.EncodeToString(key[:16])) }

// pair lets a stranger pair, and reports whether it is a paired remote now. The
// connection has as many attempts as the window.
func (c *connection) pair() bool {
	nonce := make(protocol.Bytes, tvremote.NonceSize)
	rand.Read(nonce)
	w := c.server.Window()
	c.answer(tvremote.Unpaired{TV: c.server.identity.Load().ID, Nonce: nonce, Open: w.Open, Retry: seconds(w.Wait)})
	patience := helloTime
	if w.Open {
		patience = readTime
	}
	end := time.Now().Add(patience)
	for {
		f, ok := c.next(time.Until(end))
		if !ok {
			return false
		}
		switch f := f.(type) {
		case tvremote.Pair:
			paired, goesOn := c.attempt(f, nonce)
			if paired || !goesOn {
				return paired
			}
		case tvremote.Ping:
			c.answer(tvremote.Pong(f))
		case tvremote.Unknown:
		default: // keys among them
			c.end(tvremote.CodeBadFrame)
			return false
		}
	}
}

// seconds rounds up.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// attempt goes through one pairing.
func (c *connection) attempt(f tvremote.Pair, nonce protocol.Bytes) (paired, goesOn bool) {
	s := c.server
	t, code := s.try(c, f, nonce)
	if code != nil {
		return false, c.refuse(*code)
	}
	c.answer(tvremote.PairShare{Share: t.share})
	answer, ok := c.next(confirmTime)
	confirm, isConfirm := answer.(tvremote.PairConfirm)
	switch {
	case !ok:
		s.failed(t.try)
		return false, false
	case !isConfirm:
		s.failed(t.try)
		c.end(tvremote.CodeBadFrame)
		return false, false
	case t.keys.Verify(confirm.Tag) != nil:
		return false, c.refuse(s.failed(t.try))
	}
	return c.keep(f.Name, t)
}

// refuse says why there was no pairing, and reports whether another attempt makes
// sense on this connection.
func (c *connection) refuse(e tvremote.Error) bool {
	if e.Code == tvremote.CodeWrongCode || e.Code == tvremote.CodeBusy {
		c.answer(e)
		return true
	}
	c.endWith(e)
	return false
}

// answered is a try with the TV's side of it.
type answered struct {
	try
	share []byte
	keys  *cpace.Keys
}

// try spends a try of the window and makes the TV's answer. A share that is no
// point costs none: it tells nobody anything.
func (s *Server) try(c *connection, f tvremote.Pair, nonce protocol.Bytes) (answered, *tvremote.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, id := s.cfg.Now(), s.identity.Load()
	if code := s.window.ready(now); code != "" {
		return answered{}, &tvremote.Error{Code: code, Retry: seconds(max(0, s.window.wait-now))}
	}
	secret := []byte(s.window.code)
	if f.By == tvremote.ByQR {
		secret = s.window.secret
	}
	exchange := cpace.Respond(cpace.Params{
		Secret: secret, Channel: tvremote.ChannelID(f.By, c.key, id.Hash), Session: tvremote.SessionID(nonce, f.Nonce),
		Initiator: []byte(f.Name), Responder: []byte(id.ID),
	})
	keys, err := exchange.Finish(f.Share)
	if err != nil {
		return answered{}, &tvremote.Error{Code: tvremote.CodeBadFrame}
	}
	t, _ := s.window.take(now) // it is ready
	return answered{try: t, share: exchange.Share(), keys: keys}, nil
}

// failed settles a try that came to nothing.
func (s *Server) failed(t try) tvremote.Error {
	s.mu.Lock()
	now := s.cfg.Now()
	e := tvremote.Error{Code: s.window.wrong(now, t), TriesLeft: s.window.tries}
	if e.Code != tvremote.CodeWrongCode {
		e.TriesLeft, e.Retry = 0, seconds(max(0, s.window.wait-now))
	}
	s.mu.Unlock()
	s.cfg.Log.Warn("pairing failed", "triesLeft", e.TriesLeft)
	s.cfg.Changed()
	return e
}

// keep makes a remote that knew the code a paired one.
func (c *connection) keep(name string, t answered) (paired, goesOn bool) {
	s := c.server
	r := Remote{ID: RemoteIDOf(c.key), Key: c.key, Name: name, Role: t.role}
	s.mu.Lock()
	counts := s.window.right(s.cfg.Now(), t.try, name)
	s.mu.Unlock()
	if !counts {
		c.end(tvremote.CodeNotPairing)
		return false, false
	}
	if err := s.cfg.Keep(r); err != nil {
		s.cfg.Log.Error("paired remote not kept", "error", err)
		s.CloseWindow()
		s.cfg.Changed()
		c.end(tvremote.CodeInternal)
		return false, false
	}
	c.answer(tvremote.Paired{Tag: t.keys.Tag()})
	s.cfg.Log.Info("remote paired", "remote", r.ID)
	s.admit(c)
	return c.remote.Load() != nil, false
}
