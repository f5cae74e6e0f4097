package mdns

import (
	"cmp"
	"slices"
	"time"
)

// Times of questions (RFC 6762, section 5.2).
const (
	longestGap = 5 * time.Minute // between two for the list of services
	askGap     = time.Second     // for what else is missing; doubled each time
	maxAsks    = 7               // for one thing: then not again before the service is heard of
	doubts     = 3               // how often somebody who may be gone is asked for
	doubtFor   = 3500 * time.Millisecond
)

// Bounds on a packet of questions.
const (
	maxAsked = 32 // questions
	maxKnown = 16 // known answers
	askLater = 100 * time.Millisecond
)

// renewals are the parts of a record's life after which it is asked for again.
var renewals = []float64{0.80, 0.85, 0.90, 0.95}

// Reconfirm is for who could not reach a service that was found: it is asked for
// again, and forgotten if it does not answer within 3.5 s (RFC 6762, section 10.4).
func (b *Browser) Reconfirm(now time.Time, name string) []Send {
	for _, l := range b.links {
		for c := range l.all() {
			if label, _ := instance(c.Name, b.service); c.Type != TypeSRV || label != name {
				continue
			}
			if at := now.Add(doubtFor); at.Before(c.expires) {
				c.expires = at
			}
			l.asks[c.set()] = &ask{Question: Question{Name: c.Name, Type: TypeSRV}, next: now, gap: askGap, doubt: doubts}
		}
	}
	return b.Tick(now)
}

// Next is when Tick is due; false: not before something else happens.
func (b *Browser) Next() (next time.Time, ok bool) {
	sooner := func(t time.Time) {
		if !ok || t.Before(next) {
			next, ok = t, true
		}
	}
	for _, l := range b.links {
		sooner(l.next)
		for _, a := range l.asks {
			if !a.next.IsZero() {
				sooner(a.next)
			}
		}
		for c := range l.all() {
			sooner(c.expires)
			if t, ok := c.renewal(); ok {
				sooner(t)
			}
		}
	}
	return next, ok
}

// renewal is when a record is to be asked for again.
func (c *cached) renewal() (time.Time, bool) {
	if c.leaving || c.asked >= len(renewals) {
		return time.Time{}, false
	}
	life := time.Duration(c.TTL) * time.Second
	return c.at.Add(time.Duration(float64(life) * renewals[c.asked])), true
}

// Tick forgets what is over and returns the questions that are due.
func (b *Browser) Tick(now time.Time) []Send {
	var out []Send
	for _, l := range b.sorted() {
		b.expire(l, now)
		if l.stale {
			l.stale = false
			b.missing(l, now)
		}
		if s, ok := b.question(l, now); ok {
			out = append(out, s)
		}
	}
	return out
}

func (b *Browser) sorted() []*asking {
	out := make([]*asking, 0, len(b.links))
	for _, l := range b.links {
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b *asking) int { return a.Index - b.Index })
	return out
}

// missing begins to ask for what is not known of the services on a link, and ends
// what need not be asked any more.
func (b *Browser) missing(l *asking, now time.Time) {
	needed := make(map[string]Question)
	need := func(name string, t Type) { needed[setOf(name, t)] = Question{Name: name, Type: t} }
	for c := range l.all() {
		if c.Type != TypePTR {
			continue
		}
		srv := l.newest(c.Target, TypeSRV)
		if srv == nil {
			need(c.Target, TypeSRV)
		} else if l.newest(srv.Target, TypeA) == nil && l.newest(srv.Target, TypeAAAA) == nil {
			need(srv.Target, TypeA)
			need(srv.Target, TypeAAAA)
		}
		if l.newest(c.Target, TypeTXT) == nil {
			need(c.Target, TypeTXT)
		}
	}
	for set, a := range l.asks {
		if _, ok := needed[set]; !ok && a.doubt == 0 {
			delete(l.asks, set)
		}
	}
	for set, q := range needed {
		if l.asks[set] == nil {
			l.asks[set] = &ask{Question: q, next: now, gap: askGap}
		}
	}
}

// question is the packet that is due, if any.
func (b *Browser) question(l *asking, now time.Time) (Send, bool) {
	var m Message
	add := func(q Question) bool {
		if len(m.Questions) >= maxAsked {
			return false
		}
		if !slices.Contains(m.Questions, q) {
			m.Questions = append(m.Questions, q)
		}
		return true
	}
	list := Question{Name: b.service, Type: TypePTR}
	if !now.Before(l.next) {
		add(list)
		if l.gap == time.Second { // the first: who just told all may tell us again, alone (RFC 6762, section 5.4)
			add(Question{Name: b.service, Type: TypePTR, Unicast: true})
		}
		l.next = now.Add(l.gap)
		l.gap = min(2*l.gap, longestGap)
	}
	for _, a := range l.asks {
		if a.next.IsZero() || now.Before(a.next) {
			continue
		}
		if !add(a.Question) {
			a.next = now.Add(askLater)
			continue
		}
		a.next = now.Add(a.gap)
		a.gap *= 2
		a.doubt = max(0, a.doubt-1)
		if a.asked++; a.asked == maxAsks {
			a.next = time.Time{}
		}
	}
	for c := range l.all() {
		if t, ok := c.renewal(); ok && !now.Before(t) {
			c.asked++
			if c.Type != TypePTR {
				add(Question{Name: c.Name, Type: c.Type})
			} else {
				add(list)
			}
		}
	}
	slices.SortFunc(m.Questions, func(p, q Question) int {
		return cmp.Or(cmp.Compare(p.Name, q.Name), cmp.Compare(p.Type, q.Type))
	})
	if slices.Contains(m.Questions, list) {
		m.Answers = l.knownList(now)
	}
	return Send{Link: l.Index, V4: l.V4, V6: l.V6, Message: m}, len(m.Questions) > 0
}

// knownList are the services that need not be told again.
func (l *asking) knownList(now time.Time) []Record {
	var out []Record
	for c := range l.all() {
		life := time.Duration(c.TTL) * time.Second
		if left := c.expires.Sub(now); c.Type == TypePTR && !c.leaving && left > life/2 {
			r := c.Record
			r.Flush, r.TTL = false, uint32(left/time.Second)
			out = append(out, r)
		}
	}
	slices.SortFunc(out, compareClaims)
	return out[:min(len(out), maxKnown)]
}
