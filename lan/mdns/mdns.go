// Package mdns speaks Multicast DNS (RFC 6762) and DNS-SD (RFC 6763): it makes a
// service known on the links of this machine, and finds those of others.
//
//	sockets ──▶ Decode ──▶ Responder ──▶ answers, probes, announcements, goodbyes
//	                  └──▶ Browser ────▶ questions; what was found
//	links ──▶ which links there are, with which addresses
//
// [Responder] and [Browser] are machines without sockets or clocks: they are given
// what arrives and what time it is, say what to send, and when to be woken. A [Node]
// runs one or both on real sockets, one for IPv4 and one for IPv6 however many links
// there are.
//
// # Promises
//
// A name is probed for before it is used, a lost conflict renames ("Living room (2)"),
// and what is announced on a link are that link's own addresses. An answer given
// within the last second is given again when the second is over, not left out. A link
// whose carrier was gone is probed and asked anew, since it may be another network.
// Unicast answers go to neighbours alone.
//
// What comes from the network is bounded and checked before it is kept; the bounds
// stand beside what they hold. A flood is read at [MaxPackets] a second, the rest is
// dropped.
//
// # Concurrency
//
// Machines belong to one goroutine. A Node has one that owns its machines and one for
// each of its sockets; [Node.Close] says goodbye and waits for all of them.
//
// # Tests
//
// The machines are tested in made-up time on made-up links; the node in network
// namespaces, with avahi, python3-zeroconf, Node's bonjour-service and ciao and Go's
// zeroconf as peers; the decoder is fuzzed.
package mdns

import (
	"net/netip"
	"strings"
)

// Port is the one that mDNS is spoken on.
const Port = 5353

// The groups that mDNS is spoken to.
var (
	GroupV4 = netip.MustParseAddr("224.0.0.251")
	GroupV6 = netip.MustParseAddr("ff02::fb")
)

// Type is the type of a record.
type Type uint16

// The types that are understood here; records of others are passed over.
const (
	TypeA    Type = 1
	TypePTR  Type = 12
	TypeTXT  Type = 16
	TypeAAAA Type = 28
	TypeSRV  Type = 33
	TypeNSEC Type = 47
	TypeANY  Type = 255
)

// Times to live, as RFC 6762, section 10 recommends: what names a host or an address
// lives for two minutes, the rest for 75.
const (
	hostTTL  = 120
	otherTTL = 4500
)

// Question asks for records. A name ends with a dot.
type Question struct {
	Name    string
	Type    Type
	Unicast bool // the answer may come to the asker alone (QU)
}

// Record is one fact. Which of the last fields count depends on its type.
type Record struct {
	Name  string
	Type  Type
	Flush bool   // it replaces others of its name and type
	TTL   uint32 // seconds; 0 is a goodbye

	Target string     // PTR, SRV: a name
	Port   uint16     // SRV
	Text   []string   // TXT
	Addr   netip.Addr // A, AAAA
	Types  []Type     // NSEC: all that there are of this name
}

// Message is a packet's content.
type Message struct {
	ID        uint16
	Response  bool
	Truncated bool // more known answers follow

	Questions   []Question
	Answers     []Record
	Authorities []Record // of a probe: what is to be claimed
	Additionals []Record
}

// Packet is a message as it arrived.
type Packet struct {
	Link    int  // index of the interface
	V6      bool // by IPv6
	From    netip.AddrPort
	Near    bool // the sender has an address of this link
	Message Message
}

// Send is a message to be sent.
type Send struct {
	Link   int
	V4, V6 bool           // by which protocols
	To     netip.AddrPort // one host; invalid: all
	Message
}

// fold makes names comparable: DNS ignores the case of ASCII letters.
func fold(name string) string {
	for i := range len(name) {
		if 'A' <= name[i] && name[i] <= 'Z' {
			return strings.Map(func(r rune) rune {
				if 'A' <= r && r <= 'Z' {
					return r + 'a' - 'A'
				}
				return r
			}, name)
		}
	}
	return name
}

// data is what distinguishes records of one name and type: the record's data as it is
// on the wire without compression (RFC 6762, section 8.2 compares it).
func (r *Record) data() string {
	switch r.Type {
	case TypeA, TypeAAAA:
		return string(r.Addr.AsSlice())
	case TypePTR:
		return wireName(fold(r.Target))
	case TypeSRV:
		return "\x00\x00\x00\x00" + string([]byte{byte(r.Port >> 8), byte(r.Port)}) + wireName(fold(r.Target))
	case TypeTXT:
		var b strings.Builder
		for _, s := range r.Text {
			b.WriteByte(byte(len(s)))
			b.WriteString(s)
		}
		return b.String()
	case TypeNSEC:
		return wireName(fold(r.Target)) + bitmap(r.Types)
	}
	return ""
}

// id is the record's name, type and data.
func (r *Record) id() string { return r.set() + r.data() }

// set is the record's name and type: what a question asks for.
func (r *Record) set() string { return setOf(r.Name, r.Type) }

func setOf(name string, t Type) string {
	return fold(name) + "\x00" + string([]byte{byte(t >> 8), byte(t)})
}

// wireName is a name as labels with their lengths.
func wireName(name string) string {
	var b strings.Builder
	for label := range strings.SplitSeq(strings.TrimSuffix(name, "."), ".") {
		b.WriteByte(byte(len(label)))
		b.WriteString(label)
	}
	b.WriteByte(0)
	return b.String()
}

// bitmap is NSEC's list of types, all below 256 (RFC 6762, section 6.1).
func bitmap(types []Type) string {
	var bits [32]byte
	last := 0
	for _, t := range types {
		if t < 256 {
			bits[t/8] |= 0x80 >> (t % 8)
			last = max(last, int(t/8))
		}
	}
	return "\x00" + string([]byte{byte(last + 1)}) + string(bits[:last+1])
}
