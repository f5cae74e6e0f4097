package screen

import (
	"bytes"
	"encoding/json"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"
)

// Bounds of one page's socket.
const (
	keysPerSecond = 100
	keysAtOnce    = 100
	writeTimeout  = 5 * time.Second
	pingEvery     = 25 * time.Second
	pongTimeout   = 60 * time.Second
)

// page is one open socket. Its reader is the goroutine of its HTTP request,
// its writer one of its own; each ends the other.
type page struct {
	conn    *websocket.Conn
	wake    chan struct{} // of one: there is something to write
	done    chan struct{} // closed by stop
	once    sync.Once
	acked   atomic.Uint64 // last key handled
	dropped atomic.Uint64
}

// poke wakes the writer; it never blocks.
func (p *page) poke() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// stop ends the page, once.
func (p *page) stop() { p.once.Do(func() { close(p.done) }) }

// socket serves one page until either side ends it.
func (s *Server) socket(w http.ResponseWriter, r *http.Request) {
	p := &page{wake: make(chan struct{}, 1), done: make(chan struct{})}
	if !websocket.IsWebSocketUpgrade(r) {
		w.Header().Set("Upgrade", "websocket")
		http.Error(w, "This address is for the page's WebSocket.", http.StatusUpgradeRequired)
		return
	}
	if !s.feed.join(p) {
		http.Error(w, "Too many pages show this screen.", http.StatusServiceUnavailable)
		return
	}
	defer s.feed.leave(p)
	conn, err := s.upgrader.Upgrade(w, r, nil)
	if err != nil {
		s.log.Debug("screen page refused", "error", err)
		return
	}
	p.conn = conn
	var writer sync.WaitGroup
	writer.Go(func() { s.write(p) })
	s.read(p)
	p.stop()
	writer.Wait()
}

// read hands keys over until the socket or the page ends.
func (s *Server) read(p *page) {
	p.conn.SetReadLimit(maxKeyMessage)
	p.extend()
	p.conn.SetPongHandler(func(string) error { p.extend(); return nil })
	limit := rate.NewLimiter(keysPerSecond, keysAtOnce)
	for {
		kind, data, err := p.conn.ReadMessage()
		if err != nil {
			return // gone; gorilla has answered what was too long
		}
		p.extend()
		if kind != websocket.TextMessage {
			p.refuse(websocket.CloseUnsupportedData, "keys are sent as text")
			return
		}
		m, err := DecodeKey(data)
		if err != nil {
			s.log.Warn("screen page sent no key", "error", err)
			p.refuse(websocket.CloseInvalidFramePayloadData, ErrBadKey.Error())
			return
		}
		if limit.Allow() {
			s.press(m.pressed())
		} else {
			p.dropped.Add(1)
		}
		p.acked.Store(m.N)
		p.poke()
	}
}

// extend allows the other side another silence.
func (p *page) extend() { p.conn.SetReadDeadline(time.Now().Add(pongTimeout)) }

// refuse ends the socket with a reason.
func (p *page) refuse(code int, reason string) {
	p.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), time.Now().Add(time.Second))
}

// write sends what is new whenever there is something, and a ping when there
// is nothing for long. It ends the socket, and with it the reader.
func (s *Server) write(p *page) {
	defer p.conn.Close()
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	var sent sent
	for {
		select {
		case <-p.done:
			p.refuse(websocket.CloseGoingAway, "the agent stops")
			return
		case <-ping.C:
			if p.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeTimeout)) != nil {
				return
			}
		case <-p.wake:
			if err := s.update(p, &sent); err != nil {
				s.log.Debug("screen page lost", "error", err)
				return
			}
		}
	}
}

// sent is what a page has been sent last.
type sent struct {
	version uint64
	view    []byte
	ack     uint64
}

// update sends the newest view and acknowledgement. The acknowledgement is
// read first, so that the view is never older than it says.
func (s *Server) update(p *page, last *sent) error {
	m := rawMessage{Ack: p.acked.Load(), Dropped: p.dropped.Load()}
	view, version, err := s.feed.newest(last.version)
	if err != nil {
		return err
	}
	last.version = version
	if view != nil && !bytes.Equal(view, last.view) {
		m.View, last.view = view, view
	}
	if m.View == nil && m.Ack == last.ack {
		return nil
	}
	last.ack = m.Ack
	data, err := json.Marshal(m)
	if err != nil {
		return err
	}
	p.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	return p.conn.WriteMessage(websocket.TextMessage, data)
}
