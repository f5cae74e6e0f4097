package mdns

import (
	"net/netip"
	"slices"
	"time"
)

// Service is what is made known.
type Service struct {
	Instance string   // the name that people read; [Label] says what becomes of it
	Type     string   // as "_http._tcp"
	Host     string   // one label: the name of this machine for this service alone
	Port     uint16   // 1 to 65535
	Text     []string // 1 to 16 strings of 1 to 255 bytes
}

func (s *Service) equal(t *Service) bool {
	if s == nil || t == nil {
		return s == t
	}
	return s.Instance == t.Instance && s.Type == t.Type && s.Host == t.Host && s.Port == t.Port && slices.Equal(s.Text, t.Text)
}

// Link is a link that mDNS is spoken on.
type Link struct {
	Index   int
	Name    string
	V4, V6  bool         // which protocols it can be spoken by
	Own     bool         // a loopback: nobody is on it but this machine
	Carrier uint32       // another number: the cable was out
	Addrs   []netip.Addr // of this machine, on this link
}

// Times of RFC 6762, sections 6, 8.1 to 8.3 and 9.
const (
	probes        = 3
	probeEvery    = 250 * time.Millisecond
	announcements = 3 // one at once, then after 1 s and 2 s more
	lostProbeWait = time.Second
	sharedDelay   = 20 * time.Millisecond // and up to 100 more
	moreDelay     = 400 * time.Millisecond
	multicastGap  = time.Second
	probeGap      = 250 * time.Millisecond

	manyConflicts   = 15 // within conflictsWithin: then every further probe waits
	conflictsWithin = time.Minute
	conflictsWait   = 5 * time.Second
	contestedFor    = 10 * time.Second // a second claim within it is a lost name
	ownFor          = 10 * time.Second // how long what was said before is known to be ours
)

// Responder makes one service known. Its methods are given the time, and return what
// is to be sent at once; Next says when Tick is due.
//
//	           probed 3 times, nobody else has the name
//	probing ───────────────────────────────────────────▶ announced
//	 ▲   │ somebody has it: the next name                    │
//	 └───┴──────────◀─ somebody else says to have it ────────┘
//
// Each link is in a state of its own; the name is the same on all of them.
type Responder struct {
	service   *Service // nil: nothing is made known
	random    func(time.Duration) time.Duration
	number    int // of the instance's name: "Living room (2)"
	host      int // of the host's
	links     map[int]*answering
	conflicts []time.Time          // of the last minute
	said      map[string]time.Time // records that were ours, until when they count as such
}

// answering is the responder on one link.
type answering struct {
	Link
	announced bool
	sent      int       // probes, or announcements
	next      time.Time // of the next of these; zero: none
	contested time.Time // when it last went back to probing
	ways      [2]way    // IPv4, IPv6
}

// way is one protocol on one link.
type way struct {
	last    map[string]time.Time // when a record was last sent to all
	pending map[string]answer    // what is to be sent to all
}

type answer struct {
	Record
	due  time.Time
	from netip.AddrPort // who asked
}

// NewResponder returns one without links. random gives a random time below its
// argument.
func NewResponder(s *Service, random func(time.Duration) time.Duration) *Responder {
	return &Responder{
		service: s, random: random, number: 1, host: 1,
		links: make(map[int]*answering), said: make(map[string]time.Time),
	}
}

// Instance is the label that the service has now, or wants: it may change whenever
// somebody else turns out to have it. Empty without a service.
func (r *Responder) Instance() string {
	if r.service == nil {
		return ""
	}
	return label(r.service.Instance, r.number)
}

// Announced reports whether the service is known on every link there is, and on one at least.
func (r *Responder) Announced() bool {
	for _, l := range r.links {
		if !l.announced {
			return false
		}
	}
	return r.service != nil && len(r.links) > 0
}

// Links tells which links there are. A new one, and one whose carrier was gone, is
// probed; where only addresses changed they are announced.
func (r *Responder) Links(now time.Time, links []Link) {
	r.remember(now)
	for index := range r.links {
		if !slices.ContainsFunc(links, func(l Link) bool { return l.Index == index }) {
			delete(r.links, index)
		}
	}
	for _, l := range links {
		old := r.links[l.Index]
		switch {
		case old == nil || old.Carrier != l.Carrier:
			r.links[l.Index] = &answering{Link: l, ways: newWays()}
			r.probe(r.links[l.Index], now.Add(r.random(probeEvery)))
		case !slices.Equal(old.Addrs, l.Addrs) || old.V4 != l.V4 || old.V6 != l.V6:
			old.Link, old.ways = l, newWays()
			if old.announced {
				old.announce(now)
			}
		}
	}
}

func newWays() [2]way {
	var w [2]way
	for i := range w {
		w[i] = way{last: make(map[string]time.Time), pending: make(map[string]answer)}
	}
	return w
}

// probe begins to probe at a time.
func (r *Responder) probe(l *answering, at time.Time) {
	l.announced, l.sent, l.next = false, 0, at
	for i := range l.ways {
		clear(l.ways[i].pending)
	}
}

func (l *answering) announce(now time.Time) { l.sent, l.next = 0, now }

// Update changes what is made known; nil takes it back. Another name is probed for
// and the old one taken back; another port or text is announced.
func (r *Responder) Update(now time.Time, s *Service) []Send {
	if s.equal(r.service) {
		return nil
	}
	old := r.service
	if old != nil && s != nil && old.Instance == s.Instance && old.Type == s.Type && old.Host == s.Host {
		r.remember(now)
		r.service = s
		for _, l := range r.links {
			if l.announced {
				l.announce(now)
			}
		}
		return r.Tick(now)
	}
	out := r.Close()
	r.remember(now)
	r.service, r.number, r.host = s, 1, 1
	for _, l := range r.links {
		r.probe(l, now.Add(r.random(probeEvery)))
	}
	return out
}

// Close takes back what was announced: goodbye (RFC 6762, section 10.1).
func (r *Responder) Close() []Send {
	var out []Send
	for _, l := range r.sorted() {
		if l.announced && r.service != nil {
			out = append(out, l.toAll(Message{Response: true, Answers: goodbye(r.records(l))}))
		}
	}
	return out
}

func goodbye(records []Record) []Record {
	for i := range records {
		records[i].TTL = 0
	}
	return records
}

func (l *answering) toAll(m Message) Send { return Send{Link: l.Index, V4: l.V4, V6: l.V6, Message: m} }

// sorted are the links in order, so that what is sent does not depend on a map's order.
func (r *Responder) sorted() []*answering {
	out := make([]*answering, 0, len(r.links))
	for _, l := range r.links {
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b *answering) int { return a.Index - b.Index })
	return out
}

// Next is when Tick is due; false: not before something else happens.
func (r *Responder) Next() (next time.Time, ok bool) {
	sooner := func(t time.Time) {
		if !ok || t.Before(next) {
			next, ok = t, true
		}
	}
	if r.service == nil {
		return next, false
	}
	for _, l := range r.links {
		if !l.next.IsZero() {
			sooner(l.next)
		}
		for i := range l.ways {
			for _, a := range l.ways[i].pending {
				sooner(a.due)
			}
		}
	}
	return next, ok
}

// Tick returns what is due.
func (r *Responder) Tick(now time.Time) []Send {
	if r.service == nil {
		return nil
	}
	var out []Send
	for _, l := range r.sorted() {
		if !l.announced && !now.Before(l.next) {
			if l.sent < probes {
				m := r.probing(l)
				if l.sent == 0 { // some answer questions, and no probes
					out = append(out, l.toAll(Message{Questions: m.Questions}))
				}
				out = append(out, l.toAll(m))
				l.sent++
				l.next = now.Add(probeEvery)
			} else {
				l.announced = true
				l.announce(now)
			}
		}
		if l.announced && !l.next.IsZero() && !now.Before(l.next) {
			out = append(out, r.announcing(l, now))
		}
		for i := range l.ways {
			out = append(out, r.due(l, i, now)...)
		}
	}
	return out
}

// probing is a probe: a question for what is to be claimed (RFC 6762, section 8.1).
func (r *Responder) probing(l *answering) Message {
	m := Message{Questions: []Question{
		{Name: r.instanceName(), Type: TypeANY}, {Name: r.hostName(), Type: TypeANY},
	}}
	for _, rec := range r.records(l) {
		if rec.Type != TypePTR {
			rec.Flush = false // no claim yet
			m.Authorities = append(m.Authorities, rec)
		}
	}
	return m
}

// announcing is an announcement (RFC 6762, section 8.3).
func (r *Responder) announcing(l *answering, now time.Time) Send {
	l.sent++
	l.next = now.Add(time.Second << (l.sent - 1))
	if l.sent == announcements {
		l.next = time.Time{}
	}
	all := r.records(l)
	for i := range l.ways {
		for j := range all {
			l.ways[i].last[all[j].id()] = now
		}
	}
	return l.toAll(Message{Response: true, Answers: all})
}
