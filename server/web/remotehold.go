package web

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/tvremote"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/device"
	"github.com/hearthkey/hearthkey/server/relay"
)

// Bounds of remotes without a script. A TV is held for a while after each key, so that
// not every one begins anew.
const (
	holdFor     = 45 * time.Second // after the last key
	holdBeat    = protocol.RelayBeat * time.Second
	holdAnswers = 2 * time.Second // that a form waits for the TV
	holdsInAll  = 1024
	holdKeys    = rate.Limit(4) // in a second: a form is slower than that
	holdBurst   = 8
)

// holdKey is who holds which TV.
type holdKey struct {
	session account.SessionID
	device  protocol.DeviceID
}

// holds are the TVs that are controlled by forms.
type holds struct {
	work sync.WaitGroup

	mu    sync.Mutex // guards what follows
	ended bool
	all   map[holdKey]*hold
}

func (h *holds) find(k holdKey) *hold {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.all[k]
}

// close ends all and waits for them.
func (h *holds) close() {
	h.mu.Lock()
	h.ended = true
	for _, one := range h.all {
		one.call.Close()
	}
	h.mu.Unlock()
	h.work.Wait()
}

// hold is one browser's control of a TV, from form to form. Its goroutine ends it.
type hold struct {
	call *relay.Call
	pace *rate.Limiter

	mu    sync.Mutex // guards what follows
	seq   int64
	acked int64
	ack   tvremote.Ack
	state tvremote.State
	end   RemoteState // empty: it goes on
	used  time.Time
	news  chan struct{} // closed and made anew with each change
}

// hold returns the visitor's hold of a TV, and begins one where there is none.
func (s *Site) hold(v *visit, c device.Control) (*hold, error) {
	key := holdKey{v.session.ID, c.Device}
	s.holds.mu.Lock()
	defer s.holds.mu.Unlock()
	if h := s.holds.all[key]; h != nil {
		return h, nil
	}
	if s.holds.ended || len(s.holds.all) >= holdsInAll || s.c.Relay == nil {
		return nil, errTooMany
	}
	call, err := s.c.Relay.Open(v.session.Account, c.Device, c.Node, v.who.Name)
	if err != nil {
		return nil, errTooMany
	}
	h := &hold{call: call, pace: rate.NewLimiter(holdKeys, holdBurst), used: time.Now(), news: make(chan struct{})}
	s.holds.all[key] = h
	who, token, node := v.session, v.cookie(cookieSession), c.Node
	s.holds.work.Go(func() {
		s.keepHold(h, who, token, c.Device, node)
		call.Close()
		s.holds.mu.Lock()
		delete(s.holds.all, key)
		s.holds.mu.Unlock()
	})
	return h, nil
}

// keepHold takes what the TV sends until nobody presses anything any more, or the browser
// may not control it any more.
func (s *Site) keepHold(h *hold, who account.Session, token string, id protocol.DeviceID, node string) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	hint, err := s.watch.add(who.Account)
	if err != nil {
		h.finish(RemoteBusy)
		return
	}
	defer s.watch.remove(who.Account, hint)
	var reading sync.WaitGroup
	defer reading.Wait()
	defer cancel()
	reading.Go(func() { defer cancel(); s.listen(ctx, h, who, id) })
	tick := time.NewTicker(holdBeat)
	defer tick.Stop()
	for n := int64(0); ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-hint:
		case <-tick.C:
			h.say(tvremote.Ping{N: n})
		}
		_, err := s.c.Accounts.Authenticate(ctx, s.c.Now(), token)
		var c device.Control
		if err == nil {
			c, err = s.c.Devices.Control(ctx, s.c.Now(), who.Account, id)
		}
		if state := stateOfControl(c); err != nil || state != RemoteIdle || c.Node != node || h.idle() {
			if err != nil {
				state = RemoteOffline
			}
			h.finish(state)
			return
		}
	}
}

// listen takes the TV's frames. The first shows that the TV took the relay: that is in
// the timeline.
func (s *Site) listen(ctx context.Context, h *hold, who account.Session, id protocol.DeviceID) {
	for first := true; ; first = false {
		frame, err := h.call.Next(ctx)
		if ended, ok := errors.AsType[*relay.EndedError](err); ok {
			h.finish(endState(ended.Why))
		}
		if err != nil {
			return
		}
		if first {
			if err := s.c.Devices.Controlled(ctx, s.c.Now(), who, id); err != nil {
				h.finish(RemoteOffline)
				return
			}
		}
		if f, err := tvremote.DecodeDown([]byte(frame)); err == nil {
			h.hear(f)
		}
	}
}

// endState is what the page says of why a relay ended.
func endState(why protocol.RelayEnd) RemoteState {
	switch why {
	case protocol.RelayRefused:
		return RemoteRefused
	case protocol.RelayBusy:
		return RemoteBusy
	}
	return RemoteOffline
}

func (h *hold) idle() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return time.Since(h.used) > holdFor
}

// changed runs f and tells whoever waits.
func (h *hold) changed(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f()
	close(h.news)
	h.news = make(chan struct{})
}

func (h *hold) hear(f tvremote.Frame) {
	h.changed(func() {
		switch f := f.(type) {
		case tvremote.Ack:
			h.acked, h.ack = max(h.acked, f.Seq), f
		case tvremote.State:
			h.state = f
		}
	})
}

func (h *hold) finish(s RemoteState) {
	h.changed(func() {
		if h.end == "" {
			h.end = s
		}
	})
}

// shows is what the TV shows, and how far the control is.
func (h *hold) shows() (title string, k tvremote.Keyboard, s RemoteState) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.end != "":
		return "", tvremote.KeyboardNone, h.end
	case h.state.Screen == "":
		return "", tvremote.KeyboardNone, RemoteIdle
	}
	return h.state.Title, h.state.Keyboard, RemoteOn
}

func (h *hold) say(f tvremote.Frame) bool {
	data, err := tvremote.Encode(f)
	if err != nil {
		return false
	}
	h.call.Send(protocol.Secret(data))
	return true
}

// send sends what frame makes of the next number, and waits for the TV's answer.
func (h *hold) send(ctx context.Context, frame func(int64) tvremote.Frame) RemoteTold {
	if !h.pace.Allow() {
		return RemoteTooFast
	}
	h.mu.Lock()
	h.seq++
	seq := h.seq
	h.used = time.Now()
	ok := h.say(frame(seq))
	h.mu.Unlock()
	if !ok {
		return RemoteBadText
	}
	late := time.NewTimer(holdAnswers)
	defer late.Stop()
	for {
		h.mu.Lock()
		acked, ack, end, news := h.acked, h.ack, h.end, h.news
		h.mu.Unlock()
		switch {
		case acked >= seq && ack.Ignored == tvremote.NoField:
			return RemoteNoField
		case acked >= seq:
			return RemoteDone
		case end != "":
			return RemoteNothing // the page says why
		}
		select {
		case <-news:
		case <-late.C:
			return RemoteLost
		case <-ctx.Done():
			return RemoteLost
		}
	}
}
