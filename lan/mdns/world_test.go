package mdns

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"
)

// world is networks with hosts on them, in made-up time. Every packet is encoded and
// decoded, and reaches everybody on its network, its sender too, at once.
type world struct {
	t     *testing.T
	now   time.Time
	rand  *rand.Rand
	hosts []*box
	log   []heard
	lost  func(heard) bool // nil: nothing is lost
}

// heard is what somebody sent.
type heard struct {
	at   time.Time
	from *box
	Send
}

// box is a host: a responder, a browser or both.
type box struct {
	w    *world
	name string
	r    *Responder
	b    *Browser
	nets map[int]string // which network each link is on
	link map[int]Link
}

func newWorld(t *testing.T) *world {
	return &world{t: t, now: time.Unix(1_000_000, 0), rand: rand.New(rand.NewPCG(1, 2))}
}

func (w *world) random(d time.Duration) time.Duration { return time.Duration(w.rand.Int64N(int64(d))) }

func tv(name, host string) *Service {
	return &Service{Instance: name, Type: "_hearthkey-tv._tcp", Host: host, Port: 8712, Text: []string{"txtvers=1", "id=" + host}}
}

// host adds one; s may be nil.
func (w *world) host(name string, s *Service, browse bool) *box {
	h := &box{w: w, name: name, r: NewResponder(s, w.random), nets: map[int]string{}, link: map[int]Link{}}
	if browse {
		h.b = NewBrowser("_hearthkey-tv._tcp", w.random)
	}
	w.hosts = append(w.hosts, h)
	return h
}

// on puts a link of the host on a network, with addresses.
func (h *box) on(network string, index int, addrs ...string) *box {
	l := Link{Index: index, Name: fmt.Sprint("eth", index), V4: true, V6: true, Carrier: h.link[index].Carrier}
	if h.nets[index] != network {
		l.Carrier++
	}
	for _, a := range addrs {
		l.Addrs = append(l.Addrs, netip.MustParseAddr(a))
	}
	h.nets[index], h.link[index] = network, l
	h.tellLinks()
	return h
}

func (h *box) off(index int) {
	delete(h.nets, index)
	delete(h.link, index)
	h.tellLinks()
}

func (h *box) tellLinks() {
	var all []Link
	for _, l := range h.link {
		all = append(all, l)
	}
	h.r.Links(h.w.now, all)
	if h.b != nil {
		h.b.Links(h.w.now, all)
	}
}

// send delivers what a host sends, and what comes of it.
func (w *world) send(from *box, all []Send) {
	for _, s := range all {
		sent := heard{w.now, from, s}
		w.log = append(w.log, sent)
		if w.lost != nil && w.lost(sent) {
			continue
		}
		b, err := s.Encode()
		if err != nil {
			w.t.Fatal(err)
		}
		m, err := Decode(b)
		if err != nil {
			w.t.Fatal(err)
		}
		source := netip.AddrPortFrom(from.link[s.Link].Addrs[0], Port)
		for _, v6 := range []bool{false, true} {
			if v6 && !s.V6 || !v6 && !s.V4 {
				continue
			}
			w.deliver(from.nets[s.Link], Packet{V6: v6, From: source, Near: true, Message: m}, s.To)
		}
	}
}

func (w *world) deliver(network string, p Packet, to netip.AddrPort) {
	for _, h := range w.hosts {
		for index, n := range h.nets {
			if n != network || to.IsValid() && !slices.Contains(h.link[index].Addrs, to.Addr()) {
				continue
			}
			p.Link = index
			w.send(h, h.r.Receive(w.now, p))
			if h.b != nil {
				w.send(h, h.b.Receive(w.now, p))
			}
		}
	}
}

// ask sends a question from nowhere in particular and returns what is sent in answer
// within a time.
func (w *world) ask(network string, p Packet, within time.Duration) []heard {
	if !p.From.IsValid() {
		p.From = netip.MustParseAddrPort("192.168.77.250:5353")
	}
	first := len(w.log)
	w.deliver(network, p, netip.AddrPort{})
	w.run(within)
	return w.log[first:]
}

// run lets time go by.
func (w *world) run(d time.Duration) {
	end := w.now.Add(d)
	for range 1_000_000 {
		next, found := end, false
		for _, h := range w.hosts {
			if t, ok := h.next(); ok && !t.After(next) {
				next, found = t, true
			}
		}
		if next.After(w.now) {
			w.now = next
		}
		if !found {
			return
		}
		for _, h := range w.hosts {
			w.send(h, h.tick())
		}
	}
	w.t.Fatal("it never rests")
}

func (h *box) next() (time.Time, bool) {
	t, ok := h.r.Next()
	if h.b != nil {
		if u, found := h.b.Next(); found && (!ok || u.Before(t)) {
			return u, true
		}
	}
	return t, ok
}

func (h *box) tick() []Send {
	out := h.r.Tick(h.w.now)
	if h.b != nil {
		out = append(out, h.b.Tick(h.w.now)...)
	}
	return out
}

// sees is what a browser has found: names with addresses.
func (h *box) sees() []string {
	var out []string
	for _, f := range h.b.List() {
		out = append(out, fmt.Sprint(f.Instance, " ", f.Addrs))
	}
	return out
}

func (w *world) wantSees(h *box, want ...string) {
	w.t.Helper()
	if got := h.sees(); !slices.Equal(got, want) {
		w.t.Errorf("%s sees %q, want %q", h.name, got, want)
	}
}
