package mdns

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// contested finds a record of somebody else's that claims a name of ours.
func (r *Responder) contested(m *Message, now time.Time) (instance, host bool) {
	ourInstance, ourHost := fold(r.instanceName()), fold(r.hostName())
	var own map[string]bool
	for _, section := range [][]Record{m.Answers, m.Additionals} {
		for i := range section {
			rec := &section[i]
			if rec.TTL == 0 {
				continue // a goodbye claims nothing
			}
			switch rec.Type {
			case TypeSRV, TypeTXT:
				instance = fold(rec.Name) == ourInstance
			case TypeA, TypeAAAA:
				host = fold(rec.Name) == ourHost
			}
			if !instance && !host {
				continue
			}
			if own == nil {
				own = r.own(now)
			}
			if !own[rec.id()] {
				return instance, host
			}
			instance, host = false, false
		}
	}
	return false, false
}

// conflict looks whether an answer claims what is ours (RFC 6762, sections 8.1 and 9).
func (r *Responder) conflict(l *answering, m *Message, now time.Time) []Send {
	instance, host := r.contested(m, now)
	switch {
	case !instance && !host:
		return nil
	case !l.announced && l.sent == 0 && len(r.conflicts) >= manyConflicts:
		return nil // nothing is claimed again before the wait is over
	case l.announced && (l.contested.IsZero() || now.Sub(l.contested) >= contestedFor):
		// Whose it is, probing tells: who has it too answers.
		l.contested = now
		r.probe(l, now)
		return nil
	}
	return r.rename(l, instance, now)
}

// rename takes the next name, on all links. Where nobody contested the old one it is
// taken back; here it is somebody else's.
func (r *Responder) rename(l *answering, instance bool, now time.Time) []Send {
	l.announced = false
	out := r.Close()
	r.remember(now)
	if instance {
		r.number = r.another(r.number)
	} else {
		r.host = r.another(r.host)
	}
	r.conflicts = slices.DeleteFunc(r.conflicts, func(t time.Time) bool { return now.Sub(t) >= conflictsWithin })
	wait := r.random(probeEvery)
	if len(r.conflicts) >= manyConflicts {
		wait = conflictsWait
	} else {
		r.conflicts = append(r.conflicts, now)
	}
	for _, l := range r.links {
		r.probe(l, now.Add(wait))
	}
	return out
}

// another is the number after n: the next at first, then one from farther and farther
// away, so that a hotel's sixty TVs find theirs in a few steps.
func (r *Responder) another(n int) int {
	switch {
	case n < 4:
		return n + 1
	case n > 9999:
		return 2
	}
	return n + 1 + int(r.random(time.Duration(n)))
}

// yield looks at somebody else's probe for a name that is being probed for here. Of
// two the one with the greater records goes on, the other tries again a second later,
// when it will be told who has the name (RFC 6762, section 8.2).
func (r *Responder) yield(l *answering, m *Message, now time.Time) {
	probed, own := r.probing(l).Authorities, r.own(now)
	for _, name := range []string{r.instanceName(), r.hostName()} {
		theirs, ours := claims(m.Authorities, name), claims(probed, name)
		others := slices.ContainsFunc(theirs, func(rec Record) bool { return !own[rec.id()] })
		if others && slices.CompareFunc(ours, theirs, compareClaims) < 0 {
			r.probe(l, now.Add(lostProbeWait))
			return
		}
	}
}

// claims are the records of a name, in the order in which they are compared.
func claims(records []Record, name string) []Record {
	var out []Record
	for _, rec := range records {
		if fold(rec.Name) == fold(name) {
			out = append(out, rec)
		}
	}
	slices.SortFunc(out, compareClaims)
	return out
}

func compareClaims(a, b Record) int {
	return cmp.Or(cmp.Compare(a.Type, b.Type), strings.Compare(a.data(), b.data()))
}
