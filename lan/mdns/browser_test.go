package mdns

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

// Whoever begins to look right after somebody else was told is told at once.
func TestSecondToLook(t *testing.T) {
	w := newWorld(t)
	w.host("tv", tv("TV", "hk1"), false).on("home", 1, "192.168.77.2")
	w.run(time.Minute)
	for i := range 4 {
		phone := w.host("phone", nil, true).on("home", 1, fmt.Sprint("192.168.77.", 10+i))
		w.run(150 * time.Millisecond)
		w.wantSees(phone, "TV [192.168.77.2]")
	}
}

// A TV that is unplugged says no goodbye.
func TestKilled(t *testing.T) {
	kill := func(w *world) {
		w.hosts[0].r = NewResponder(nil, w.random)
		w.hosts[0].tellLinks()
	}
	start := func(t *testing.T) (*world, *box) {
		w := newWorld(t)
		w.host("tv", tv("TV", "hk1"), false).on("home", 1, "192.168.77.2")
		phone := w.host("phone", nil, true).on("home", 1, "192.168.77.9")
		w.run(time.Minute)
		w.wantSees(phone, "TV [192.168.77.2]")
		return w, phone
	}
	t.Run("and nobody cares", func(t *testing.T) {
		w, phone := start(t)
		kill(w)
		w.run(hostTTL * time.Second)
		w.wantSees(phone)
	})
	t.Run("and somebody tries to reach it", func(t *testing.T) {
		w, phone := start(t)
		kill(w)
		w.send(phone, phone.b.Reconfirm(w.now, "TV"))
		w.run(doubtFor)
		w.wantSees(phone)
	})
	t.Run("and is back at once", func(t *testing.T) {
		w, phone := start(t)
		kill(w)
		w.hosts[0].r = NewResponder(tv("TV", "hk1"), w.random)
		w.hosts[0].tellLinks()
		w.send(phone, phone.b.Reconfirm(w.now, "TV"))
		w.run(doubtFor)
		w.wantSees(phone, "TV [192.168.77.2]")
	})
	t.Run("it was not, only slow", func(t *testing.T) {
		w, phone := start(t)
		w.send(phone, phone.b.Reconfirm(w.now, "TV"))
		w.run(10 * time.Second)
		w.wantSees(phone, "TV [192.168.77.2]")
	})
}

// What was found stays found for a day, with few packets.
func TestRenewal(t *testing.T) {
	w := newWorld(t)
	w.host("tv", tv("TV", "hk1"), false).on("home", 1, "192.168.77.2")
	phone := w.host("phone", nil, true).on("home", 1, "192.168.77.9")
	w.run(time.Minute)
	before := len(w.log)
	for range 24 * 60 {
		w.run(time.Minute)
		w.wantSees(phone, "TV [192.168.77.2]")
	}
	if n := len(w.log) - before; n > 24*150 {
		t.Errorf("%d packets a day", n)
	}
}

// The cable out and in again may be another network: what was known is forgotten, and
// asked for at once.
func TestLinksOfBrowser(t *testing.T) {
	w := newWorld(t)
	w.host("tv", tv("TV", "hk1"), false).on("home", 1, "192.168.77.2")
	phone := w.host("phone", nil, true).on("home", 1, "192.168.77.9")
	w.run(time.Minute)
	phone.off(1)
	w.wantSees(phone)
	phone.on("home", 1, "192.168.77.9")
	w.run(150 * time.Millisecond)
	w.wantSees(phone, "TV [192.168.77.2]")
	phone.on("elsewhere", 1, "192.168.77.9")
	w.run(150 * time.Millisecond)
	w.wantSees(phone)
}

// Packets that tell half of it are completed by questions.
func TestMissingIsAskedFor(t *testing.T) {
	w := newWorld(t)
	h := w.host("tv", tv("TV", "hk1"), false).on("home", 1, "192.168.77.2")
	w.run(time.Minute)
	phone := w.host("phone", nil, true).on("home", 1, "192.168.77.9")
	w.lost = func(s heard) bool { return s.from == h && len(s.Answers)+len(s.Additionals) > 1 }
	w.run(10 * time.Second)
	w.wantSees(phone)
	w.deliver("home", Packet{From: netip.MustParseAddrPort("192.168.77.2:5353"), Near: true, Message: Message{
		Response: true, Answers: []Record{{Name: "_HearthKey-tv._tcp.local.", Type: TypePTR, TTL: 4500, Target: "TV._hearthkey-tv._tcp.local."}},
	}}, netip.AddrPort{})
	w.lost = nil
	w.run(1500 * time.Millisecond)
	w.wantSees(phone, "TV [192.168.77.2]")
}

// What a neighbour sends fills no memory, and costs no flood of questions.
func TestFlood(t *testing.T) {
	w := newWorld(t)
	w.host("tv", tv("TV", "hk1"), false).on("home", 1, "192.168.77.2")
	phone := w.host("phone", nil, true).on("home", 1, "192.168.77.9")
	w.run(time.Minute)
	before := len(w.log)
	for i := range 300 {
		m := Message{Response: true}
		for j := range 50 {
			m.Answers = append(m.Answers, Record{Name: "_hearthkey-tv._tcp.local.", Type: TypePTR, TTL: 4500, Target: fmt.Sprintf("x%d-%d._hearthkey-tv._tcp.local.", i, j)})
			m.Answers = append(m.Answers, Record{Name: "Other._hearthkey-tv._tcp.local.", Type: TypeTXT, TTL: 4500, Text: []string{fmt.Sprint(i, j)}})
		}
		w.deliver("home", Packet{From: netip.MustParseAddrPort("192.168.77.66:5353"), Near: true, Message: m}, netip.AddrPort{})
	}
	if n := phone.b.links[1].count; n > maxCached {
		t.Errorf("%d records are kept", n)
	}
	if n := len(phone.b.links[1].sets[setOf("Other._hearthkey-tv._tcp.local.", TypeTXT)]); n > maxOfSet {
		t.Errorf("%d texts are kept", n)
	}
	w.run(10 * time.Second)
	if n := len(w.log) - before; n > 600 {
		t.Errorf("%d packets in 10 s", n)
	}
	w.run(80 * time.Minute)
	w.wantSees(phone, "TV [192.168.77.2]")
}

func TestAnswersOfOthersPortAreIgnored(t *testing.T) {
	w := newWorld(t)
	phone := w.host("phone", nil, true).on("home", 1, "192.168.77.9")
	w.deliver("home", Packet{From: netip.MustParseAddrPort("192.168.77.66:1234"), Near: true, Message: Message{
		Response: true, Answers: []Record{
			{Name: "_hearthkey-tv._tcp.local.", Type: TypePTR, TTL: 4500, Target: "TV._hearthkey-tv._tcp.local."},
			{Name: "TV._hearthkey-tv._tcp.local.", Type: TypeSRV, TTL: 4500, Target: "h.local.", Port: 1},
			{Name: "TV._hearthkey-tv._tcp.local.", Type: TypeTXT, TTL: 4500, Text: []string{"a"}},
			{Name: "h.local.", Type: TypeA, TTL: 4500, Addr: netip.MustParseAddr("192.168.77.66")},
		},
	}}, netip.AddrPort{})
	w.wantSees(phone)
}
