// Package relay carries the keys of the account page's remote to a TV, and what the TV
// shows back, whichever nodes hold the two connections.
//
//	browser ══ Call ──▶ bus ──▶ line ══▶ the TV's connection
//	               ◀── bus ◀──────────── [Switch.FromTV]
//
// It carries, and decides nothing but who is at which end: that a browser may control a
// TV is its caller's to know, and the TV's to refuse. Frames may be lost, as the bus
// may lose them, and are not sent again: a key is of use now or never. What arrives is
// in order.
//
// # Promises
//
//   - A frame reaches only the TV of the account for which the call was opened, and an
//     answer only the call that this TV was asked by.
//   - A line ends with the call, with the TV's connection, when the TV says so, and when
//     nothing came over it for a while: whoever is left hears of that.
//   - What is typed is in frames, and in no log.
//
// # Concurrency
//
// All methods are safe for concurrent use and none waits, but [Call.Next] and
// [Switch.Close]. Each line has a goroutine, which Close waits for. Every queue is
// bounded; what has no room is lost, and a browser that does not read loses its call.
//
// The tests run two nodes on one bus under synctest, with TVs that are slow, gone,
// hostile or of another account.
package relay

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/bus"
	"github.com/hearthkey/hearthkey/server/hub"
)

// ErrFull means that this node holds as many calls as it can.
var ErrFull = errors.New("relay: too many calls")

// Bounds of one node.
const (
	maxCalls   = 4096             // browsers that control a TV
	maxLines   = 4096             // TVs that are controlled, once for each browser
	maxWaiting = 64               // frames for a browser, or for a TV, that wait
	lineIdle   = 30 * time.Second // without a frame: the browser's node is gone; the TV itself waits for less
)

// Config is what a [Switch] needs.
type Config struct {
	Node string // names this process
	Bus  bus.Bus
	// TV returns the connection of an account's TV to this process; nil: there is none.
	TV  func(protocol.AccountID, protocol.DeviceID) *hub.Session
	Log *slog.Logger
}

// Switch joins browsers and TVs. Make one with [New].
type Switch struct {
	cfg    Config
	cancel func()
	work   sync.WaitGroup // the lines' goroutines

	mu     sync.Mutex // guards what follows; taken before a call's
	closed bool
	calls  map[protocol.RelayID]*Call
	lines  map[protocol.RelayID]*line
	of     map[*hub.Session]int // lines of a connection
}

// New returns a switch that receives for its node. The caller must call Close.
func New(cfg Config) *Switch {
	s := &Switch{
		cfg: cfg, calls: map[protocol.RelayID]*Call{}, lines: map[protocol.RelayID]*line{}, of: map[*hub.Session]int{},
	}
	s.cancel = cfg.Bus.Receive(cfg.Node, s.receive)
	return s
}

// Close ends all calls and lines and waits for them.
func (s *Switch) Close() {
	s.mu.Lock()
	s.closed = true
	for _, c := range s.calls {
		c.finish(protocol.RelayOver)
	}
	for _, l := range s.lines {
		l.stop()
	}
	s.mu.Unlock()
	s.cancel()
	s.work.Wait()
}

// Stats are numbers of now.
type Stats struct {
	Calls int // browsers here that control a TV
	Lines int // of TVs here, one for each browser
}

// Stats returns the numbers.
func (s *Switch) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Stats{len(s.calls), len(s.lines)}
}

// envelope is a message on the bus: to a TV's node with Account and Device, else to
// a browser's.
type envelope struct {
	Relay   protocol.RelayID   `json:"relay"`
	Account protocol.AccountID `json:"account,omitempty"`
	Device  protocol.DeviceID  `json:"device,omitempty"`
	From    string             `json:"from,omitempty"` // node that answers go to
	By      string             `json:"by,omitempty"`
	Frame   protocol.Secret    `json:"frame,omitempty"`
	Ends    bool               `json:"ends,omitempty"` // of the browser
	End     protocol.RelayEnd  `json:"end,omitempty"`  // of the TV
}

func (s *Switch) send(node string, e envelope) {
	data, err := json.Marshal(e)
	if err != nil {
		s.cfg.Log.Error("relayed frame not written", "error", err) // cannot happen: texts
		return
	}
	s.cfg.Bus.Send(node, data)
}

// receive takes what another node, or this one, sent here.
func (s *Switch) receive(data []byte) {
	var e envelope
	if err := json.Unmarshal(data, &e); err != nil {
		s.cfg.Log.Warn("message on the bus not understood", "bytes", len(data))
		return
	}
	if e.Device != "" {
		s.toTV(e)
		return
	}
	s.mu.Lock()
	c := s.calls[e.Relay]
	s.mu.Unlock()
	if c != nil {
		c.hear(e)
	}
}

// Call is one time that a browser controls a TV, at the browser's node.
type Call struct {
	id      protocol.RelayID
	s       *Switch
	account protocol.AccountID
	device  protocol.DeviceID
	node    string        // the TV's
	wake    chan struct{} // something waits

	mu      sync.Mutex // guards what follows
	waiting []protocol.Secret
	over    bool
	end     protocol.RelayEnd
}

// Open begins to control a TV that a node holds. by is who, for the banner on the TV:
// 1 to [protocol.MaxName] characters. The caller must call [Call.Close].
func (s *Switch) Open(account protocol.AccountID, device protocol.DeviceID, node, by string) (*Call, error) {
	var random [16]byte
	rand.Read(random[:]) // never fails
	c := &Call{
		id: protocol.RelayID(base64.RawURLEncoding.EncodeToString(random[:])), s: s,
		account: account, device: device, node: node, wake: make(chan struct{}, 1),
	}
	s.mu.Lock()
	if s.closed || len(s.calls) >= maxCalls {
		s.mu.Unlock()
		return nil, ErrFull
	}
	s.calls[c.id] = c
	s.mu.Unlock()
	c.send(envelope{By: by})
	return c, nil
}

func (c *Call) send(e envelope) {
	e.Relay, e.Account, e.Device, e.From = c.id, c.account, c.device, c.s.cfg.Node
	c.s.send(c.node, e)
}

// Send passes a frame on to the TV: text of at most [protocol.MaxRelayed] bytes.
func (c *Call) Send(frame protocol.Secret) { c.send(envelope{Frame: frame}) }

// Answer has [Call.Next] return a frame that the TV did not send: the answer to one
// that was not passed on.
func (c *Call) Answer(frame protocol.Secret) { c.hear(envelope{Frame: frame}) }

// Close ends the call and tells the TV. It may be called again.
func (c *Call) Close() {
	c.s.mu.Lock()
	_, open := c.s.calls[c.id]
	delete(c.s.calls, c.id)
	c.s.mu.Unlock()
	if open {
		c.send(envelope{Ends: true})
	}
	c.finish(protocol.RelayOver)
}

// EndedError says why there is no next frame.
type EndedError struct{ Why protocol.RelayEnd }

func (e *EndedError) Error() string { return "relay: ended: " + string(e.Why) }

// Next waits for a frame of the TV. After the last it returns an *EndedError; else an
// error is that of ctx.
func (c *Call) Next(ctx context.Context) (protocol.Secret, error) {
	for {
		frame, ok, err := c.take()
		if ok || err != nil {
			return frame, err
		}
		select {
		case <-c.wake:
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

func (c *Call) take() (frame protocol.Secret, ok bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.waiting) > 0 {
		frame, c.waiting = c.waiting[0], c.waiting[1:]
		return frame, true, nil
	}
	if c.over {
		return "", false, &EndedError{c.end}
	}
	return "", false, nil
}

// hear takes what the TV sent. A browser that does not read loses its call.
func (c *Call) hear(e envelope) {
	c.mu.Lock()
	full := len(c.waiting) >= maxWaiting
	if e.Frame != "" && !c.over && !full {
		c.waiting = append(c.waiting, e.Frame)
	}
	c.mu.Unlock()
	c.poke()
	switch {
	case e.End != "":
		c.finish(e.End)
	case full:
		c.finish(protocol.RelayOver)
	}
}

func (c *Call) finish(why protocol.RelayEnd) {
	c.mu.Lock()
	if !c.over {
		c.over, c.end = true, why
	}
	c.mu.Unlock()
	c.poke()
}

func (c *Call) poke() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}
