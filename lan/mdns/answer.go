package mdns

import (
	"slices"
	"time"
)

// legacyTTL is the longest that a host may keep what it asked for as in plain DNS
// (RFC 6762, section 6.7).
const legacyTTL = 10

// Receive takes a packet, of this machine too: they come back.
func (r *Responder) Receive(now time.Time, p Packet) []Send {
	l := r.links[p.Link]
	if r.service == nil || l == nil {
		return nil
	}
	if p.Message.Response {
		if p.From.Port() != Port {
			return nil // not from who may speak mDNS there (RFC 6762, section 6)
		}
		l.heard(p)
		return append(r.conflict(l, &p.Message, now), r.Tick(now)...)
	}
	if !l.announced {
		if len(p.Message.Authorities) > 0 {
			r.yield(l, &p.Message, now)
		}
		return nil
	}
	return append(r.answers(l, &p, now), r.Tick(now)...)
}

// heard leaves out what somebody else answered just now (RFC 6762, section 7.4).
func (l *answering) heard(p Packet) {
	w := &l.ways[index(p.V6)]
	for i := range p.Message.Answers {
		rec := &p.Message.Answers[i]
		if a, ok := w.pending[rec.id()]; ok && rec.TTL >= a.TTL {
			delete(w.pending, rec.id())
		}
	}
}

func index(v6 bool) int {
	if v6 {
		return 1
	}
	return 0
}

// answers says what is known of what is asked: to who asks, or later to all.
func (r *Responder) answers(l *answering, p *Packet, now time.Time) []Send {
	w := &l.ways[index(p.V6)]
	legacy := p.From.Port() != Port
	if len(p.Message.Questions) == 0 {
		w.known(p) // the rest of what the asker knows already
		return nil
	}
	var alone, all []Record
	own, known, done := r.records(l), knownTo(p.Message.Answers), make(map[once]bool)
	for _, q := range p.Message.Questions {
		for _, rec := range match(own, q) {
			id := rec.id()
			fresh := now.Sub(w.last[id]) < time.Duration(rec.TTL)*time.Second/4
			to := once{id, legacy || q.Unicast && fresh && p.Near}
			if ttl, ok := known[id]; ok && ttl >= rec.TTL/2 || done[to] {
				continue
			}
			done[to] = true
			if to.alone {
				alone = append(alone, rec)
			} else {
				all = append(all, rec)
			}
		}
	}
	w.schedule(r, all, p, now)
	if len(alone) == 0 || !p.Near {
		return nil
	}
	return []Send{r.toOne(l, p, alone, legacy)}
}

// once is a record and whether it goes to who asked alone: in a packet both may be
// asked for.
type once struct {
	id    string
	alone bool
}

// known forgets what an asker says it knows, in a packet after the question (RFC
// 6762, section 7.2).
func (w *way) known(p *Packet) {
	for i := range p.Message.Answers {
		rec := &p.Message.Answers[i]
		if a, ok := w.pending[rec.id()]; ok && a.from == p.From && rec.TTL >= a.TTL/2 {
			delete(w.pending, rec.id())
		}
	}
}

// knownTo are the records that an asker has, and for how long: what it has for half of
// its time at least need not be told (RFC 6762, section 7.1).
func knownTo(answers []Record) map[string]uint32 {
	known := make(map[string]uint32, len(answers))
	for i := range answers {
		known[answers[i].id()] = answers[i].TTL
	}
	return known
}

func contains(list []Record, rec *Record) bool {
	return slices.ContainsFunc(list, func(k Record) bool { return k.id() == rec.id() })
}

// schedule decides when records go to all: at once where nobody else can have an
// answer, after a moment where others may, and never within a second of the last time,
// or a quarter of one for somebody who probes (RFC 6762, section 6).
func (w *way) schedule(r *Responder, records []Record, p *Packet, now time.Time) {
	due, gap := now, multicastGap
	if slices.ContainsFunc(records, func(rec Record) bool { return !rec.Flush }) {
		due = now.Add(sharedDelay + r.random(100*time.Millisecond))
	}
	switch {
	case len(p.Message.Authorities) > 0:
		due, gap = now, probeGap
	case p.Message.Truncated:
		due = now.Add(moreDelay + r.random(100*time.Millisecond))
	}
	for _, rec := range records {
		id, at := rec.id(), due
		if last, ok := w.last[id]; ok && at.Before(last.Add(gap)) {
			at = last.Add(gap)
		}
		if a, ok := w.pending[id]; ok && a.due.Before(at) {
			continue
		}
		w.pending[id] = answer{Record: rec, due: at, from: p.From}
	}
}

// due is what goes to all now, by one protocol.
func (r *Responder) due(l *answering, i int, now time.Time) []Send {
	w := &l.ways[i]
	var records []Record
	for id, a := range w.pending {
		if !now.Before(a.due) {
			records = append(records, a.Record)
			delete(w.pending, id)
		}
	}
	if len(records) == 0 || !l.announced {
		return nil
	}
	slices.SortFunc(records, compareClaims)
	m := Message{Response: true, Answers: records, Additionals: r.additionals(l, records)}
	for _, section := range [][]Record{m.Answers, m.Additionals} {
		for j := range section {
			w.last[section[j].id()] = now
		}
	}
	return []Send{{Link: l.Index, V4: i == 0, V6: i == 1, Message: m}}
}

// toOne answers who asked alone; who asked as in plain DNS, as there.
func (r *Responder) toOne(l *answering, p *Packet, records []Record, legacy bool) Send {
	m := Message{ID: p.Message.ID, Response: true, Answers: records, Additionals: r.additionals(l, records)}
	if legacy {
		m.Questions = p.Message.Questions
		for _, section := range [][]Record{m.Answers, m.Additionals} {
			for i := range section {
				section[i].TTL, section[i].Flush = min(section[i].TTL, legacyTTL), false
			}
		}
	}
	return Send{Link: l.Index, V4: !p.V6, V6: p.V6, To: p.From, Message: m}
}

// match are those of our records that answer a question; of a name of ours that has
// none of the type, a record that says so (RFC 6762, section 6.1).
func match(own []Record, q Question) []Record {
	name := fold(q.Name)
	var out []Record
	var types []Type
	for _, rec := range own {
		if fold(rec.Name) != name {
			continue
		}
		if q.Type == rec.Type || q.Type == TypeANY {
			out = append(out, rec)
		}
		if rec.Flush && !slices.Contains(types, rec.Type) {
			types = append(types, rec.Type)
		}
	}
	if len(out) == 0 && len(types) > 0 {
		out = append(out, Record{Name: q.Name, Type: TypeNSEC, Flush: true, TTL: hostTTL, Target: q.Name, Types: types})
	}
	return out
}

// additionals are what will be asked for next (RFC 6763, section 12).
func (r *Responder) additionals(l *answering, records []Record) []Record {
	var instance, host bool
	for _, rec := range records {
		instance = instance || rec.Type == TypePTR && rec.Target == r.instanceName()
		host = host || rec.Type == TypeSRV
	}
	var out []Record
	for _, rec := range r.records(l) {
		wanted := false
		switch rec.Type {
		case TypeSRV, TypeTXT:
			wanted = instance
		case TypeA, TypeAAAA:
			wanted = instance || host
		}
		if wanted && !contains(records, &rec) {
			out = append(out, rec)
		}
	}
	return out
}
