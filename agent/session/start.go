package session

import (
	"errors"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// vaultRetry is how long after a failure the vault is written again.
const vaultRetry = 5 * time.Second

var errIdentity = errors.New("the identity key is not the one that signed in")

func (s *step) start(w Start) {
	s.started, s.saved = true, w.Saved
	s.vault.disk, s.vault.before = w.Saved.Lease, w.Saved.Lease
	s.cache.held, s.cache.usable = w.Held, w.Held.Snapshot != ""
	s.cache.want(s.saved)
	s.contact = s.now.Running
	if s.saved.Keys != "" {
		s.loadKeys()
	}
	s.openLedger()
	if s.saved.member() && s.saved.Device != s.config.Identity.Device {
		s.log("signed out: identity lost", errIdentity)
		s.retire(protocol.SignedOut, nil)
		return
	}
	if s.saved.Status != "" && !s.active() {
		s.erase()
	}
}

// openLedger charges a boot, if this is one, before anything else.
func (s *step) openLedger() {
	l := s.saved.Lease
	if l.Length == 0 {
		return
	}
	s.contact -= l.Ran(s.now)
	next, charged := l.Observe(s.now)
	if !charged && s.now.Boot == "" {
		next, charged = next.charge(s.now), true
	}
	s.saved.Lease = next
	if charged {
		s.save()
	}
}

// erase asks for everything to be erased that the status asks for.
func (s *step) erase() {
	s.erasing = true
	s.do(Erase{Identity: s.saved.anew() && s.saved.Device == s.config.Identity.Device})
}

func (s *step) erased(w Erased) {
	if !s.erasing {
		s.impossible(w)
		return
	}
	s.erasing, s.line.proofsAt = false, 0
	if w.New != nil {
		s.config.Identity = *w.New
	}
}

// vaultFailed drops everything that was built on the record that was not
// written. Nothing is sent until it can be.
func (s *step) vaultFailed(w VaultFailed) {
	s.log("vault not written", w.Err)
	s.vault.failed, s.vault.retryAt = true, s.now.Running+vaultRetry
	s.vault.disk = s.vault.before
	s.cache.applying, s.cache.storing = nil, 0
	s.hangup()
}

func (s *step) retryVault() {
	if !s.vault.failed || s.now.Running < s.vault.retryAt {
		return
	}
	s.save()
	if s.erasing {
		s.erase()
	}
}
