package hub

import (
	"hash/maphash"
	"sync"

	"github.com/hearthkey/hearthkey/protocol"
)

// shards is the number of independent parts of the registry.
const shards = 64

// registry finds the sessions of an account.
type registry struct {
	seed  maphash.Seed
	parts [shards]struct {
		mu       sync.Mutex
		accounts map[protocol.AccountID][]*Session
	}
}

func newRegistry() *registry {
	r := &registry{seed: maphash.MakeSeed()}
	for i := range r.parts {
		r.parts[i].accounts = make(map[protocol.AccountID][]*Session)
	}
	return r
}

func (r *registry) shard(a protocol.AccountID) int {
	return int(maphash.String(r.seed, string(a)) % shards)
}

// add puts s in, in the place of an older connection of the same device, which
// it returns. Where the one that is there is newer, it returns s itself.
func (r *registry) add(s *Session) (loser *Session) {
	p := &r.parts[r.shard(s.Account)]
	p.mu.Lock()
	defer p.mu.Unlock()
	list := p.accounts[s.Account]
	for i, old := range list {
		if old.Device != s.Device {
			continue
		}
		if old.Number > s.Number {
			return s
		}
		old.added, s.added = false, true
		list[i] = s
		return old
	}
	if len(list) > 0 {
		s.Account = list[0].Account // one string for all
	}
	s.added = true
	p.accounts[s.Account] = append(list, s)
	return nil
}

// remove takes s out and reports whether it was in.
func (r *registry) remove(s *Session) bool {
	p := &r.parts[r.shard(s.Account)]
	p.mu.Lock()
	defer p.mu.Unlock()
	if !s.added {
		return false
	}
	s.added = false
	list := p.accounts[s.Account]
	for i, other := range list {
		if other == s {
			list[i] = list[len(list)-1]
			list[len(list)-1] = nil
			list = list[:len(list)-1]
			break
		}
	}
	if len(list) == 0 {
		delete(p.accounts, s.Account)
	} else {
		p.accounts[s.Account] = list
	}
	return true
}

// find returns the session of one device, or nil.
func (r *registry) find(a protocol.AccountID, d protocol.DeviceID) (found *Session) {
	r.each(a, func(s *Session) {
		if s.Device == d {
			found = s
		}
	})
	return found
}

// each calls f for the sessions of an account, under the shard's lock.
func (r *registry) each(a protocol.AccountID, f func(*Session)) {
	p := &r.parts[r.shard(a)]
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.accounts[a] {
		f(s)
	}
}

// all returns every session.
func (r *registry) all() []*Session {
	var out []*Session
	for i := range r.parts {
		p := &r.parts[i]
		p.mu.Lock()
		for _, list := range p.accounts {
			out = append(out, list...)
		}
		p.mu.Unlock()
	}
	return out
}
