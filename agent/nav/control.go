package nav

import (
	"slices"
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
)

// Who controls this TV from elsewhere is said in the banner, above all else: whoever
// uses the account page for as long as it lasts, and a program on the home network
// at its first key. While it is said, one key of a source that is trusted ends it:
// Back, which every remote has. That one press does nothing else, as if the banner
// lay above the screen; the next Back goes back.

// blocking is a program on the home network that pressed its first key just now.
type blocking struct {
	id, name string
	ends     time.Duration
}

// BlockFor is how long the banner tells of a program at its first key. It has room for
// one: whoever tells of programs tells of the next after it.
const BlockFor = 10 * time.Second

// maxTold bounds the programs that are known to have been told of.
const maxTold = 32

// heard reports whether a source may be heard at all: what was just refused or
// switched off on this TV may not, though its next key is on its way.
func (m *Model) heard(from Source) bool {
	r := m.world.Remotes
	switch {
	case r == nil:
		return true
	case from.Kind == Relayed:
		return r.RelayAllowed
	case from.Kind == ECP:
		return r.ECP
	}
	return true
}

// takeSource begins to tell of a program that this TV has not told of.
func (s *stepper) takeSource() {
	r := s.world.Remotes
	if r == nil || !r.ECP {
		s.blocking = blocking{}
		return
	}
	src := r.ECPSource
	if src == nil || src.ID == "" || len(src.ID) > maxDetail || slices.Contains(s.told, src.ID) {
		return
	}
	s.told = append(slices.Clone(s.told[max(len(s.told)-maxTold+1, 0):]), src.ID)
	s.blocking = blocking{id: src.ID, name: clean(src.Name, maxLabel), ends: s.now + BlockFor}
}

// endsControl reports whether p ends a control from elsewhere, and ends it.
func (s *stepper) endsControl(p Press) bool {
	if p.Key != keyseq.Back || p.Repeat || !p.Source.trusted() {
		return false
	}
	switch r := s.world.Remotes; {
	case s.blocking.id != "":
		s.emit(BlockECP{ID: s.blocking.id})
		s.say(msgBlocked, "name", s.blocking.name)
		s.blocking = blocking{}
	case r != nil && r.RelayedBy != "":
		s.changeRemotes(func(r *Remotes) { r.RelayAllowed, r.RelayedBy = false, "" })
		s.emit(RefuseRelay{})
		s.say(msgRelayRefused)
	default:
		return false
	}
	return true
}

// control is the banner about a control from elsewhere.
func (m *Model) control() *Banner {
	r := m.world.Remotes
	switch {
	case m.blocking.id != "":
		return controls(text(msgNewApp, "name", m.blocking.name), msgBlock)
	case r != nil && r.RelayedBy != "":
		return controls(text(msgRelayed, "name", clean(r.RelayedBy, maxLabel)), msgStop)
	}
	return nil
}

func controls(what string, does message) *Banner {
	return &Banner{Kind: "control", Text: what, Key: text(msgBack), Does: text(does), Said: sentences([]string{what, text(msgSayEnds, "does", text(does))})}
}
