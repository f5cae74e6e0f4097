package remote

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"

	"github.com/hearthkey/hearthkey/protocol/tvremote"
)

// upgrader takes no origin at all; handle has looked.
var upgrader = websocket.Upgrader{
	ReadBufferSize: 1 << 10, WriteBufferSize: 1 << 10,
	Subprotocols: []string{tvremote.Subprotocol},
	CheckOrigin:  func(*http.Request) bool { return true },
}

// handle answers every request.
func (s *Server) handle(w http.ResponseWriter, r *http.Request) {
	peer, ok := r.Context().Value(guestKey{}).(*guest)
	key, err := PeerHash(r.TLS)
	switch {
	case !ok || err != nil: // the handshake was not ours
		http.Error(w, "Not a remote control.", http.StatusForbidden)
	case r.URL.Path != tvremote.Path:
		http.NotFound(w, r)
	case fromPage(r):
		http.Error(w, "No page of a browser controls this TV.", http.StatusForbidden)
	case !websocket.IsWebSocketUpgrade(r):
		w.Header().Set("Upgrade", "websocket")
		http.Error(w, "This address is for remote controls.", http.StatusUpgradeRequired)
	case !speaks(r):
		http.Error(w, "Speak "+tvremote.Subprotocol+".", http.StatusBadRequest)
	default:
		s.upgrade(w, r, peer, key)
	}
}

// fromPage reports whether a browser says that a page is behind the request (RFC
// 6454, section 7; Fetch Metadata). Programs of other kinds have none.
func fromPage(r *http.Request) bool {
	for name := range r.Header {
		if name == "Origin" || strings.HasPrefix(name, "Sec-Fetch-") {
			return true
		}
	}
	return false
}

func speaks(r *http.Request) bool {
	for _, p := range websocket.Subprotocols(r) {
		if p == tvremote.Subprotocol {
			return true
		}
	}
	return false
}

func (s *Server) upgrade(w http.ResponseWriter, r *http.Request, peer *guest, key Hash) {
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		s.cfg.Log.Debug("remote refused", "error", err)
		return
	}
	c := &connection{
		server: s, ws: ws, peer: peer, key: key,
		answers: make(chan tvremote.Frame, maxAnswers), wake: make(chan struct{}, 1), done: make(chan struct{}),
		flood: rate.NewLimiter(rate.Limit(4*s.cfg.KeysPerSecond), 4*s.cfg.KeysPerSecond),
	}
	if !s.join(c) {
		_ = peer.Close()
		return
	}
	defer s.leave(c)
	var writer sync.WaitGroup
	writer.Go(c.write)
	c.read()
	c.end("")
	writer.Wait()
	c.drain()
	_ = peer.Close() // without TLS's farewell, which may wait for the peer
}

// drain takes what the remote has sent meanwhile: closing with it unread would make
// the kernel throw away what the remote was just told.
func (c *connection) drain() {
	if c.why.Load() != nil {
		_ = c.peer.Conn.SetReadDeadline(time.Now().Add(endTime))
		_, _ = io.Copy(io.Discard, io.LimitReader(c.peer.Conn, maxDrain))
	}
}
