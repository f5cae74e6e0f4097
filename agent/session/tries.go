package session

import (
	"slices"

	"github.com/hearthkey/hearthkey/protocol"
)

// counting is what passes between this TV and the server about wrong PINs. The
// counts themselves are the agent's, in its vault.
type counting struct {
	tries []protocol.PINTry // as the agent counts them now
	told  []protocol.PINTry // the same, as the server was told on this connection
	heard int64             // highest number of counts taken on this connection
}

// household reports whether the server in contact takes what came with
// [protocol.HouseholdCapability].
func (m Model) household() bool {
	return m.line.stage == live && m.active() && m.line.cap >= protocol.HouseholdCapability
}

// tried notes how the agent counts now.
func (s *step) tried(w PINsTried) {
	if _, err := protocol.Encode(protocol.PINTries{Epoch: 1, Tries: w.Tries}); err != nil && len(w.Tries) > 0 {
		s.log("PIN counts not told", err)
		return
	}
	s.counting.tries = slices.Clone(w.Tries)
}

// tellTries tells the server what it was not told on this connection. While a newer
// snapshot is on its way it waits: with that, the owner may have forgiven what is
// counted here, and it would be counted anew.
func (s *step) tellTries() {
	c, newest := &s.counting, s.saved.Snapshot
	if !s.household() || newest == nil || newest.Digest != s.cache.held.Snapshot || slices.Equal(c.tries, c.told) {
		return
	}
	var news []protocol.PINTry
	for _, t := range c.tries {
		if known, ok := find(c.told, t); t.Wrong != known.Wrong || !ok && t.Wrong > 0 {
			news = append(news, t)
		}
	}
	for _, t := range c.told {
		if _, ok := find(c.tries, t); !ok && t.Wrong > 0 {
			news = append(news, protocol.PINTry{Profile: t.Profile, PIN: t.PIN, At: t.At})
		}
	}
	c.told = c.tries
	for part := range slices.Chunk(news, protocol.MaxPINCounts) {
		s.send(protocol.PINTries{Epoch: s.saved.Epoch, Tries: part})
	}
}

// find returns the count of the same version of the same PIN.
func find(in []protocol.PINTry, t protocol.PINTry) (protocol.PINTry, bool) {
	i := slices.IndexFunc(in, func(o protocol.PINTry) bool { return o.Profile == t.Profile && o.PIN == t.PIN })
	if i < 0 {
		return protocol.PINTry{}, false
	}
	return in[i], true
}

// counts hands on what the account's other devices count. The first of a
// connection answers what this TV said it has, so it holds whatever its number: a
// server that was restored begins again with lower ones.
func (s *step) counts(f protocol.PINCounts) {
	if s.line.stage != live || !s.active() {
		s.outOfPlace(f)
		return
	}
	if f.Number == s.cache.held.Tries || f.Number <= s.counting.heard {
		return
	}
	s.counting.heard = f.Number
	s.do(KeepCounts{f})
}

func (s *step) countsKept(w CountsKept) {
	if !s.active() || w.Epoch != s.saved.Epoch {
		return
	}
	s.cache.held.Tries = w.Number
}
