package mdns

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

// worst are packets that cost most: many questions for what there is beside many known
// answers, copies of our own records, probes for our names, and services that are none.
func worst(h *box) map[string]Packet {
	l := h.r.links[1]
	from := netip.MustParseAddrPort("192.168.77.66:5353")
	known, copies, probe, services := Message{}, Message{Response: true}, Message{}, Message{Response: true}
	for range maxQuestions {
		known.Questions = append(known.Questions, Question{Name: h.r.hostName(), Type: TypeANY})
		probe.Questions = append(probe.Questions, Question{Name: h.r.instanceName(), Type: TypeANY})
	}
	for i := range 120 {
		name := fmt.Sprintf("x%d.%s", i, h.r.serviceName())
		known.Answers = append(known.Answers, Record{Name: h.r.serviceName(), Type: TypePTR, TTL: 1, Target: name})
		services.Answers = append(services.Answers, Record{Name: h.r.serviceName(), Type: TypePTR, TTL: 4500, Target: name})
		own := h.r.records(l)
		copies.Answers = append(copies.Answers, own[i%len(own)])
		probe.Authorities = append(probe.Authorities, Record{Name: h.r.instanceName(), Type: TypeSRV, TTL: 120, Target: name, Port: 1})
	}
	out := make(map[string]Packet)
	for name, m := range map[string]Message{"known": known, "copies": copies, "probe": probe, "services": services} {
		out[name] = Packet{Link: 1, From: from, Near: true, Message: m}
	}
	return out
}

// BenchmarkWorstPacket is what a flood of them costs: they are long, so a node reads
// about 20 of them a second.
func BenchmarkWorstPacket(b *testing.B) {
	w := newWorld(nil)
	h := w.host("tv", tv("TV", "hk1"), true).on("home", 1, "192.168.77.2", "fe80::2")
	now := w.now
	for range 20 {
		now = now.Add(time.Second)
		h.r.Tick(now)
	}
	for name, p := range worst(h) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				now = now.Add(time.Second / MaxPackets)
				h.r.Receive(now, p)
				h.b.Receive(now, p)
			}
		})
	}
}
