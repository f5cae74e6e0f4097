package session

import (
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// sendReceipt gives the word that an active or stolen TV holds the newest state
// in full, again on each connection until it is acknowledged.
func (s *step) sendReceipt() {
	due, ok := s.receiptDue()
	if !ok || s.now.Running < due {
		return
	}
	r := &s.receipt
	if r.version != s.saved.Version {
		*r = receipt{version: s.saved.Version}
	}
	r.conn, r.again = s.line.conn, s.now.Running+proofsEvery
	if r.jws == "" {
		jws, err := s.signJWS(protocol.TypReceipt, protocol.ReceiptClaims{
			Device: s.saved.Device, Account: s.saved.Account, Epoch: s.saved.Epoch, Status: s.saved.Status,
			Version: s.saved.Version, Applied: s.ServerTime(s.now), Erased: s.saved.Status.Erases(),
			Answers: protocol.DigestOf([]byte(s.saved.State)),
		})
		if err != nil {
			s.log("receipt not signed", err)
			return
		}
		r.jws, r.digest = jws, protocol.DigestOf([]byte(jws))
	}
	s.send(protocol.Receipt{JWS: r.jws})
}

func (m Model) receiptDue() (time.Duration, bool) {
	if m.line.stage != live || m.erasing || !m.saved.member() || !m.current() || m.saved.Receipted >= m.saved.Version {
		return 0, false
	}
	if m.receipt.version == m.saved.Version && m.receipt.conn == m.line.conn {
		return m.receipt.again, true
	}
	return 0, true
}
