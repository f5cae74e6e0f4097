package sign

import (
	"encoding/binary"

	"github.com/hearthkey/hearthkey/protocol"
)

// Context strings keep a handshake signature from ever being taken for
// anything else that the device signs.
const (
	authContext  = "hearthkey.v1 auth"
	enrolContext = "hearthkey.v1 enrol"
)

// AuthBytes returns what the device signs for auth: the nonce of the server's
// hello, the server's name and every meaning-bearing member of the frame, each
// after its length, so that no two frames give the same bytes. The numbers of
// PIN counts and library only choose what is sent again; they are left out.
func AuthBytes(nonce []byte, server string, f protocol.Auth) []byte {
	var m message
	m.text(authContext)
	m.text(string(nonce))
	m.text(server)
	m.text(string(f.Device))
	m.number(int64(f.Cap))
	m.number(f.Conn)
	m.number(int64(f.Have.Epoch))
	m.number(int64(f.Have.Version))
	m.text(string(f.Have.Status))
	m.text(string(f.Have.Snapshot))
	m.text(string(f.Have.Catalog))
	m.number(f.Have.Pins)
	m.number(f.Have.Keys)
	m.text(f.Have.State)
	m.text(string(f.Ask))
	return m
}

// EnrolBytes returns what the device signs for enrol, as [AuthBytes]. The epoch
// comes last, and only where there is one: before capability 5 there was none.
func EnrolBytes(nonce []byte, server string, f protocol.Enrol) []byte {
	var m message
	m.text(enrolContext)
	m.text(string(nonce))
	m.text(server)
	m.text(string(f.PublicKey))
	m.text(f.Name)
	m.text(f.Model)
	m.text(f.Kind)
	m.number(int64(f.Cap))
	m.number(f.Conn)
	m.text(string(f.Ask))
	if f.Epoch != 0 {
		m.number(int64(f.Epoch))
	}
	return m
}

// message is a sequence of fields: big-endian 32-bit length and bytes, or a
// big-endian 64-bit number.
type message []byte

func (m *message) text(s string) {
	*m = binary.BigEndian.AppendUint32(*m, uint32(len(s)))
	*m = append(*m, s...)
}

func (m *message) number(n int64) { *m = binary.BigEndian.AppendUint64(*m, uint64(n)) }
