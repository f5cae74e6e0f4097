package mdns

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/net/dns/dnsmessage"
)

var equal = cmp.Options{cmpopts.EquateEmpty(), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })}

func example() Message {
	return Message{
		ID: 5, Response: true, Truncated: true,
		Questions: []Question{{Name: "_hearthkey-tv._tcp.local.", Type: TypePTR, Unicast: true}},
		Answers: []Record{
			{Name: "_hearthkey-tv._tcp.local.", Type: TypePTR, TTL: 4500, Target: "Wohnzimmer ☺._hearthkey-tv._tcp.local."},
			{Name: "Wohnzimmer ☺._hearthkey-tv._tcp.local.", Type: TypeSRV, Flush: true, TTL: 120, Target: "hk1.local.", Port: 8712},
		},
		Authorities: []Record{{Name: "Wohnzimmer ☺._hearthkey-tv._tcp.local.", Type: TypeTXT, TTL: 4500, Text: []string{"txtvers=1", "id=1"}}},
		Additionals: []Record{
			{Name: "hk1.local.", Type: TypeA, TTL: 120, Addr: netip.MustParseAddr("192.168.77.2")},
			{Name: "hk1.local.", Type: TypeAAAA, TTL: 120, Addr: netip.MustParseAddr("fe80::2")},
		},
	}
}

func TestRoundTrip(t *testing.T) {
	m := example()
	b, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m, got, equal); diff != "" {
		t.Error(diff)
	}
}

// What is not understood is passed over, and what stands beside it is read.
func TestDecodePassesOver(t *testing.T) {
	name := func(labels ...string) dnsmessage.Name { return dnsmessage.MustNewName(strings.Join(labels, ".") + ".") }
	b := dnsmessage.NewBuilder(nil, dnsmessage.Header{Response: true})
	b.EnableCompression()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(b.StartAnswers())
	h := dnsmessage.ResourceHeader{Name: name("x", "local"), Class: dnsmessage.ClassINET, TTL: 1 << 31}
	must(b.UnknownResource(h, dnsmessage.UnknownResource{Type: 65, Data: []byte{1, 2, 3}}))
	must(b.PTRResource(h, dnsmessage.PTRResource{PTR: name("a", "b", "local")}))
	chaos := h
	chaos.Class = dnsmessage.ClassCHAOS
	must(b.AResource(chaos, dnsmessage.AResource{A: [4]byte{1, 2, 3, 4}}))
	must(b.AResource(h, dnsmessage.AResource{A: [4]byte{1, 2, 3, 4}}))
	packet, err := b.Finish()
	must(err)
	// A label with a dot inside, in a record's data: "a.b" instead of "a", "b".
	dotted := strings.Replace(string(packet), "\x01a\x01b", "\x03a.b", 1)
	for _, p := range []string{string(packet), dotted} {
		m, err := Decode([]byte(p))
		must(err)
		last := m.Answers[len(m.Answers)-1]
		if last.Type != TypeA || last.Addr != netip.MustParseAddr("1.2.3.4") || last.TTL != maxTTL {
			t.Errorf("the last answer = %+v", last)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	m := example()
	good, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	flags := func(hi, lo byte) []byte {
		b := append([]byte(nil), good...)
		b[2], b[3] = hi, lo
		return b
	}
	many := Message{}
	for range maxQuestions + 1 {
		many.Questions = append(many.Questions, Question{Name: "x.local.", Type: TypeA})
	}
	manyQuestions, err := many.Encode()
	if err != nil {
		t.Fatal(err)
	}
	many = Message{}
	for range maxRecords + 1 {
		many.Answers = append(many.Answers, Record{Name: "x.local.", Type: TypeA, Addr: netip.MustParseAddr("1.2.3.4")})
	}
	manyRecords, err := many.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"nothing": nil, "a header's part": good[:11], "cut": good[:len(good)-1], "another opcode": flags(0x28, 0), "an error": flags(0x84, 3),
		"too long": make([]byte, MaxPacket+1), "questions": manyQuestions, "records": manyRecords,
	} {
		if _, err := Decode(b); !errors.Is(err, ErrMessage) {
			t.Errorf("%s: %v, want ErrMessage", name, err)
		}
	}
}

func TestLabel(t *testing.T) {
	long := strings.Repeat("ü", 40)
	tests := []struct {
		in   string
		n    int
		want string
	}{
		{"Living room", 1, "Living room"},
		{"Living room", 2, "Living room (2)"},
		{"Dr. Who's TV 2.0", 1, "Dr Who's TV 2 0"},
		{"  a\t\nb\x00c  ", 1, "a bc"},
		{"...", 1, "-"},
		{"", 3, "- (3)"},
		{"\xff\xfe", 1, "-"},
		{"بيت", 1, "بيت"},
		{long, 1, long[:62]},
		{long, 12, long[:58] + " (12)"},
	}
	for _, tt := range tests {
		got := label(tt.in, tt.n)
		if got != tt.want || len(got) > maxLabel || !utf8.ValidString(got) {
			t.Errorf("label(%q, %d) = %q, want %q", tt.in, tt.n, got, tt.want)
		}
	}
}

// FuzzDecode: what was read can be written, and is the same when it is read again;
// no packet upsets the machines.
func FuzzDecode(f *testing.F) {
	m := example()
	b, err := m.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	m = Message{Questions: m.Questions}
	if b, err = m.Encode(); err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Decode(b)
		if err != nil {
			return
		}
		w := newWorld(t)
		h := w.host("tv", tv("TV", "hk1"), true).on("home", 1, "192.168.77.2")
		w.run(2e9)
		p := Packet{Link: 1, From: netip.MustParseAddrPort("192.168.77.3:5353"), Near: true, Message: m}
		for range 2 {
			w.send(h, h.r.Receive(w.now, p))
			w.send(h, h.b.Receive(w.now, p))
			w.run(1e9)
		}
		again, err := m.Encode()
		if err != nil {
			return // an empty name is read, and never written
		}
		n, err := Decode(again)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if diff := cmp.Diff(m, n, equal); diff != "" {
			t.Error(diff)
		}
	})
}
