package mdns

import (
	"strconv"
	"time"
)

// The domain of mDNS, and the name under which all types of services are found (RFC
// 6763, section 9).
const (
	domain   = "local."
	allTypes = "_services._dns-sd._udp." + domain
)

func (r *Responder) serviceName() string  { return r.service.Type + "." + domain }
func (r *Responder) instanceName() string { return r.Instance() + "." + r.serviceName() }

func (r *Responder) hostName() string {
	host := r.service.Host
	if r.host > 1 {
		host += "-" + strconv.Itoa(r.host)
	}
	return host + "." + domain
}

// records are all that is known of the service on a link.
func (r *Responder) records(l *answering) []Record {
	instance, host := r.instanceName(), r.hostName()
	out := []Record{
		{Name: r.serviceName(), Type: TypePTR, TTL: otherTTL, Target: instance},
		{Name: instance, Type: TypeSRV, Flush: true, TTL: hostTTL, Target: host, Port: r.service.Port},
		{Name: instance, Type: TypeTXT, Flush: true, TTL: otherTTL, Text: r.service.Text},
	}
	out = append(out, addresses(host, l)...)
	return append(out, Record{Name: allTypes, Type: TypePTR, TTL: otherTTL, Target: r.serviceName()})
}

func addresses(host string, l *answering) []Record {
	var out []Record
	for _, a := range l.Addrs {
		t := TypeA
		if a.Is6() {
			t = TypeAAAA
		}
		out = append(out, Record{Name: host, Type: t, Flush: true, TTL: hostTTL, Addr: a.WithZone("")})
	}
	return out
}

// own are the ids of our records, on any link, now or until a moment ago: packets of
// ours come back, also by another interface on the same network.
func (r *Responder) own(now time.Time) map[string]bool {
	own := make(map[string]bool)
	for id, until := range r.said {
		if now.Before(until) {
			own[id] = true
		}
	}
	for _, l := range r.links {
		for _, rec := range r.records(l) {
			own[rec.id()] = true
		}
	}
	return own
}

// remember keeps for a moment which records were ours.
func (r *Responder) remember(now time.Time) {
	for id, until := range r.said {
		if !now.Before(until) {
			delete(r.said, id)
		}
	}
	if r.service == nil {
		return
	}
	for _, l := range r.links {
		for _, rec := range r.records(l) {
			r.said[rec.id()] = now.Add(ownFor)
		}
	}
}
