package remote

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"

	"github.com/hearthkey/hearthkey/protocol/tvremote"
)

// Bounds of one connection.
const (
	handshakeTime = 5 * time.Second   // for TLS, and again for the request
	helloTime     = 5 * time.Second   // until hello
	readTime      = 130 * time.Second // for a person to read the code and type it, while a window is open
	confirmTime   = 10 * time.Second  // from pair_share to pair_confirm
	silence       = 60 * time.Second  // of a paired remote
	pingEvery     = 25 * time.Second
	writeTime     = 5 * time.Second
	endTime       = 200 * time.Millisecond // for the last frame, once a connection is over

	maxAnswers     = 64       // waiting to be written; the reader waits while there are more
	maxDrain       = 64 << 10 // bytes read and thrown away at the end
	maxConnections = 3        // of one remote: a phone that lost its network leaves one behind
)

// connection is one remote's socket.
type connection struct {
	server *Server
	ws     *websocket.Conn
	peer   *guest
	key    Hash // who it is

	remote  atomic.Pointer[Remote]         // nil while it is not paired
	answers chan tvremote.Frame            // to be written, in order
	wake    chan struct{}                  // of one: what the TV shows, or what is over, may have changed
	ends    atomic.Int64                   // when it is gone at the latest, in ns of time.Now; 0: it is not over
	why     atomic.Pointer[tvremote.Error] // with over: what the remote is told
	done    chan struct{}                  // closed by end
	once    sync.Once
	flood   *rate.Limiter // of frames
	heard   atomic.Int64  // when the last frame came, in ns of time.Now

	handsMu sync.Mutex
	hands   hands // guarded by handsMu
	last    int64 // number of the last key or text; the reader's
}

// join counts a connection, unless the server was closed.
func (s *Server) join(c *connection) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.conns[c] = true
	s.open.Add(1)
	return true
}

func (s *Server) leave(c *connection) {
	s.mu.Lock()
	delete(s.conns, c)
	paired := c.remote.Load() != nil
	stopping := s.closed
	s.mu.Unlock()
	if paired && !stopping {
		s.cfg.Changed()
	}
	s.open.Done()
}

// end ends the connection, once, and says why unless there is nothing to say. It
// never waits: whatever the peer does, the connection is gone within endTime.
func (c *connection) end(why tvremote.Code) { c.endWith(tvremote.Error{Code: why}) }

func (c *connection) endWith(why tvremote.Error) {
	c.once.Do(func() {
		if why.Code != "" {
			c.why.Store(&why)
		}
		at := time.Now().Add(endTime)
		c.ends.Store(at.UnixNano())
		close(c.done)
		// The reader waits for the peer, the writer may too.
		_ = c.peer.Conn.SetDeadline(at) // below TLS: may be called beside both
	})
}

// over reports whether nothing is taken any more.
func (c *connection) over() bool { return c.ends.Load() != 0 }

// poke wakes the writer; it never blocks.
func (c *connection) poke() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// answer queues a frame, and waits while there are too many.
func (c *connection) answer(f tvremote.Frame) {
	select {
	case c.answers <- f:
	case <-c.done:
	}
}

// read takes frames until either side ends the connection.
func (c *connection) read() {
	c.ws.SetReadLimit(tvremote.MaxFrame)
	c.ws.SetPongHandler(func(string) error { return c.alive() })
	c.ws.SetPingHandler(func(data string) error {
		if err := c.alive(); err != nil {
			return err
		}
		// gorilla may write control frames beside the writer.
		return ignoreTimeout(c.ws.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(writeTime)))
	})
	if !c.hello() {
		return
	}
	if c.remote.Load() == nil && !c.pair() {
		return
	}
	c.control()
}

func ignoreTimeout(err error) error {
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		return nil
	}
	return err
}

// alive allows the remote another silence, where it is paired: a stranger's pings
// win it no time.
func (c *connection) alive() error {
	if !c.flood.Allow() {
		c.end(tvremote.CodeTooFast)
		return errFlood
	}
	c.heard.Store(time.Now().UnixNano())
	if c.remote.Load() != nil {
		c.patience(silence)
	}
	return nil
}

// errFlood means that a remote sent far too much.
var errFlood = errors.New("remote: too many frames")

// patience allows the remote so much time for its next frame, and reports whether
// the connection is not over.
func (c *connection) patience(d time.Duration) bool {
	_ = c.ws.SetReadDeadline(time.Now().Add(d))
	if !c.over() {
		return true
	}
	// It ended beside this, and its deadline was just put off.
	_ = c.ws.SetReadDeadline(time.Now())
	return false
}

// next reads a frame within d. It is false where the connection is over.
func (c *connection) next(d time.Duration) (tvremote.Frame, bool) {
	if !c.patience(d) {
		return nil, false
	}
	kind, data, err := c.ws.ReadMessage()
	switch {
	case err != nil:
		if ignoreTimeout(err) == nil {
			c.end(tvremote.CodeIdle)
		}
		return nil, false
	case c.over():
		return nil, false
	case !c.flood.Allow():
		c.end(tvremote.CodeTooFast)
		return nil, false
	}
	c.heard.Store(time.Now().UnixNano())
	f, err := tvremote.DecodeUp(data)
	if err != nil || kind != websocket.TextMessage {
		c.server.cfg.Log.Warn("remote sent no frame", "error", err)
		c.end(tvremote.CodeBadFrame)
		return nil, false
	}
	return f, true
}

// state is what this remote, which is paired, is told of the TV.
func (c *connection) state() tvremote.State {
	var role tvremote.Role
	if r := c.remote.Load(); r != nil {
		role = r.Role
	}
	st := c.server.shown.Load()
	return tvremote.State{Screen: st.Screen, Title: st.Title, Keyboard: st.Keyboard, Role: role}
}

// send writes one frame.
func (c *connection) send(f tvremote.Frame) error {
	data, err := tvremote.Encode(f)
	if err != nil {
		return err
	}
	_ = c.ws.SetWriteDeadline(time.Now().Add(writeTime))
	if ends := c.ends.Load(); ends != 0 { // looked at last, so that it cannot have been put off
		_ = c.ws.SetWriteDeadline(time.Unix(0, ends))
	}
	return c.ws.WriteMessage(websocket.TextMessage, data)
}
