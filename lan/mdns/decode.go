package mdns

import (
	"errors"
	"fmt"
	"net/netip"

	"golang.org/x/net/dns/dnsmessage"
)

// Bounds on a packet. What is beyond them is refused, not cut.
const (
	MaxPacket    = 9000 // bytes (RFC 6762, section 17)
	maxQuestions = 64
	maxRecords   = 256
	maxText      = 1300 // bytes of a TXT record, with its lengths
	maxTTL       = 75 * 60
)

// ErrMessage is wrapped by [Decode] for what is no message.
var ErrMessage = errors.New("mdns: not a message")

// classFlush is the bit beside a class that says flush, or unicast.
const classFlush = 1 << 15

// Decode reads a packet. Records and questions of other types and classes are passed
// over, and so is a record whose names cannot be told apart from others: with a dot
// inside a label. Times to live are held to 75 minutes. Errors wrap [ErrMessage].
func Decode(b []byte) (Message, error) {
	if len(b) > MaxPacket {
		return Message{}, fmt.Errorf("%w: %d bytes", ErrMessage, len(b))
	}
	var p dnsmessage.Parser
	h, err := p.Start(b)
	if err != nil {
		return Message{}, fmt.Errorf("%w: %w", ErrMessage, err)
	}
	if h.OpCode != 0 || h.RCode != 0 { // to be ignored (RFC 6762, sections 18.3 and 18.11)
		return Message{}, fmt.Errorf("%w: opcode %d, rcode %d", ErrMessage, h.OpCode, h.RCode)
	}
	m := Message{ID: h.ID, Response: h.Response, Truncated: h.Truncated}
	if m.Questions, err = questions(&p); err != nil {
		return Message{}, err
	}
	left := maxRecords
	for _, s := range []struct {
		to   *[]Record
		head func() (dnsmessage.ResourceHeader, error)
		skip func() error
	}{
		{&m.Answers, p.AnswerHeader, p.SkipAnswer},
		{&m.Authorities, p.AuthorityHeader, p.SkipAuthority},
		{&m.Additionals, p.AdditionalHeader, p.SkipAdditional},
	} {
		if *s.to, err = records(&p, s.head, s.skip, &left); err != nil {
			return Message{}, err
		}
	}
	return m, nil
}

func questions(p *dnsmessage.Parser) ([]Question, error) {
	var out []Question
	for n := 0; ; n++ {
		q, err := p.Question()
		switch {
		case errors.Is(err, dnsmessage.ErrSectionDone):
			return out, nil
		case n == maxQuestions:
			return nil, fmt.Errorf("%w: more than %d questions", ErrMessage, maxQuestions)
		case err != nil:
			if err := p.SkipQuestion(); err != nil {
				return nil, fmt.Errorf("%w: %w", ErrMessage, err)
			}
			continue
		}
		if c := q.Class &^ classFlush; c == dnsmessage.ClassINET || c == dnsmessage.ClassANY {
			out = append(out, Question{Name: q.Name.String(), Type: Type(q.Type), Unicast: q.Class&classFlush != 0})
		}
	}
}

func records(p *dnsmessage.Parser, head func() (dnsmessage.ResourceHeader, error), skip func() error, left *int) ([]Record, error) {
	var out []Record
	for {
		h, err := head()
		if errors.Is(err, dnsmessage.ErrSectionDone) {
			return out, nil
		}
		if *left--; *left < 0 {
			return nil, fmt.Errorf("%w: more than %d records", ErrMessage, maxRecords)
		}
		if err == nil && h.Class&^classFlush == dnsmessage.ClassINET {
			if r, ok := record(p, h); ok {
				out = append(out, r)
				continue
			}
		}
		if err := skip(); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrMessage, err)
		}
	}
}

// record reads what follows a header; false leaves it unread.
func record(p *dnsmessage.Parser, h dnsmessage.ResourceHeader) (Record, bool) {
	r := Record{
		Name: h.Name.String(), Type: Type(h.Type), Flush: h.Class&classFlush != 0, TTL: min(h.TTL, maxTTL),
	}
	var err error
	switch r.Type {
	case TypeA:
		var d dnsmessage.AResource
		d, err = p.AResource()
		r.Addr = netip.AddrFrom4(d.A)
	case TypeAAAA:
		var d dnsmessage.AAAAResource
		d, err = p.AAAAResource()
		r.Addr = netip.AddrFrom16(d.AAAA)
	case TypePTR:
		var d dnsmessage.PTRResource
		d, err = p.PTRResource()
		r.Target = d.PTR.String()
	case TypeSRV:
		var d dnsmessage.SRVResource
		d, err = p.SRVResource()
		r.Target, r.Port = d.Target.String(), d.Port
	case TypeTXT:
		if h.Length > maxText {
			return r, false
		}
		var d dnsmessage.TXTResource
		d, err = p.TXTResource()
		r.Text = d.TXT
	default:
		return r, false
	}
	return r, err == nil
}
