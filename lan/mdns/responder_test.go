package mdns

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestAnnounce(t *testing.T) {
	w := newWorld(t)
	h := w.host("tv", tv("Living room", "hk1"), false).on("home", 1, "192.168.77.2", "fe80::2")
	phone := w.host("phone", nil, true).on("home", 1, "192.168.77.3")
	w.run(1100 * time.Millisecond)
	if !h.r.Announced() {
		t.Error("not announced after 1.1 s")
	}
	w.wantSees(phone, "Living room [192.168.77.2 fe80::2]")
	w.run(time.Minute)
	probed, announced := 0, 0
	for _, s := range w.log {
		if s.from == h && len(s.Authorities) > 0 {
			probed++
		}
		if s.from == h && len(s.Answers) > 3 {
			announced++
		}
	}
	if probed != 3 || announced != 3 {
		t.Errorf("%d probes and %d announcements, want 3 and 3", probed, announced)
	}
}

func TestConflict(t *testing.T) {
	t.Run("the name is taken", func(t *testing.T) {
		w := newWorld(t)
		w.host("first", tv("Living room", "hk1"), false).on("home", 1, "192.168.77.2")
		phone := w.host("phone", nil, true).on("home", 1, "192.168.77.9")
		w.run(5 * time.Second)
		second := w.host("second", tv("Living room", "hk2"), false).on("home", 1, "192.168.77.3")
		w.run(5 * time.Second)
		w.wantSees(phone, "Living room [192.168.77.2]", "Living room (2) [192.168.77.3]")
		third := w.host("third", tv("living ROOM", "hk3"), false).on("home", 1, "192.168.77.4")
		w.run(5 * time.Second)
		if got := third.r.Instance(); got != "living ROOM (3)" {
			t.Errorf("the third is %q", got)
		}
		if got := second.r.Instance(); got != "Living room (2)" {
			t.Errorf("the second is %q", got)
		}
	})
	t.Run("both at once", func(t *testing.T) {
		w := newWorld(t)
		phone := w.host("phone", nil, true).on("home", 1, "192.168.77.9")
		for i := range 5 {
			h := w.host(fmt.Sprint("tv", i), tv("TV", fmt.Sprint("hk", i)), false)
			h.on("home", 1, fmt.Sprint("192.168.77.", i+1))
		}
		w.run(30 * time.Second)
		if got := len(phone.b.List()); got != 5 {
			t.Errorf("%d of 5 are seen: %q", got, phone.sees())
		}
	})
	t.Run("sixty in a hotel", func(t *testing.T) {
		w := newWorld(t)
		phone := w.host("phone", nil, true).on("home", 1, "192.168.77.250")
		for i := range 60 {
			w.host(fmt.Sprint("tv", i), tv("TV", fmt.Sprint("hk", i)), false).on("home", 1, fmt.Sprint("192.168.77.", i+1))
		}
		w.run(30 * time.Second)
		if got := len(phone.b.List()); got != 60 {
			t.Errorf("%d of 60 are seen: %q", got, phone.sees())
		}
	})
	t.Run("two networks become one", func(t *testing.T) {
		w := newWorld(t)
		a := w.host("a", tv("TV", "hk1"), false).on("one", 1, "192.168.77.2")
		b := w.host("b", tv("TV", "hk2"), false).on("two", 1, "192.168.77.3")
		w.run(10 * time.Second)
		b.on("one", 1, "192.168.77.3") // its carrier is new: it probes
		w.run(10 * time.Second)
		if a.r.Instance() != "TV" || b.r.Instance() != "TV (2)" {
			t.Errorf("a is %q, b is %q; who came last takes another name", a.r.Instance(), b.r.Instance())
		}
	})
	t.Run("who has it answers no probes", func(t *testing.T) { // as grandcat/zeroconf
		w := newWorld(t)
		w.lost = func(s heard) bool { return len(s.Authorities) > 0 }
		w.host("a", tv("TV", "hk1"), false).on("one", 1, "192.168.77.2")
		w.run(10 * time.Second)
		b := w.host("b", tv("TV", "hk2"), false).on("one", 1, "192.168.77.3")
		w.run(10 * time.Second)
		if got := b.r.Instance(); got != "TV (2)" {
			t.Errorf("b is %q", got)
		}
	})
	t.Run("nobody noticed", func(t *testing.T) { // as when a bridge joins two networks
		w := newWorld(t)
		a := w.host("a", tv("TV", "hk1"), false).on("one", 1, "192.168.77.2")
		b := w.host("b", tv("TV", "hk2"), false).on("two", 1, "192.168.77.3")
		phone := w.host("phone", nil, true).on("one", 1, "192.168.77.9")
		w.run(10 * time.Second)
		b.nets[1] = "one"
		phone.on("again", 1, "192.168.77.9").on("one", 1, "192.168.77.9")
		w.run(20 * time.Second)
		if a.r.Instance() == b.r.Instance() {
			t.Errorf("both are %q", a.r.Instance())
		}
	})
}

// A machine with two interfaces on one network hears itself.
func TestNoConflictWithItself(t *testing.T) {
	w := newWorld(t)
	h := w.host("tv", tv("TV", "hk1"), false)
	h.on("home", 1, "192.168.77.2")
	w.run(2 * time.Second)
	h.on("home", 2, "192.168.77.3")
	w.run(10 * time.Second)
	h.on("home", 1, "192.168.77.4") // other addresses, and old packets
	w.send(h, h.r.Update(w.now, &Service{Instance: "TV", Type: "_hearthkey-tv._tcp", Host: "hk1", Port: 1, Text: []string{"id=other"}}))
	w.run(10 * time.Second)
	if got := h.r.Instance(); got != "TV" || !h.r.Announced() {
		t.Errorf("it is %q, announced %v", got, h.r.Announced())
	}
}

// Who claims every name is given up on slowly, not chased.
func TestEndlessConflictIsSlow(t *testing.T) {
	w := newWorld(t)
	h := w.host("tv", tv("TV", "hk1"), false).on("home", 1, "192.168.77.2")
	sent, names := 0, map[string]bool{}
	for range 600 {
		names[h.r.Instance()] = true
		before := len(w.log)
		w.run(100 * time.Millisecond)
		sent += len(w.log) - before
		w.deliver("home", Packet{From: netip.MustParseAddrPort("192.168.77.66:5353"), Near: true, Message: Message{
			Response: true, Answers: []Record{{Name: h.r.instanceName(), Type: TypeSRV, Flush: true, TTL: 120, Target: "evil.local.", Port: 1}},
		}}, netip.AddrPort{})
	}
	if len(names) > 40 || sent > 120 {
		t.Errorf("within a minute it took %d names and sent %d packets", len(names), sent)
	}
}

func TestEachLinkItsOwnAddresses(t *testing.T) {
	w := newWorld(t)
	h := w.host("tv", tv("TV", "hk1"), false).on("home", 1, "192.168.77.2").on("guests", 2, "10.0.0.2")
	home := w.host("phone", nil, true).on("home", 1, "192.168.77.9")
	guests := w.host("guest", nil, true).on("guests", 1, "10.0.0.9")
	w.run(5 * time.Second)
	w.wantSees(home, "TV [192.168.77.2]")
	w.wantSees(guests, "TV [10.0.0.2]")
	h.on("home", 1, "192.168.77.77")
	w.run(1500 * time.Millisecond)
	w.wantSees(home, "TV [192.168.77.77]")
	w.wantSees(guests, "TV [10.0.0.2]")
	h.off(2)
	w.run(2 * time.Minute)
	w.wantSees(guests)
	w.wantSees(home, "TV [192.168.77.77]")
}

func TestGoodbyeAndUpdate(t *testing.T) {
	w := newWorld(t)
	h := w.host("tv", tv("TV", "hk1"), false).on("home", 1, "192.168.77.2")
	phone := w.host("phone", nil, true).on("home", 1, "192.168.77.9")
	w.run(5 * time.Second)
	w.send(h, h.r.Update(w.now, tv("Kitchen", "hk1")))
	w.wantSees(phone)
	w.run(2 * time.Second)
	w.wantSees(phone, "Kitchen [192.168.77.2]")
	s := tv("Kitchen", "hk1")
	s.Text = []string{"txtvers=1", "ca=3"}
	w.send(h, h.r.Update(w.now, s))
	w.run(1500 * time.Millisecond)
	if got := phone.b.List(); len(got) != 1 || !slices.Equal(got[0].Text, s.Text) {
		t.Errorf("after another text: %+v", got)
	}
	w.send(h, h.r.Update(w.now, nil)) // hidden
	w.wantSees(phone)
	if got := w.ask("home", Packet{Near: true, Message: Message{Questions: []Question{{Name: "_hearthkey-tv._tcp.local.", Type: TypePTR}}}}, time.Second); len(got) > 0 {
		t.Errorf("hidden, it answers %+v", got)
	}
	w.send(h, h.r.Update(w.now, s))
	w.run(2 * time.Second)
	w.wantSees(phone, "Kitchen [192.168.77.2]")
	w.send(h, h.r.Close())
	w.wantSees(phone)
}

// Answers are the records of a name, or that there are none.
func TestAnswers(t *testing.T) {
	const service, name, host = "_hearthkey-tv._tcp.local.", "Living room._hearthkey-tv._tcp.local.", "hk1.local."
	phone := netip.MustParseAddrPort("192.168.77.250:5353")
	legacy := netip.MustParseAddrPort("192.168.77.250:40000")
	ptr := Record{Name: service, Type: TypePTR, TTL: otherTTL, Target: name}
	tests := []struct {
		name  string
		p     Packet
		after time.Duration // since the announcement
		want  string        // types of answers / additionals, to whom
	}{
		{"list", question(phone, service, TypePTR), time.Minute, "PTR/SRV TXT A AAAA all"},
		{"list, in capitals", question(phone, strings.ToUpper(service), TypePTR), time.Minute, "PTR/SRV TXT A AAAA all"},
		{"service", question(phone, name, TypeSRV), time.Minute, "SRV/A AAAA all"},
		{"text", question(phone, name, TypeTXT), time.Minute, "TXT/ all"},
		{"host", question(phone, host, TypeA), time.Minute, "A/ all"},
		{"everything", question(phone, host, TypeANY), time.Minute, "A AAAA/ all"},
		{"no such record", question(phone, name, TypeA), time.Minute, "NSEC/ all"},
		{"types of services", question(phone, allTypes, TypePTR), time.Minute, "PTR/ all"},
		{"another name", question(phone, "x."+service, TypeSRV), time.Minute, ""},
		{"to the asker, since all heard it lately", unicast(question(phone, name, TypeSRV)), 20 * time.Second, "SRV/A AAAA one"},
		{"to all, since that is long ago", unicast(question(phone, name, TypeSRV)), time.Minute, "SRV/A AAAA all"},
		{"as in plain DNS", question(legacy, service, TypePTR), time.Minute, "PTR/SRV TXT A AAAA one"},
		{"as in plain DNS, from afar", far(question(legacy, service, TypePTR)), time.Minute, ""},
		{"from afar, to all", far(unicast(question(phone, name, TypeSRV))), 20 * time.Second, "SRV/A AAAA all"},
		{"known", knowing(question(phone, service, TypePTR), ptr, otherTTL/2), time.Minute, ""},
		{"known, not for long", knowing(question(phone, service, TypePTR), ptr, otherTTL/2-1), time.Minute, "PTR/SRV TXT A AAAA all"},
		{"a probe", probing(question(phone, name, TypeANY)), time.Minute, "TXT SRV/A AAAA all"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.host("tv", tv("Living room", "hk1"), false).on("home", 1, "192.168.77.2", "fe80::2")
			w.run(5*time.Second + tt.after)
			var got string
			for _, h := range w.ask("home", tt.p, time.Second) {
				got += describe(h.Send)
			}
			if got != tt.want {
				t.Errorf("answers = %q, want %q", got, tt.want)
			}
		})
	}
}

func question(from netip.AddrPort, name string, ty Type) Packet {
	return Packet{From: from, Near: true, Message: Message{ID: 7, Questions: []Question{{Name: name, Type: ty}}}}
}

func unicast(p Packet) Packet { p.Message.Questions[0].Unicast = true; return p }

func far(p Packet) Packet { p.Near = false; return p }

func knowing(p Packet, r Record, ttl uint32) Packet {
	r.TTL = ttl
	p.Message.Answers = append(p.Message.Answers, r)
	return p
}

func probing(p Packet) Packet {
	p.Message.Authorities = []Record{{Name: p.Message.Questions[0].Name, Type: TypeSRV, TTL: 120, Target: "x.local.", Port: 9}}
	return p
}

func describe(s Send) string {
	names := map[Type]string{TypeA: "A", TypeAAAA: "AAAA", TypePTR: "PTR", TypeSRV: "SRV", TypeTXT: "TXT", TypeNSEC: "NSEC"}
	list := func(all []Record) string {
		var out []string
		for _, r := range all {
			out = append(out, names[r.Type])
		}
		return strings.Join(out, " ")
	}
	to := " all"
	if s.To.IsValid() {
		to = " one"
	}
	return list(s.Answers) + "/" + list(s.Additionals) + to
}

// An answer in plain DNS is one: the question, its number, short times, no flush.
func TestLegacyAnswer(t *testing.T) {
	w := newWorld(t)
	w.host("tv", tv("TV", "hk1"), false).on("home", 1, "192.168.77.2")
	w.run(time.Minute)
	got := w.ask("home", question(netip.MustParseAddrPort("192.168.77.250:40000"), "TV._hearthkey-tv._tcp.local.", TypeSRV), time.Second)
	if len(got) != 1 || got[0].ID != 7 || len(got[0].Questions) != 1 || got[0].Answers[0].TTL > legacyTTL || got[0].Answers[0].Flush {
		t.Errorf("answer = %+v", got)
	}
}

// Who asks again within a second is answered when the second is over, not never.
func TestRepeatedQuestionIsAnswered(t *testing.T) {
	w := newWorld(t)
	w.host("tv", tv("TV", "hk1"), false).on("home", 1, "192.168.77.2")
	w.run(time.Minute)
	for _, after := range []time.Duration{0, 100, 300, 700, 900, 1300} {
		w.run(after * time.Millisecond)
		got := w.ask("home", question(netip.AddrPort{}, "_hearthkey-tv._tcp.local.", TypePTR), 1100*time.Millisecond)
		if len(got) != 1 {
			t.Errorf("asked again after %d ms: %d answers", after, len(got))
		}
	}
	before := len(w.log)
	for range 50 { // and a flood of questions is answered once a second
		w.ask("home", question(netip.AddrPort{}, "TV._hearthkey-tv._tcp.local.", TypeSRV), 100*time.Millisecond)
	}
	if n := len(w.log) - before; n > 6 {
		t.Errorf("50 questions in 5 s made %d answers", n)
	}
}

// Known answers that do not fit into the question's packet come in the next.
func TestKnownAnswersInMorePackets(t *testing.T) {
	w := newWorld(t)
	w.host("tv", tv("TV", "hk1"), false).on("home", 1, "192.168.77.2")
	w.run(time.Minute)
	p := question(netip.AddrPort{}, "_hearthkey-tv._tcp.local.", TypePTR)
	p.Message.Truncated = true
	more := Packet{From: netip.MustParseAddrPort("192.168.77.250:5353"), Near: true, Message: Message{Answers: []Record{
		{Name: "_hearthkey-tv._tcp.local.", Type: TypePTR, TTL: otherTTL, Target: "TV._hearthkey-tv._tcp.local."},
	}}}
	if got := w.ask("home", p, 300*time.Millisecond); len(got) != 0 {
		t.Errorf("answered before the rest was known: %+v", got)
	}
	if got := w.ask("home", more, time.Second); len(got) != 0 {
		t.Errorf("answered what was known: %+v", got)
	}
	if got := w.ask("home", p, time.Second); len(got) != 1 {
		t.Errorf("without more: %d answers, want 1", len(got))
	}
}

// Any history of cables, names, losses and restarts ends with every TV under a name
// of its own, seen at its own address by everybody on its network.
func TestRandomHistoriesConverge(t *testing.T) {
	for seed := range uint64(60) {
		w := newWorld(t)
		w.rand = rand.New(rand.NewPCG(seed, 0))
		loss := w.rand.Float64() * 0.3
		w.lost = func(heard) bool { return w.rand.Float64() < loss }
		networks := []string{"a", "b"}
		phone := w.host("phone", nil, true).on("a", 1, "192.168.77.250").on("b", 2, "192.168.78.250")
		var tvs []*box
		for i := range 4 {
			h := w.host(fmt.Sprint("tv", i), tv("TV", fmt.Sprint("hk", i)), false)
			tvs = append(tvs, h)
		}
		for range 25 {
			h := tvs[w.rand.IntN(len(tvs))]
			switch w.rand.IntN(5) {
			case 0, 1:
				index := 1 + w.rand.IntN(2)
				h.on(networks[index-1], index, fmt.Sprintf("192.168.%d.%d", 76+index, 1+w.rand.IntN(200)))
			case 2:
				h.off(1 + w.rand.IntN(2))
			case 3:
				w.send(h, h.r.Update(w.now, tv([]string{"TV", "Kitchen"}[w.rand.IntN(2)], h.r.service.Host)))
			case 4:
				h.r = NewResponder(h.r.service, w.random) // killed, and started again
				h.tellLinks()
			}
			w.run(time.Duration(w.rand.Int64N(int64(3 * time.Second))))
		}
		w.lost = nil
		w.run(10 * time.Second)
		phone.on("a", 1, "192.168.77.251").on("b", 2, "192.168.78.251") // asks anew
		w.run(3 * time.Minute)
		var want []string
		for _, h := range tvs {
			for index := range h.nets {
				want = append(want, fmt.Sprint(index, h.r.Instance(), h.link[index].Addrs))
			}
		}
		var got []string
		for _, f := range phone.b.List() {
			got = append(got, fmt.Sprint(f.Link, f.Instance, f.Addrs))
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d: seen\n%q, there are\n%q", seed, got, want)
		}
	}
}
