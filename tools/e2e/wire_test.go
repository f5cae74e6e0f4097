package e2e

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hearthkey/hearthkey/protocol"
)

// wire stands between the TVs and the server, carries every frame as it is, and
// stops at one when it is asked to: so a process can be killed at that moment.
type wire struct {
	server string // ws address
	http   *http.Server

	mu    sync.Mutex
	trap  *trap           // the next frame to stop at; nil: none
	proof protocol.Digest // of the newest receipt of an end that went up
}

// trap is a frame to stop at.
type trap struct {
	down   bool // from the server to the TV
	is     isFrame
	after  bool          // deliver it first; else it is held, and lost with the connection
	sprung chan struct{} // closed when it came
	gone   chan struct{} // closed by who set the trap: held frames need not wait longer
}

// isFrame tells whether a frame is the one; proof is the newest receipt of an end.
type isFrame func(f frame, proof protocol.Digest) bool

// frame is what the wire looks at.
type frame struct {
	Type string `json:"t"`
	JWS  string `json:"jws"`

	Digest protocol.Digest `json:"digest"`
}

// status returns the one that the JWS in a frame says.
func (f frame) status() protocol.Status {
	parts := strings.Split(f.JWS, ".")
	if len(parts) != 3 {
		return ""
	}
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	var c struct {
		Status protocol.Status `json:"status"`
	}
	if err != nil || json.Unmarshal(body, &c) != nil {
		return ""
	}
	return c.Status
}

// startWire listens on a port of its own until the test ends.
func startWire(t *testing.T, server string) (*wire, string) {
	t.Helper()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	addr := "127.0.0.1:" + strconv.Itoa(port)
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{server: server}
	w.http = &http.Server{Handler: http.HandlerFunc(w.carry), ReadHeaderTimeout: 10 * time.Second}
	var serving sync.WaitGroup
	serving.Go(func() { _ = w.http.Serve(l) })
	t.Cleanup(func() { w.http.Close(); serving.Wait() })
	return w, "ws://" + addr
}

// set has the wire stop at the next frame that fits.
func (w *wire) set(down, after bool, is isFrame) *trap {
	t := &trap{down: down, after: after, is: is, sprung: make(chan struct{}), gone: make(chan struct{})}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.trap = t
	return t
}

// clear takes the trap away.
func (w *wire) clear() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.trap != nil {
		close(w.trap.gone)
	}
	w.trap = nil
}

// sprung returns the trap that a frame springs, which no later one does.
func (w *wire) sprung(down bool, data []byte) *trap {
	w.mu.Lock()
	defer w.mu.Unlock()
	var f frame
	if json.Unmarshal(data, &f) != nil {
		return nil
	}
	if !down && f.Type == "receipt" && f.status() != protocol.Active {
		w.proof = protocol.DigestOf([]byte(f.JWS))
	}
	t := w.trap
	if t == nil || t.down != down || !t.is(f, w.proof) {
		return nil
	}
	select {
	case <-t.sprung:
		return nil
	default:
		return t
	}
}

// carry connects one TV.
func (w *wire) carry(rw http.ResponseWriter, r *http.Request) {
	dialer := websocket.Dialer{Subprotocols: websocket.Subprotocols(r)}
	server, _, err := dialer.DialContext(r.Context(), w.server+r.URL.RequestURI(), nil)
	if err != nil {
		http.Error(rw, "the server does not answer", http.StatusBadGateway)
		return
	}
	defer server.Close()
	upgrader := websocket.Upgrader{Subprotocols: []string{server.Subprotocol()}}
	tv, err := upgrader.Upgrade(rw, r, nil)
	if err != nil {
		return // it was answered
	}
	defer tv.Close()
	server.SetPingHandler(func(data string) error {
		_ = tv.WriteControl(websocket.PingMessage, []byte(data), time.Now().Add(time.Second))
		return server.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(time.Second))
	})
	var pumping sync.WaitGroup
	for _, way := range []struct {
		from, to *websocket.Conn
		down     bool
	}{{server, tv, true}, {tv, server, false}} {
		pumping.Go(func() {
			defer server.Close()
			defer tv.Close()
			w.pump(way.from, way.to, way.down)
		})
	}
	pumping.Wait()
}

// pump carries frames one way until either end is gone.
func (w *wire) pump(from, to *websocket.Conn, down bool) {
	for {
		kind, data, err := from.ReadMessage()
		if err != nil {
			var closed *websocket.CloseError
			if errors.As(err, &closed) && closed.Code != websocket.CloseAbnormalClosure && closed.Code != websocket.CloseNoStatusReceived {
				_ = to.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(closed.Code, closed.Text), time.Now().Add(time.Second))
			}
			return
		}
		t := w.sprung(down, data)
		if t != nil && !t.after {
			close(t.sprung)
			<-t.gone
			return // the process at one end was killed: the frame is lost
		}
		if err := to.WriteMessage(kind, data); err != nil {
			return
		}
		if t != nil {
			close(t.sprung)
		}
	}
}
