package relay

import (
	"sync"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/hub"
)

// line is one browser's way to a TV, at the TV's node.
type line struct {
	id      protocol.RelayID
	tv      *hub.Session
	back    string // the browser's node
	frames  chan protocol.Relay
	stopped chan struct{} // closed by stop
	left    chan struct{} // of one: the browser has gone, and its last frame had no room
	once    sync.Once
}

// stop ends the line's goroutine without a word to the TV. It does not wait.
func (l *line) stop() { l.once.Do(func() { close(l.stopped) }) }

// leave ends it, and tells the TV. It does not wait.
func (l *line) leave() {
	select {
	case l.left <- struct{}{}:
	default:
	}
}

// toTV takes a frame for a TV. The first of a call begins a line.
func (s *Switch) toTV(e envelope) {
	s.mu.Lock()
	l, end := s.lines[e.Relay], protocol.RelayOver
	if l == nil && e.By != "" {
		l, end = s.begin(e)
	}
	s.mu.Unlock()
	switch {
	case l == nil && !e.Ends:
		s.send(e.From, envelope{Relay: e.Relay, End: end})
	case l == nil || l.tv.Account != e.Account || l.tv.Device != e.Device:
	default:
		select {
		case l.frames <- protocol.Relay{ID: e.Relay, By: e.By, Frame: e.Frame, End: e.Ends}:
		default: // a TV that does not read: lost, as keys may be
			if e.Ends {
				l.leave()
			}
		}
	}
}

// begin makes a line, or says why there is none. The caller holds mu.
func (s *Switch) begin(e envelope) (*line, protocol.RelayEnd) {
	tv := s.cfg.TV(e.Account, e.Device)
	switch {
	case s.closed || tv == nil || !tv.Relays:
		return nil, protocol.RelayOver
	case s.of[tv] >= protocol.MaxRelays || len(s.lines) >= maxLines:
		return nil, protocol.RelayBusy
	}
	l := &line{id: e.Relay, tv: tv, back: e.From, frames: make(chan protocol.Relay, maxWaiting), stopped: make(chan struct{}), left: make(chan struct{}, 1)}
	s.lines[l.id] = l
	s.of[tv]++
	s.work.Go(func() { s.run(l) })
	return l, ""
}

// run passes frames on to the TV until the line ends, and tells both ends.
func (s *Switch) run(l *line) {
	idle := time.NewTimer(lineIdle)
	defer idle.Stop()
	ended := false
	for !ended {
		select {
		case <-l.stopped:
			ended = true
		case <-idle.C:
			l.leave()
		case <-l.left:
			_ = hub.Send(l.tv.Conn, protocol.Relay{ID: l.id, End: true}) // where that fails its connection ends
			ended = true
		case f := <-l.frames:
			idle.Reset(lineIdle)
			ended = f.End
			if hub.Send(l.tv.Conn, f) != nil {
				ended = true // its connection ends, and its owner hears of it
			}
		}
	}
	s.mu.Lock()
	delete(s.lines, l.id)
	if s.of[l.tv]--; s.of[l.tv] == 0 {
		delete(s.of, l.tv)
	}
	s.mu.Unlock()
	s.send(l.back, envelope{Relay: l.id, End: protocol.RelayOver}) // the first end counts
}

// FromTV passes on what a TV sent. A frame of a line that is not its own, or has
// ended, goes nowhere.
func (s *Switch) FromTV(tv *hub.Session, f protocol.RelayState) {
	s.mu.Lock()
	l := s.lines[f.ID]
	s.mu.Unlock()
	if l == nil || l.tv != tv {
		return
	}
	s.send(l.back, envelope{Relay: f.ID, Frame: f.Frame, End: f.End})
	if f.End != "" {
		l.stop()
	}
}

// Gone ends the lines of a connection that has ended.
func (s *Switch) Gone(tv *hub.Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of[tv] == 0 {
		return
	}
	for _, l := range s.lines {
		if l.tv == tv {
			l.stop()
		}
	}
}
