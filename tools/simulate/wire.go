package main

import (
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// silence is after what time without a sign of life each end gives up a
// connection.
const silence = 125 * time.Second

// packet is one frame on its way, or the end of the connection.
type packet struct {
	frame []byte
	ends  bool
	code  protocol.Code // of the end
}

// wire is one connection: two queues in order, that do not know of those of other
// connections. Each end can be gone while the other has not heard of it.
type wire struct {
	tv   *television
	conn uint64
	peer *peer
	ip   string // as the server sees it

	up, down []packet
	broken   bool      // nothing passes any more
	stuck    bool      // nothing passes for now
	freeAt   time.Time // until then: sooner than the silence
	spoiled  bool      // it lost frames, or repeated them
	tvGone   bool      // the TV does not listen
	peerGone bool      // the server does not listen
	tellTV   time.Time // when the TV notices that it is broken; zero: never
	tellPeer time.Time
}

// dead reports whether nothing can happen on it any more.
func (w *wire) dead() bool {
	return (w.tvGone || w.broken && w.tellTV.IsZero()) && (w.peerGone || w.broken && w.tellPeer.IsZero())
}

// stick delays what is on its way, as lost packets that are sent again do.
func (w *wire) stick(s *world) {
	if w.stuck = s.n(3) > 0; w.stuck {
		w.freeAt = s.now.Add(time.Duration(1+s.n([]int{30, 120}[s.n(2)])) * time.Second)
	}
}

// cut breaks the connection at a frame's border. Each end notices at once, or
// by the silence.
func (s *world) cut(w *wire) {
	if w.broken {
		return
	}
	if len(w.up) == 0 && !w.stuck && !w.tvGone {
		w.peer.hears() // by a ping
	}
	w.broken, w.up, w.down = true, nil, nil
	w.tellTV, w.tellPeer = s.noticed(), s.noticed()
}

func (s *world) noticed() time.Time {
	if s.n(2) == 0 {
		return s.now
	}
	return s.now.Add(silence)
}

// tell lets the ends of broken connections notice.
func (s *world) tell() {
	for _, w := range s.wires {
		w.stuck = w.stuck && !due(w.freeAt, s.now)
		if due(w.tellTV, s.now) {
			w.tellTV = time.Time{}
			if !w.tvGone {
				w.tvGone = true
				w.tv.hear(w, packet{ends: true})
			}
		}
		if due(w.tellPeer, s.now) {
			w.tellPeer = time.Time{}
			w.peer.closed()
		}
	}
	live := s.wires[:0]
	for _, w := range s.wires {
		if !w.dead() {
			live = append(live, w)
		}
	}
	clear(s.wires[len(live):])
	s.wires = live
}

func due(at, now time.Time) bool { return !at.IsZero() && !at.After(now) }

// flow moves up to n packets, or pushes, on random connections.
func (s *world) flow(n int) {
	for range n {
		var ready []func()
		for _, w := range s.wires {
			if w.stuck || w.broken {
				continue
			}
			if len(w.up) > 0 {
				ready = append(ready, func() { s.arrive(w, &w.up, w.peer.take) })
			}
			if len(w.down) > 0 {
				ready = append(ready, func() { s.arrive(w, &w.down, func(p packet) { w.tv.hear(w, p) }) })
			}
		}
		for _, node := range s.nodes {
			for _, p := range node.peers {
				if p.pushDue {
					ready = append(ready, p.push)
				}
				if p.askDue {
					ready = append(ready, p.decided)
				}
			}
		}
		for _, t := range s.tvs {
			if t.on && len(t.pending) > 0 {
				ready = append(ready, t.next)
			}
		}
		if len(ready) == 0 {
			return
		}
		ready[s.n(len(ready))]()
		s.tell()
		s.check()
	}
}

// arrive takes the next packet off a queue and hands it over; a lossy network
// loses frames, or repeats them.
func (s *world) arrive(w *wire, queue *[]packet, hand func(packet)) {
	p := (*queue)[0]
	*queue = (*queue)[1:]
	if s.rough && s.n(100) == 0 {
		w.stick(s)
	}
	if s.lossy && !p.ends {
		w.spoiled = true
		switch s.n(12) {
		case 0:
			return
		case 1:
			hand(p)
		case 2:
			s.cut(w)
		}
	}
	hand(p)
}
