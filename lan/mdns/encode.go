package mdns

import (
	"fmt"

	"golang.org/x/net/dns/dnsmessage"
)

// Encode writes a packet. Errors are names that cannot be, as one without a dot at
// its end or a label of more than 63 bytes.
func (m *Message) Encode() ([]byte, error) {
	b := dnsmessage.NewBuilder(make([]byte, 0, 1024), dnsmessage.Header{
		ID: m.ID, Response: m.Response, Authoritative: m.Response, Truncated: m.Truncated,
	})
	b.EnableCompression()
	if err := b.StartQuestions(); err != nil {
		return nil, fmt.Errorf("mdns: encode: %w", err)
	}
	for _, q := range m.Questions {
		name, err := dnsmessage.NewName(q.Name)
		if err == nil {
			err = b.Question(dnsmessage.Question{Name: name, Type: dnsmessage.Type(q.Type), Class: class(q.Unicast)})
		}
		if err != nil {
			return nil, fmt.Errorf("mdns: encode question: %w", err)
		}
	}
	for _, s := range []struct {
		start   func() error
		records []Record
	}{
		{b.StartAnswers, m.Answers}, {b.StartAuthorities, m.Authorities}, {b.StartAdditionals, m.Additionals},
	} {
		if err := s.start(); err != nil {
			return nil, fmt.Errorf("mdns: encode: %w", err)
		}
		for i := range s.records {
			if err := s.records[i].append(&b); err != nil {
				return nil, fmt.Errorf("mdns: encode record: %w", err)
			}
		}
	}
	out, err := b.Finish()
	if err != nil {
		return nil, fmt.Errorf("mdns: encode: %w", err)
	}
	return out, nil
}

func class(bit bool) dnsmessage.Class {
	if bit {
		return dnsmessage.ClassINET | classFlush
	}
	return dnsmessage.ClassINET
}

func (r *Record) append(b *dnsmessage.Builder) error {
	name, err := dnsmessage.NewName(r.Name)
	if err != nil {
		return err
	}
	h := dnsmessage.ResourceHeader{Name: name, Class: class(r.Flush), TTL: r.TTL}
	switch r.Type {
	case TypeA:
		return b.AResource(h, dnsmessage.AResource{A: r.Addr.As4()})
	case TypeAAAA:
		return b.AAAAResource(h, dnsmessage.AAAAResource{AAAA: r.Addr.As16()})
	case TypePTR, TypeSRV:
		target, err := dnsmessage.NewName(r.Target)
		if err != nil {
			return err
		}
		if r.Type == TypePTR {
			return b.PTRResource(h, dnsmessage.PTRResource{PTR: target})
		}
		return b.SRVResource(h, dnsmessage.SRVResource{Port: r.Port, Target: target})
	case TypeTXT:
		return b.TXTResource(h, dnsmessage.TXTResource{TXT: r.Text})
	case TypeNSEC:
		return b.UnknownResource(h, dnsmessage.UnknownResource{Type: dnsmessage.Type(TypeNSEC), Data: []byte(r.data())})
	}
	return fmt.Errorf("type %d", r.Type)
}
