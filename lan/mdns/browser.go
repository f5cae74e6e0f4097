package mdns

import (
	"cmp"
	"iter"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Found is a service that was found on one link. It is told when its address, port
// and text are all known.
type Found struct {
	Link     int    // index of the interface
	Zone     string // its name
	Instance string
	Host     string // a name that ends with a dot
	Port     uint16
	Text     []string
	Addrs    []netip.Addr // in order, without zones; 1 to 16
}

// Equal reports whether two are the same in everything.
func (f Found) Equal(g Found) bool {
	return f.Link == g.Link && f.Zone == g.Zone && f.Instance == g.Instance && f.Host == g.Host && f.Port == g.Port &&
		slices.Equal(f.Text, g.Text) && slices.Equal(f.Addrs, g.Addrs)
}

// Bounds on what is kept of each link. What is beyond them is not taken; what is there
// goes when its time is over.
const (
	maxCached = 1024 // records
	maxOfSet  = 16   // of one name and type, but for the list of services
)

// leaveAfter is how long a record stays that was taken back or replaced (RFC 6762,
// sections 10.1 and 10.2).
const leaveAfter = time.Second

// Browser finds services of one type. Its methods are given the time, and return what
// is to be sent at once; Next says when Tick is due.
type Browser struct {
	service string // "_http._tcp.local."
	random  func(time.Duration) time.Duration
	links   map[int]*asking
	changed bool // List may be another one than before
}

// asking is the browser on one link.
type asking struct {
	Link
	sets  map[string][]*cached // records, by name and type
	count int                  // of records
	asks  map[string]*ask      // by name and type: what else is being asked for
	next  time.Time            // of the question for the list of services
	gap   time.Duration        // to the one after it
	stale bool                 // something else may be missing than was when asks were made
}

type cached struct {
	Record
	key     string    // its data
	at      time.Time // when it was heard last
	expires time.Time
	leaving bool // taken back, or replaced: not to be asked for again
	asked   int  // how often since it was heard
}

// ask is a question that goes on until it is answered, or not needed any more.
type ask struct {
	Question
	next  time.Time // zero: given up, until the service is heard of again
	gap   time.Duration
	asked int
	doubt int // times to ask still, although there is an answer
}

// NewBrowser returns one for a type as "_http._tcp", without links.
func NewBrowser(service string, random func(time.Duration) time.Duration) *Browser {
	return &Browser{service: service + "." + domain, random: random, links: make(map[int]*asking)}
}

// Links tells which links there are. A new one, and one whose carrier was gone, is
// asked anew, and what was known of it forgotten; so is a link that is gone.
func (b *Browser) Links(now time.Time, links []Link) {
	for index := range b.links {
		if !slices.ContainsFunc(links, func(l Link) bool { return l.Index == index }) {
			delete(b.links, index)
			b.changed = true
		}
	}
	for _, l := range links {
		old := b.links[l.Index]
		if old != nil && old.Carrier == l.Carrier {
			if old.V4 != l.V4 || old.V6 != l.V6 || !slices.Equal(old.Addrs, l.Addrs) {
				old.next, old.gap = now, time.Second // others may be reached now
			}
			old.Link = l
			continue
		}
		b.links[l.Index] = &asking{
			Link: l, sets: make(map[string][]*cached), asks: make(map[string]*ask), next: now, gap: time.Second,
		}
		b.changed = true
	}
}

// Receive takes a packet, of this machine too: its services are found as well.
func (b *Browser) Receive(now time.Time, p Packet) []Send {
	l := b.links[p.Link]
	if l == nil || !p.Message.Response || p.From.Port() != Port {
		return nil
	}
	sections := [][]Record{p.Message.Answers, p.Message.Additionals}
	var addresses []Record
	for _, s := range sections {
		for i := range s {
			if b.wanted(&s[i]) {
				b.keep(l, s[i], now)
			}
			if t := s[i].Type; t == TypeA || t == TypeAAAA {
				addresses = append(addresses, s[i])
			}
		}
	}
	if len(addresses) == 0 {
		return b.Tick(now)
	}
	hosts := make(map[string]bool)
	for c := range l.all() {
		if c.Type == TypeSRV {
			hosts[fold(c.Target)] = true
		}
	}
	for _, r := range addresses { // of hosts that are known by now
		if hosts[fold(r.Name)] {
			b.keep(l, r, now)
		}
	}
	return b.Tick(now)
}

// all are the records of a link.
func (l *asking) all() iter.Seq[*cached] {
	return func(yield func(*cached) bool) {
		for _, set := range l.sets {
			for _, c := range set {
				if !yield(c) {
					return
				}
			}
		}
	}
}

// wanted reports whether a record is about a service of the type.
func (b *Browser) wanted(r *Record) bool {
	switch r.Type {
	case TypePTR:
		_, ok := instance(r.Target, b.service)
		return ok && fold(r.Name) == fold(b.service)
	case TypeSRV, TypeTXT:
		_, ok := instance(r.Name, b.service)
		return ok
	}
	return false
}

// keep takes a record, replaces others where it says so, or lets it go.
func (b *Browser) keep(l *asking, r Record, now time.Time) {
	set, key := r.set(), r.data()
	var old *cached
	for _, c := range l.sets[set] {
		switch {
		case c.key == key:
			old = c
		case r.Flush && now.Sub(c.at) > leaveAfter:
			c.leave(now)
			b.changed = true
		}
	}
	life := time.Duration(r.TTL) * time.Second
	switch {
	case r.TTL == 0:
		if old != nil {
			old.leave(now)
			b.changed = true
		}
		return
	case old != nil:
		b.changed = b.changed || old.leaving
		l.stale = l.stale || old.Target != r.Target
		*old = cached{Record: r, key: key, at: now, expires: now.Add(life)}
	case l.count >= maxCached || r.Type != TypePTR && len(l.sets[set]) >= maxOfSet:
		return
	default:
		l.sets[set] = append(l.sets[set], &cached{Record: r, key: key, at: now, expires: now.Add(life)})
		l.count++
		b.changed, l.stale = true, true
	}
	delete(l.asks, set)
	l.askAgain(&r)
}

// askAgain takes up what was given up about what a record points at.
func (l *asking) askAgain(r *Record) {
	var types []Type
	switch r.Type {
	case TypePTR:
		types = []Type{TypeSRV, TypeTXT}
	case TypeSRV:
		types = []Type{TypeA, TypeAAAA}
	}
	for _, t := range types {
		if a := l.asks[setOf(r.Target, t)]; a != nil && a.next.IsZero() {
			delete(l.asks, setOf(r.Target, t))
			l.stale = true
		}
	}
}

// expire forgets what is over.
func (b *Browser) expire(l *asking, now time.Time) {
	for set, list := range l.sets {
		left := slices.DeleteFunc(list, func(c *cached) bool { return !now.Before(c.expires) })
		if len(left) == len(list) {
			continue
		}
		b.changed, l.stale = true, true
		l.count -= len(list) - len(left)
		if l.sets[set] = left; len(left) == 0 {
			delete(l.sets, set)
		}
	}
}

func (c *cached) leave(now time.Time) {
	c.leaving = true
	if at := now.Add(leaveAfter); at.Before(c.expires) {
		c.expires = at
	}
}

// Changed reports whether List may be another one since Changed was asked last.
func (b *Browser) Changed() bool {
	changed := b.changed
	b.changed = false
	return changed
}

// List is what is found, in order of links and names.
func (b *Browser) List() []Found {
	var out []Found
	for _, l := range b.links {
		for _, c := range l.sets[setOf(b.service, TypePTR)] {
			if f, ok := l.found(c.Target, b.service); ok && !c.leaving {
				out = append(out, f)
			}
		}
	}
	slices.SortFunc(out, func(f, g Found) int {
		return cmp.Or(cmp.Compare(f.Link, g.Link), strings.Compare(f.Instance, g.Instance))
	})
	return out
}

// found puts a service's records together.
func (l *asking) found(name, service string) (Found, bool) {
	label, _ := instance(name, service)
	f := Found{Link: l.Index, Zone: l.Name, Instance: label}
	srv, txt := l.newest(name, TypeSRV), l.newest(name, TypeTXT)
	if srv == nil || txt == nil || srv.Port == 0 {
		return f, false
	}
	f.Host, f.Port, f.Text = srv.Target, srv.Port, txt.Text
	for _, t := range []Type{TypeA, TypeAAAA} {
		for _, c := range l.sets[setOf(srv.Target, t)] {
			if !c.leaving && l.reachable(c.Addr) {
				f.Addrs = append(f.Addrs, c.Addr)
			}
		}
	}
	slices.SortFunc(f.Addrs, netip.Addr.Compare)
	return f, len(f.Addrs) > 0
}

// reachable reports whether an address can be that of a machine on the link.
func (l *asking) reachable(a netip.Addr) bool {
	return a.IsGlobalUnicast() || a.IsLinkLocalUnicast() || l.Own && a.IsLoopback()
}

// newest is the record of a name and type that was heard last, or nil.
func (l *asking) newest(name string, t Type) *cached {
	var out *cached
	for _, c := range l.sets[setOf(name, t)] {
		if out == nil || c.at.After(out.at) {
			out = c
		}
	}
	return out
}
