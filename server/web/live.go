package web

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
)

// Bounds of live streams.
const (
	streamsPerAccount = 16
	streamsInAll      = 4096
	streamTick        = 5 * time.Second  // looks again, against lost hints
	streamWrite       = 10 * time.Second // a reader slower than that is dropped
)

// watchers are the open streams. A hint is a flag, not a message: a slow reader
// holds nothing up and misses nothing.
type watchers struct {
	closed chan struct{}

	mu     sync.Mutex
	all    map[protocol.AccountID]map[chan struct{}]struct{}
	number int
	ended  bool
}

func newWatchers() *watchers {
	return &watchers{closed: make(chan struct{}), all: map[protocol.AccountID]map[chan struct{}]struct{}{}}
}

// add returns a channel that holds a hint after each change of the account.
func (w *watchers) add(id protocol.AccountID) (hint chan struct{}, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended || w.number >= streamsInAll || len(w.all[id]) >= streamsPerAccount {
		return nil, errTooMany
	}
	if w.all[id] == nil {
		w.all[id] = map[chan struct{}]struct{}{}
	}
	hint = make(chan struct{}, 1)
	w.all[id][hint] = struct{}{}
	w.number++
	return hint, nil
}

func (w *watchers) remove(id protocol.AccountID, hint chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.all[id], hint)
	if len(w.all[id]) == 0 {
		delete(w.all, id)
	}
	w.number--
}

func (w *watchers) hint(id protocol.AccountID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.all[id] {
		select {
		case c <- struct{}{}:
		default: // one is waiting already
		}
	}
}

func (w *watchers) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.ended {
		w.ended = true
		close(w.closed)
	}
}

// Changed wakes the account's open boards. It never blocks.
func (s *Site) Changed(id protocol.AccountID) { s.watch.hint(id) }

// Watch hints at changes of an account until stop is called, as its open boards see
// them.
func (s *Site) Watch(id protocol.AccountID) (hint <-chan struct{}, stop func(), err error) {
	c, err := s.watch.add(id)
	if err != nil {
		return nil, nil, err
	}
	return c, func() { s.watch.remove(id, c) }, nil
}

// devicesLive streams the board. It begins with a fresh proof, as the page does,
// and goes on while it is open. Before each event the session is checked again;
// one that ended gets "gone", and the stream ends.
func (s *Site) devicesLive(v *visit) error {
	if !v.signed || !v.session.Fresh(v.now) {
		return v.gone()
	}
	seen := v.r.Header.Get("Last-Event-ID") // of this stream's last connection, or what the page itself showed
	if seen == "" {
		seen = v.r.URL.Query().Get("seen")
	}
	token := v.cookie(cookieSession)
	return v.stream(v.session.Account, func() (message, error) {
		sess, err := s.c.Accounts.Authenticate(v.ctx(), s.c.Now(), token)
		if err != nil {
			return message{}, err
		}
		board, err := s.board(v.ctx(), s.c.Now(), sess, v.who)
		if err != nil || board.Digest() == seen {
			return message{}, err
		}
		seen = board.Digest()
		body, err := s.views.part(DevicesPage{Frame: Frame{Lang: v.speaks()}}, "board", board)
		return message{seen, body}, err
	})
}

// message is one event of a stream: what is shown, and an id of that. The zero
// message is none.
type message struct {
	id   string
	body []byte
}

// gone answers a stream that may not begin: the page loads again, and is asked
// for what is missing.
func (v *visit) gone() error {
	h := v.w.Header()
	h.Set("Content-Type", "text/event-stream")
	_, err := v.w.Write([]byte("event: gone\ndata:\n\n"))
	return err
}

// stream sends what next returns, now, after each hint for the account and at
// each tick. Nothing is sent where next returns nothing, but a comment that
// keeps the connection open.
func (v *visit) stream(id protocol.AccountID, next func() (message, error)) error {
	hint, err := v.s.watch.add(id)
	if err != nil {
		return err
	}
	defer v.s.watch.remove(id, hint)
	h := v.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // nginx would hold events back
	out := sse{v.w, http.NewResponseController(v.w)}
	tick := time.NewTicker(streamTick)
	defer tick.Stop()
	if out.send([]byte("retry: 2000\n\n")) != nil {
		return nil
	}
	for {
		if !v.step(out, next) {
			return nil // the answer has begun: nothing more can be said
		}
		select {
		case <-hint:
		case <-tick.C:
		case <-v.ctx().Done():
			return nil
		case <-v.s.watch.closed:
			return nil
		}
	}
}

// step sends one event and reports whether the stream goes on.
func (v *visit) step(out sse, next func() (message, error)) bool {
	m, err := next()
	switch {
	case errors.Is(err, account.ErrSignedOut):
		out.send([]byte("event: gone\ndata:\n\n"))
		return false
	case err != nil:
		if v.ctx().Err() == nil {
			v.s.c.Log.Warn("board stream failed", slog.Any("err", err))
		}
		return false // the browser comes back by itself
	case m.body == nil:
		return out.send([]byte(":\n\n")) == nil
	}
	return out.send(m.event()) == nil
}

// sse writes server-sent events.
type sse struct {
	w http.ResponseWriter
	c *http.ResponseController
}

func (o sse) send(data []byte) error {
	if err := o.c.SetWriteDeadline(time.Now().Add(streamWrite)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := o.w.Write(data); err != nil {
		return err
	}
	return o.c.Flush()
}

// event frames the message, whose body may have several lines.
func (m message) event() []byte {
	var b bytes.Buffer
	b.WriteString("event: board\n")
	if m.id != "" {
		fmt.Fprintf(&b, "id: %s\n", m.id)
	}
	for line := range bytes.Lines(m.body) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			b.WriteString("data: ")
			b.Write(line)
			b.WriteByte('\n')
		}
	}
	b.WriteByte('\n')
	return b.Bytes()
}
