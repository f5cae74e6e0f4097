package hub

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// fakeConn is a connection whose sends can be held up or made to fail.
type fakeConn struct {
	mu      sync.Mutex
	sent    [][]byte
	pings   int
	heard   time.Time
	closed  int
	reason  string
	answers bool          // a ping moves heard
	hold    chan struct{} // Send waits for it
	fails   error
}

func (c *fakeConn) Send(messages ...[]byte) error {
	if c.hold != nil {
		<-c.hold
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fails != nil {
		return c.fails
	}
	c.sent = append(c.sent, messages...)
	return nil
}

// Prompt says that Send does not wait, unless it can be held up.
func (c *fakeConn) Prompt() bool { return c.hold == nil }

func (c *fakeConn) Ping() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pings++
	if c.answers {
		c.heard = time.Now()
	}
	return nil
}

func (c *fakeConn) Heard() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.heard
}

func (c *fakeConn) Close(code int, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed == 0 {
		c.closed, c.reason = code, reason
	}
}

func (c *fakeConn) state() (sent int, closed int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.sent), c.closed
}

// truth is the database as the hub sees it.
type truth struct {
	mu       sync.Mutex
	versions map[protocol.AccountID]Numbers
	catalog  int32
	reads    int
	afters   int // calls of what Desired left to be done
	beats    int
	left     []Departure
	since    []time.Time
	broken   error
	mute     error // of the heartbeat alone
}

func newTruth() *truth { return &truth{versions: map[protocol.AccountID]Numbers{}} }

func (w *truth) set(a protocol.AccountID, v protocol.Version) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := w.versions[a]
	n.Version = v
	w.versions[a] = n
}

func (w *truth) setLibrary(a protocol.AccountID, number int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := w.versions[a]
	n.Library = number
	w.versions[a] = n
}

func (w *truth) setCatalog(edition int32) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.catalog = edition
}

func (w *truth) Desired(_ context.Context, sessions []*Session) ([]Told, func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reads++
	told := make([]Told, len(sessions))
	for i, s := range sessions {
		if w.broken != nil {
			told[i].Err = w.broken
			continue
		}
		s.Sent = w.versions[s.Account]
		s.Edition = w.catalog
		told[i].Frames = []protocol.Frame{protocol.State{JWS: "state"}}
	}
	return told, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.afters++
	}
}

func (w *truth) changed(_ context.Context, since time.Time, each func(protocol.AccountID, Numbers)) error {
	w.mu.Lock()
	w.since = append(w.since, since)
	err := w.broken
	all := map[protocol.AccountID]Numbers{}
	for a, v := range w.versions {
		all[a] = v
	}
	w.mu.Unlock()
	if err != nil {
		return err
	}
	for a, v := range all {
		each(a, v)
	}
	return nil
}

func (w *truth) beat(context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.beats++
	return w.mute
}

func (w *truth) goneAway(_ context.Context, gone []Departure) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.broken != nil {
		return w.broken
	}
	w.left = append(w.left, gone...)
	return nil
}

func (w *truth) breakWith(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broken = err
}

func (w *truth) readCount() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.reads
}

var errBroken = errors.New("database is gone")

func newHub(t testing.TB, w *truth, pushes int) *Hub {
	t.Helper()
	h, err := New(Config{
		Changed: w.changed, Beat: w.beat, Left: w.goneAway,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Pushes: pushes,
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func session(w *truth, a protocol.AccountID, d protocol.DeviceID, number int64, c Conn) *Session {
	return &Session{Account: a, Device: d, Epoch: 1, Number: number, Conn: c, Truth: w, Library: true}
}
